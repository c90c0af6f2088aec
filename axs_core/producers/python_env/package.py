"""An installed Python package: its version, what is imported of it, and where that lies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from axs_core.base.errors import ProduceError
from axs_core.producers.python_env.requirements import canonical, distribution

if TYPE_CHECKING:
    from importlib.metadata import Distribution


@dataclass(frozen=True)
class Package:
    """``import_names`` has the one that is most like the package's name first; ``path`` is the folder, or the single
    file, that belongs to it, None where there is none (an editable installation).
    """

    version: str
    import_names: tuple[str, ...]
    path: Path | None


def locate(name: str, paths: Sequence[str]) -> Package:
    """The package of that name in the folders ``paths``; :class:`ProduceError` where it is not there."""
    found = distribution(canonical(name), paths)
    if found is None:
        raise ProduceError(f"{name} was installed, but is not in {', '.join(paths)}")
    places = dict(_importable(found))
    names = sorted(places, key=lambda each: (canonical(each) != canonical(name), each.startswith("_"), each))
    return Package(found.version, tuple(names), places[names[0]] if names else None)


def _importable(found: Distribution) -> Iterator[tuple[str, Path]]:
    """Top-level names among its files; metadata, scripts (``../../bin``) and libraries (``numpy.libs``) are none."""
    for file in found.files or ():
        top = file.parts[0]
        name = top if len(file.parts) > 1 else top.partition(".")[0] if file.suffix in (".py", ".so", ".pyd") else ""
        if name.isidentifier() and name != "__pycache__":
            yield name, Path(str(found.locate_file(top)))
