"""``git``: a clone of a repository, and what is asked of one later.

Options: ``url``, ``checkout`` (a branch, a tag or a commit), ``depth`` (of history), ``submodules``, ``into`` (the
folder of the clone inside the entry; the repository's name without it), ``timeout`` (seconds for all of it; an hour).
Settings: ``AXS_MIRRORS``, ``AXS_OFFLINE``.

Nothing that a repository brings is run: no hooks, no ``ext::`` transport, and other files of this machine only where
the address itself is a path or ``file://`` (a submodule could name one otherwise).
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from axs_core.base.credentials import without_credentials
from axs_core.base.errors import EntryError, ProduceError, ProgramFailed
from axs_core.base.paths import absolute
from axs_core.base.reporter import Reporter
from axs_core.plugins.shipped import TRAITS
from axs_core.process import run
from axs_core.producers.base import Download, Job, Made, Packing, Producer, Used
from axs_core.producers.fetch.sources import Candidate, candidates, last_part, mirrors_from, offline_from, ways_out
from axs_core.producers.paths import inside, seconds, whole_number
from axs_core.query.near import nearest

_SCHEMES = ("https", "http", "ssh", "file")
_HARDENED = (
    *("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "protocol.ext.allow=never"),
    # A transfer of less than 1000 bytes a second for a minute is dead.
    *("-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=60"),
    *("-c", "advice.detachedHead=false", "-c", "credential.interactive=false"),
)
_SECONDS = 3600.0
_LONGER = "timeout=SECONDS in the query that clones it, or make.git.timeout, allows more"
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_SSH_SHORT = re.compile(r"(?:([^@/:\s]+)@)?([^@/:\s]+):(?!//)(.+)")
_SHOWN = 12
_UNREACHABLE = re.compile(r"resolve host|onnection (refused|reset)|timed out|unreachable|[Ff]ailed to connect")
_NOT_ALLOWED = re.compile(r"Authentication failed|could not read (Username|Password)|Permission denied|error: 40[13]")


@dataclass(frozen=True)
class Status:
    """A clone: ``branch`` is None on a bare commit; ``changes`` are the lines of ``git status --short``."""

    branch: str | None
    commit: str
    changes: tuple[str, ...]


class Git(Producer):
    """Clones a repository from the first address that has it."""

    name = "git"
    traits = TRAITS["git"]

    def make(self, job: Job) -> Made:
        """Found: ``url`` (without credentials), ``commit``, ``branch`` where there is one. Main file: the clone."""
        url, wanted = address(job.spec.get("url")), _revision(job.spec.get("checkout"))
        name = str(job.spec.get("into") or last_part(url.rstrip("/")).removesuffix(".git"))
        target = inside(job.folder, name, "make.git.into")
        depth = whole_number(job.spec.get("depth"), "make.git.depth", default=0)
        program = _git_program(job.environ)
        deadline = time.monotonic() + (seconds(job.spec.get("timeout"), "make.git.timeout") or _SECONDS)
        if (made := _brought(job, program, url, target, wanted, deadline)) is not None:
            return made
        offline, failures = offline_from(job.environ), []
        for source in candidates([url], mirrors_from(job.environ), offline, _SCHEMES):
            if source.skip is not None:
                words = f"{source.bare} cannot be cloned: {source.skip}"
                failures.append(ProduceError(words, hint=ways_out(url, offline=offline)))
                continue
            clone = _Clone(program, source, target, job, deadline)
            try:
                clone.make(wanted, depth, submodules=bool(job.spec.get("submodules")))
            except ProduceError as error:
                shutil.rmtree(target, ignore_errors=True)
                failures.append(error)
                continue
            return _made(target, source, job)
        if len(failures) == 1:
            raise failures[0]
        lines = "".join(f"\n    {error.message}" for error in failures)
        raise ProduceError(f"no address has the repository:{lines}", hint=failures[-1].hint, log=job.log)

    def downloads(self, spec: Mapping[str, Any]) -> Iterator[Download]:
        """The repository."""
        checkout = spec.get("checkout")
        yield Download("git", str(spec["url"]), checksum=f"checkout:{checkout}" if checkout else None)

    def pack(self, used: Used, bundle: Packing) -> None:
        """The clone that was made, with all of its history."""
        assert used.folder is not None
        clone = used.folder / str(used.values.get("file") or used.spec.get("into") or "")
        bundle.add_repository(Candidate(address(used.spec["url"])).bare, clone)


def _made(target: Path, source: Candidate, job: Job) -> Made:
    now = status(target, environ=job.environ)
    branch = {"branch": now.branch} if now.branch else {}
    name = target.relative_to(job.folder).as_posix()
    return Made(file=name, found={"url": source.bare, "commit": now.commit, **branch})


def _brought(job: Job, program: str, url: str, target: Path, wanted: str | None, deadline: float) -> Made | None:
    """From a bundle that was opened here, with all of its history; None where none has what is wanted. The clone's
    origin is the real address.
    """
    source = Candidate(url)
    for bundle in job.bundles:
        if source.bare not in bundle.repositories:
            continue
        clone = _Clone(program, Candidate(source.bare), target, job, deadline)
        clone.env = _only_from(clone.env, bundle.repositories)
        try:
            clone.make(wanted, 0, submodules=bool(job.spec.get("submodules")))
        except ProduceError as error:
            shutil.rmtree(target, ignore_errors=True)
            job.reporter.note(f"not from the bundle {bundle.folder.name}: {error.message}")
            continue
        job.reporter.note(f"{source.bare}: from the bundle {bundle.folder.name}")
        return _made(target, source, job)
    return None


def _on_this_disk(source: Candidate) -> Candidate:
    """A folder that stands for ``https://host/repo.git`` may be called ``repo``; git looks for the reverse only."""
    bare = source.url.removesuffix(".git")
    if source.scheme != "file" or bare == source.url or Path(unquote(urlsplit(source.url).path)).exists():
        return source
    return Candidate(bare) if Path(unquote(urlsplit(bare).path)).is_dir() else source


