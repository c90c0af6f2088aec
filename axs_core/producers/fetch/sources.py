"""Where a thing may come from: decided here, without touching the network or the disk; acted on elsewhere.

``AXS_MIRRORS`` holds ``prefix=prefix`` pairs, separated by blanks or commas: what begins with the left one may be had
from the right one instead, ``file://`` included. ``AXS_OFFLINE=1`` leaves only what needs no network.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from axs_core.base.credentials import without_credentials
from axs_core.base.settings import Settings

NETWORK_SCHEMES = ("http", "https")
FETCH_SCHEMES = (*NETWORK_SCHEMES, "file")


@dataclass(frozen=True)
class Candidate:
    """One address to try; ``skip`` says why it must not be. ``bare`` is the address as it may be shown and stored."""

    url: str
    skip: str | None = None

    @property
    def bare(self) -> str:
        return without_credentials(self.url)

    @property
    def scheme(self) -> str:
        return urlsplit(self.url).scheme.lower()


def mirrors_from(environ: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The pairs in ``AXS_MIRRORS``; a :class:`UsageError` names the one that is none."""
    return Settings(environ).mirrors


def offline_from(environ: Mapping[str, str]) -> bool:
    """Whether ``AXS_OFFLINE`` forbids the network.

    >>> offline_from({"AXS_OFFLINE": "1"}), offline_from({"AXS_OFFLINE": "0"}), offline_from({})
    (True, False, False)
    """
    return Settings(environ).offline


def candidates(
    urls: Sequence[str],
    mirrors: Iterable[tuple[str, str]],
    offline: bool,
    schemes: Sequence[str] = FETCH_SCHEMES,
) -> list[Candidate]:
    """What is tried for ``urls``, in this order: what the mirrors make of them, then the addresses as they are.

    >>> [c.url for c in candidates(["http://a/x"], [("http://a/", "file:///m/")], offline=False)]
    ['file:///m/x', 'http://a/x']
    """
    pairs = list(mirrors)
    mirrored = [new + url[len(old) :] for url in urls for old, new in pairs if url.startswith(old)]
    return [Candidate(url, _skip(url, offline, schemes)) for url in dict.fromkeys([*mirrored, *urls])]


def _skip(url: str, offline: bool, schemes: Sequence[str]) -> str | None:
    scheme = urlsplit(url).scheme.lower()
    if scheme not in schemes:
        return f"not one of {', '.join(schemes)}"
    return "AXS_OFFLINE=1 forbids the network" if offline and scheme != "file" else None


def ways_out(url: str, *, offline: bool, resumable: bool = False) -> str:
    """The hint for an address that could not be reached: again, a mirror, a folder on disk."""
    again = "run it again" + (" (it goes on from where it stopped)" if resumable else "")
    folder = without_credentials(url).partition("?")[0].rpartition("/")[0] + "/"
    return (
        f"{'unset AXS_OFFLINE' if offline else again}; or name a mirror: AXS_MIRRORS='{folder}=https://MIRROR/'; "
        f"or a folder of this machine that holds it: AXS_MIRRORS='{folder}=file:///FOLDER/'"
    )


def last_part(url: str) -> str:
    """The file name in an address; empty where it ends in a slash.

    >>> last_part("https://example.org/files/network%20v1.bin?download=1")
    'network v1.bin'
    """
    return unquote(urlsplit(url).path).rpartition("/")[2]
