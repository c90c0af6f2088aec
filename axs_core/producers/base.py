"""What every producer is given and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from axs_core.base.reporter import Reporter

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


class Producer(Protocol):
    """The kind of work that makes an entry. ``make`` raises :class:`~axs_core.base.errors.ProduceError` when it fails
    and :class:`~axs_core.base.errors.DoesNotApply` when another recipe should be tried.
    """

    name: str

    def make(self, job: Job) -> Made:
        """Do the work in ``job.folder``."""
        ...

    def check(self, folder: Path, attributes: Mapping[str, Any]) -> str | None:
        """Why a present entry does not work any more (its interpreter is gone), or None when it is fine. Must be
        quick.
        """
        ...
