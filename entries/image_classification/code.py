"""Which images a run is made on."""

from __future__ import annotations

from typing import Any

from axs_core.errors import NoSuchName, UsageError


def data_set(model: Any, dataset_name: str | None = None, images_dir: str | None = None) -> str | None:
    """The data set that was said, else the model's own; None for a folder of images."""
    if dataset_name or images_dir:
        return dataset_name
    try:
        name: str | None = model.lookup("dataset_name")
    except NoSuchName:
        name = None
    if name is None:
        raise UsageError(
            f"it is not known for which images {model} is",
            hint="add images_dir=FOLDER,labels_file=FILE for your own, or dataset_name=NAME",
        )
    return name
