"""The actions that look after a work collection. The docstrings are the reference."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from axs_core.base.errors import StoreError, UsageError
from axs_core.cli.action import action
from axs_core.cli.comparisons import formatted, refuse_format
from axs_core.cli.format import as_text
from axs_core.cli.model import Each, Root
from axs_core.cli.words import flag, optional_count, optional_text, required_text, texts_of
from axs_core.query.near import closest

if TYPE_CHECKING:
    from axs_core.api import WorkCollection
    from axs_core.entry import Entry
    from axs_core.upkeep.policy import Policy
    from axs_core.upkeep.sizes import Size

GROUPS = ("entry", "recipe", "tag")


@action("workspace")
def gc(root: Root, *, older_than: Any = None, keep: Any = (), keep_last: Any = None, dry_run: Any = False) -> Each:
    """Remove broken entries, and those made only for something that is gone; print which.

    What you asked for stays, unless you let it go: --older_than=30d (12h, 2w, 90min) what you have not asked for since,
    --keep_last=N copies of the same thing (made again with --fresh) but for the newest N; with both, such copies that
    are old. --keep=QUERY keeps what satisfies it (several: --keep;=QUERY;QUERY). What has a name, a note or a tag that
    you gave it, collections, bundles, and what any of these need stay in any case; so does what is being made, on
    whatever host, with what it is made from. --dry_run only prints.

        axs gc --older_than=30d --keep=QUERY --dry_run
    """
    from axs_core.upkeep.sizes import human, total

    policy = _policy(older_than, keep, keep_last)
    if not flag(dry_run, "--dry_run"):
        return Each(tuple(root.workspace.gc(policy)))
    names = root.workspace.gc(policy, dry_run=True)
    taken = {size.name: size for size in root.workspace.work_collection().sizes().entries}
    room = total(taken[name] for name in names if name in taken).bytes
    root.workspace.session.reporter.note(f"nothing is removed; it would free {human(room)}")
    return Each(tuple(names))


def _policy(older_than: Any, keep: Any, keep_last: Any) -> Policy:
    from axs_core.upkeep.policy import Policy

    count = optional_count(keep_last, "--keep_last", 1)
    return Policy.read(optional_text(older_than, "--older_than"), texts_of(keep, "--keep"), count)


@action("workspace")
def verify(root: Root, *what: Any) -> None:
    """Compare all files of entries with the digests that were recorded when they were made: of all entries, or of those
    with these names, or that satisfy a query.

    It prints nothing if they agree; otherwise it names the files, and the exit code is 1. What is damaged is removed
    and asked for again: axs byname NAME , remove.

        axs verify QUERY
    """
    from axs_core.exchange.naming import by_words
    from axs_core.upkeep.sizes import human
    from axs_core.upkeep.verify import verified

    session = root.workspace.session
    found = verified(session, by_words(session.index, texts_of(what, "a name")))
    if found.problems:
        listed = "".join(f"\n    {problem}" for problem in found.problems)
        raise StoreError(f"files are not what was recorded:{listed}", hint=_way_out(found.changed))
    entries = f"{found.entries:,} {'entry' if found.entries == 1 else 'entries'}"
    files = f"{found.files:,} {'file' if found.files == 1 else 'files'}"
    session.reporter.note(f"{entries}, {files}, {human(found.bytes)}: as recorded")


def _way_out(changed: Sequence[Entry]) -> str | None:
    if not changed:
        return None
    first = changed[0]
    again = f"axs unbundle {first.name}.tar" if "bundle" in first.tags else "the next ask makes it again"
    others = f", and so on for {len(changed) - 1} more" if len(changed) > 1 else ""
    return f"axs byname {first.name} , remove; {again}{others}"


@action("collection")
def collection_move(collection: WorkCollection, *, to: Any = None) -> Path:
    """Move the work collection to another folder, which must not be there yet; prints that folder. AXS_WORK_COLLECTION
    has to name it from then on.

    On the same file system that is a rename; to another one everything is copied, read again and compared, and only
    then the old one is removed. It is refused while something is being made. Whatever happens, one of the two is
    complete. Programs of Python environments are told where they are now.

        axs work_collection , move --to=/data/work_collection
    """
    import shlex

    example = "axs work_collection , move --to=/data/work_collection"
    folder = collection.move(required_text(to, "move", "--to=FOLDER", example))
    collection.session.reporter.note(f"from now on: export AXS_WORK_COLLECTION={shlex.quote(str(folder))}")
    return folder


@action("collection")
def collection_repair(collection: WorkCollection) -> Each:
    """After you moved the folder by other means (mv, rsync): tell the programs of Python environments where they are
    now. Prints the entries that were changed. Everything else works without it.

        AXS_WORK_COLLECTION=/data/work_collection axs work_collection , repair
    """
    return Each(tuple(collection.repair()))


@action("workspace")
def du(root: Root, *what: Any, by: Any = "entry", format: Any = "text", top: Any = None) -> Any:
    """How much room entries take on the disk, the largest first: all of the work collection with what axs keeps beside
    it, or the entries with these names, or that satisfy a query.

    --by=recipe and --by=tag add up what one recipe made, or what has a tag. --top=N shows the N largest. --format=csv,
    --format=markdown and --format=json are for other programs; sizes are in bytes there.

        axs du
        axs du QUERY --by=recipe
    """
    refuse_format(format)
    if by not in GROUPS:
        near = closest(as_text(by), GROUPS)
        raise UsageError(f"--by={as_text(by)} is not known", hint=f"--by={near or '|'.join(GROUPS)}")
    most = optional_count(top, "--top", 20)
    found = root.workspace.work_collection().sizes(*texts_of(what, "a name"))
    return _table(found.entries, found.beside, by, format, most)


def _table(entries: Sequence[Size], beside: Sequence[Size], by: str, format: str, top: int | None) -> Any:
    from axs_core.compare.table import Tabulated
    from axs_core.upkeep.sizes import grouped, human, total

    everything = total([*entries, *beside])
    shown = list(entries if by == "entry" else grouped(entries, by))
    rest = shown[top:] if top is not None else []
    shown = shown[:top] + ([total(rest, f"({len(rest)} more)")] if rest and by == "entry" else [])
    shown += [*beside, everything]
    size = [human(each.bytes) if format == "text" else each.bytes for each in shown]
    if by != "entry":
        counted = [(bytes, each.files, each.name) for bytes, each in zip(size, shown, strict=True)]
        return formatted(Tabulated(("size", "entries", by), tuple(counted)), format)
    rows = [(b, s.files, s.kind, s.asked, s.made, s.name) for b, s in zip(size, shown, strict=True)]
    return formatted(Tabulated(("size", "files", "made by", "asked", "made", "name"), tuple(rows)), format)
