"""The actions that put results beside each other. The docstrings are the reference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from axs_core.base.errors import StoreError, UsageError
from axs_core.cli.action import action
from axs_core.cli.format import as_text
from axs_core.cli.model import Each, Lines, Root, Table
from axs_core.cli.words import optional_text, required_text, text_of, texts_of
from axs_core.query.near import closest

if TYPE_CHECKING:
    from axs_core.api import WorkspaceEntry
    from axs_core.compare.table import Tabulated
    from axs_core.making.session import Session

FORMATS = ("text", "csv", "markdown", "json")


@action("entries")
def table(entries: Sequence[WorkspaceEntry], *, columns: Any = None, format: Any = "text") -> Any:
    """The entries as a table, a row each; an entry that holds a table of its own gives the rows of that.

    Without --columns the entries say themselves which suit them. A column is a value (a.b for a member), or that of the
    entry that it is paired with, twin.NAME. --format=csv, --format=markdown and --format=json are for other programs.

        axs all_byquery QUERY , table
        axs all_byquery QUERY , table --columns,=name,machine,made --format=csv
    """
    from axs_core.api import Found
    from axs_core.compare.table import Tabulated, table_of

    refuse_format(format)
    names = texts_of([] if columns is None else columns, "--columns")
    session = session_of(entries)
    if session is None:
        return formatted(Tabulated(tuple(names), ()), format)
    return formatted(table_of(session, Found.entries_of(entries), names or None), format)


@action("entries")
def report(entries: Sequence[WorkspaceEntry], *, output: Any = None, png: Any = None, title: Any = None) -> Each:
    """The entries as one page with tables, plots and filters, for a browser; it needs no network and nothing beside it.

    --png=FOLDER draws the plots as PNG files too, for slides. --title is what stands above the page. Prints the files.

        axs all_byquery QUERY , report --output=report.html --png=pictures
    """
    file = required_text(output, "report", "--output=FILE", "axs all_byquery QUERY , report --output=report.html")
    session = session_of(entries)
    if session is None:
        from axs_core.collections.examples import hint

        raise UsageError("there is nothing to report: no entries", hint=hint("entries"))
    folder, heading = optional_text(png, "--png"), optional_text(title, "--title")
    from axs_core.api import Found
    from axs_core.report.make import report as written

    return Each(tuple(written(session, list(Found.entries_of(entries)), file, folder, heading)))


def session_of(entries: Sequence[WorkspaceEntry]) -> Session | None:
    """Where entries come from; None for an empty list of nowhere."""
    from axs_core.api import Found

    if isinstance(entries, Found):
        return entries.session
    return entries[0].session if entries else None


def refuse_format(format: Any) -> None:
    """Raise UsageError for a form that tables do not have."""
    if format not in FORMATS:
        near = closest(as_text(format), FORMATS)
        raise UsageError(
            f"--format={as_text(format)} is not known",
            hint=f"--format={near}" if near else f"it is one of {', '.join(FORMATS)}",
        )


def formatted(made: Tabulated, format: str) -> Any:
    """The table in one of the :data:`FORMATS`."""
    if format == "json":
        return made.dicts()
    if not made.columns:
        return None
    columns, rows = made.columns, Cells(made.rows)
    if format == "csv":
        return Lines(lambda: _csv(chain((columns,), rows)))
    return Table(columns, rows) if format == "text" else Lines(lambda: _markdown(columns, rows))


class Cells(Sequence[tuple[str, ...]]):
    """Rows as text, each made when it is looked at: of 100,000 there is one at a time."""

    def __init__(self, rows: Sequence[Sequence[Any]]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> tuple[str, ...]: ...

    @overload
    def __getitem__(self, place: slice) -> Cells: ...

    def __getitem__(self, place: int | slice) -> tuple[str, ...] | Cells:
        if isinstance(place, slice):
            return Cells(self._rows[place])
        return tuple("" if value is None else as_text(value) for value in self._rows[place])


class _Buffer(list[str]):
    """What csv's writer writes to."""

    write = list.append


def _csv(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    import csv

    lines = _Buffer()
    writer = csv.writer(lines, lineterminator="")
    for row in rows:
        writer.writerow(row)
        yield lines.pop()


def _markdown(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    return chain((line(columns), "|" + "---|" * len(columns)), map(line, rows))


@action("workspace")
def diff(root: Root, first: Any, second: Any) -> str:
    """What is different between two entries: how they were asked for and made, where, and what came of it.

    Figures have the change in per cent. Entries from an archive are compared too.

    axs diff NAME_A NAME_B
    """
    from axs_core.compare.diff import compare

    old, new = (root.workspace.byname(as_text(each)) for each in (first, second))
    return "\n".join(compare(old.entry, new.entry).lines())


@action("entry")
def entry_replay(entry: WorkspaceEntry, **sources: Any) -> str:
    """Make the entry again from its record, here: the same query, parameters and versions. The old one stays.

    It says what of the surroundings is not the same, and shows old and new figures with the change in per cent.
    Files and folders that it was made from must be where they were, or --NAME=PATH says where they are now.

        axs byname NAME , replay
        axs byname NAME , replay --NAME=PATH
    """
    said = {name: text_of(path, f"--{name}") for name, path in sources.items()}
    return "\n".join(entry.replay(said).text())


@action("entry")
def entry_lock(entry: WorkspaceEntry, *, output: Any = None, need: Any = None) -> Any:
    """The archives of the Python packages that the entry was made with, as a lock file (PEP 751, pylock.toml).

    --output writes it to a file; --need says of which environment, where there are several. An environment that is
    made from it has exactly the same packages:

        axs byname NAME , lock --output=pylock.toml
        axs byquery python_env,lock_file=pylock.toml
    """
    text = entry.lock(optional_text(need, "--need"))
    if output is None:
        return text
    path = Path(text_of(output, "--output"))
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--output={path} cannot be written: {error.strerror}") from None
    return path


@action("entry")
def entry_twin(entry: WorkspaceEntry) -> WorkspaceEntry:
    """The entry that this one is paired with: it was made under the same conditions and tells what this one does not.

    axs byname NAME , twin , get NAME
    """
    from axs_core.compare.twin import no_twin

    twin = entry.twin()
    if twin is None:
        raise no_twin(entry.entry)
    return twin


@action("workspace")
def audit(root: Root, name: Any) -> str:
    """Compute an entry's figures again from its raw files; the exit code is 1 if they, or the files, are not what was
    stored.

    axs audit NAME
    """
    from axs_core.compare.audit import audit as audited

    entry = root.workspace.byname(as_text(name)).entry
    outcome = audited(entry, root.workspace.session.reporter)
    if outcome.problems:
        listed = "".join(f"\n    {problem}" for problem in outcome.problems)
        raise StoreError(f"{entry.name} is not what its files say:{listed}")
    told = f"{entry.name}: files as recorded; computed again and the same: {', '.join(outcome.agreeing) or 'nothing'}"
    return "".join([told, *(f"\n    {note}" for note in outcome.notes)])


@action("workspace")
def ingest(root: Root, folder: Any, *, tags: Any = None, name: Any = None, **values: Any) -> WorkspaceEntry:
    """Take in a folder of results that something else has made, as an entry with figures and a verdict.

    The files are copied. --tags adds tags, --name gives a name, --NAME=VALUE says what the files do not.

        axs ingest DIR --tags,=vendor --NAME=VALUE
    """
    said = texts_of([] if tags is None else tags, "--tags")
    given = optional_text(name, "--name")
    return root.workspace.ingest(text_of(folder, "a folder"), tags=said, name=given, values=values)
