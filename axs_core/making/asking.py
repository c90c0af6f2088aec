"""What a user asks for: looked up, made if it is not there, and told about."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from axs_core.base.errors import EntryError, NotFound, UsageError
from axs_core.entry import META, Entry, Record
from axs_core.making.changes import changed_since
from axs_core.making.session import Session
from axs_core.plugins.producers import is_clone
from axs_core.query import Query, parse
from axs_core.resolver import Answer, Fresh
from axs_core.store.entry_files import note_asked, note_used
from axs_core.store.hosts.afresh import opens

NAMED = 3
"""So many entries a hint names."""


def ask(
    session: Session, query: str | Sequence[str], fresh: Fresh = None, *, trust: bool = False, make: bool = True
) -> Answer:
    """What the query denotes, made if it is not there; ``fresh`` makes it again (``all``: its needs too). ``trust``:
    the collections from elsewhere that this needs may run code, now and later. Without ``make``, nothing is made.

    Raises UsageError for a bad query, NotFound where nothing provides it (or is there, without ``make``), NotTrusted
    for code from elsewhere, ProduceError when making it fails.
    """
    if fresh is not None and not make:
        raise UsageError("a query that makes nothing cannot make anything again", hint="leave out one of the two")
    typed = query if isinstance(query, str) else ",".join(query)
    with session.trust.answering("yes" if trust else "ask"):
        asked = parse(query)
        answer = _answer(session, asked, fresh, typed) if make else _there(session, asked)
        for relative in answer.entry.lineage if trust else ():
            relative.allow(f"use {relative.name}")
    return answer


def _answer(session: Session, query: Query, fresh: Fresh, typed: str) -> Answer:
    """What answers, and is there still after it was noted that a user has asked for it: it is no garbage then."""
    matches = session.resolver.matches(query)
    answer = session.resolver.lookup(query, matches) if fresh is None else None
    if answer is not None:
        _say(session, answer)
        if answer.entry.kind != "produced" or opens(answer.entry.path / META):
            return answer  # else it was removed in this very moment
    from axs_core.making.fulfil import Runner  # an ask that hits does without producers and processes

    answer = Runner(session).ensure(query, fresh, typed, matches)
    _say(session, answer)
    return answer


def _there(session: Session, query: Query) -> Answer:
    """What answers and is there; raises NotFound where it would have to be made."""
    answer = session.resolver.there(query)
    if answer is None:
        others = [entry.name for entry in islice(session.index.find(query), NAMED)]
        hint = f"these satisfy it, but are not what it denotes: {', '.join(others)}" if others else None
        raise NotFound(f"nothing that answers {query} is there", hint=hint)
    _say(session, answer)
    return answer


def _say(session: Session, answer: Answer) -> None:
    """What answered, when and where it was made; whether its recipe has changed since."""
    entry, reporter = answer.entry, session.reporter
    if entry.kind != "produced":
        return
    if "collection" in entry.tags and is_clone(entry.produced.get("by", ())):
        _say_what_is_not_read(session, entry)
    if answer.made:
        reporter.note(f"made {entry.name}")
        return
    around = f" with {answer.match.surroundings}" if answer.match and answer.match.surroundings.identity else ""
    on = f" on {where}" if (where := entry.produced.get("machine")) else ""
    reporter.note(f"{entry.name}: made {entry.made_at}{on}{around}")
    try:
        record = Record.read(entry.path)
        if entry.origin is None:  # nothing is written into what came from elsewhere
            note_asked(entry.path, record)
            note_used(entry.path)
        if changed := str(changed_since(record, session.index.by_name)):
            reporter.note(changed)
    except EntryError as error:  # its record is damaged; what it holds is there
        reporter.warn(str(error))


def _say_what_is_not_read(session: Session, clone: Entry) -> None:
    from axs_core.index.foreign import what_it_holds

    if (told := what_it_holds(clone, session.index)) is not None:
        session.reporter.warn(told)
