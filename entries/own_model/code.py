"""Which files belong to a network of the user's, besides the one that is named."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from axs_core.sdk import UsageError

from . import onnx_weights, python_imports


def model_parts(model_file: str) -> list[str]:
    """The files that an ONNX file keeps its weights in, relative to its folder; UsageError for one that is not there,
    or that lies elsewhere.
    """
    places = onnx_weights.places(Path(model_file))
    for place in places:
        if PurePosixPath(place).is_absolute() or ".." in PurePosixPath(place).parts:
            raise UsageError(
                f"{model_file} keeps weights in {place}, which is not in its folder",
                hint="save it again with its weights in a file beside it",
            )
        if not (Path(model_file).parent / place).is_file():
            raise UsageError(
                f"{model_file} keeps weights in {place}, which is not there",
                hint=f"put {place} into {Path(model_file).resolve().parent}: the two files belong together",
            )
    return places


def class_parts(class_file: str | None = None) -> list[str]:
    """The Python files that it imports from its own folder, and that these import, relative to that folder."""
    return [] if class_file is None else python_imports.beside(Path(class_file))
