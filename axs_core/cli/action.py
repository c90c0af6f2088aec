"""What an action is: a function, known by its name and by the kind of thing that it is applied to.

Positional parameters of the function are the arguments of the command line, keyword-only ones its ``--options``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from axs_core.base.errors import UsageError
from axs_core.base.value import Value
from axs_core.cli.format import as_text
from axs_core.cli.model import Target

Function = TypeVar("Function", bound=Callable[..., Any])


class Action(Value):
    """Something that can be done with a target of one kind."""

    name: str
    target: Target
    run: Callable[..., Any]

    def apply(self, target: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Run it; a wrong number of arguments or an unknown option raises :class:`UsageError`."""
        if not self._takes(args, kwargs):
            self._check(args, kwargs)
        return self.run(target, *args, **kwargs)

    @property
    def usage(self) -> str:
        """How it is typed: ``get NAME [--NAME=VALUE ...]``."""
        return " ".join([self.name, *(_typed(parameter) for parameter in self._parameters())])

    @property
    def doc(self) -> str:
        """What it does: a line, and more after an empty line."""
        from inspect import cleandoc

        return cleandoc(self.run.__doc__ or "")

    def _parameters(self) -> list[Any]:
        from inspect import signature

        return list(signature(self.run).parameters.values())[1:]

    def _takes(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
        """Is nothing to be said about these? Seen without ``inspect``, which takes a third of a hit to import; False
        where that has to look.
        """
        run: Any = self.run
        if hasattr(run, "__wrapped__"):
            return False
        code, defaults = run.__code__, run.__defaults__ or ()
        most = code.co_argcount - 1
        least = most - len(defaults)
        switches = len(args) > least and any(isinstance(default, bool) for default in defaults)
        return least <= len(args) <= most and not switches and kwargs.keys() <= (run.__kwdefaults__ or {}).keys()

    def _check(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        from axs_core.query.near import closest

        parameters = self._parameters()
        kinds = {parameter.kind for parameter in parameters}
        positional = [each for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
        named = [each.name for each in parameters if each.kind in (each.KEYWORD_ONLY, each.POSITIONAL_OR_KEYWORD)]
        given = {each.name for each in positional[: len(args)] if each.kind != each.POSITIONAL_ONLY}
        hint = f"axs help {self.name}"
        for name in kwargs:
            if name in given:
                raise UsageError(f"'{self.name}' is given {name} twice", hint=hint)
            if name not in named and not any(kind.name == "VAR_KEYWORD" for kind in kinds):
                near = closest(name, named)
                raise UsageError(f"'{self.name}' has no option --{name}", hint=f"--{near}" if near else hint)
        for each in positional[len(args) :]:
            if each.default is each.empty and (each.name not in kwargs or each.kind == each.POSITIONAL_ONLY):
                raise UsageError(f"'{self.name}' needs {each.name.upper()}", hint=f"axs {self.usage}")
        fit = _fitting(positional, args)
        if len(args) > fit and not any(kind.name == "VAR_POSITIONAL" for kind in kinds):
            extra = as_text(args[fit])
            hint = f"a lone ',' separates actions: ... , {extra}" if extra in NAMES else f"axs {self.usage}"
            raise UsageError(f"'{self.name}' does not know what to do with {extra!r}", hint=hint)


ACTIONS: dict[Target, dict[str, Action]] = {
    "workspace": {},
    "entry": {},
    "entries": {},
    "collection": {},
    "value": {},
}
NAMES: set[str] = set()


def action(target: Target, typed: str | None = None) -> Callable[[Function], Function]:
    """Register a function as an action; ``list_`` is typed ``list``; ``typed`` is for names that Python cannot have.

    Raises UsageError for a name that another module has registered: nothing is replaced.
    """

    def register(function: Function) -> Function:
        name = typed or function.__name__.rstrip("_")
        if name.startswith(f"{target}_"):
            name = name[len(target) + 1 :]
        there = ACTIONS[target].get(name)
        if there is not None and there.run.__module__ != function.__module__:
            raise UsageError(f"{function.__module__} registers the action {name!r}, which {there.run.__module__} has")
        ACTIONS[target][name] = Action(name, target, function)
        NAMES.add(name)
        return function

    return register


def _fitting(positional: Sequence[Any], args: Sequence[Any]) -> int:
    """How many arguments are of use; what is on or off (``---``) takes nothing else."""
    switches = [isinstance(parameter.default, bool) for parameter in positional]
    pairs = enumerate(zip(switches, args, strict=False))
    return next((place for place, (on, arg) in pairs if on and not isinstance(arg, bool)), len(positional))


def _typed(parameter: Any) -> str:
    if parameter.kind == parameter.VAR_KEYWORD:
        return "[--NAME=VALUE ...]"
    if parameter.kind == parameter.VAR_POSITIONAL:
        return f"[{parameter.name.upper()} ...]"
    if parameter.kind == parameter.KEYWORD_ONLY:
        return f"[--{parameter.name}]"
    if isinstance(parameter.default, bool):
        return f"[--{parameter.name}{'-' if parameter.default else ''}]"
    name = parameter.name.upper()
    return name if parameter.default is parameter.empty else f"[{name}]"
