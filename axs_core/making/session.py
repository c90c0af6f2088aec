"""What everybody works with: the settings, the store, the index, what is trusted, the resolver."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from axs_core.base.reporter import Reporter
from axs_core.base.settings import Settings
from axs_core.collections.folders import roots
from axs_core.collections.trust import Trust
from axs_core.index import Index
from axs_core.making.world import WorkspaceWorld
from axs_core.plugins.installed import lost
from axs_core.resolver import Resolver
from axs_core.store import check_layout

if TYPE_CHECKING:
    from axs_core.store import Store


class Session:
    """Each part is opened at its first use, once; ``reporter`` hears what happens. It belongs to one thread."""

    def __init__(self, settings: Settings, reporter: Reporter | None = None) -> None:
        self.settings = settings
        self.reporter = reporter or Reporter()

    @cached_property
    def store(self) -> Store:
        """The work collection on disk."""
        from axs_core.store import Store  # an ask that hits does without

        return Store(self.settings.work_collection, self.reporter, self.settings.lease)

    @cached_property
    def trust(self) -> Trust:
        """Which collections from elsewhere may run code."""
        return Trust(self.settings, self.reporter)

    @cached_property
    def index(self) -> Index:
        """What exists. Raises StoreError where the work collection has a layout that this axs does not read."""
        root = self.settings.work_collection
        check_layout(root)
        index = Index(roots(self.settings), root, self.settings, self.reporter, self.trust)
        index.open()
        for folder in self.settings.collections:
            if not folder.is_dir():
                self.reporter.warn(f"the collection {folder} (AXS_COLLECTIONS) is not a folder")
        for told in lost():
            self.reporter.warn(told)
        return index

    @cached_property
    def world(self) -> WorkspaceWorld:
        """The index, this machine, and the user's files, as the resolver sees them."""
        return WorkspaceWorld(self.index, self.settings)

    @cached_property
    def resolver(self) -> Resolver:
        """Which recipe, which entry."""
        return Resolver(self.world)

    def moved_to(self, work_collection: Path) -> None:
        """Look there from now on."""
        self.settings = self.settings.with_values(AXS_WORK_COLLECTION=str(work_collection))
        for name in ("store", "index", "world", "resolver"):
            self.__dict__.pop(name, None)

    def within(self, settings: Settings) -> Session:
        """The same store, index and trust with other settings, for what depends on variables of the environment."""
        other = Session(settings, self.reporter)
        other.__dict__.update(store=self.store, index=self.index, trust=self.trust)
        return other
