"""Templates: typed values, names looked up when they are used, nothing but looking."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from axs_core.base.errors import EntryError, NoSuchName, NotFound, ProduceError
from axs_core.entry.bounds import LONGEST
from axs_core.entry.scope import Scope
from axs_core.entry.templates import is_template, names_in, render

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
        "{{ need | attr('scope') }}",
        "{{ [need] | map(attribute='scope') | list }}",
        "{{ [need] | map('attr', 'scope') | list }}",
        "{{ name | attr('\\x5f\\x5fclass__') }}",
        "{{ name['\\x5f\\x5fclass__'] }}",
        "{{ (name | attr('format'))('{0.__class__}') }}",
        "{{ ['{0.__class__}'] | map('format', 1) | list }}",
        "{{ name.encode() }}",
        "{{ name.translate({}) }}",
        "{{ batch.to_bytes(10000000000, 'big') }}",
        "{{ batch.real }}",
        "{{ table.setdefault('b', 1) }}",
        "{{ table.pop('a') }}",
        "{{ sizes.copy() }}",
        "{{ dict.fromkeys('ab') }}",
        "{{ dict.mro() }}",
        "{{ call(1) }}",
        "{{ call.__globals__ }}",
        "{{ self.x }}",
        "{{ self | attr('_TemplateReference__context') }}",
        "{% for x in sizes %}{{ loop._iterator }}{% endfor %}",
        "{% for x in sizes %}{{ loop | attr('_iterable') }}{% endfor %}",
        "{% for x in sizes recursive %}{{ loop([1]) }}{% endfor %}",
        "{% set need.x = 1 %}",
        "{% macro m() %}{% endmacro %}{{ m.__globals__ }}",
        "{% call call() %}{% endcall %}",
        "{% block x %}{{ self.x() }}{% endblock %}",
        "{% extends 'x' %}",
        "{% from 'x' import y %}",
        "{% include 'x' ignore missing %}",
        "{% filter upper %}x{% endfilter %}",
        "{% autoescape true %}{% endautoescape %}",
        "{{ name | safe }}",
        "{{ (name | escape).format(1) }}",
        "{{ sizes | random }}",
        "{{ sizes | pprint }}",
        "{{ name is callable }}",
        # a path is a name: nothing is done with what it names
        "{{ path.read_text() }}",
        "{{ (path / 'x').read_bytes() }}",
        "{{ path.write_text('x') }}",
        "{{ path.open() }}",
        "{{ path.unlink() }}",
        "{{ path.mkdir() }}",
        "{{ path.iterdir() | list }}",
        "{{ path.glob('*') | list }}",
        "{{ path.exists() }}",
        "{{ path.stat() }}",
        "{{ path.home() }}",
        "{{ path.cwd() }}",
        "{{ path.resolve() }}",
        "{{ path.parent.parent.expanduser() }}",
        "{{ [path] | map(attribute='read_text') | list }}",
        "{{ (path | attr('touch'))() }}",
    ],
)
def test_there_is_no_way_out(text: str, tmp_path: Path) -> None:
    with pytest.raises((EntryError, NotFound)):
        rendered(text, need=Need(), path=tmp_path / "there", call=lambda x: x)
    assert list(tmp_path.iterdir()) == []
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
        "{{ batch.to_bytes(1000000000, 'big') }}",
        "{{ ['a' * 1000000] * 1000000 }}",
        "{{ [[0] * 1000000] * 1000 }}",
        "{{ ([[0] * 1000000] * 100) | string | length }}",
        "{{ [range(99999)] * 1000 }}",
        "{% set a = 'x' * 1000000 %}{% set b = a ~ a %}",
        "{% set a = 'x' * 1000000 %}{% set b = a + a %}",
        "{% set a = [0] * 1000000 %}{% set b = a + a %}",
        "{{ range(99999) | map('string') | map('replace', '1', 'x' * 200000) | list }}",
        "{{ range(99999) | map('join', 'x' * 1000000) | list }}",
        "{{ [[0] * 1000] * 1000 | sum(start=[]) }}",
        "{{ 'a' | batch(3) }}",
        "{% set a = 9 ** 64 %}" + "{% set a = a * a %}" * 30 + "{{ a }}",
        "{% set a = '\\\\' * 100000 %}" + "{% set a = a | tojson %}" * 30 + "{{ a }}",
        "{% set a = '\\\\' * 100000 %}" + "{% set a = [a] | string %}" * 30 + "{{ a }}",
    ],
)
def test_a_template_does_not_fill_the_memory(text: str) -> None:
    assert fault(text).startswith(f"the template {text!r} ")


@pytest.mark.process
@pytest.mark.parametrize(
    "text",
    [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% set r = range(99999) | list %}{% for a in r %}{{ r | sum }}{% endfor %}",
        "{% set r = range(99999) | list %}{% for a in r %}{% if -1 in r %}{% endif %}{% endfor %}",
        "{% set r = range(99999) | list %}{% for a in r %}{% if r == 1 %}{% endif %}{% endfor %}",
        "{% set r = range(99999) | list %}{% for a in r %}{% set x = r[1:] %}{% endfor %}",
        "{% set r = range(99999) | list %}{% for a in r %}{% if 5 is in(r) %}{% endif %}{% endfor %}",
        "{% set s = 'x' * 1000000 %}{% for a in range(99999) %}{{ s.count('y') }}{% endfor %}",
        "{% set a = [1] %}{% set b = [1] %}" + "{% set a = [a, a] %}{% set b = [b, b] %}" * 40 + "{{ a == b }}",
        "{% set a = [1] %}" + "{% set a = [a, a] %}" * 40 + "{{ a | string }}",
    ],
)
def test_a_template_does_not_hang(text: str) -> None:
    assert fault(text).endswith(("that is too much work for a template", "that value is too large"))


def test_values_do_not_grow_through_each_other() -> None:
    """Each is small as it is written."""
    values = {f"v{number}": f"{{{{ [v{number + 1}, v{number + 1}] }}}}" for number in range(40)}
    assert "that value is too large" in fault("{{ v0 }}", **values, v40=1)


def test_each_template_has_its_own_account() -> None:
    heavy = "{% for a in range(60000) %}{% endfor %}1"
    assert rendered("{{ a ~ b ~ c ~ d }}", a=heavy, b=heavy, c=heavy, d=heavy) == "1111"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ path.parent / path.stem ~ '.x' }}", "/data.x"),
        ("{{ path.joinpath('a', 'b.txt').suffix }}", ".txt"),
        ("{% for x in sizes %}{{ loop.index }}{% if not loop.last %},{% endif %}{% endfor %}", "1,2"),
        ("{% set x = batch * 2 %}{{ x }}", "16"),
        ("{{ sizes | map('string') | join('-') }}", "1-2"),
        ("{{ [{'n': 1}, {'n': 2}] | map(attribute='n') | sum }}", 3),
        ("{{ [{'n': 1}, {'n': 2}] | selectattr('n', '>', 1) | list }}", [{"n": 2}]),
        ("{{ sizes | select('odd') | list }}", [1]),
        ("{{ table.items() | list }}", [("a", 1)]),
        ("{{ table.get('b', 2) }}", 2),
        ("{{ 'a' ~ 1 ~ none }}", "a1None"),
        ("{{ batch is defined and batch > 2 }}", True),
        ("{{ sizes | length }}", 2),
        ("{{ name | upper | lower | trim | title }}", "Resnet50"),
    ],
)
def test_what_templates_can_do(text: str, value: Any) -> None:
    assert rendered(text) == value


def test_what_is_long_but_not_too_long() -> None:
    assert len(rendered("{{ 'a' * n }}", n=LONGEST)) == LONGEST
    assert rendered("{{ 2 ** 64 }}") == 2**64


def test_nesting_that_python_cannot_read() -> None:
    assert fault("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}") == "a template is nested too deeply"


@pytest.mark.parametrize("text", ["{% if true[1:] %}a{% endif %}", "{{ 1.5[0] }}", "{{ 2.5() }}", "a{{ 1 / 0 }}"])
def test_constants_that_make_no_sense_warn_of_nothing(text: str) -> None:
    assert fault(text).startswith(f"the template {text!r} fails: ")


def test_what_python_itself_cannot_read() -> None:
    assert fault("{% for a in sizes %}" * 25 + "{% endfor %}" * 25) == "a template is nested too deeply"


def test_rounding_is_bounded() -> None:
    assert rendered("{{ 2.375 | round(2) }}") == 2.38
    assert rendered("{{ 2.5 | round(0, 'floor') }}") == 2.0
    assert "so many decimals" in fault("{{ 2.5 | round(1000000000, 'ceil') }}")
