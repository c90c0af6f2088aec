"""Whose code may run: collections that came from elsewhere, and which of them the user trusts.

One's own are the shipped collection, what a person wrote into the work collection, the collections that
``collection,collection_name=...`` makes, the folders in ``AXS_COLLECTIONS``, and what installed packages bring (their
code runs here already: who installed them said so). From elsewhere are clones, downloads and archives. Trust is kept in
the user's configuration folder, outside of every collection: nothing in a collection can trust itself.

Of a git repository the commit is trusted that was there when the user said so; after a pull it is asked once more. In
``AXS_TRUST`` a user names whole addresses (or what they begin with, up to a slash), whatever commit they are at.
"""

from __future__ import annotations

import json
import os
import posixpath
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from axs_core.base.errors import NotTrusted, StoreError, UsageError
from axs_core.base.paths import user_config
from axs_core.base.reporter import Reporter
from axs_core.base.settings import Settings
from axs_core.base.value import Value
from axs_core.plugins.producers import traits

FORMAT = 1
"""Version of the file's form."""
Mode = Literal["ask", "yes", "never"]


class Elsewhere(Value):
    """A collection that came from elsewhere, ``name`` in the work collection.

    ``source`` is where from: an address in one spelling, or ``sha256:`` and the digest of an archive's content.
    ``folder`` is the clone or the folder of the entries; ``told`` the commit that axs itself brought.
    """

    name: str
    kind: Literal["git", "archive"]
    source: str
    folder: Path
    told: str
    trust: Trust

    @cached_property
    def state(self) -> str:
        """The commit that the clone is at now, the digest of an archive; empty where it cannot be told."""
        return (head_of(self.folder) or self.told) if self.kind == "git" else self.told

    @property
    def trusted(self) -> bool:
        """Did the user say that its code may run?"""
        return self.trust.covers(self)

    def allow(self, use: str) -> None:
        """Ask the user where that is not said yet; ``use`` is what would be done. Raises NotTrusted."""
        self.trust.require(self, use)

    def __str__(self) -> str:
        at = f", commit {self.state[:12]}" if self.kind == "git" else ""
        return f"{self.name} ({self.source}{at})"


