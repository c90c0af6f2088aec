"""A clone as a bare repository that serves in the place of where it came from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from axs_core.base.credentials import without_credentials
from axs_core.base.errors import ProduceError
from axs_core.base.reporter import Reporter
from axs_core.producers.git.producer import Repository

CONFIG = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
"""The settings of every one; none is ever taken from elsewhere."""
_SUBMODULE = re.compile(r"[ +U][0-9a-f]+ (.+?)(?: \([^()]*\))?")
"""A line of ``git submodule status``; one that begins with a dash is not there."""


def make_bare(clone: Path, to: Path, environ: Mapping[str, str], reporter: Reporter) -> str:
    """Make ``to`` a bare repository with the branches of the clone's origin, its own ones and its tags; returns the
    commit that is checked out. What a shallow clone does not have is not there either.
    """
    here = Repository(clone, environ, reporter)
    commit = here.ask("rev-parse", "HEAD").strip()
    to.mkdir(parents=True)
    bare = Repository(to, environ, reporter)
    bare.ask("init", "--quiet", "--bare", "--template=")
    where = clone.absolute().as_uri()
    refs = ["+refs/remotes/origin/*:refs/heads/*", "^refs/remotes/origin/HEAD", "+refs/tags/*:refs/tags/*"]
    for chosen in (refs, ["+refs/heads/*:refs/heads/*"]):  # commits of one's own come last, and win
        bare.ask(
            "-c",
            "fetch.unpackLimit=1",
            "fetch",
            "--quiet",
            "--no-auto-gc",
            "--update-shallow",
            where,
            *chosen,
            url=where,
        )
    if commit not in bare.ask("rev-list", "--all").split():
        bare.ask("fetch", "--quiet", "--update-shallow", where, f"+HEAD:refs/heads/commit-{commit[:12]}", url=where)
    bare.ask("symbolic-ref", "HEAD", f"refs/heads/{_branch(here, bare)}")
    bare.ask("pack-refs", "--all")
    bare.ask("-c", "pack.threads=1", "repack", "-a", "-d", "-q")
    return commit


def finish_bare(folder: Path) -> None:
    """Add what every bare repository has to the files that came in."""
    (folder / "refs").mkdir(exist_ok=True)
    (folder / "config").write_text(CONFIG, encoding="ascii")


def members_of(bare: Path) -> Iterator[str]:
    """The files that make it what it is, relative to its folder."""
    yield from (name for name in ("HEAD", "packed-refs", "shallow") if (bare / name).is_file())
    yield from sorted(
        f"objects/pack/{file.name}"
        for file in (bare / "objects" / "pack").iterdir()
        if file.suffix in (".pack", ".idx")
    )


def submodules_of(clone: Path, environ: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    """Address and folder of each submodule that is there, on any level."""
    for line in Repository(clone, environ).ask("submodule", "status", "--recursive").splitlines():
        found = _SUBMODULE.fullmatch(line)
        if found is not None:
            url = Repository(clone / found[1], environ).ask("remote", "get-url", "origin").strip()
            yield without_credentials(url), clone / found[1]


def _branch(here: Repository, bare: Repository) -> str:
    """The branch that its origin shows first."""
    for question in (("rev-parse", "--abbrev-ref", "origin/HEAD"), ("rev-parse", "--abbrev-ref", "HEAD")):
        try:
            name = here.ask(*question).strip().removeprefix("origin/")
        except ProduceError:
            continue
        if name not in ("HEAD", ""):
            return name
    names = bare.ask("for-each-ref", "--format=%(refname:short)", "refs/heads").split()
    return names[0] if names else "main"