def _only_from(env: Mapping[str, str], repositories: Mapping[str, Path]) -> dict[str, str]:
    """Git finds these addresses in folders of this machine, and nothing anywhere else."""
    place = int(env.get("GIT_CONFIG_COUNT", "0"))
    changed = {**env, "GIT_CONFIG_COUNT": str(place + len(repositories)), "GIT_ALLOW_PROTOCOL": "file"}
    for number, (url, folder) in enumerate(sorted(repositories.items()), place):
        changed[f"GIT_CONFIG_KEY_{number}"] = f"url.{folder.as_uri()}.insteadOf"
        changed[f"GIT_CONFIG_VALUE_{number}"] = url
    return changed


def status(folder: Path, *, environ: Mapping[str, str] | None = None) -> Status:
    """Branch, commit and local changes of the clone in ``folder``, files that git does not know included."""
    git = Repository(folder, environ)
    branch = git.ask("rev-parse", "--abbrev-ref", "HEAD").strip()
    changes = git.ask("status", "--short", "--", ".", ":(exclude,glob)**/__pycache__/**").splitlines()
    return Status(None if branch == "HEAD" else branch, git.ask("rev-parse", "HEAD").strip(), tuple(changes))


def pull(
    folder: Path, *, environ: Mapping[str, str] | None = None, reporter: Reporter | None = None
) -> tuple[str, str]:
    """Bring the clone in ``folder`` up to date, by fast-forward only; returns the commits before and after.

    Refused where tracked files were changed here, where it is on a bare commit, and where history has parted.
    """
    git = Repository(folder, environ, reporter)
    url = git.ask("remote", "get-url", "origin").strip()
    before = status(folder, environ=environ)
    changed = [line for line in before.changes if not line.startswith("??")]
    if changed:
        more = f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
        names = ", ".join(line[3:] for line in changed[:_SHOWN])
        raise ProduceError(f"{folder} has local changes: {names}{more}", hint=f"git -C {folder} stash")
    if before.branch is None:
        raise ProduceError(
            f"{folder} is on commit {before.commit[:12]}, not on a branch", hint=f"git -C {folder} switch BRANCH"
        )
    if offline_from(git.environ) and urlsplit(url).scheme in _SCHEMES[:3]:
        raise ProduceError(f"{without_credentials(url)} cannot be pulled: AXS_OFFLINE=1", hint="unset AXS_OFFLINE")
    git.ask("pull", "--ff-only", "--quiet", url=url)
    if (folder / ".gitmodules").is_file():
        git.ask("submodule", "--quiet", "update", "--recursive", url=url)
    return before.commit, status(folder, environ=environ).commit


