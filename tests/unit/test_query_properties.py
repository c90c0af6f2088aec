"""What must hold for any query, any value and any version."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from axs_core.base.errors import UsageError
from axs_core.query import Condition, Query, QuerySyntaxError, parse
from axs_core.query.near import nearest
from axs_core.query.versions import compare_versions, version_key

UNTIMED = settings(deadline=None)  # the machine may be busy

KEYS = st.from_regex(r"[a-z_][a-z0-9]*([.-][a-z0-9]+)?", fullmatch=True)
TAGS = st.from_regex(r"[a-z0-9]([a-z./@+-]){0,4}", fullmatch=True)
TEXTS = st.one_of(
    st.text(),
    st.text(alphabet='ab12.:,="<>!?+-{} \n'),
    st.sampled_from(
        ["5", "1.10", "007", "1e3", "-0", "true", "{{ a, 'b:}}' }}", "x{{ y }}", "{{ open", "http://h:1/a?b=c"]
    ),
)
SCALAR_OPS = ["=", "==", "===", "?=", "!=", "<", ">", "<=", ">=", ":", "!:"]
CONDITIONS = st.one_of(
    st.builds(Condition, st.sampled_from(["tag", "-tag"]), TAGS),
    st.builds(Condition, st.sampled_from([".", "!.", "+", "-"]), KEYS),
    st.builds(Condition, st.sampled_from(SCALAR_OPS), KEYS, TEXTS, st.booleans()),
    st.lists(st.tuples(TEXTS, st.booleans())).flatmap(
        lambda items: st.builds(
            Condition, st.just(":="), KEYS, st.just(tuple(t for t, _ in items)), st.just(tuple(q for _, q in items))
        )
    ),
)
TYPES = st.sampled_from([None, "int", "float", "str", "bool", "list", "version", "path", "file", "folder", "other"])
QUERY_LIKE = st.text(alphabet="ab1 ,:=\"<>!?+-.{}'\n*/")
VERSIONS = st.one_of(
    st.text(max_size=8),
    st.from_regex(r"v?[0-9]{1,2}(\.[0-9]{1,2}){0,2}((a|rc|\.post|\.dev|\+|-|w)[0-9a-z]{0,3})?", fullmatch=True),
)


@pytest.mark.process
@UNTIMED
@given(st.lists(CONDITIONS, min_size=1, max_size=5))
def test_what_is_printed_reads_back(conditions: list[Condition]) -> None:
    query = Query(tuple(conditions))
    try:
        query.checked()
    except QuerySyntaxError:
        return
    again = parse(str(query))
    assert again == query.canonical()
    assert str(again) == str(query)


@UNTIMED
@given(st.one_of(st.text(), QUERY_LIKE, st.lists(st.one_of(st.text(), QUERY_LIKE))))
def test_any_text_is_a_query_or_a_syntax_error(text: str | list[str]) -> None:
    try:
        query = parse(text)
    except QuerySyntaxError as error:
        assert error.hint
        assert len(str(error).splitlines()) in (1, 3)
        assert all(0 <= start < max(len(error.text), 1) for start, _ in error.spans)
    else:
        assert parse(str(query)) == query.canonical()


@UNTIMED
@given(CONDITIONS, TYPES)
@example(Condition("=", "n", "9" * 400), "float")
@example(Condition("=", "n", "9" * 5000), "int")
def test_an_assignment_holds_for_its_own_value(condition: Condition, type: str | None) -> None:
    if not condition.sets():
        return
    try:
        value = condition.typed_value(type)
    except UsageError as error:
        assert str(error).startswith(f"{condition.key} must be ")
    else:
        assert condition.holds(value, type=type)


@UNTIMED
@given(CONDITIONS, st.one_of(TEXTS, st.integers(), st.floats(), st.booleans(), st.lists(TEXTS)), TYPES)
def test_a_negation_is_the_opposite(condition: Condition, value: object, type: str | None) -> None:
    opposite = {"=": "!=", ":": "!:", ".": "!.", "tag": "-tag"}.get(condition.op)
    held = condition.holds(value, type=type)
    if opposite:
        assert Condition(opposite, condition.key, condition.value, condition.quoted).holds(value, type=type) is not held


@UNTIMED
@given(VERSIONS, VERSIONS, VERSIONS)
@example("1.0+local", "1.0", "1.0-ubuntu")
@example("9" * 5000, "9" * 5001, "1." + "9" * 5000)
def test_version_order_is_total(a: str, b: str, c: str) -> None:
    for x, y, z in permutations([version_key(a), version_key(b), version_key(c)]):
        assert (x < y) + (x == y) + (x > y) == 1
        assert not (x <= y and y <= z) or x <= z


@UNTIMED
@given(VERSIONS, VERSIONS)
def test_comparison_of_versions_is_defined_for_all(a: str, b: str) -> None:
    assert compare_versions(a, a) == 0
    assert compare_versions(a, b) in (-1, 0, 1)


def test_version_order_of_real_versions() -> None:
    ordered = [
        "unknown", "0.9", "1.1.1", "1.1.1w", "1.9", "1.10rc1", "1.10", "1.10-ubuntu2", "1.10-ubuntu10", "1.10.post1",
        "v2", "2.13.0", "2.13.0+cpu", "2.39.2 (Apple Git-143)", "6.8.0-45-generic", "6.8.0-100-generic", "2026-01-15",
    ]  # fmt: skip
    assert sorted(reversed(ordered), key=version_key) == ordered


def test_nearest_words() -> None:
    names = ["framework", "model_name", "model_file", "Framework", "opset"]
    assert nearest("framwork", names) == ["Framework", "framework"]
    assert nearest("MODEL_NAM", names, n=1) == ["model_name"]
    assert nearest("zzz", names) == []
    assert nearest("model", []) == []
