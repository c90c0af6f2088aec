"""What a user lets go although it was asked for: what is old, and copies of the same thing."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from axs_core.base.errors import UsageError
from axs_core.entry import Entry, Record
from axs_core.index import Index
from axs_core.making.session import Session
from axs_core.query import Query, parse
from axs_core.store.entry_files import last_used
from axs_core.upkeep.garbage import Wishes, collect_garbage, garbage

_SECONDS = {"min": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_AGE = re.compile(r"(\d+(?:\.\d+)?)(min|h|d|w)")


@dataclass(frozen=True)
class Policy:
    """``older_than``: seconds since it was last asked for (or made); ``keep``: what satisfies one of these stays;
    ``keep_last``: of the same thing made several times so many stay, the newest. With both, only copies beyond the last
    so many that are old go.
    """

    older_than: float | None = None
    keep: Sequence[Query] = ()
    keep_last: int | None = None

    @staticmethod
    def read(older_than: str | None = None, keep: Iterable[str] = (), keep_last: int | None = None) -> Policy:
        """A policy as a person types it: ``30d``, and queries. Raises UsageError."""
        queries = [parse(query) for query in keep]
        return Policy(None if older_than is None else read_age(older_than), queries, keep_last)


def let_go(session: Session, policy: Policy | None = None, *, dry_run: bool = False) -> list[str]:
    """Remove (with ``dry_run`` only name) broken entries, those made only for something that is gone, and what the
    policy lets go; their names.
    """
    store, index = session.store, session.index
    wishes = Wishes() if policy is None else wishes_of(policy, index, store.root)
    return (garbage if dry_run else collect_garbage)(store, index, wishes)


def wishes_of(policy: Policy, index: Index, root: Path) -> Wishes:
    """Look at all that was made in the work collection at ``root``. What a person gave a name, a note or a tag stays,
    and so do collections and bundles.
    """
    stays = {entry.name for query in policy.keep for entry in index.find(query) if entry.path.parent == root}
    if policy.older_than is None and policy.keep_last is None:
        return Wishes(stay=frozenset(stays))
    copies: dict[tuple[str, str], list[Entry]] = {}
    for entry in index.all_produced():
        if entry.path.parent == root:
            about = (str(entry.produced.get("key")), str(entry.produced.get("machine")))
            copies.setdefault(about, []).append(entry)
    may_go = {entry.name for same in copies.values() for entry in _old(same, policy) if not is_dear(entry)}
    return Wishes(frozenset(may_go - stays), frozenset(stays))


def _old(same: list[Entry], policy: Policy) -> Iterator[Entry]:
    """Of the same thing, what the policy lets go."""
    newest_first = sorted(same, key=lambda entry: str(entry.produced.get("at")), reverse=True)
    beyond = newest_first[policy.keep_last :] if policy.keep_last is not None else newest_first
    return (entry for entry in beyond if policy.older_than is None or age(entry) > policy.older_than)


def age(entry: Entry) -> float:
    """Seconds since it was made or last asked for by a user, whichever is less."""
    try:
        made = datetime.fromisoformat(str(entry.produced.get("at")).replace("Z", "+00:00"))
    except ValueError:
        return 0.0
    latest = max(made.astimezone(timezone.utc).timestamp(), last_used(entry.path))
    return max(0.0, time.time() - latest)


def is_dear(entry: Entry) -> bool:
    """Did a person do something with it that would be lost: a name, a note, tags, a collection of one's own?"""
    if entry.tags & {"collection", "bundle"}:
        return True
    record = Record.read(entry.path)
    own = {*record.found, *record.parameters}
    if any(entry.attributes.get(name) and name not in own for name in ("name", "note")):
        return True
    return record.tags is not None and sorted(record.tags) != sorted(entry.tags)


def read_age(text: str) -> float:
    """Seconds in ``30d``. Raises UsageError.

    >>> read_age("30d"), read_age("1.5h"), read_age("2w")
    (2592000.0, 5400.0, 1209600.0)
    """
    found = _AGE.fullmatch(text)
    if found is None:
        raise UsageError(f"{text!r} is no age", hint="30d, 12h, 2w or 90min")
    return float(found[1]) * _SECONDS[found[2]]
