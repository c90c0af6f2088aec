"""A user's own model file: which engine opens it, and a copy of it."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from axs_core.sdk import UsageError

from .formats import BY_SUFFIX, PYTORCH, by_content, by_suffix, opened
from .normalisation import refuse_other_units
from .user_files.stand_in import HEAD, stand_in

ENGINES = frozenset(kind.engine for kind in BY_SUFFIX.values() if kind.engine)
"""Those that are shipped."""


def engine(
    model_file: str,
    framework: str,
    class_file: str | None = None,
    mean: Any = None,
    std: Any = None,
    scale: float | None = None,
) -> str:
    """``framework``, once all that can be told before anything is made is in order.

    Raises UsageError for a file that is none, for one that this engine does not open, and for a normalisation that
    cannot be meant.
    """
    for file in filter(None, (model_file, class_file)):
        _refuse_stand_in(Path(file))
    _refuse_other_engine(Path(model_file), framework)
    refuse_other_units(mean, std, scale)
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


def _refuse_stand_in(file: Path) -> None:
    with file.open("rb") as opened_file:
        wrong = stand_in(opened_file.read(HEAD))
    if wrong:
        raise UsageError(f"{file} {wrong}")


def _refuse_other_engine(file: Path, framework: str) -> None:
    """An engine that is not shipped may open what it likes."""
    told, named = by_content(file), by_suffix(file)
    kind = told or named
    if kind is None or framework == kind.engine or framework not in ENGINES:
        return
    what = f"{file} is {kind.name}{' by its content' if told and told is not named else ''}"
    if kind.engine is None:
        words = {"file": file, "stem": file.with_suffix(""), "folder": file.parent}
        raise UsageError(
            f"{what}, which no engine here opens; what they open: {opened()}", hint=kind.instead.format(**words)
        )
    leave = ", or leave framework out" if named is kind else ""
    convert = ""
    if kind is PYTORCH:
        convert = f", or convert it first: model,model_file={file},convert_to=..."
    elif named is kind and framework == PYTORCH.engine:
        convert = "; convert_to=onnx and convert_to=torchscript take PyTorch files only"
    raise UsageError(
        f"{what}, which framework={framework} does not open",
        hint=f"say model_file={file},framework={kind.engine}{leave}{convert}",
    )
