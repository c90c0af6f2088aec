"""A user's own model file: which engine opens it, and a copy of it."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from axs_core.errors import UsageError

# what a file with this suffix is, and the shipped engine that opens it
KINDS = {
    "onnx": ("an ONNX file", "onnxrt"),
    "pt": ("a PyTorch file", "pytorch"),
    "pth": ("a PyTorch file", "pytorch"),
    "pb": ("a TensorFlow graph", "tensorflow"),
}


def engine(model_file: str, framework: str) -> str:
    """``framework``, unless the file is of a kind that this one cannot open: UsageError says which can."""
    kind, opener = KINDS.get(Path(model_file).suffix.lower().removeprefix("."), ("", framework))
    if framework != opener and framework in {other for _, other in KINDS.values()}:
        convert = f", or convert it first: model,model_file={model_file},convert_to=..."
        converted = convert if opener == "pytorch" else ""
        raise UsageError(
            f"{model_file} is {kind}, which framework={framework} does not open",
            hint=f"say model_file={model_file},framework={opener}, or leave framework out{converted}",
        )
    return framework


def bring(
    path: Path,
    model_file: str,
    model_parts: list[str],
    class_file: str | None = None,
    class_parts: Sequence[str] = (),
) -> dict[str, Any]:
    """Copy the model, the file of its class, and the files that belong to them, into the entry."""
    for file, parts in ((model_file, model_parts), (class_file, class_parts)):
        for relative in [Path(file).name, *parts] if file is not None else []:
            target = Path(path) / relative
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(file).parent / relative, target)
    return {"file": Path(model_file).name}


def class_in_file(class_file: str | None = None, class_name: str | None = None) -> str | None:
    """FILE:CLASS of the network; None where its class is not needed. UsageError where it cannot be told."""
    if class_file is not None:
        return f"{Path(class_file).name}:{class_name or _only_network(Path(class_file))}"
    if class_name is not None:
        raise UsageError(f"class_name={class_name} needs the file that defines it", hint="add class_file=FILE.py")
    return None


def _only_network(file: Path) -> str:
    """The class in ``file`` that no other class there uses as its base or part; UsageError where that leaves a
    choice.
    """
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError) as error:
        raise UsageError(f"class_file={file} is no Python file: {error}") from None
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    used = {
        name.id
        for owner, node in classes.items()
        for name in ast.walk(node)
        if isinstance(name, ast.Name) and name.id != owner
    }
    left = [name for name in classes if name not in used]
    if len(left) != 1:
        raise UsageError(
            f"class_file={file} has {len(left)} classes that could be the network", hint="add class_name=CLASS"
        )
    return left[0]
