"""A small work collection for bad input, filled again when an input emptied it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from support.toy import Toys

from axs_core import Workspace
from axs_core.base.reporter import Reporter
from axs_core.collections import folders as collection

KEPT = 40
"""So many entries may pile up before the work collection is made anew."""


class ToyRoom:
    """Recipes ``maker`` (tag ``thing``) and ``note``; two things are made. The index is in the same folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.thorough, self.number = False, 0
        self._shipped, self._index = collection.shipped, os.environ.get("AXS_INDEX")
        collection.shipped = lambda: root / "nothing is shipped"
        os.environ["AXS_INDEX"] = str(root / "index.sqlite")
        os.environ["AXS_WORK_COLLECTION"] = str(root / "work")
        self.toys = Toys(root)
        self.toys.maker("maker", "thing", parameters={"n": {"default": 1, "type": "int"}, "t": {"type": "str"}})
        self._note()
        self.space = self.toys.space()
        self.fill()

    def _note(self) -> None:
        attributes = {"n": 5, "t": "{{ n }} x", "many": [1, "a"], "far": 1e300, "inner": {"a": {"b": 1}}}
        self.toys.add("note", {"tags": ["note"], "attributes": attributes})

    def fill(self) -> None:
        """Make what is there at the beginning."""
        self.space = self.toys.space()
        self.space.byquery("thing,n=3,t=x")
        self.space.byquery("thing,n=4")

    def renew(self) -> None:
        """Back to the beginning, if the last input removed something or many were made."""
        folders = [item for item in self.toys.work.iterdir() if item.is_dir()] if self.toys.work.is_dir() else []
        entries = [item for item in folders if (item / "meta.yaml").is_file()]
        if len(entries) < 2 or len(folders) > KEPT:
            self.space.session.index.close()
            shutil.rmtree(self.toys.work, ignore_errors=True)
            self.fill()

    def opened(self, reporter: Reporter) -> Workspace:
        """The workspace as a new process would have it."""
        self.space.session.reporter = self.space.session.store.reporter = reporter
        self.space.session.index.refresh()
        return self.space

    def close(self) -> None:
        """Put the process back."""
        self.space.session.index.close()
        collection.shipped = self._shipped
        os.environ.pop("AXS_INDEX", None)
        if self._index is not None:
            os.environ["AXS_INDEX"] = self._index
