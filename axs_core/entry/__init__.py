"""Entries: folders with a ``meta.yaml``; what they say, inherit and compute."""

from axs_core.entry.load import META, is_finished
from axs_core.entry.model import Alternative, Entry, Kind, Need, Parameter, linearise
from axs_core.entry.place import placed, rendered_at
from axs_core.entry.record import RECORD, Record, record_in
from axs_core.entry.scope import Scope, entry_scope, file_path, path_in

__all__ = [
    "META",
    "RECORD",
    "Alternative",
    "Entry",
    "Kind",
    "Need",
    "Parameter",
    "Record",
    "Scope",
    "entry_scope",
    "file_path",
    "is_finished",
    "linearise",
    "path_in",
    "placed",
    "record_in",
    "rendered_at",
]
