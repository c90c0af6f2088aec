"""``bundle.json``: what a bundle holds and what for. Its form is that of contents.schema.json, version 1."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from axs_core.base.digest import of_value
from axs_core.exchange.manifest import BadArchive, Shipped, refuse_template, strict_json
from axs_core.exchange.members import Names, check_name
from axs_core.producers.bundled import CONTENTS, REPOSITORIES, WHEELS
from axs_core.store import PRIVATE

FORMAT = 1
"""Version of the bundle's form."""
README = "README.txt"
DOWNLOADS, RECIPES, FILES, OWN = "downloads", "recipes", "files", "axs"
"""Folders in a bundle: by checksum; entries that a person wrote; a user's own files; wheels of axs itself."""
LARGEST = 1 << 28
"""Bytes that ``bundle.json`` may have: it is read as a whole."""
_MANYLINUX, _ALIASES = re.compile(r"manylinux_(\d+)_(\d+)_"), re.compile(r"^manylinux(1|2010|2014)_")
_FOLDERS = (DOWNLOADS, WHEELS, REPOSITORIES, RECIPES, FILES, OWN)
_IN_REPOSITORY = ("HEAD", "packed-refs", "shallow", "objects/pack/")
"""All that a bare repository needs beside what every one has; nothing that git would run or obey."""


def text_of(data: Mapping[str, Any]) -> str:
    """The same contents give the same text."""
    return json.dumps(data, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def digest_of(data: Mapping[str, Any]) -> str:
    """One digest of all that is in it."""
    return of_value(data)


def libc(wheels: Iterable[str]) -> str:
    """The oldest C library that all of these wheels can be installed with, as ``glibc 2.28``; empty where any will do.

    What was built here needs the one of this machine.

    >>> libc(["a-1-cp311-cp311-manylinux_2_28_x86_64.manylinux_2_17_x86_64.whl", "b-1-py3-none-any.whl"])
    'glibc 2.17'
    """
    from packaging.utils import parse_wheel_filename

    name, version = platform.libc_ver()
    needed = []
    for wheel in wheels:
        tags = {tag.platform for tag in parse_wheel_filename(wheel)[3]}
        known = [
            (int(found[1]), int(found[2])) for tag in tags if (found := _MANYLINUX.match(_ALIASES.sub(_modern, tag)))
        ]
        if known:
            needed.append(min(known))
        elif any(tag.startswith("linux_") for tag in tags) and version:
            needed.append((int(version.split(".")[0]), int(version.split(".")[1])))
    return f"{name or 'glibc'} {'.'.join(map(str, max(needed)))}" if needed else ""


def _modern(alias: re.Match[str]) -> str:
    return {"1": "manylinux_2_5_", "2010": "manylinux_2_12_", "2014": "manylinux_2_17_"}[alias[1]]


def read_contents(text: bytes) -> dict[str, Any]:
    """The contents in ``text``; raises BadArchive for anything that is not of the form, or names what is not there."""
    data = strict_json(text, CONTENTS)
    if isinstance(data, dict) and data.get("format") != FORMAT:
        raise BadArchive(
            f"has format {data.get('format')!r}; this axs reads format {FORMAT}",
            CONTENTS,
            hint="open it with the axs that made it, or make it again with this one",
        )
    problem = next(iter(sorted(_validator().iter_errors(data), key=lambda error: list(map(str, error.path)))), None)
    if problem is not None:
        raise BadArchive(f"{'.'.join(map(str, problem.path)) or 'it'}: {problem.message[:200]}", CONTENTS)
    refuse_template(data, CONTENTS)
    _check_places(data)
    return dict(data)


def shipped_in(data: Mapping[str, Any]) -> dict[str, Shipped]:
    """Its files, in their order."""
    return {
        name: Shipped(item["size"], item["sha256"], item.get("executable", False))
        for name, item in sorted(data["files"].items())
    }


def as_data(shipped: Shipped, mtime_ns: int | None) -> dict[str, Any]:
    """An item of ``files``."""
    return {**shipped.as_data(), **({} if mtime_ns is None else {"mtime_ns": mtime_ns})}


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    schema = json.loads(Path(__file__).with_name("contents.schema.json").read_text(encoding="utf-8"))
    return Draft202012Validator(schema)


def _check_places(data: Mapping[str, Any]) -> None:
    """Every file has a good name in a folder that bundles have, and whatever is spoken of is among them."""
    names, files = Names(), data["files"]
    for name in sorted(files):
        check_name(name)
        names.take(name)
        _check_place(name)
    spoken = [item["file"] for item in data["downloads"]]
    spoken += [f"{WHEELS}/{wheel}" for item in data["environments"] for wheel in item["wheels"]]
    spoken += [f"{item['folder']}/HEAD" for item in data["repositories"]]
    spoken += [f"{RECIPES}/{name}/meta.yaml" for name in data["recipes"]]
    if missing := [name for name in spoken if name not in files]:
        raise BadArchive(f"{missing[0]!r} is spoken of, but is not there", CONTENTS)
    top = {name.rpartition("/")[0] for name in files} | set(files)
    for item in data["queries"]:
        for place in item["files"].values():
            if not place.startswith(f"{FILES}/") or not any(f"{each}/".startswith(f"{place}/") for each in top):
                raise BadArchive(f"{place!r} is spoken of, but is not there", CONTENTS)


def _check_place(name: str) -> None:
    folder, _, rest = name.partition("/")
    if folder not in _FOLDERS or not rest:
        raise BadArchive("nothing of that name belongs into a bundle", name)
    if PRIVATE in (part.casefold() for part in name.split("/")):
        raise BadArchive(f"{PRIVATE} is a name that axs keeps for itself", name)
    if folder in (DOWNLOADS, WHEELS, OWN) and "/" in rest:
        raise BadArchive(f"a folder in {folder}", name)
    inner = rest.partition("/")[2]
    if folder == REPOSITORIES and not any(
        inner == known or (known.endswith("/") and inner.startswith(known) and "/" not in inner[len(known) :])
        for known in _IN_REPOSITORY
    ):
        raise BadArchive("nothing of that name belongs into a repository of a bundle", name)
    if folder == RECIPES and (not inner or rest.startswith((".", "_"))):
        raise BadArchive("not a file of an entry", name)
