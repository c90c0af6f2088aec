"""What a child said, from its log; and of what pip and uv say when they fail the reasons, and what to try then."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from axs_core.base.credentials import without_credentials

_SHOWN_VERSIONS = 8


def size_of(log: Path) -> int:
    """Where in the log the next child's talk will begin."""
    return log.stat().st_size if log.exists() else 0


def talk_since(log: Path, begin: int) -> list[str]:
    """The lines that a child wrote since the log had ``begin`` bytes, without the two in which ``process.run`` says
    what it ran and how that ended.
    """
    with log.open("rb") as file:
        file.seek(begin)
        return without_credentials(file.read().decode(errors="replace")).splitlines()[1:-1]


def shortened(texts: Sequence[str], most: int = 4) -> str:
    """A list for one line: ``a, b, c and 5 more``."""
    return ", ".join(texts[:most]) + (f" and {len(texts) - most} more" if len(texts) > most else "")


def reasons(talk: Sequence[str]) -> list[str]:
    """The lines that say why, in their order: errors, and how a conflict comes about. Lists of versions are cut."""
    kept: dict[str, None] = {}
    explaining = False
    for line in talk:
        text = line.strip()
        if explaining and not text:
            explaining = False
        if text.startswith(("The conflict is caused by:", "×", "╰─▶")):
            explaining = True
        if explaining or re.match(r"(ERROR|error|cause):|WARNING: 40[13] ", text):
            kept[re.sub(r"\(from versions: ([^)]*)\)", _cut_versions, line.rstrip())] = None
    return list(kept)


def hint_for(talk: Sequence[str], *, offline: bool) -> str | None:
    """What to try, by what the installer's talk shows; None where that is anybody's guess."""
    text = "\n".join(talk)
    for pattern, hint in _HINTS:
        if re.search(pattern, text):
            return _OFFLINE_HINT if offline and hint in (_NO_MATCH_HINT, _NETWORK_HINT) else hint
    return None


_OFFLINE_HINT = "AXS_OFFLINE=1 keeps pip from the index: set PIP_FIND_LINKS=FOLDER_OF_WHEELS, or unset AXS_OFFLINE"
_NETWORK_HINT = (
    "set PIP_INDEX_URL to an index that can be reached, or AXS_OFFLINE=1 and PIP_FIND_LINKS=FOLDER_OF_WHEELS"
)
_PROXY_HINT = "the proxy did not let it through: correct or unset https_proxy and http_proxy (or the proxy in pip.conf)"
_NO_MATCH_HINT = "check the name and the version, or ask for another Python: python=3.11"
_DISK_HINT = "free some space there and in TMPDIR, or set AXS_WORK_COLLECTION to a folder with more room"
_BUILD_HINT = (
    "there is no wheel of it for this Python: ask for another version or python=, or install what the log misses"
)
# The first that fits: a full disk and a conflict are certain, a lost connection may have been made good by a retry.
_HINTS = (
    (r"No space left on device|Errno 28\b|Disk quota exceeded", _DISK_HINT),
    (r"was not found in the (package registry|provided package locations)|there is no version of", _NO_MATCH_HINT),
    (
        r"conflicting dependencies|ResolutionImpossible|requirements are unsatisfiable",
        "loosen or leave out one of the versions that exclude each other",
    ),
    (
        r"40[13] (Error|Client|Unauthorized|Forbidden)",
        "the index refuses access: put the credentials into ~/.netrc or PIP_INDEX_URL",
    ),
    (r"ProxyError|[Cc]annot connect to proxy|Unable to connect to proxy|tunnel error", _PROXY_HINT),
    (
        r"NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ConnectionResetError|SSLError"
        r"|Failed to establish a new connection|dns error|tcp connect error|Failed to fetch",
        _NETWORK_HINT,
    ),
    (r"requires a different Python|Requires-Python", "ask for another Python: python=3.11"),
    (r"No matching distribution found", _NO_MATCH_HINT),
    (r"Failed building wheel|subprocess-exited-with-error|Failed to build", _BUILD_HINT),
)


def _cut_versions(match: re.Match[str]) -> str:
    versions = match[1].split(", ")
    left_out = len(versions) - _SHOWN_VERSIONS
    return f"(from versions: {', '.join(['...'] * (left_out > 0) + versions[max(left_out, 0) :])})"
