"""What a query would need from the network, read from its plan: for who brings it by other means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from axs_core.base.errors import AxsError, EntryError
from axs_core.entry import placed
from axs_core.resolver.match import Match
from axs_core.resolver.needs import Needs
from axs_core.resolver.plan import KnownLater, Step
from axs_core.resolver.resolve import Resolver
from axs_core.resolver.scopes import producers_of, recipe_scope

Kind = Literal["file", "or", "git", "python"]
CHECKSUMS = ("sha512", "sha256", "sha1", "md5")
"""Strongest first."""


@dataclass(frozen=True)
class Download:
    """One address. ``kind``: a ``file``, another address of the file before it (``or``), a ``git`` repository, or a
    ``python`` requirement as pip takes it. ``size`` in bytes and ``checksum`` (``md5:HEX``) where the recipe says them.
    """

    kind: Kind
    source: str
    needed_by: str
    size: int | None = None
    checksum: str | None = None


@dataclass(frozen=True)
class Downloads:
    """``known`` in the order in which they would be needed; ``later`` says what cannot be known yet, and why."""

    known: tuple[Download, ...]
    later: tuple[str, ...]


def downloads(resolver: Resolver, step: Step) -> Downloads:
    """All that would be fetched to make what ``step`` plans, nothing of what is there already. Where a recipe may find
    that it does not apply here, what the next one needs is listed too.
    """
    walk = _Walk(resolver)
    walk.visit(step)
    return Downloads(tuple(walk.known), tuple(dict.fromkeys(walk.later)))


@dataclass
class _Walk:
    resolver: Resolver
    known: dict[Download, None] = field(default_factory=dict)
    later: list[str] = field(default_factory=list)

    def visit(self, step: Step) -> None:
        if step.action == "later":
            self.later.append(f"{step.text}: {step.reason}")
        if step.action != "make" or step.match is None:
            return
        self._recipe(step.match, Needs(step.needs, step.values))
        last = step.match
        for other in step.otherwise:
            if "detect" not in last.recipe.make:
                break
            try:
                self._recipe(other, self.resolver.plan_needs(other))
            except AxsError as error:
                self.later.append(f"{other.recipe.name}: {error}")
            last = other

    def _recipe(self, found: Match, needs: Needs[Step]) -> None:
        for _, step in needs.answers:
            self.visit(step)
        scope = recipe_scope(found, needs.values)
        try:
            for name, spec in producers_of(found, scope).items():
                if name in _READERS:
                    self._read(found, name, scope.render(spec))
        except KnownLater as later:
            self.later.append(f"{found.recipe.name}: {later}")

    def _read(self, found: Match, name: str, spec: Mapping[str, Any]) -> None:
        try:
            self.known.update(dict.fromkeys(_READERS[name](spec, found.recipe.name)))
        except EntryError as error:
            raise placed(error, found.recipe, *str(error.key).split(".")) from None


def _fetched(spec: Mapping[str, Any], recipe: str) -> Iterator[Download]:
    size = spec.get("size")
    if size is not None and type(size) is not int:
        raise EntryError(f"expected a whole number of bytes, not {size!r}", key="make.fetch.size")
    checksum = next((f"{name}:{spec[name]}" for name in CHECKSUMS if spec.get(name)), None)
    for number, url in enumerate(_texts(spec.get("urls"), "make.fetch.urls")):
        yield Download("or" if number else "file", url, recipe, size, checksum)


def _cloned(spec: Mapping[str, Any], recipe: str) -> Iterator[Download]:
    checkout = spec.get("checkout")
    yield Download("git", str(spec["url"]), recipe, checksum=f"checkout:{checkout}" if checkout else None)


def _installed(spec: Mapping[str, Any], recipe: str) -> Iterator[Download]:
    for requirement in _texts(spec.get("requirements") or (), "make.python_env.requirements"):
        yield Download("python", requirement, recipe)


def _texts(given: Any, key: str) -> list[str]:
    """One text, or several. Raises EntryError for what a template has made of it otherwise."""
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, (list, tuple)):
        raise EntryError(f"expected a text or a list of texts, not {given!r}", key=key)
    return [str(text) for text in texts if text is not None]


_READERS: dict[str, Callable[[Mapping[str, Any], str], Iterator[Download]]] = {
    "fetch": _fetched,
    "git": _cloned,
    "python_env": _installed,
}
