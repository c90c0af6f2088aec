"""Templates: typed values, names looked up when they are used, nothing but looking."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from axs_core.entry.sandbox import LONGEST
from axs_core.entry.scope import Scope
from axs_core.entry.templates import is_template, names_in, render
from axs_core.errors import EntryError, NoSuchName, NotFound, ProduceError

VALUES = {
    "name": "resnet50",
    "batch": 8,
    "rate": 0.5,
    "sizes": [1, 2],
    "table": {"a": 1},
    "nothing": None,
    "yes": True,
    "path": Path("/data"),
    "text_number": "007",
    "dict": "own",
}


class Need:
    """What a template looks into by name."""

    def __init__(self, **values: Any) -> None:
        self.scope = Scope("need", values)

    def lookup(self, name: str) -> Any:
        if name == "broken":
            raise ProduceError("it is broken")
        return self.scope.get(name)


def rendered(text: Any, **values: Any) -> Any:
    return Scope("toy", {**VALUES, **values}).render(text)


def fault(text: str, **values: Any) -> str:
    with pytest.raises(EntryError) as caught:
        rendered(text, **values)
    return caught.value.message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ batch }}", 8),
        ("{{batch}}", 8),
        ("{{- batch -}}", 8),
        ("{{ -batch }}", -8),
        ("{{ -1 }}", -1),
        ("{{ - 1.5 }}", -1.5),
        ("{{ batch + 1 }}", 9),
        ("{{ rate }}", 0.5),
        ("{{ sizes }}", [1, 2]),
        ("{{ sizes[0] }}", 1),
        ("{{ sizes + [3] }}", [1, 2, 3]),
        ("{{ table }}", {"a": 1}),
        ("{{ table.a }}", 1),
        ("{{ nothing }}", None),
        ("{{ yes }}", True),
        ("{{ path }}", Path("/data")),
        ("{{ text_number }}", "007"),
        ("{{ name }}", "resnet50"),
        ("{{ {'a': '}}'} }}", {"a": "}}"}),
        ("{{\n  batch\n}}", 8),
        ("{{ batch if name == 'resnet50' else 1 }}", 8),
        ("{{ name ~ '_' ~ batch }}", "resnet50_8"),
        ("{{ range(3) | list }}", [0, 1, 2]),
        ("{{ dict }}", "own"),
        ("x{{ batch }}", "x8"),
        ("{{ batch }} ", "8 "),
        ("{{ batch }}{{ batch }}", "88"),
        ("{{ batch }}{# a note #}", "8"),
        ("{# a note #}{{ batch }}", "8"),
        ("{% if yes %}{{ batch }}{% endif %}", "8"),
        ("{% raw %}{{ x }}{% endraw %}", "{{ x }}"),
        ("{{ path }}/x", "/data/x"),
        ("{{ name.upper() }}", "RESNET50"),
        ("{{ name | replace('net', 'NET') }}", "resNET50"),
        ("{{ name.replace('net', '') }}", "res50"),
        ("{{ sizes | join(', ') }}", "1, 2"),
        ("{{ ', '.join(['a', 'b']) }}", "a, b"),
        ("{{ table | tojson }}", '{"a": 1}'),
        ("no template", "no template"),
        ("{ name }", "{ name }"),
        (5, 5),
        (None, None),
        (["{{ batch }}", {"k": "{{ name }}"}], [8, {"k": "resnet50"}]),
        (("{{ batch }}",), [8]),
    ],
)
def test_value_and_type(text: Any, value: Any) -> None:
    result = rendered(text)
    assert result == value
    assert type(result) is type(value)


def test_is_template_and_names() -> None:
    assert [is_template(text) for text in ("{{ a }}", "{% if a %}{% endif %}", "{# a #}", "{a}", "a", 5)] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]
    assert names_in("{{ a + b.c }}{% for d in e %}{{ d }}{% endfor %}") == {"a", "b", "e"}


def test_a_missing_name_says_what_there_is() -> None:
    with pytest.raises(NoSuchName) as caught:
        rendered("{{ nam }}")
    assert str(caught.value) == "toy has no 'nam'"
    assert caught.value.hint == "did you mean name?"
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("text", ["{{ gone.x }}", "{{ gone[0] }}", "{{ gone() }}", "a{{ gone }}", "{{ gone + 1 }}",
                                  "{{ gone | upper }}", "{{ 1 if gone else 2 }}", "{{ gone == 1 }}"])  # fmt: skip
def test_any_use_of_a_missing_name_is_an_error(text: str) -> None:
    with pytest.raises(NotFound, match=r"^toy has no 'gone'$"):
        rendered(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ gone if false else 1 }}", 1),
        ("{{ gone | default(1) }}", 1),
        ("{{ gone is defined }}", False),
        ("{{ yes or gone }}", True),
        ("{{ batch | default(1) }}", 8),
        ("{{ need.gone | default(1) }}", 1),
        ("{{ need.there | default(1) }}", 2),
        ("{{ need['there'] }}", 2),
        ("{{ need.gone is defined }}", False),
    ],
)
def test_a_missing_name_that_is_not_used_is_no_error(text: str, value: Any) -> None:
    assert rendered(text, need=Need(there=2)) == value


def test_a_missing_name_of_a_need() -> None:
    with pytest.raises(NotFound, match=r"^need has no 'gone'$"):
        rendered("{{ need.gone }}", need=Need())


@pytest.mark.parametrize(
    "text",
    [
        "{{ bad }}",
        "{{ bad | default(1) }}",
        "{{ bad is defined }}",
        "{{ bad is undefined }}",
        "{{ need.broken | default(1) }}",
    ],
)
def test_a_failure_is_no_missing_value(text: str) -> None:
    def lookup(name: str) -> Any:
        if name == "need":
            return Need()
        raise ProduceError("it is broken")

    with pytest.raises(ProduceError, match=r"^it is broken$"):
        render(text, lookup)


def test_a_failure_that_is_not_used_is_no_error() -> None:
    def lookup(name: str) -> Any:
        raise ProduceError("it is broken")

    assert render("{{ 1 if true else bad }}", lookup) == 1


def test_what_a_value_is_computed_from_is_no_missing_value() -> None:
    with pytest.raises(NotFound) as caught:
        rendered("{{ outer | default(1) }}", outer="{{ inner }}")
    assert str(caught.value) == "toy has no 'inner'"
    assert caught.value.needed_by == ("toy: outer",)


def test_values_may_use_each_other_but_not_in_a_circle() -> None:
    assert rendered("{{ a }}", a="{{ b }}x", b="{{ batch }}") == "8x"
    with pytest.raises(EntryError) as caught:
        rendered("{{ a }}", a="{{ b }}", b="{{ c }}", c="{{ a }}")
    assert str(caught.value) == "toy: these values need each other: a -> b -> c -> a"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ a b }}", "the template '{{ a b }}' cannot be read: expected token 'end of print statement', got 'b'"),
        ("{{ 1 / 0 }}", "the template '{{ 1 / 0 }}' fails: division by zero"),
        ("{{ batch.gone }}", "the template '{{ batch.gone }}' fails: 'int object' has no attribute 'gone'"),
        ("{{ sizes[7] }}", "the template '{{ sizes[7] }}' fails: list object has no element 7"),
        ("{{ batch | nofilter }}", "the template '{{ batch | nofilter }}' cannot be read: No filter named 'nofilter'."),
        ("{{ 'a' + 1 }}", 'the template "{{ \'a\' + 1 }}" fails: can only concatenate str (not "int") to str'),
    ],
)
def test_a_template_that_fails(text: str, message: str) -> None:
    assert fault(text) == message


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__ }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ ''['__class__'] }}",
        "{{ name | attr('__class__') }}",
        "{{ (1).__class__.__base__ }}",
        "{{ sizes.append(3) }}",
        "{{ table.update(b=2) }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ lipsum.__globals__ }}",
        "{{ namespace }}",
        "{% include 'x' %}",
        "{% import 'x' as x %}",
        "{{ self.__init__ }}",
        "{{ (range).__globals__ }}",
        "{{ '{0.__class__}'.format(1) }}",
        "{{ ''.format_map({}) }}",
        "{{ name | map(attribute='__class__') | list }}",
        "{{ need.__class__ }}",
        "{{ need.lookup }}",
        "{{ need.scope }}",
    ],
)
def test_there_is_no_way_out(text: str) -> None:
    with pytest.raises((EntryError, NotFound)):
        rendered(text, need=Need())
    assert VALUES["sizes"] == [1, 2]
    assert VALUES["table"] == {"a": 1}


@pytest.mark.parametrize(
    "text",
    [
        "{{ 'a' * 10000000000 }}",
        "{{ 10000000000 * [0] }}",
        "{{ (1,) * 10000000000 }}",
        "{{ 10 ** (10 ** 10) }}",
        "{{ '{:>10000000000}'.format(1) }}",
        "{{ ''['ljust'](10000000000) }}",
        "{{ (2 ** 60) ** 1000 }}",
        "{{ '%10000000000d' % 1 }}",
        "{{ '%10000000000d' | format(1) }}",
        "{{ 'a'.ljust(10000000000) }}",
        "{{ 'a'.zfill(10000000000) }}",
        "{{ '\\t'.expandtabs(10000000000) }}",
        "{{ 'a' | center(10000000000) }}",
        "{{ [1] | batch(10000000000, 0) | list }}",
        "{{ ('a' * 1000000) | replace('a', 'a' * 1000000) }}",
        "{{ ('a' * 1000000).replace('a', 'a' * 1000000) }}",
        "{{ ('a' * 1000000).join('b' * 1000000) }}",
        "{{ ('b' * 1000000) | join('a' * 1000000) }}",
        "{{ range(100000000) }}",
        "{% for a in range(99999) %}{% for b in range(99999) %}xxxxxxxxxx{% endfor %}{% endfor %}",
        "{{ [1] | tojson(indent=10000000000) }}",
    ],
)
def test_a_template_does_not_fill_the_memory(text: str) -> None:
    assert fault(text).startswith(f"the template {text!r} ")


def test_what_is_long_but_not_too_long() -> None:
    assert len(rendered("{{ 'a' * n }}", n=LONGEST)) == LONGEST
    assert rendered("{{ 2 ** 64 }}") == 2**64


def test_nesting_that_python_cannot_read() -> None:
    assert fault("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}") == "a template is nested too deeply"
