"""The settings of axs: environment variables, read in one place, each with one meaning.

A switch is off where its variable is not set, or is empty, `0`, `no`, `false` or `off` in whatever case; any other
text turns it on.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from axs_core.base.errors import UsageError
from axs_core.base.paths import absolute, home, user_cache

VARIABLES = {
    "AXS_WORK_COLLECTION": "the folder of produced entries (default: ~/work_collection)",
    "AXS_COLLECTIONS": "further folders of entries, separated as in PATH, asked before all others",
    "AXS_OFFLINE": "use no network; what is not here already is an error",
    "AXS_QUIET": "say nothing but warnings and errors",
    "AXS_DEBUG": "show where in the code an error arose",
    "AXS_MIRRORS": "prefix=prefix pairs: where downloads are tried first; file:// works too",
    "AXS_DOWNLOAD_CACHE": "where downloads with a checksum are kept for all work collections "
    "(default: ~/.cache/axs/downloads)",
    "AXS_PYTHON_ENV": "auto (default): the interpreter that runs axs is used where it satisfies a program's "
    "requirements; isolated: never; calling: always",
    "AXS_INSTALLER": "auto (default): uv where it is on PATH and would use the same package index as pip; pip; uv",
    "AXS_INDEX": "the file of the index (default: one for each host and work collection in ~/.cache/axs/index)",
    "AXS_TRUST": "addresses of collections from elsewhere that may run code, separated by commas (axs asks "
    "about others)",
    "AXS_PROGRAM_TIMEOUT": "seconds that a program may run whose recipe does not say how long (default: a day)",
    "AXS_LEASE": "seconds without a sign of life after which a maker on another host counts as dead (default: 30)",
    "AXS_SYSTEM": "a name for this machine in identities and records",
}
"""Every variable that axs itself reads, and what it means."""
SWITCHES = ("AXS_OFFLINE", "AXS_QUIET", "AXS_DEBUG")
"""Those that are on or off."""
LEASE = 30.0
"""Seconds after which a process on another host that is not responding counts as dead, unless ``$AXS_LEASE`` says."""
_OFF = ("", "0", "no", "false", "off")
_PAIR = r"([a-z][a-z0-9+.-]*://[^=]*)=([a-z][a-z0-9+.-]*://.*)"
_PYTHON_ENV = ("auto", "calling", "isolated")


def is_on(environ: Mapping[str, str], variable: str) -> bool:
    """Whether a switch is on.

    >>> [is_on({"AXS_QUIET": text}, "AXS_QUIET") for text in ("1", "yes", "Off", " no ", "")], is_on({}, "AXS_QUIET")
    ([True, True, False, False, False], False)
    """
    return environ.get(variable, "").strip().lower() not in _OFF


class Settings:
    """What the variables in ``environ`` say; a copy is kept, which is what children inherit.

    A value that makes no sense raises UsageError when it is asked for: who does not need it is not stopped by it.
    """

    __slots__ = ("environ",)

    environ: Mapping[str, str]

    def __init__(self, environ: Mapping[str, str]) -> None:
        object.__setattr__(self, "environ", MappingProxyType(dict(environ)))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"settings do not change: {name}")

    def with_values(self, **changes: str) -> Settings:
        """The same settings, but for these variables."""
        return Settings({**self.environ, **changes})

    @property
    def work_collection(self) -> Path:
        """``$AXS_WORK_COLLECTION`` or ``~/work_collection``, absolute."""
        named = self.environ.get("AXS_WORK_COLLECTION")
        return absolute(named) if named else home() / "work_collection"

    @property
    def collections(self) -> list[Path]:
        """The folders in ``$AXS_COLLECTIONS`` (separated as in ``$PATH``), absolute."""
        return [absolute(item) for item in self.environ.get("AXS_COLLECTIONS", "").split(os.pathsep) if item]

    @property
    def index(self) -> Path | None:
        """The file that ``$AXS_INDEX`` names, absolute; None where axs chooses one."""
        named = self.environ.get("AXS_INDEX")
        return absolute(named) if named else None

    @property
    def offline(self) -> bool:
        """Whether ``$AXS_OFFLINE`` forbids the network."""
        return is_on(self.environ, "AXS_OFFLINE")

    @property
    def quiet(self) -> bool:
        """Whether ``$AXS_QUIET`` leaves warnings and errors only."""
        return is_on(self.environ, "AXS_QUIET")

    @property
    def debug(self) -> bool:
        """Whether ``$AXS_DEBUG`` wants to see where in the code an error arose."""
        return is_on(self.environ, "AXS_DEBUG")

    @property
    def mirrors(self) -> tuple[tuple[str, str], ...]:
        """The pairs in ``$AXS_MIRRORS``, separated by blanks or commas: beginnings of addresses, and what is tried
        instead.
        """
        pairs = []
        for text in self._words("AXS_MIRRORS"):
            pair = re.fullmatch(_PAIR, text, re.IGNORECASE)
            if pair is None:
                from axs_core.base.credentials import without_credentials

                raise UsageError(
                    f"AXS_MIRRORS: {without_credentials(text)!r} is not of the form prefix=prefix",
                    hint="AXS_MIRRORS='https://zenodo.org/=file:///data/zenodo/'",
                )
            pairs.append((pair[1], pair[2]))
        return tuple(pairs)

    @property
    def trusted(self) -> tuple[str, ...]:
        """The addresses in ``$AXS_TRUST``, separated by blanks or commas, as they were typed."""
        return self._words("AXS_TRUST")

    @property
    def system(self) -> str | None:
        """The name of this machine that ``$AXS_SYSTEM`` gives; None where it is called by what it is."""
        return self.environ.get("AXS_SYSTEM") or None

    @property
    def lease(self) -> float:
        """``$AXS_LEASE`` or :data:`LEASE`, in seconds from 1 to 86400."""
        text = self.environ.get("AXS_LEASE") or str(LEASE)
        seconds = _number(text)
        if not 1 <= seconds <= 86400:
            message = f"AXS_LEASE must be a number of seconds from 1 to 86400, not {text!r}"
            raise UsageError(message, hint="AXS_LEASE=30")
        return seconds

    @property
    def download_cache(self) -> Path:
        """``$AXS_DOWNLOAD_CACHE``, else ``downloads`` in the user's cache folder for axs."""
        named = self.environ.get("AXS_DOWNLOAD_CACHE")
        return absolute(named) if named else user_cache() / "downloads"

    @property
    def python_env(self) -> str:
        """``$AXS_PYTHON_ENV``: ``auto``, ``calling`` or ``isolated``."""
        policy = self.environ.get("AXS_PYTHON_ENV") or "auto"
        if policy not in _PYTHON_ENV:
            raise UsageError(f"AXS_PYTHON_ENV={policy} has no meaning", hint=f"it is one of {', '.join(_PYTHON_ENV)}")
        return policy

    @property
    def installer(self) -> str:
        """``$AXS_INSTALLER``: ``auto``, or the name of an installer, whether there is one of that name or not."""
        return self.environ.get("AXS_INSTALLER") or "auto"

    @property
    def program_timeout(self) -> float | None:
        """``$AXS_PROGRAM_TIMEOUT`` in seconds, more than 0; None where it is not set."""
        text = self.environ.get("AXS_PROGRAM_TIMEOUT")
        if not text:
            return None
        seconds = _number(text)
        if not 0 < seconds < float("inf"):
            raise UsageError(f"AXS_PROGRAM_TIMEOUT: {text!r} is not a time in seconds above 0")
        return seconds

    def _words(self, variable: str) -> tuple[str, ...]:
        return tuple(self.environ.get(variable, "").replace(",", " ").split())


def _number(text: str) -> float:
    """The number in a text; 0 where there is none."""
    try:
        return float(text)
    except ValueError:
        return 0.0
