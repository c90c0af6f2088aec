"""Functions in code.py: arguments looked up by name, errors told with file and line."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from axs_core.base.errors import EntryError, NoSuchName, NotFound, Refused, UsageError
from axs_core.entry import Entry, Scope, entry_scope
from axs_core.entry.functions import call, functions_of


def entry(folder: Path, code: str = "", parents: tuple[Entry, ...] = (), name: str = "toy", **meta: Any) -> Entry:
    path = folder / name
    path.mkdir(exist_ok=True)
    if code:
        (path / "code.py").write_text(dedent(code))
    ancestors = {relative.name: relative for parent in parents for relative in parent.lineage}
    meta = {**meta, "parents": [parent.name for parent in parents]}
    return Entry(name, path, meta, ancestors=tuple(ancestors.values()))


def get(toy: Entry, name: str, **overrides: Any) -> Any:
    return entry_scope(toy, overrides).get(name)


def test_arguments_are_values_then_functions_then_builtin_names(tmp_path: Path) -> None:
    code = """
        def total(a, doubled, path, name, parameters, tags, record):
            return a + doubled, path.name, name, parameters["a"], tags, record

        def doubled(a):
            return 2 * a
    """
    toy = entry(tmp_path, code, attributes={"a": 1}, tags=["t"])
    assert get(toy, "total") == (3, "toy", "toy", 1, ["t"], {})


def test_a_stored_value_wins_over_a_function(tmp_path: Path) -> None:
    toy = entry(tmp_path, "def a(): return 2", attributes={"a": 1})
    assert get(toy, "a") == 1


def test_modules_beside_code_are_inherited_as_functions_are(tmp_path: Path) -> None:
    for name, modules in {
        "upper": {"shared": "X, Y = 'upper', 1", "far": "Z = 2"},
        "toy": {"shared": "X = 'own'"},
    }.items():
        (tmp_path / name).mkdir()
        for module, text in modules.items():
            (tmp_path / name / f"{module}.py").write_text(text)
    upper = entry(tmp_path, name="upper")
    toy = entry(tmp_path, "from .far import Z\nfrom .shared import X\ndef both(): return X, Z", (upper,))
    assert get(toy, "both") == ("own", 2)


def test_a_function_wins_over_a_builtin_name(tmp_path: Path) -> None:
    assert get(entry(tmp_path, "def tags(): return 'mine'"), "tags") == "mine"


def test_overrides_reach_what_functions_see(tmp_path: Path) -> None:
    toy = entry(tmp_path, "def b(a): return a + 1", attributes={"a": 1})
    assert get(toy, "b", a=10) == 11


def test_defaults_are_kept_where_nothing_has_that_name(tmp_path: Path) -> None:
    toy = entry(tmp_path, "def b(a, gone=5, *rest, more=6, **named): return a, gone, rest, more, named",
                attributes={"a": 1, "more": 7})  # fmt: skip
    assert get(toy, "b") == (1, 5, (), 7, {})


def test_positional_only_and_keyword_only(tmp_path: Path) -> None:
    toy = entry(tmp_path, "def c(a, /, *, b): return a, b", attributes={"a": 1, "b": 2})
    assert get(toy, "c") == (1, 2)


def test_a_default_does_not_hide_what_fails_deeper(tmp_path: Path) -> None:
    code = """
        def figure(labels=None): return labels
        def labels(labels_file): return labels_file
    """
    with pytest.raises(NotFound) as caught:
        get(entry(tmp_path, code), "figure")
    assert str(caught.value) == "toy has no 'labels_file'"
    assert caught.value.needed_by == ("figure()", "labels()")


def test_a_missing_argument_names_the_function(tmp_path: Path) -> None:
    with pytest.raises(NoSuchName) as caught:
        get(entry(tmp_path, "def figure(label): return label", attributes={"labels": 1}), "figure")
    assert (str(caught.value), caught.value.hint) == ("toy has no 'label'", "did you mean labels?")
    assert caught.value.needed_by == ("figure()",)


def test_functions_that_need_each_other(tmp_path: Path) -> None:
    with pytest.raises(EntryError) as caught:
        get(entry(tmp_path, "def a(b): return b\ndef b(a): return a"), "a")
    assert str(caught.value) == "toy: these values need each other: a -> b -> a"


def test_what_a_function_raises_is_told_with_its_line(tmp_path: Path) -> None:
    toy = entry(tmp_path, "def a():\n    x = {}\n    return x['gone']\n")
    with pytest.raises(EntryError) as caught:
        get(toy, "a")
    assert str(caught.value) == f"{toy.path / 'code.py'}:3: function 'a' raised KeyError: 'gone'"
    assert caught.value.exit_code == 2


def test_the_line_is_the_one_in_the_entry_and_not_in_a_library(tmp_path: Path) -> None:
    toy = entry(tmp_path, "import json\n\n\ndef a():\n    return json.loads('{')\n")
    with pytest.raises(EntryError) as caught:
        get(toy, "a")
    assert caught.value.line == 5


def test_refusals_pass_through(tmp_path: Path) -> None:
    toy = entry(tmp_path, "from axs_core.sdk import Refused\ndef a(): raise Refused('the run is INVALID')")
    with pytest.raises(Refused, match=r"^the run is INVALID$"):
        get(toy, "a")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("def a(:\n", "1: cannot be loaded: SyntaxError: invalid syntax (code.py, line 1)"),
        ("x = 1\nimport not_there_at_all\n", "2: cannot be loaded: ModuleNotFoundError: No module named "
         "'not_there_at_all'"),
        ("x = 1\n1 / 0\n", "2: cannot be loaded: ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)\n", "1: cannot be loaded: SystemExit: 3"),
    ],
)  # fmt: skip
def test_code_that_cannot_be_loaded(tmp_path: Path, code: str, message: str) -> None:
    toy = entry(tmp_path, code)
    with pytest.raises(EntryError) as caught:
        get(toy, "a")
    assert str(caught.value) == f"{toy.path / 'code.py'}:{message}"


def test_a_function_that_exits_is_an_error_and_no_exit(tmp_path: Path) -> None:
    toy = entry(tmp_path, "import sys\ndef a(): sys.exit(0)\n")
    with pytest.raises(EntryError) as caught:
        get(toy, "a")
    assert str(caught.value) == f"{toy.path / 'code.py'}:2: function 'a' raised SystemExit: 0"


def test_code_that_was_edited_is_read_again(tmp_path: Path) -> None:
    toy = entry(tmp_path, "def a(): return 1")
    assert get(toy, "a") == 1
    (toy.path / "code.py").write_text("def a(): return 'other'")
    assert get(toy, "a") == "other"


def test_public_functions_only_and_of_this_file_only(tmp_path: Path) -> None:
    code = """
        from os.path import join
        from dataclasses import dataclass
        LIMIT = 3
        def a(): return _b()
        def _b(): return 1
        @dataclass
        class C:
            x: int = 1
    """
    toy = entry(tmp_path, code)
    assert list(functions_of(toy)) == ["a"]
    assert get(toy, "a") == 1
    with pytest.raises(NotFound):
        get(toy, "_b")


def test_the_nearest_function_wins(tmp_path: Path) -> None:
    far = entry(tmp_path, "def a(): return 'far'\ndef b(): return 'far'\ndef c(): return 'far'", name="far")
    left = entry(tmp_path, "def a(): return 'left'\ndef b(): return 'left'", (far,), name="left")
    right = entry(tmp_path, "def b(): return 'right'\ndef d(): return 'right'", name="right")
    toy = entry(tmp_path, "def a(): return 'own'", (left, right))
    assert [get(toy, name) for name in "abcd"] == ["own", "left", "far", "right"]


def test_what_was_made_brings_no_code(tmp_path: Path) -> None:
    parent = entry(tmp_path, "def a(): return 'parent'", name="parent")
    toy = entry(tmp_path, "def a(): return 'own'\ndef b(): return 'own'", (parent,), produced={"key": "x"})
    assert get(toy, "a") == "parent"
    with pytest.raises(NotFound):
        get(toy, "b")


def test_what_was_made_is_taken_as_it_stands(tmp_path: Path) -> None:
    """A log line with braces, or a value from another machine, is no template."""
    toy = entry(tmp_path, attributes={"line": "{{ 7 * 7 }}", "rows": ["{{ gone }}"]}, produced={"key": "x"})
    assert (get(toy, "line"), get(toy, "rows")) == ("{{ 7 * 7 }}", ["{{ gone }}"])


def test_what_was_made_has_functions_of_its_parents_but_not_their_values(tmp_path: Path) -> None:
    parent = entry(tmp_path, "def a(b): return b", name="parent", attributes={"b": 1, "c": 1})
    toy = entry(tmp_path, "", (parent,), attributes={"b": 2}, produced={"key": "x"})
    assert get(toy, "a") == 2
    with pytest.raises(NotFound):
        get(toy, "c")


def test_a_call_with_arguments() -> None:
    def action(a: int, b: int, c: int = 3) -> tuple[int, int, int]:
        return a, b, c

    lookup = Scope("toy", {"b": 20, "c": 30}).get
    assert call(action, lookup, (1,)) == (1, 20, 30)
    assert call(action, lookup, (1, 2), {"c": 5}) == (1, 2, 5)
    with pytest.raises(UsageError) as caught:
        call(action, lookup, (), {"d": 5})
    assert str(caught.value) == "action: got an unexpected keyword argument 'd'"
    assert caught.value.hint == "its arguments are: a, b, c"
    with pytest.raises(UsageError, match=r"^action: too many positional arguments$"):
        call(action, lookup, (1, 2, 3, 4))


def test_finding_an_entry_runs_no_code(tmp_path: Path) -> None:
    toy = entry(tmp_path, "raise RuntimeError", attributes={"a": 1}, tags=["x"])
    assert get(toy, "a") == 1
    assert toy.tags == {"x"}
