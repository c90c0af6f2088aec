"""Which images a run is made on, and what their classes are called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from axs_core.sdk import NoSuchName, UsageError

from .user_files import Unusable
from .user_files.labels import has_class_names

WITH_ACCURACY = ("AccuracyOnly", "SubmissionRun")


def data_set(
    model: Any,
    dataset_name: str | None = None,
    images_dir: str | None = None,
    labels_file: str | None = None,
    loadgen_mode: str | None = None,
) -> str | None:
    """The data set that was said, else the model's own; None for a folder of images. UsageError where an accuracy is
    asked for, and a folder of images has no labels.
    """
    if images_dir and not labels_file and loadgen_mode in WITH_ACCURACY:
        raise UsageError(
            f"loadgen_mode={loadgen_mode} measures an accuracy, and the images in {images_dir} have no labels",
            hint="add labels_file=FILE (a line FILE LABEL for each image), or loadgen_mode=PerformanceOnly",
        )
    if dataset_name or images_dir:
        return dataset_name
    name = _of_model(model, "dataset_name")
    if name is None:
        raise UsageError(
            f"it is not known for which images {model} is",
            hint="add images_dir=FOLDER,labels_file=FILE for your own, or dataset_name=NAME",
        )
    return name


def class_names(
    model: Any, images_dir: str | None = None, labels_file: str | None = None, classes_file: str | None = None
) -> str | None:
    """The file with the names of the classes: the one that was said, else, for labels that are names, the model's."""
    if classes_file or not (images_dir and labels_file):
        return classes_file
    try:
        named = has_class_names(Path(labels_file), Path(images_dir))
    except Unusable as wrong:
        raise UsageError(str(wrong), hint=wrong.hint) from None
    return _of_model(model, "classes_file") if named else None


def _of_model(model: Any, name: str) -> str | None:
    try:
        value: str | None = model.lookup(name)
    except NoSuchName:
        return None
    return value
