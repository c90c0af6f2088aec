"""The record of how an entry came about, as a value: what it says has its names here, whichever version wrote it.

The schema (:data:`FORM`) only ever grows. What an older version did not write is empty; what a newer one writes besides
is kept and ignored, and what it writes in another form counts as not said. Only a record of a version that is known
here can be damaged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from axs_core.base.errors import EntryError
from axs_core.entry.form import OPTIONAL_TEXT, TEXT, mismatch

RECORD = "record.json"
"""The file inside a produced entry that says how it came about."""
FORMAT = 1
"""Version of the schema that this axs writes."""

_NEED: dict[Any, Any] = {
    "need!": TEXT, "entry!": TEXT, "kind!": TEXT, "recipe": OPTIONAL_TEXT, "key": OPTIONAL_TEXT,
    "query": OPTIONAL_TEXT, "digest": OPTIONAL_TEXT, "recipes": {...: TEXT}, "stamps": {...: TEXT},
    "python": {...: [TEXT]},
}  # fmt: skip
_NEED["needs"] = [_NEED]
_ARCHIVE = {"name!": TEXT, "version!": TEXT, "url!": TEXT, "hashes": {...: TEXT}}
FORM: dict[str, Any] = {
    "query": TEXT,
    "typed": OPTIONAL_TEXT,
    "asked": TEXT,
    "recipe": {"name!": TEXT, "tags": [TEXT]},
    "recipes": {...: {"digest!": TEXT, "stamp!": TEXT}},
    "parameters": {...: {"value!": object, "digest": TEXT}},
    "needs": [_NEED],
    "python": {...: [TEXT]},
    "archives": {...: [_ARCHIVE]},
    "found": dict,
    "machine": {"python": TEXT},
    "environment": {...: TEXT},
    "files": {"digest!": TEXT, "count": int, "bytes": int},
    "pulled": [dict],
}
"""The form of what is known of a record (see :mod:`axs_core.entry.form`); nothing of it must be there."""


class Making:
    """What is told of one making alike, by the record of the entry and by what it keeps of its needs and theirs.

    ``data`` is all of it, as it was written.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data
        self._said = data

    def _mapping(self, key: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._said.get(key, {})
        return found

    def _list(self, key: str) -> Sequence[Any]:
        found: Sequence[Any] = self._said.get(key, ())
        return found

    def _text(self, key: str) -> str | None:
        found = self._said.get(key)
        return None if found is None else str(found)

    @property
    def query(self) -> str:
        """What it denotes, in canonical form; empty where nobody asked by a query."""
        return self._text("query") or ""

    @property
    def packages(self) -> Mapping[str, Sequence[str]]:
        """The Python packages of each need that is an environment, ``name==version`` each."""
        return self._mapping("python")

    @property
    def archives(self) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """The archives that they were installed from: ``name``, ``version``, ``url``, ``hashes``; where known."""
        return self._mapping("archives")

    @property
    def needs(self) -> list[RecordedNeed]:
        """What met the needs, in their order."""
        return [RecordedNeed(need) for need in self._list("needs")]


class RecordedNeed(Making):
    """A need as it was met."""

    @property
    def need(self) -> str:
        """The name under which the recipe needs it; of what a function asked for, the one that it gave."""
        return str(self._said["need"])

    @property
    def entry(self) -> str:
        """Name of the entry that met it."""
        return str(self._said["entry"])

    @property
    def made(self) -> bool:
        """Was it made by axs, and not written by a person?"""
        return bool(self._said["kind"] == "produced")

    @property
    def recipe(self) -> str | None:
        """Name of the recipe that made it."""
        return self._text("recipe")

    @property
    def key(self) -> str | None:
        """Its identity."""
        return self._text("key")

    @property
    def digest(self) -> str | None:
        """Digest of the list of its files."""
        return self._text("digest")

    @property
    def recipes(self) -> Mapping[str, str]:
        """Digests of what it was made by, as :attr:`Record.recipes`."""
        return self._mapping("recipes")

    @property
    def stamps(self) -> Mapping[str, str]:
        """Their stamps; older records have none."""
        return self._mapping("stamps")


class Record(Making):
    """How an entry came about; false for an entry without a record, which a person wrote."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        if self.newer:
            self._said = {key: value for key, value in data.items() if not _strange(key, value)}

    @staticmethod
    def read(folder: Path) -> Record:
        """The record of the entry in ``folder``. Raises EntryError for one that is damaged or cannot be read."""
        import json

        file = folder / RECORD
        hint = f"axs byname {folder.name} , remove; then ask for it again"
        try:
            data = json.loads(file.read_text(encoding="utf-8"))
            problem = fault(data)
            if problem is None:
                return Record(data)
        except (FileNotFoundError, NotADirectoryError):
            return Record({})
        except OSError as error:
            raise EntryError(f"cannot be read: {error.strerror or error}", file=file) from None
        except (ValueError, RecursionError) as error:
            raise EntryError(f"is not valid JSON: {error}", file=file, hint=hint) from None
        raise EntryError(f"is no record: {problem}", file=file, hint=hint)

    def __bool__(self) -> bool:
        return bool(self.data)

    @property
    def format(self) -> Any:
        """Version of the schema that it was written by."""
        return self.data.get("format", FORMAT)

    @property
    def newer(self) -> bool:
        """Was it written by a newer axs, which may say things otherwise?"""
        return _is_newer(self.data)

    def unread(self, name: str) -> bool:
        """Does it say something under this key that is not known here?"""
        return name in self.data and name not in self._said

    @property
    def axs(self) -> str:
        """Version of axs that made it."""
        return self._text("axs") or ""

    @property
    def recipe(self) -> str | None:
        """Name of the recipe that made it."""
        return self._mapping("recipe").get("name")

    @property
    def tags(self) -> Sequence[str] | None:
        """The tags that its recipe gave it."""
        return self._mapping("recipe").get("tags")

    @property
    def recipes(self) -> Mapping[str, Mapping[str, str]]:
        """``digest`` and ``stamp`` of the folders that it was made by: the recipe, its parents, what a person wrote of
        its needs; by name.
        """
        return self._mapping("recipes")

    @property
    def parameters(self) -> Mapping[str, Mapping[str, Any]]:
        """Of each parameter its ``value``, its ``origin`` and, of a file or folder, the ``digest``."""
        return self._mapping("parameters")

    @cached_property
    def values(self) -> Mapping[str, Any]:
        """The values of the parameters."""
        return {name: item["value"] for name, item in self.parameters.items()}

    @property
    def found(self) -> Mapping[str, Any]:
        """What the producers found out."""
        return self._mapping("found")

    @property
    def machine(self) -> Mapping[str, Any]:
        """Facts of the machine on which it was made, as :func:`axs_core.base.machine.facts` gives them."""
        return self._mapping("machine")

    @property
    def python(self) -> str | None:
        """Version of Python that axs ran on."""
        return self.machine.get("python")

    @property
    def environment(self) -> Mapping[str, str] | None:
        """The variables that its recipe declares, as far as they were set; None where that was not noted."""
        return self._mapping("environment") if "environment" in self._said else None

    @property
    def started(self) -> str:
        """When its making began, in UTC: ``2026-11-21T23:40:12.345Z``."""
        return self._text("started") or ""

    @property
    def finished(self) -> str:
        """When it was finished, in UTC."""
        return self._text("finished") or ""

    @property
    def directly(self) -> bool:
        """Did a user ask for it, and not something that needs it? True also where a newer axs says it otherwise."""
        asked = self._said.get("asked")
        return asked != "as a need" if self.newer else asked == "directly"

    @property
    def files_digest(self) -> str | None:
        """Digest of the list of its files."""
        return self._mapping("files").get("digest")

    @property
    def pulled(self) -> Sequence[Mapping[str, Any]]:
        """Of a clone: what was pulled since, ``from``, ``to`` and ``at``."""
        return self._list("pulled")

    def lacks(self, *names: str) -> list[str]:
        """Those of these keys (``machine.python``: a key in one) that it does not say."""
        return [name for name in names if not _is_said(self._said, name)]


def fault(data: Any) -> str | None:
    """What is wrong with the content of a record, in words; None for a good one, and for all that a newer axs wrote."""
    return None if isinstance(data, dict) and _is_newer(data) else mismatch(data, FORM)


def record_in(folder: Path) -> dict[str, Any]:
    """The record of the entry in ``folder`` as it was written, plain data; empty for what a person wrote."""
    return dict(Record.read(folder).data)


def _is_newer(data: Mapping[str, Any]) -> bool:
    written = data.get("format", FORMAT)
    return not (isinstance(written, int) and written <= FORMAT)


def _strange(key: str, value: Any) -> bool:
    return key in FORM and mismatch(value, FORM[key]) is not None


def _is_said(data: Any, name: str) -> bool:
    first, _, rest = name.partition(".")
    return isinstance(data, Mapping) and first in data and (not rest or _is_said(data[first], rest))