class Trust:
    """What the user trusts, as the file in the configuration folder and ``AXS_TRUST`` say it."""

    def __init__(self, settings: Settings, reporter: Reporter, file: Path | None = None) -> None:
        self.reporter = reporter
        self.prefixes = [canonical(item) for item in settings.trusted]
        self._file = file
        self._mode: Mode = "ask"
        self._refused: set[tuple[str, str]] = set()

    @cached_property
    def file(self) -> Path:
        """``trust.json`` in the user's configuration folder for axs."""
        if self._file is not None:
            return self._file
        return user_config() / "trust.json"

    def covers(self, origin: Elsewhere) -> bool:
        """Is it trusted, at the commit that it is at?"""
        if any(_begins(origin.source, prefix) for prefix in self.prefixes):
            return True
        return bool(origin.state) and origin.state in self._known.get(origin.source, {})

    def require(self, origin: Elsewhere, use: str) -> None:
        """Go on where it is trusted, else ask, once; raises NotTrusted for a no, and where nobody can be asked."""
        if self.covers(origin):
            return
        if self._mode == "yes":
            self.grant(origin, "--trust")
            return
        if self._mode == "ask" and (origin.source, origin.state) not in self._refused:
            answer = self.reporter.ask(self._question(origin, use))
            if answer:
                self.grant(origin, "asked")
                return
            if answer is not None:
                self._refused.add((origin.source, origin.state))
        hint = f"look into {origin.folder}, then: axs byname {origin.name} , trust; or --trust with the query"
        raise NotTrusted(f"{origin} is not trusted; this would {use}", hint=hint)

    def _question(self, origin: Elsewhere, use: str) -> str:
        lines = [f"{origin} came from elsewhere. This would {use}.", f"Its files: {origin.folder}"]
        if before := self._latest(origin):
            lines.append(f"It was trusted at another commit: git -C {origin.folder} diff {before[:12]} HEAD")
        return "\n".join([*lines, "Shall its code run here, with all that you may do?"])

    def _latest(self, origin: Elsewhere) -> str | None:
        states = self._known.get(origin.source, {})
        return max(states, key=lambda state: str(states[state].get("at", "")), default=None)

    def grant(self, origin: Elsewhere, how: str) -> None:
        """Trust it from now on, at the commit that it is at."""
        if not origin.state:
            raise StoreError(f"{origin.name}: its commit cannot be told, so it cannot be trusted")
        said = {"at": datetime.now(timezone.utc).isoformat(timespec="seconds"), "by": _user(), "how": how}
        with self._changing() as known:
            known.setdefault(origin.source, {})[origin.state] = {**said, "collection": origin.name}
        self._refused.discard((origin.source, origin.state))
        self.reporter.note(f"{origin} is trusted from now on")

    def note_news(self, origin: Elsewhere, before: str) -> None:
        """Say after a pull that what was trusted was another commit."""
        if before in self._known.get(origin.source, {}) and not self.covers(origin):
            was = before[:12]
            self.reporter.note(f"{origin.name} was trusted at {was}; what is new is asked about at its next use")
            self.reporter.note(f"git -C {origin.folder} diff {was} shows it; axs byname {origin.name} , trust")

    def withdraw(self, origin: Elsewhere) -> None:
        """Trust nothing from there any more, at whatever commit. Raises UsageError where ``AXS_TRUST`` names it."""
        with self._changing() as known:
            known.pop(origin.source, None)
        if any(_begins(origin.source, prefix) for prefix in self.prefixes):
            raise UsageError(f"AXS_TRUST trusts {origin.source}", hint="unset AXS_TRUST, or leave that out")
        self.reporter.note(f"{origin} is not trusted any more")

    @contextmanager
    def answering(self, mode: Mode) -> Iterator[None]:
        """Inside, every question is answered with yes (``--trust``), or none is asked (``never``: planning)."""
        before, self._mode = self._mode, mode
        try:
            yield
        finally:
            self._mode = before

    # the file

    @cached_property
    def _known(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Source, then commit, then when and how; nothing is trusted by a file that others can write or nobody can
        read.
        """
        try:
            status = self.file.stat()
            data = json.loads(self.file.read_text(encoding="utf-8"))
            known: dict[str, dict[str, dict[str, Any]]] = data["trusted"]
            sound = data["format"] == FORMAT and all(
                isinstance(said, dict) for states in known.values() for said in states.values()
            )
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            self.reporter.warn(f"{self.file} cannot be read, so nothing in it is trusted: {error}")
            return {}
        if os.name == "posix" and (status.st_mode & 0o022 or status.st_uid not in (os.getuid(), 0)):
            self.reporter.warn(f"others can write {self.file}, so nothing in it is trusted: chmod go-w {self.file}")
            return {}
        if not sound:
            self.reporter.warn(f"{self.file} is not of format {FORMAT}, so nothing in it is trusted")
        return known if sound else {}

    @contextmanager
    def _changing(self) -> Iterator[dict[str, dict[str, dict[str, Any]]]]:
        """What is known, as it is on disk now; written when the caller is done, readable for the user only."""
        from filelock import FileLock

        from axs_core.store.durable import write_atomic

        try:
            self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with FileLock(self.file.with_name("trust.lock")):
                self.__dict__.pop("_known", None)
                known = self._known
                yield known
                write_atomic(self.file, json.dumps({"format": FORMAT, "trusted": known}, indent=1) + "\n")
                self.file.chmod(0o600)
        except OSError as error:
            message = f"{self.file} cannot be written: {error.strerror or error}"
            raise StoreError(message, hint="AXS_TRUST=ADDRESS trusts for one command") from None


def origin_of(path: Path, meta: Mapping[str, Any], trust: Trust) -> Elsewhere | None:
    """Where the collection came from that the entry at ``path`` is; None for one's own."""
    brought = {traits(str(name)).brings for name in meta.get("produced", {}).get("by") or ()} - {"nothing"}
    if not brought:
        return None
    values = meta.get("attributes", {})
    if "git" in brought:
        clone = path / str(values.get("file") or values.get("entries_path") or "")
        address = canonical(str(values.get("url", "")))
        return Elsewhere(path.name, "git", address, clone, str(values.get("commit", "")), trust)
    digest = str(values.get("content_digest") or values.get("sha256") or meta["produced"].get("key"))
    return Elsewhere(path.name, "archive", f"sha256:{digest}", path, digest, trust)


def canonical(address: str) -> str:
    """An address in one spelling: no credentials, no query, no ``.git`` or slash at the end, host in lower case.

    >>> canonical("HTTPS://me:token@Example.org:443/Team/entries.git/")
    'https://example.org/Team/entries'
    """
    from urllib.parse import urlsplit  # most asks do without

    split = urlsplit(address)
    if not split.scheme or split.scheme == "sha256":
        return address
    host = split.netloc.rpartition("@")[2].lower()
    if (split.scheme, host.rpartition(":")[2]) in (("https", "443"), ("http", "80"), ("ssh", "22")):
        host = host.rpartition(":")[0]
    path = split.path.rstrip("/").removesuffix(".git").rstrip("/")
    return f"{split.scheme}://{host}{path}"


def _begins(source: str, prefix: str) -> bool:
    """Is it that address, or one below it? One that climbs (``..``) is below nothing."""
    from urllib.parse import unquote, urlsplit

    path = unquote(unquote(urlsplit(source).path))
    if path != posixpath.normpath(path) and path.replace("//", "/") != posixpath.normpath(path):
        return False
    return source == prefix or source.startswith(prefix + "/")


def head_of(clone: Path) -> str:
    """The commit that a clone is at, read from its files; empty where they are of another kind."""
    git = clone / ".git"
    try:
        head = (git / "HEAD").read_text(encoding="ascii").strip()
        if not head.startswith("ref: "):
            return head
        name = head.removeprefix("ref: ")
        if (git / name).is_file():
            return (git / name).read_text(encoding="ascii").strip()
        rows = (line.split() for line in (git / "packed-refs").read_text(encoding="utf-8").splitlines())
        return next((row[0] for row in rows if len(row) == 2 and row[1] == name), "")
    except (OSError, ValueError):
        return ""


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid())
