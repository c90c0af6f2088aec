"""The actions for machines without a network. The docstrings are the reference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from axs_core.base.errors import UsageError
from axs_core.cli.action import action
from axs_core.cli.model import Each, Root
from axs_core.cli.words import flag, optional_text, required_text, text_of, texts_of

_EXAMPLE = "axs bundle QUERY --output=bundle.tar"


@action("workspace")
def bundle(root: Root, *queries: Any, output: Any = None, python: Any = (), with_axs: Any = False) -> Path:
    """Put all that queries need from the network into one file, for a machine that has none: downloads, Python wheels,
    git repositories, entries of your own, and the files that the queries name.

    What is needed is made here first; programs that the queries themselves ask for are not run. Wheels are for the
    Python that runs axs; --python,=3.11,3.12 adds those for others that are on this machine. --with_axs adds axs
    itself, so that the other machine needs nothing but Python.

        axs bundle QUERY QUERY --output=bundle.tar --with_axs
    """
    file = required_text(output, "bundle", "--output=FILE", _EXAMPLE)
    if not queries:
        raise UsageError("'bundle' needs a query", hint=_EXAMPLE)
    pythons, texts = texts_of(python, "--python"), texts_of(queries, "a query")
    return root.workspace.bundle(texts, file, python=pythons, with_axs=flag(with_axs, "--with_axs"))


@action("workspace")
def unbundle(root: Root, file: Any, *, name: Any = None, digest: Any = None, trust: Any = False) -> Each:
    """Open a bundle: what is in it serves in the place of the network from now on. Prints the queries that can be
    asked.

    Every file is compared with its digest before anything is there to be seen; a bundle that is damaged, cut off or
    changed is refused, and nothing is left behind. It becomes an entry, named --name or as the file; ', remove' takes
    it away again. --digest is what 'axs bundle' printed as content: wheels are programs, so open no bundle that you do
    not trust. Recipes in it that its maker wrote, and those of collections that it brings, are asked about at their
    first use, or not with --trust.

        axs unbundle bundle.tar
    """
    called, content = optional_text(name, "--name"), optional_text(digest, "--digest")
    opened = root.workspace.unbundle(text_of(file, "a file"), called, digest=content, trust=flag(trust, "--trust"))
    return Each(tuple(opened))
