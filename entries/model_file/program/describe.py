"""What a model file tells about the network in it, in the terms of model_image_classification.

    PYTHONPATH=FOLDER_OF_LOADGEN_HARNESS python describe.py PARAMETERS_FILE

The backend in the need ``backend`` reads the file; what the query said counts more. Writes found.json.
"""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path
from typing import Any

from class_names import keep_names
from loadgen_harness.backend import INPUT_DTYPES, backend_module
from loadgen_harness.parameters import HarnessError, Job, Need

# The usual normalisation of networks trained on ImageNet, in units of the pixels; and grey levels from 0 to 1.
IMAGENET = {"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]}
GREY = {"mean": [0.0], "std": [255.0]}
BARE = {"mean": [0.0], "std": [1.0]}
CLASSES_OF_IMAGENET = (1000, 1001)  # 1001: class 0 is none of them
SAID = ("label_offset", "mean", "std")  # what counts as it was said, whatever the file tells
DECISIONS = ("int64", "int32")
NO_SCORES = (*DECISIONS, "bool", "string")


def shape_found(shape: list[int | None], said: dict[str, Any]) -> dict[str, Any]:
    """Layout, channels and resolution from the input's shape, and from what was said where the shape leaves it open."""
    if len(shape) != 4:
        raise HarnessError(f"the input has the shape {shape}: images have four axes, as [N, 3, 224, 224]")
    layout = said.get("layout") or ("NHWC" if shape[3] in (1, 3) and shape[1] not in (1, 3) else "NCHW")
    channels, height, width = shape[1:] if layout == "NCHW" else [shape[3], *shape[1:3]]
    if height != width:
        raise HarnessError(f"the input has the shape {shape}: images are made square here")
    found = {"layout": layout, "channels": said.get("channels") or channels or 3}
    found["resolution"] = said.get("resolution") or height or 224
    for name, told in (("channels", channels), ("resolution", height)):
        if told is not None and told != found[name]:
            raise HarnessError(f"{name}={found[name]} was said, but the file's input has the shape {shape}")
    return found


def classes_of(told: dict[str, Any], said: str | None) -> tuple[str, int | None]:
    """The output to be read, and how many classes it has (None: it decides itself, or the size is left open): the one
    that was said, else the only one that can be class scores, else the only one that can be a decision. HarnessError
    where that leaves none or several.
    """
    outputs = told["outputs"]
    kinds = told.get("output_dtypes") or dict.fromkeys(outputs, "float32")
    listed = ", ".join(f"{name} {shape} {kinds[name]}" for name, shape in outputs.items())
    if said is not None and said not in outputs:
        raise HarnessError(f"the network has no output '{said}', only: {listed}")
    named = [said] if said is not None else list(outputs)
    scores = [name for name in named if can_be_scores(outputs[name], kinds[name])]
    decisions = [name for name in named if kinds[name] in DECISIONS and len(outputs[name]) == 1]
    found = scores or decisions
    if not found:
        which = f"output '{said}'" if said is not None else "no output"
        word = "cannot" if said is not None else "can"
        raise HarnessError(f"{which} {word} be class scores, a row of two or more for each image: {listed}")
    if len(found) > 1:
        raise HarnessError(
            f"{len(found)} outputs could be the class scores; say which by output_name={found[0]} or "
            f"output_name={found[1]}: {listed}"
        )
    classes = max((size or 0 for size in outputs[found[0]][1:]), default=0) if scores else 0
    return found[0], classes or None


def can_be_scores(shape: list[int | None], kind: str) -> bool:
    """A row of two or more numbers for each image; a shape or a size that is left open may be that. Whole numbers are
    scores only where a network is quantised.
    """
    sizes = [size for size in shape[1:] if size != 1]
    return kind not in NO_SCORES and (not shape or len(sizes) == 1)


def describe(told: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """All attributes: what the file told, with what was said in its place."""
    found = {name: told[name] for name in ("model_format", "precision", "opset", "input_name") if told.get(name)}
    found |= shape_found(told["input_shape"], said)
    output, classes = classes_of(told, said.get("output_name"))
    if "input_name" in told or len(told["outputs"]) > 1 or said.get("output_name"):  # there are names, or a choice
        found["output_name"] = output
    offset = 1 if classes == CLASSES_OF_IMAGENET[1] else 0
    found |= {"num_classes": classes, "label_offset": offset}
    if classes in CLASSES_OF_IMAGENET:
        found["dataset_name"] = "imagenet"
    found["input_dtype"] = dtype_found(told["input_dtype"], said.get("input_dtype"))
    return {
        **found,
        **normalisation(found, said),
        **{name: value for name, value in said.items() if value is not None and name in SAID},
    }


def dtype_found(told: str | None, said: str | None) -> str:
    """numpy's name of what the network is given; ``told`` is None where its engine takes what it is given."""
    told = {"float": "float32", "double": "float64"}.get(told or "", told)
    if told not in (None, *INPUT_DTYPES):
        kinds = f"{', '.join(INPUT_DTYPES[:-1])} or {INPUT_DTYPES[-1]}"
        raise HarnessError(f"the input is of type {told}; images can be given as {kinds}")
    if said is not None and told not in (None, said):
        raise HarnessError(f"input_dtype={said} was said, but the file's input is of type {told}")
    return said or told or "float32"


def normalisation(found: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """Mean and standard deviation in units of pixel / scale. Who says one of them says all that is to be done."""
    scale = said.get("scale") or 1.0
    told = said.get("mean") is not None or said.get("std") is not None
    if told or found["input_dtype"] == "uint8":
        usual = BARE
    else:
        usual = IMAGENET if found["channels"] == 3 else GREY
        usual = {name: [value / scale for value in values] for name, values in usual.items()}
    return {**usual, "scale": scale}


def main(parameters_file: str) -> int:
    job = Job.read(Path(parameters_file))
    asked = dict(job.parameters)
    file = job.output_path / Path(asked["model_file"]).name
    asked["model_class"] = job.attributes.get("model_class")
    model = Need(asked["model_name"], job.output_path, file, asked)
    try:
        module = backend_module(job.need("backend"))
        if not hasattr(module, "describe"):
            what = f"framework={asked['framework']} does not tell what is in a file"
            raise HarnessError(f"{what}: write an entry for the model")
        told = module.describe(model)
        found = describe(told, asked)
    except HarnessError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except Exception as error:
        if _in_code_of(job.output_path, error):
            raise
        why = " ".join(str(error).split())
        print(f"error: {file.name} is not opened by framework={asked['framework']}: {why}", file=sys.stderr)
        return 2
    found |= keep_names(told.get("metadata") or {}, found["num_classes"], job.output_path)
    (job.output_path / "found.json").write_text(json.dumps(found), encoding="utf-8")
    print(f"{file.name}: " + ", ".join(f"{name}={value}" for name, value in found.items()), file=sys.stderr)
    return 0


def _in_code_of(folder: Path, error: BaseException) -> bool:
    """Was it raised in the user's own class? Then its line tells more than any words."""
    return any(Path(frame.filename).is_relative_to(folder) for frame in traceback.extract_tb(error.__traceback__))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
