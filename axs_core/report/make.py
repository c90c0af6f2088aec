"""Make the files of a report: the page, and pictures for slides."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from axs_core.base.errors import UsageError
from axs_core.base.paths import absolute
from axs_core.compare.twin import Twins
from axs_core.entry import Entry, entry_scope, path_in
from axs_core.making.asking import ask
from axs_core.making.session import Session
from axs_core.process import run
from axs_core.report.collect import collect
from axs_core.report.declaration import Declaration, declaration
from axs_core.report.page import Parts, as_json, page

_DRAWING_SECONDS = 600


def report(
    session: Session,
    entries: Sequence[Entry],
    output: Path | str,
    pictures: Path | str | None = None,
    title: str | None = None,
) -> list[Path]:
    """Write the page to ``output`` and, where a folder is given, pictures into it; returns all files in order.

    What draws them is asked by the queries that the entries declare, so it may be installed first.
    Raises UsageError for no entries that can be shown, and for files that cannot be written; EntryError where what they
    declare is not complete.
    """
    said = declaration(entries)
    data = collect(entries, Twins(session.index.find), session.reporter.note)
    data |= {"shown": said.shown, "about": _about(data)}
    made = [_written(absolute(output), page(_parts(session, said), data, title or "Benchmark results"))]
    return made if pictures is None else made + _drawn(session, said, data, absolute(pictures))


def _parts(session: Session, said: Declaration) -> Parts:
    """The texts of the page's entry, whose attributes ``style`` and ``program`` name its files, and of the library."""
    own = ask(session, said.page).entry
    style, program = ("\n".join(_text(path_in(own, name)) for name in _names(own, key)) for key in ("style", "program"))
    return Parts(_text(path_in(own)), style, _text(path_in(ask(session, said.library).entry)), program)


def _names(entry: Entry, key: str) -> list[str]:
    said = entry_scope(entry).get(key)
    return [said] if isinstance(said, str) else list(said)


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")


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


def _drawn(session: Session, said: Declaration, data: dict[str, Any], folder: Path) -> list[Path]:
    program = path_in(ask(session, said.drawing("program")).entry)
    interpreter = entry_scope(ask(session, said.drawing("python")).entry).get("interpreter")
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
            reporter=session.reporter,
            name="pictures",
            capture=True,
        )
    return [folder / name for name in (done.output or "").splitlines()]
