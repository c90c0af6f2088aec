"""The environment variables of a record, put back for a replay."""

from __future__ import annotations

from collections.abc import Mapping

from axs_core.base.errors import AxsError
from axs_core.entry import Entry, Record
from axs_core.entry.surroundings import restored, surroundings
from axs_core.index import Index


def environment_of(entry: Entry, index: Index, environ: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """``environ`` with the variables that change what the entry's recipe makes as they are in its record; and, a
    sentence each, what could not be put back.

    Values from elsewhere are put back only where the user trusts the collection: a variable can load a library.
    """
    record, here = Record.read(entry.path), dict(environ)
    try:
        declared = index.by_name(record.recipe or "").environment
    except AxsError:  # what is missing is told when it is made again
        return here, []
    then, now = record.environment, surroundings(declared, environ).variables
    if then is None:
        unknown = f"environment variables are not in the record; set here: {', '.join(now)}"
        return here, [unknown] if now else []
    if then and not entry.trusted:
        return here, [f"environment variables are not as in the record, {entry.name} is not trusted: {', '.join(then)}"]
    return restored(declared, environ, then), []
