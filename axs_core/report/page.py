"""The page: one file that opens from disk. Data, style, program and drawing library are all in it.

Nothing that an entry says becomes part of the page's own text: it travels as JSON, and the program writes it with
``textContent``. A content security policy lets no other script run and lets nothing be loaded.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import math
from importlib.resources import files
from typing import Any

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; script-src {scripts}"
"""The drawing library writes styles of its own, and makes pictures as blobs when one is saved."""


def page(data: dict[str, Any], library: str, title: str) -> str:
    """The whole page; ``library`` is the text of plotly.js."""
    program = _part("page.js")
    fill = {
        "@POLICY@": POLICY.format(scripts=" ".join(map(_hash, (_inline(library), program)))),
        "@TITLE@": html.escape(title),
        "@STYLE@": _part("page.css"),
        "@DATA@": as_json({**data, "title": title}),
        "@LIBRARY@": _inline(library),
        "@PROGRAM@": program,
    }
    before, text = "", _part("page.html")
    for place, value in fill.items():  # in the order of the page, so that nothing is looked for in what was put in
        head, found, text = text.partition(place)
        assert found, place
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


def _part(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8").strip()


def _inline(library: str) -> str:
    """A script's text that does not end the element that holds it. In JavaScript ``\\/`` in a string is ``/``."""
    return library.strip().replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
