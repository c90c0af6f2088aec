"""The work collection, as an object."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from axs_core.base.paths import absolute
from axs_core.base.results import OneCollection

if TYPE_CHECKING:
    from axs_core.making.session import Session
    from axs_core.upkeep.sizes import Sizes


class WorkCollection(OneCollection):
    """The folder that produced entries are kept in."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @property
    def path(self) -> Path:
        """The folder."""
        return self.session.store.root

    def zip(self, output: Path | str, *, with_needs: bool = False, **labels: Any) -> Path:
        """Write an archive of all that axs made in it; the options are those of :meth:`Workspace.zip`."""
        from axs_core.exchange.pack import write_archive

        return write_archive(self.session, None, output, with_needs=with_needs, **labels)

    def sizes(self, *what: str) -> Sizes:
        """How much room entries (by name or query), or all of it with what axs keeps beside, take on the disk."""
        from axs_core.exchange.naming import by_words
        from axs_core.upkeep.sizes import sizes

        return sizes(self.session, by_words(self.session.index, what))

    def reindex(self) -> None:
        """Read all entries again, those of the other collections too: the index belongs to the work collection."""
        self.session.index.reindex()

    def move(self, to: Path | str) -> Path:
        """Move it to a folder that is not there yet; the workspace sees it there from now on. Returns the folder.

        Raises StoreError while somebody is at work in it, and where the copy to another file system does not come out
        right; the old one is complete then.
        """
        from axs_core.upkeep.move import move

        return move(self.session, absolute(to))

    def repair(self) -> list[str]:
        """Put paths right that lead to where it was before somebody moved it by other means; the changed entries."""
        from axs_core.store import TIDYING
        from axs_core.upkeep.move import repair

        with self.session.store.held(TIDYING, "putting paths right"):
            return repair(self.path, self.session.reporter)

    def remove(self) -> None:
        """Delete what axs made in it; what a person put there stays."""
        from axs_core.upkeep.garbage import remove_all

        remove_all(self.session)
