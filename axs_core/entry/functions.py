"""Functions in an entry's ``code.py``, their arguments looked up by name (as pytest does with fixtures)."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from axs_core.base.digest import of_value
from axs_core.base.errors import AxsError, EntryError, NoSuchName, UsageError
from axs_core.entry.model import RESERVED, Entry, linearise

CODE = "code.py"


def functions_of(entry: Entry) -> dict[str, Callable[..., Any]]:
    """The public functions that an entry has, its own before its parents'; loads their code.

    A produced entry has its parents' functions only: what was made brings no code. Raises NotTrusted for code that came
    from elsewhere and that the user does not trust.
    """
    found: dict[str, Callable[..., Any]] = {}
    family = {relative.name: relative for relative in entry.lineage}
    for relative in reversed(with_code(entry)):
        relative.allow(f"call functions of {relative.path / CODE}")
        parents = linearise(relative, family.__getitem__)
        places = [each.path for each in (relative, *parents) if each.trusted]
        found.update(_functions_in(relative.path / CODE, relative.origin is None, places))
    return found


def with_code(entry: Entry) -> list[Entry]:
    """The entry and its ancestors, those whose ``code.py`` gives it functions, nearest first."""
    return [each for each in entry.lineage if each.kind != "produced" and (each.path / CODE).is_file()]


def names_told(entry: Entry) -> dict[str, str] | None:
    """Where some of its code may not run: the functions that it seems to define, with their docstrings, read as text;
    None where all of it may run.
    """
    relatives = with_code(entry)
    if all(relative.trusted for relative in relatives):
        return None
    told: dict[str, str] = {}
    for relative in reversed(relatives):
        told.update(_read_names(relative.path / CODE))
    return told


def may_define(entry: Entry, name: str) -> bool:
    """Does its code, read as text, define something of that name? Nothing is loaded, and nobody asked for trust."""
    return any(name in _read_names(relative.path / CODE) for relative in with_code(entry))


def _read_names(file: Path) -> dict[str, str]:
    """What is defined or assigned anywhere in a file: each may turn out to be a function."""
    try:
        return _names_in(file.read_bytes())
    except OSError:
        return {}


@lru_cache(maxsize=256)
def _names_in(code: bytes) -> dict[str, str]:
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            names[node.name] = ast.get_docstring(node) or ""
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.setdefault(node.id, "")
    return {name: text for name, text in names.items() if not name.startswith("_")}


class _AsItReads(SourceFileLoader):
    """Takes a file as it reads: compiled code that came beside it could be anything."""

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


def _functions_in(file: Path, own: bool, places: Iterable[Path]) -> dict[str, Callable[..., Any]]:
    stat = file.stat()
    module = _module(file, stat.st_mtime_ns, stat.st_size, own, tuple(map(str, places)))
    found: dict[str, Callable[..., Any]] = {
        name: value
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_")
    }
    for name in sorted(RESERVED & found.keys()):
        line = found[name].__code__.co_firstlineno
        message = f"the function {name!r} has the name of an action of every entry, and could not be called"
        raise EntryError(message, file=file, line=line, hint=f"give it another name, as {name}_it")
    return found


@lru_cache(maxsize=256)
def _module(file: Path, _mtime: int, _size: int, own: bool, places: tuple[str, ...]) -> ModuleType:
    """``places`` are the folders in which ``from .name import ...`` looks: the entry's own, then its parents'."""
    name = f"axs_entry_{of_value(str(file))[:16]}"
    for loaded in [module for module in sys.modules if module.startswith(f"{name}.")]:
        del sys.modules[loaded]  # of an earlier state of the folder
    loader = (SourceFileLoader if own else _AsItReads)(name, str(file))
    spec = importlib.util.spec_from_file_location(name, file, loader=loader, submodule_search_locations=list(places))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        sys.modules.pop(name, None)
        line = error.lineno if isinstance(error, SyntaxError) else _line_in(error, file)
        raise EntryError(f"cannot be loaded: {type(error).__name__}: {error}", file=file, line=line) from error
    return module


def _line_in(error: BaseException, file: Path) -> int | None:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    return lines[-1] if lines else None


def call(
    function: Callable[..., Any],
    lookup: Callable[[str], Any],
    args: tuple[Any, ...] = (),
    kwargs: Mapping[str, Any] | None = None,
) -> Any:
    """Call ``function``; arguments that are not given are looked up by name, else keep their default.

    ``lookup`` raises NoSuchName for a name that has no value. An exception of the function becomes an EntryError that
    names the function, its file and line; errors of axs pass through.
    """
    signature = inspect.signature(function)
    try:
        bound = signature.bind_partial(*args, **(kwargs or {}))
    except TypeError as error:
        known = ", ".join(signature.parameters)
        raise UsageError(
            f"{function.__name__}: {error}", hint=f"its arguments are: {known}" if known else None
        ) from None
    for name, parameter in signature.parameters.items():
        if name in bound.arguments or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        try:
            bound.arguments[name] = lookup(name)
        except NoSuchName as error:
            if parameter.default is parameter.empty or error.name != name:
                raise error.needed_for(f"{function.__name__}()") from None
            bound.arguments[name] = parameter.default
    try:
        return function(*bound.args, **bound.kwargs)
    except AxsError:
        raise
    except (Exception, SystemExit) as error:
        code = Path(function.__code__.co_filename)
        raise EntryError(
            f"function {function.__name__!r} raised {type(error).__name__}: {error}",
            file=code,
            line=_line_in(error, code),
        ) from error
