"""What every producer is given and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from axs_core.base.reporter import Reporter
from axs_core.plugins.traits import Traits

if TYPE_CHECKING:
    from axs_core.producers.bundled import Bundle


@dataclass(frozen=True)
class Job:
    """One piece of making.

    ``spec`` is the producer's section of ``make`` with all templates rendered. ``folder`` is the entry's folder, at
    its final place, where the files go; nothing may be written outside of it. ``log`` takes the talk of children
    (append). ``parameters`` are all parameter values; ``needs`` what the needs turned out to be, by name: ``{"path":
    ..., "attributes": {...}}`` (a list of those where the need asks for several). ``environ`` holds the settings
    (``AXS_MIRRORS`` ...) and what children inherit. ``recipe_path`` is the recipe's folder. ``call`` calls a function
    of the recipe's ``code.py`` by name. ``bundles`` are what was brought here to do without the network.
    """

    spec: Mapping[str, Any]
    folder: Path
    log: Path
    reporter: Reporter
    recipe_path: Path
    parameters: Mapping[str, Any] = field(default_factory=dict)
    needs: Mapping[str, Any] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    call: Callable[[str], Any] | None = None
    bundles: Sequence[Bundle] = ()


@dataclass(frozen=True)
class Made:
    """What came of it: ``file`` the main file (relative to the folder, or absolute for what was only detected),
    ``found`` the attributes that are known now.
    """

    file: str | None = None
    found: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Download:
    """One thing that is fetched. ``kind``: a ``file``, another address of the file before it (``or``), a ``git``
    repository, or a ``python`` requirement as pip takes it; a producer may have a word of its own. ``size`` in bytes
    and ``checksum`` (``md5:HEX``) where the recipe says them; ``needed_by`` is the recipe.
    """

    kind: str
    source: str
    needed_by: str = ""
    size: int | None = None
    checksum: str | None = None


@dataclass(frozen=True)
class Used:
    """A producer's section as it was used: ``spec`` with all templates rendered, of the recipe in ``recipe_path`` that
    answered ``query``. ``folder`` is the entry that was made, with its ``values`` (None and empty where it was not).
    """

    spec: Mapping[str, Any]
    recipe_path: Path
    query: str
    folder: Path | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


class Packing(Protocol):
    """A bundle that is being packed: what another machine needs to make the same without a network."""

    def add_download(self, used: Used, spec: Mapping[str, Any]) -> None:
        """A file, by the options of ``fetch``: taken from ``used.folder`` where it is as it came, else fetched."""
        ...

    def add_repository(self, url: str, clone: Path) -> None:
        """A clone with its submodules, as what stands at ``url``."""
        ...

    def add_environment(self, used: Used) -> None:
        """The wheels that the section's ``requirements`` lead to."""
        ...

    def add_tool(self, query: str) -> None:
        """Say that something answering ``query`` has to be on the other machine."""
        ...


class Producer:
    """The kind of work that makes an entry; a class without arguments, with its ``traits``. A new one inherits this and
    says what differs.
    """

    name: ClassVar[str]
    traits: ClassVar[Traits]

    def make(self, job: Job) -> Made:
        """Do the work in ``job.folder``. Raises :class:`~axs_core.base.errors.ProduceError` when it fails, and
        :class:`~axs_core.base.errors.DoesNotApply` when another recipe should be tried.
        """
        raise NotImplementedError

    def check(self, folder: Path, attributes: Mapping[str, Any]) -> str | None:
        """Why a present entry does not work any more (its interpreter is gone), or None when it is fine. Must be
        quick: what the entry itself holds is verified elsewhere, by digests. Asked where the traits say ``checked``.
        """
        return None

    def downloads(self, spec: Mapping[str, Any]) -> Iterable[Download]:
        """What :meth:`make` would fetch for this rendered section, in this order. Raises EntryError, with the key
        (``make.NAME.KEY``), for what it cannot be. Asked where the traits say ``fetches``.
        """
        return ()

    def pack(self, used: Used, bundle: Packing) -> None:
        """Put into the bundle what :meth:`make` gets from outside."""