class _Clone:
    """One address, one clone."""

    def __init__(self, program: str, source: Candidate, target: Path, job: Job, deadline: float) -> None:
        source = _on_this_disk(source)
        self.program, self.source, self.target, self.job = program, source, target, job
        self.deadline = deadline
        self.url = source.bare  # credentials go in by the environment, neither as an argument nor into the clone
        self.env = _environment(job.environ, source.url)

    def make(self, wanted: str | None, depth: int, *, submodules: bool) -> None:
        """Clone, at ``wanted`` where that is said."""
        self.job.reporter.step(f"cloning {self.source.bare}")
        refs = self._refs()
        shallow = ["--depth", str(depth)] if depth else []
        if wanted is None or wanted in refs:
            at = ["--branch", wanted] if wanted else []
            self._git("clone", *shallow, *at, "--template=", "--", self.url, str(self.target))
        elif _COMMIT.fullmatch(wanted):
            self._commit(wanted, shallow)
        else:
            raise self._no_such_revision(wanted, refs)
        if submodules:
            self._git("-C", str(self.target), "submodule", "update", "--init", "--recursive", *shallow)

    def _commit(self, commit: str, shallow: Sequence[str]) -> None:
        """A server may not give out a commit by its name, so without ``depth`` all of the history is brought."""
        here = ("-C", str(self.target))
        if shallow and len(commit) in (40, 64):
            self._git("init", "--quiet", "--template=", "--", str(self.target))
            self._git(*here, "remote", "add", "--", "origin", self.url)
            self._git(*here, "fetch", *shallow, "origin", commit)
        else:
            self._git("clone", "--no-checkout", "--template=", "--", self.url, str(self.target))
        try:
            self._git(*here, "checkout", "--quiet", "--detach", commit)
        except ProgramFailed as error:
            raise ProduceError(f"{self.source.bare} has no commit {commit}", log=self.job.log) from error

    def _refs(self) -> list[str]:
        """Names of branches, then of tags; the first contact, so its failures are explained."""
        try:
            listed = self._git("ls-remote", "--heads", "--tags", "--", self.url, capture=True)
        except ProgramFailed as error:
            raise _unreached(error, self.source, self.job) from error
        names = re.findall(r"\trefs/(?:heads|tags)/(.+)$", listed, re.MULTILINE)
        return [name for name in names if not name.endswith("^{}")]

    def _no_such_revision(self, wanted: str, refs: Sequence[str]) -> ProduceError:
        near = nearest(wanted, refs)
        more = f" and {len(refs) - _SHOWN} more" if len(refs) > _SHOWN else ""
        hint = f"did you mean {' or '.join(near)}?" if near else None
        there = f"there are {', '.join(refs[:_SHOWN])}{more}" if refs else "it is empty"
        return ProduceError(f"{self.source.bare} has no branch or tag {wanted!r}; {there}", hint=hint)

    def _git(self, *words: str, capture: bool = False) -> str:
        try:
            done = run(
                [self.program, *_HARDENED, *words],
                cwd=self.job.folder,
                log=self.job.log,
                env=self.env,
                timeout=max(self.deadline - time.monotonic(), 0.001),
                reporter=self.job.reporter,
                name=f"git {next(word for word in words if word[0] not in '-/')}",
                capture=capture,
            )
        except ProgramFailed as error:
            if error.returncode is None:
                raise ProduceError(
                    f"cloning {self.source.bare} takes too long", hint=_LONGER, log=self.job.log
                ) from error
            raise
        return done.output or ""


class Repository:
    """Questions to a repository that is there; their talk is kept only while they are asked."""

    def __init__(
        self, folder: Path, environ: Mapping[str, str] | None = None, reporter: Reporter | None = None
    ) -> None:
        self.folder, self.reporter = folder, reporter or Reporter()
        self.environ = os.environ if environ is None else environ

    def ask(self, *words: str, url: str = "") -> str:
        """What git prints; a ``ProduceError`` with its last words where it fails. ``url``: whom it has to talk to."""
        argv = [_git_program(self.environ), *_HARDENED, "-C", str(self.folder), *words]
        env = _environment(self.environ, url)
        try:
            done = run(
                argv,
                cwd=None,
                log=None,
                env=env,
                timeout=_SECONDS,
                reporter=self.reporter,
                name="git",
                capture=True,
            )
        except ProgramFailed as error:
            why = next((line for line in error.tail if line.startswith("fatal: ")), error.message)
            raise ProduceError(f"git {words[0]} in {self.folder}: {why.removeprefix('fatal: ')}") from error
        return done.output or ""


