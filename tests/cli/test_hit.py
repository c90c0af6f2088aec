"""What an ask that hits may cost, in counts: modules of Python, rooms of axs, statements of SQL.

benchmarks/lookup.py measures its time. Each module takes a fiftieth of what starting Python takes, or more: a new one
here has to be worth it, and can mostly be imported where it is used.
"""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.toy import Toys

PYTHONS = (
    "__future__", "atexit", "contextlib", "functools", "gc", "importlib", "json", "math", "pathlib", "signal",
    "sqlite3", "typing", "weakref", "zlib",
)  # fmt: skip
"""What a hit may import of the standard library; what these import themselves depends on Python's version."""
DIGESTS = {"_sha2", "_sha256"}
"""One of them, instead of all of hashlib."""
NOT_OURS = (
    "compare", "exchange", "process", "producers", "report", "entry.expressions", "entry.functions",
    "entry.sandbox", "entry.validate", "making.fulfil", "making.maker", "query.units", "query.versions",
    "resolver.explain", "resolver.meant", "store.durable", "store.failure", "store.removal", "store.store",
    "store.hosts.access", "store.hosts.beacon",
)  # fmt: skip
"""Rooms and modules of axs that a hit does without."""
BEGIN = "from axs_core.__main__ import main; assert main({!r}) == 0"
LISTING = "print(*sorted(sys.modules), file=sys.stderr)"
STATEMENTS = 35


def modules(toys: Toys, code: str) -> set[str]:
    run = subprocess.run(
        [sys.executable, "-c", f"import sys; {code}; {LISTING}"],
        env={**toys.environ(), "AXS_QUIET": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(run.stderr.split())


@pytest.fixture
def there(toys: Toys) -> Toys:
    """One entry that answers ``thing,n=3``, in an index that knows all."""
    toys.maker("toy", "thing", parameters={"n": {"default": 2, "type": "int"}, "label": {"default": "a"}})
    toys.space().byquery("thing,n=3")
    toys.space().byquery("thing,n=3")
    return toys


@pytest.mark.process
@pytest.mark.parametrize("words", [["byquery", "thing,n=3"], ["byquery", "thing,n=3", ",", "get", "n"]])
def test_the_modules_that_a_hit_imports(there: Toys, words: list[str]) -> None:
    modules(there, BEGIN.format(words))  # it takes the shipped entries into the index
    loaded, known = modules(there, BEGIN.format(words)), modules(there, f"import {', '.join(PYTHONS)}")
    theirs = {name for name in loaded - known - DIGESTS if name.partition(".")[0] != "axs_core"}
    assert theirs == set()
    ours = {name.removeprefix("axs_core.") for name in loaded if name.startswith("axs_core.")}
    assert {name for name in ours if name.startswith(NOT_OURS)} == set()


def test_a_hit_needs_few_statements_of_sql(there: Toys) -> None:
    space = there.space()
    statements: list[str] = []
    space.session.index.database.set_trace_callback(statements.append)
    assert space.byquery("thing,n=3")["n"] == 3
    assert 0 < len(statements) <= STATEMENTS, statements
