"""The actions that put results beside each other. The docstrings are the reference, as in :mod:`axs_core.cli.actions`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from axs_core.cli.action import action, nearest
from axs_core.cli.format import as_text
from axs_core.cli.model import Table
from axs_core.errors import UsageError

if TYPE_CHECKING:
    from axs_core.api import Workspace, WorkspaceEntry
    from axs_core.compare.table import Tabulated

FORMATS = ("text", "csv", "markdown", "json")


@action("entries")
def table(entries: Sequence[WorkspaceEntry], *, columns: Any = None, format: Any = "text") -> Any:
    """The entries as a table, a row each.

    Without --columns the entries say themselves which suit them. A column is a value (a.b for a member), or that of the
    run that tells the accuracy, twin.NAME. --format=csv, --format=markdown and --format=json are for other programs.

        axs all_byquery loadgen_output,framework=onnxrt , table
        axs all_byquery loadgen_output , table --columns,=name,batch_size,performance,twin.accuracy --format=csv
    """
    from axs_core.compare.table import Tabulated

    if format not in FORMATS:
        near = nearest(as_text(format), FORMATS)
        raise UsageError(
            f"--format={as_text(format)} is not known",
            hint=f"--format={near}" if near else f"it is one of {', '.join(FORMATS)}",
        )
    names = [as_text(name) for name in ([columns] if isinstance(columns, str) else columns or [])]
    workspace = workspace_of(entries)
    made = workspace.tabulate(entries, names or None) if workspace else Tabulated(tuple(names), ())
    return _formatted(made, format)


def workspace_of(entries: Sequence[WorkspaceEntry]) -> Workspace | None:
    """Where entries come from; None for an empty list of nowhere."""
    space: Workspace | None = getattr(entries, "workspace", None)
    return space or (entries[0].workspace if entries else None)


def _formatted(made: Tabulated, format: str) -> Any:
    if format == "json":
        return made.dicts()
    if format == "csv":
        return _csv(made)
    rows = tuple(tuple("" if value is None else as_text(value) for value in row) for row in made.rows)
    if not made.columns:
        return None
    return Table(made.columns, rows) if format == "text" else _markdown(made.columns, rows)


def _csv(made: Tabulated) -> str | None:
    import csv
    import io

    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerows([made.columns, *(["" if v is None else as_text(v) for v in row] for row in made.rows)])
    return stream.getvalue() if made.columns else None


def _markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    return "\n".join([line(columns), "|" + "---|" * len(columns), *map(line, rows)])
