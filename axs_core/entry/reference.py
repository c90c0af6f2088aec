"""The tables of docs/meta.md, made from the schema.

``python -m axs_core.entry.reference docs/meta.md`` writes them anew between their two marks in the page.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from axs_core.entry.validate import TYPE_WORDS, schema

BEGIN = "<!-- Tables made by `python -m axs_core.entry.reference docs/meta.md`; a test compares them. -->"
END = "<!-- End of the tables. -->"
_SHORT = {"names": "list of texts", "scalars": "text or list", "parameter": "see below", "need": "see below"}


def tables() -> str:
    """All keys of ``meta.yaml``, with the form of their values and what they mean."""
    parts = schema()["$defs"]
    lines = ["## All keys", "", *_table(schema())]
    lines += ["", "### Keys of a parameter", "", *_table(parts["parameter"])]
    lines += ["", "### Keys of a need", "", *_table(parts["need"])]
    lines += ["", "### Producers, in `make`", "", "Each may have `when`: " + _lower(parts["when"]["description"])]
    for name, producer in parts["make"]["properties"].items():
        lines += ["", f"#### {name}", "", producer["description"], "", *_table(producer, without="when")]
    return "\n".join(lines)


def with_tables(page: str) -> str:
    """The text of the page with the tables between their marks made anew."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{after}"


def _table(section: Mapping[str, Any], without: str = "") -> Iterator[str]:
    required = section.get("required", ())
    yield "| key | value | meaning |"
    yield "|---|---|---|"
    for name, value in section["properties"].items():
        if name != without:
            meaning = value.get("description", "") + (" Required." if name in required else "")
            yield f"| `{name}` | {_form(value)} | {meaning.strip()} |"


def _form(value: Mapping[str, Any]) -> str:
    """The form of a value in a few words."""
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return _SHORT.get(name, "mapping")
    if "enum" in value:
        return ", ".join(value["enum"])
    if "anyOf" in value:
        return " or ".join(dict.fromkeys(_form(each) for each in value["anyOf"]))
    kinds = value.get("type", "any value")
    words = [TYPE_WORDS.get(kind, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds) if kind != "null"]
    return " or ".join(word.removeprefix("a ") for word in words)


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


if __name__ == "__main__":
    place = Path(sys.argv[1])
    place.write_text(with_tables(place.read_text(encoding="utf-8")), encoding="utf-8")