def _git_program(environ: Mapping[str, str]) -> str:
    found = shutil.which("git", path=environ.get("PATH"))
    if found is None:
        raise ProduceError("git is not on this machine", hint="apt-get install git")
    return found


def address(given: Any) -> str:
    """An address that git cannot mistake for an option or a remote helper; a path becomes ``file://``."""
    url = str(given or "")
    if urlsplit(url).scheme.lower() in _SCHEMES and "://" in url:
        return url
    short = _SSH_SHORT.fullmatch(url)
    if short and not url.startswith("-") and "::" not in url:
        user = f"{short[1]}@" if short[1] else ""
        return f"ssh://{user}{short[2]}/{short[3].lstrip('/')}"
    if url.startswith(("/", "~")):
        return absolute(url).as_uri()
    raise EntryError(
        f"{without_credentials(url)!r} is not an address: expected https, http, ssh, file, or an absolute path",
        key="make.git.url",
    )


def _revision(given: Any) -> str | None:
    if given in (None, ""):
        return None
    wanted = str(given)
    if wanted.startswith("-") or re.search(r"[\s~^:?*\[\\\x00-\x1f]|\.\.", wanted):
        raise EntryError(f"{wanted!r} is not the name of a branch, a tag or a commit", key="make.git.checkout")
    return wanted


def _environment(base: Mapping[str, str], url: str) -> dict[str, str]:
    """Git's variables of a surrounding git command go; no questions; only the transports that ``url`` calls for."""
    kept = ("GIT_SSH", "GIT_SSL", "GIT_CONFIG_", "GIT_PROXY", "GIT_TRACE", "GIT_HTTP")
    env = {name: value for name, value in base.items() if not name.startswith("GIT_") or name.startswith(kept)}
    local, plain = urlsplit(url).scheme == "file" or url.startswith("/"), urlsplit(url).scheme == "http"
    env |= {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",  # set but empty: nor any other program that asks
        "GIT_ALLOW_PROTOCOL": "https:ssh" + (":file" if local else "") + (":http" if plain else ""),
        "LC_ALL": "C",
    }
    env.setdefault("GIT_SSH_COMMAND", "ssh -o BatchMode=yes -o ConnectTimeout=30 -o ServerAliveInterval=30")
    return env | _authorisation(env, url)


def _authorisation(env: Mapping[str, str], url: str) -> dict[str, str]:
    split = urlsplit(url)
    if split.scheme not in ("http", "https") or split.username is None:
        return {}
    pair = f"{unquote(split.username)}:{unquote(split.password or '')}"
    host = split.netloc.rpartition("@")[2]
    place = int(env.get("GIT_CONFIG_COUNT", "0"))
    return {
        "GIT_CONFIG_COUNT": str(place + 1),
        f"GIT_CONFIG_KEY_{place}": f"http.{split.scheme}://{host}/.extraHeader",
        f"GIT_CONFIG_VALUE_{place}": f"Authorization: Basic {base64.b64encode(pair.encode()).decode()}",
    }


def _unreached(error: ProgramFailed, source: Candidate, job: Job) -> ProduceError:
    """Git's own last words, and what helps: its exit code is 128 for everything, so its words choose the hint."""
    talk = "\n".join(error.tail)
    why = next((line.removeprefix("fatal: ") for line in error.tail if line.startswith("fatal: ")), error.message)
    if _UNREACHABLE.search(talk):
        hint = ways_out(source.url, offline=offline_from(job.environ))
    elif _NOT_ALLOWED.search(talk):
        hint = "check the address; a private repository needs credentials: git config --global credential.helper store"
    else:
        hint = "check the address: git ls-remote " + source.bare
    return ProduceError(f"{source.bare} cannot be read: {why}", hint=hint, log=job.log)
