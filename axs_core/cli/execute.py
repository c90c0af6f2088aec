"""Running a pipeline: each call is applied to what the one before it gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from axs_core.base.errors import AxsError, Inapplicable, NotFound, UsageError, brief
from axs_core.base.value import Value, replace
from axs_core.cli.arguments import Stored, merge_options, names_changed
from axs_core.cli.format import as_text
from axs_core.cli.model import Each, Root, target_of
from axs_core.cli.pipeline import Call
from axs_core.cli.registry import ACTIONS, NAMES, of_packages, register_named
from axs_core.query.near import closest

COMPUTING = ("get", "dig")
"""Actions that give a value which may be computed from stored results."""


class Failure(Value):
    """One of several results that an action could not be applied to."""

    subject: str
    error: AxsError


class Outcome(Value):
    """What a pipeline came to: the last result, what went wrong with some of several results, and which were left out
    because such a thing has no such value.
    """

    result: Any
    failures: tuple[Failure, ...] = ()
    left_out: tuple[Failure, ...] = ()


def run_pipeline(calls: Sequence[Call], root: Root) -> Outcome:
    """Run the calls in order.

    An action on :class:`Each` is applied to each, unless it is one for the whole list; those that it fails for are left
    out from there on and reported as failures. Any other error is raised.
    """
    result: Any = root
    failures: list[Failure] = []
    left_out: list[Failure] = []
    for call in calls:
        register_named(call.action)
        target = _target(call, root, result)
        given = _Arguments(call, root, result)
        if call.action in ACTIONS["entries"] and _are_entries(target) and not _has_own(call.action, target):
            result = _apply_to_all(call.action, target, given)
        elif isinstance(target, Each) and call.action != "len":
            result, without = _apply_each(call.action, target, given, failures)
            (left_out if result.items else failures).extend(without)
        else:
            result = _apply(call.action, target, given)
        if call.label:
            root.labels[call.label] = result
    return Outcome(result, tuple(failures), tuple(left_out))


class _Arguments:
    """The arguments of a call, with stored results and the previous result in their places."""

    def __init__(self, call: Call, root: Root, previous: Any) -> None:
        args = [_resolved(value, root) for value in call.args]
        if isinstance(call.insert, int):
            if call.insert > len(args):
                raise UsageError(
                    f"',{call.insert} {call.action}' leaves no argument for place {len(args)}",
                    hint=f",{len(args)} {call.action} passes the previous result as the last argument",
                )
            args.insert(call.insert, previous)
        self.args = args
        self._inserted = {call.insert: previous} if isinstance(call.insert, str) else {}
        self._root, self._options = root, call.options

    @property
    def labels(self) -> Mapping[str, Any]:
        """What earlier actions stored."""
        return self._root.labels

    def options_for(self, target: Any) -> dict[str, Any]:
        """Keyword arguments; what ``--name+=`` adds to is the target's own value."""
        options = [replace(each, value=_resolved(each.value, self._root)) for each in self._options]
        present = {name: _present(target, name) for name in names_changed(options)}
        return {**self._inserted, **merge_options(options, present)}


def _resolved(value: Any, root: Root) -> Any:
    return ACTIONS["workspace"]["get"].run(root, value.label) if isinstance(value, Stored) else value


def _present(target: Any, name: str) -> Any:
    """The value that the target has under a name, None where it has none."""
    if target_of(target) != "entry":
        return None
    try:
        return target.get(name)
    except NotFound:
        return None


def _target(call: Call, root: Root, result: Any) -> Any:
    """What a call is applied to."""
    if call.source is not None:
        return _resolved(Stored(call.source), root)
    return root if call.restart or call.insert is not None else result


def _apply_each(action: str, target: Each, given: _Arguments, failures: list[Failure]) -> tuple[Each, list[Failure]]:
    """The results, and those that have none because of what they are."""
    results: list[Any] = []
    without: list[Failure] = []
    for item in target.items:
        try:
            result = _apply(action, item, given)
        except UsageError:
            raise  # the same for all of them
        except Inapplicable as error:
            without.append(Failure(as_text(item), error))
            continue
        except AxsError as error:
            failures.append(Failure(as_text(item), error))
            continue
        if result is not None:
            results.append(result)
    return Each(tuple(results)), without


def _are_entries(target: Any) -> bool:
    if isinstance(target, Each):
        from axs_core.api import Found  # thousands of entries are not looked at one by one

        return isinstance(target.items, Found) or all(target_of(item) == "entry" for item in target.items)
    return target_of(target) == "entry"


def _apply_to_all(name: str, target: Any, given: _Arguments) -> Any:
    """An action on the list as a whole; a single entry is a list of one."""
    items = target.items if isinstance(target, Each) else (target,)
    return ACTIONS["entries"][name].apply(items, given.args, given.options_for(None))


def _apply(name: str, target: Any, given: _Arguments) -> Any:
    kind = target_of(target)
    action = None if _has_own(name, target) else ACTIONS[kind].get(name)
    options = given.options_for(target)
    if kind == "entry" and given.labels and (action is None or name in COMPUTING):
        target = target.given(given.labels)
    if action is not None:
        return action.apply(target, given.args, options)
    if kind == "entry" and name in target.actions():
        return target.call(name, *given.args, **options)
    raise _unknown(name, target, target.actions() if kind == "entry" else {}, given.labels)


def _after_labels(name: str, labels: Mapping[str, Any]) -> str:
    """What to type where a pipeline begins again, and the action may have been meant for an entry."""
    entries = (label for label, value in labels.items() if target_of(value) == "entry" and name in value.actions())
    if label := next(entries, None):
        return f":{label}: {name} applies it to what is stored there"
    return f"', ,' starts again from the workspace; for a function of an entry: , , byname NAME , {name}"


def _has_own(name: str, target: Any) -> bool:
    """Does the entry's code have a function that is called like an action? Then that is meant, as a person wrote it."""
    return name in NAMES and target_of(target) == "entry" and bool(target.defines(name))


def _unknown(name: str, target: Any, functions: Mapping[str, Any], labels: Mapping[str, Any]) -> UsageError:
    """The error for an action that the target does not have."""
    kind = target_of(target)

    known = [*ACTIONS[kind], *functions, *(of_packages() if kind == "workspace" else ())]
    near = closest(name, known)
    if kind == "workspace":
        message = f"axs has no action '{name}'"
        hint = f"axs {near}" if near else "axs help lists the actions"
        if not near and labels and name not in NAMES:
            hint = _after_labels(name, labels)
        if not near and name in NAMES:
            of_entry = name in ACTIONS["entry"]
            hint = f"it is applied to {'an entry: axs byquery QUERY' if of_entry else 'a value: ...'} , {name}"
    elif target is None:
        message, hint = f"the action before '{name}' gave nothing that it could be applied to", f", , {name}"
    else:
        about = f"entry '{target.name}'" if kind == "entry" else _shown(target)
        message = f"{about} has no action '{name}' (it has {', '.join(sorted(known))})"
        hint = f", {near}" if near else f", get {name}" if kind == "entry" else f"axs help {name}"
        if name in ACTIONS["workspace"] and not near:
            hint = f", , {name} starts again from the workspace"
    return UsageError(message, hint=hint)


def _shown(value: Any) -> str:
    """A value in a message: a table of a thousand lines by its first one."""
    first, *more = as_text(value).splitlines() or [""]
    return f"'{brief(first)}'" + (f" and {len(more)} more lines" if more else "")
