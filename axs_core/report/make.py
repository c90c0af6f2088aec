"""Make the files of a report: the page, and pictures for slides."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from axs_core.base.errors import UsageError
from axs_core.compare.twin import Twins
from axs_core.process import run
from axs_core.report.collect import collect, declaration
from axs_core.report.page import as_json, page

if TYPE_CHECKING:
    from axs_core.api import Workspace
    from axs_core.entry import Entry

_DRAWING_SECONDS = 600


def report(
    space: Workspace, entries: Sequence[Entry], output: Path, pictures: Path | None = None, title: str | None = None
) -> list[Path]:
    """Write the page to ``output`` and, where a folder is given, pictures into it; returns all files in order.

    What draws them is asked of ``space`` by the queries that the entries declare, so it may be installed first.
    Raises UsageError for no entries that can be shown, and for files that cannot be written.
    """
    said = declaration(entries)
    data = collect(entries, Twins(space.session.index.find), space.session.reporter.note)
    library = space.byquery(said["library"]).get_path().read_text(encoding="utf-8")
    data["about"] = _about(data)
    text = page(data, library, title or "Benchmark results")
    made = [_written(output, text)]
    return made if pictures is None else made + _drawn(space, said["pictures"], data, pictures)


def _about(data: dict[str, Any]) -> str:
    from axs_core import __version__
    from axs_core.making.recording import now

    runs, machines = len(data["runs"]), len(data["machines"])
    return f"{runs} results from {machines} machine{'s' * (machines != 1)}; axs {__version__}, {now()[:10]}"


def _written(output: Path, text: str) -> Path:
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--output={output} cannot be written: {error.strerror}") from None
    return output


def _drawn(space: Workspace, said: dict[str, str], data: dict[str, Any], folder: Path) -> list[Path]:
    program = space.byquery(said["program"]).get_path()
    interpreter = space.byquery(said["python"]).get("interpreter")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--png={folder} cannot be made: {error.strerror}") from None
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "report.json"
        file.write_text(as_json(data), encoding="utf-8")
        done = run(
            [interpreter, program, file, folder.resolve()],
            cwd=Path(scratch),
            log=Path(scratch) / "log",
            timeout=_DRAWING_SECONDS,
            reporter=space.session.reporter,
            name="pictures",
            capture=True,
        )
    return [folder / name for name in (done.output or "").splitlines()]
