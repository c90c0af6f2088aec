"""What code outside the engine may import. docs/sdk.md lists it; a name here keeps its meaning from version to version.

A name is imported when it is first asked for, so that an entry pays for what it uses only.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from axs_core.base import machine
    from axs_core.base.console import ConsoleReporter
    from axs_core.base.digest import of_file, of_value
    from axs_core.base.errors import (
        AxsError,
        DoesNotApply,
        Inapplicable,
        NoSuchName,
        NotFound,
        ProduceError,
        ProgramFailed,
        Refused,
        UsageError,
        brief,
    )
    from axs_core.base.reporter import Reporter
    from axs_core.base.suspension import respect
    from axs_core.cli.action import action
    from axs_core.cli.model import Document, Each, Root, Table
    from axs_core.entry import record_in
    from axs_core.plugins.traits import Traits
    from axs_core.process import run
    from axs_core.producers.base import Download, Job, Made, Packing, Producer, Used
    from axs_core.producers.fetch.producer import Fetch
    from axs_core.producers.fetch.sources import offline_from
    from axs_core.producers.paths import inside
    from axs_core.producers.talk import shortened
    from axs_core.query import Query, parse
    from axs_core.query.near import closest
    from axs_core.store.content import NOT_CONTENT, of_folder
    from axs_core.store.entry_files import read_files

__all__ = [
    "NOT_CONTENT",
    "AxsError",
    "ConsoleReporter",
    "Document",
    "DoesNotApply",
    "Download",
    "Each",
    "Fetch",
    "Inapplicable",
    "Job",
    "Made",
    "NoSuchName",
    "NotFound",
    "Packing",
    "ProduceError",
    "Producer",
    "ProgramFailed",
    "Query",
    "Refused",
    "Reporter",
    "Root",
    "Table",
    "Traits",
    "UsageError",
    "Used",
    "action",
    "brief",
    "closest",
    "inside",
    "machine",
    "of_file",
    "of_folder",
    "of_value",
    "offline_from",
    "parse",
    "read_files",
    "record_in",
    "respect",
    "run",
    "shortened",
]

_ERRORS = (
    "AxsError",
    "DoesNotApply",
    "Inapplicable",
    "NoSuchName",
    "NotFound",
    "ProduceError",
    "ProgramFailed",
    "Refused",
    "UsageError",
    "brief",
)
_PLACES = {
    **dict.fromkeys(_ERRORS, "base.errors"),
    **dict.fromkeys(("of_file", "of_value"), "base.digest"),
    **dict.fromkeys(("NOT_CONTENT", "of_folder"), "store.content"),
    **dict.fromkeys(("Query", "parse"), "query"),
    **dict.fromkeys(("Document", "Each", "Root", "Table"), "cli.model"),
    **dict.fromkeys(("Download", "Job", "Made", "Packing", "Producer", "Used"), "producers.base"),
    "ConsoleReporter": "base.console",
    "Fetch": "producers.fetch.producer",
    "Traits": "plugins.traits",
    "action": "cli.action",
    "inside": "producers.paths",
    "offline_from": "producers.fetch.sources",
    "run": "process",
    "Reporter": "base.reporter",
    "closest": "query.near",
    "respect": "base.suspension",
    "read_files": "store.entry_files",
    "record_in": "entry",
    "shortened": "producers.talk",
}


def __getattr__(name: str) -> Any:
    if name == "machine":
        return import_module("axs_core.base.machine")
    if name in _PLACES:
        return getattr(import_module(f"axs_core.{_PLACES[name]}"), name)
    raise AttributeError(f"module 'axs_core.sdk' has no attribute {name!r}")
