"""The page: one file that opens from disk. Data, style, program and drawing library are all in it; all but the data
come from entries.

Nothing that an entry says becomes part of the page's own text: it travels as JSON, and the program writes it with
``textContent``. A content security policy lets no other script run and lets nothing be loaded.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from axs_core.base.errors import EntryError

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; script-src {scripts}"
"""The drawing library writes styles of its own, and makes pictures as blobs when one is saved."""


@dataclass(frozen=True)
class Parts:
    """What a page is made of: texts. ``template`` is HTML with the places @POLICY@, @TITLE@, @STYLE@, @DATA@, @LIBRARY@
    and @PROGRAM@, each once and in this order; ``library`` and ``program`` are JavaScript.
    """

    template: str
    style: str
    library: str
    program: str


def page(parts: Parts, data: Mapping[str, Any], title: str) -> str:
    """The whole page. Raises EntryError for a template without one of its places."""
    scripts = _inline(parts.library), _inline(parts.program)
    fill = {
        "@POLICY@": POLICY.format(scripts=" ".join(map(_hash, scripts))),
        "@TITLE@": html.escape(title),
        "@STYLE@": parts.style.strip(),
        "@DATA@": as_json({**data, "title": title}),
        "@LIBRARY@": scripts[0],
        "@PROGRAM@": scripts[1],
    }
    before, text = "", parts.template.strip()
    for place, value in fill.items():  # in the order of the page, so that nothing is looked for in what was put in
        head, found, text = text.partition(place)
        if not found:
            raise EntryError(f"the template of the page has no {place} where it should be")
        before += head + value
    return before + text


def as_json(data: Any) -> str:
    """JSON that may stand in a script element: it holds no character that HTML gives a meaning. Numbers that JSON does
    not have are null.

    >>> as_json("</script>")
    '"\\\\u003c/script\\\\u003e"'
    """
    text = json.dumps(_finite(data), separators=(",", ":"), default=str, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, (list, tuple)) else value


def _inline(library: str) -> str:
    """A script's text that does not end the element that holds it. In JavaScript ``\\/`` in a string is ``/``."""
    return library.strip().replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
