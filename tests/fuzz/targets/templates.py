"""Templates: any text, rendered where templates of entries are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fuzz.mutation import mutated
from fuzz.target import Target
from hypothesis import strategies as st

from axs_core.base.errors import NoSuchName
from axs_core.entry import Scope
from axs_core.entry.templates import names_in

SEEDS = (
    b"{{ n }}",
    b"{{ model.path }}/x{{ n + 1 }}",
    b"{{ 'onnxrt' if file.endswith('.onnx') else 'pytorch' }}",
    b"{% for i in range(n) %}{{ i * many|length }},{% endfor %}",
    b"{{ many|map('string')|join(',') }}",
    b"{% if n > 3 and t is defined %}a{% else %}b{% endif %}",
    b"{{ t|replace('a', 'b')|upper }}{# note #}",
    b"{{ many[0] ~ t[1:3] ~ inner.a['b'] }}",
    b"{{ [1, 2] + many }}",
    b"{{ {'a': n}|tojson }}",
    b"{{ n ** 2 % 7 }}",
    b"{% set x = t ~ t %}{{ x }}",
    b"{% macro f(a) %}{{ a }}{% endmacro %}{{ f(n) }}",
    b"{{ model.opset|default(8) }}",
    b"{% set x %}{{ t }}{% endset %}{{ x }}",
    b"{{ many|sort|unique|list }}",
    b"{{ t.split('a') }}",
    b"{{ dict(a=1) }}",
    b"{% filter upper %}{{ t }}{% endfilter %}",
    b"{{ many|selectattr('a')|list }}",
    b"{{ n|round(2)|int }}",
)
TOKENS = (
    b"{{ ",
    b" }}",
    b"{% ",
    b" %}",
    b"{%- ",
    b"range(10**9)",
    b"range(99999)",
    b"{% for i in range(99999) %}",
    b"{% endfor %}",
    b"'x' * 10**9",
    b"'%1000000000d'",
    b" % n",
    b" ** ",
    b"9 ** 9 ** 9",
    b" ~ ",
    b"|list",
    b"|sum",
    b"|map('list')",
    b"|sort",
    b"|join(t)",
    b"|replace('', t)",
    b"|string",
    b"|format(n)",
    b"|random",
    b"|tojson",
    b"|indent(999999999)",
    b"|center(999999999)",
    b"|batch(1)",
    b"|groupby('a')",
    b"|map(attribute='x')",
    b"|attr('x')",
    b".__class__",
    b"['__class__']",
    b".__init__.__globals__",
    b"|attr('__class__')",
    b".format(n)",
    b"{% macro f() %}",
    b"{% endmacro %}",
    b"{% set t = t ~ t %}",
    b"{% set t = t + t %}",
    b"{% set many = many + many %}",
    b"f()",
    b"loop(n)",
    b"recursive",
    b"{% include 'x' %}",
    b"{% import 'x' as y %}",
    b"{% extends t %}",
    b"{% block b %}{% endblock %}",
    b"{% call f() %}{% endcall %}",
    b"{% with a=n %}{% endwith %}",
    b"{% raw %}{% endraw %}",
    b"lipsum()",
    b"cycler",
    b"self",
    b"caller()",
    b"namespace()",
    b"varargs",
    b"joiner",
    b"1e308 * 10",
    b"1 / 0",
    b"-1",
    b"[[[[[[[[",
    b"((((((((",
    b"many|sum(start=t)",
    b"t|wordcount",
    b"t|truncate(n)",
    b"t|urlencode",
    b"t|striptags",
    b"t|wordwrap(1)",
    b"model",
    b"failing",
    b"absent",
    b"(n if n else t)",
    b"not ",
    b" in many",
    b" is sameas n",
    b"{% autoescape true %}",
)
_VALUES: dict[str, Any] = {
    "n": 5,
    "t": "ab ba",
    "many": [3, "a", None, 2.5],
    "inner": {"a": {"b": [1, 2]}},
    "file": "x.onnx",
    "far": 10**80,
}
_TEXTS = st.sampled_from(
    ["n", "t", "many", "inner.a.b", "model.path", "far", "absent", "1", "'x'", "2.5", "true", "[]"]
)
_EXPRESSIONS = st.recursive(
    _TEXTS,
    lambda inner: st.one_of(
        st.builds(
            lambda a, op, b: f"({a} {op} {b})",
            inner,
            st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "~", "==", "<", "in", "and", "or"]),
            inner,
        ),
        st.builds(
            lambda a, f: f"{a}{f}",
            inner,
            st.sampled_from(
                [
                    "|list",
                    "|sort",
                    "|sum",
                    "|length",
                    "|string",
                    "|upper",
                    "|join(t)",
                    "|map('string')",
                    "|map('list')",
                    "|first",
                    "|replace(t, t)",
                    "|int",
                    "|round",
                    "|tojson",
                    "|unique",
                    "|reverse",
                    "|dictsort",
                    "|items",
                    "|default(n)",
                    "[0]",
                    "[1:]",
                    "[::-1]",
                    ".a",
                    "|attr('a')",
                    "|map(attribute='a')",
                    "|max",
                    "|batch(2)|list",
                    "|xmlattr",
                ]
            ),
        ),
        st.builds(lambda a, b, c: f"({a} if {b} else {c})", inner, inner, inner),
        st.builds(lambda items: f"[{', '.join(items)}]", st.lists(inner, max_size=4)),
        st.builds(lambda a: f"range({a})", inner),
        st.builds(
            lambda a, f, b: f"({a}).{f}({b})",
            inner,
            st.sampled_from(
                ["join", "replace", "split", "format", "upper", "get", "items", "index", "append", "zfill", "encode"]
            ),
            inner,
        ),
    ),
    max_leaves=8,
)
_PIECES = st.one_of(
    _EXPRESSIONS.map(lambda text: f"{{{{ {text} }}}}"),
    st.builds(lambda a, b: f"{{% for i in {a} %}}{{{{ i }}}}{{{{ {b} }}}}{{% endfor %}}", _EXPRESSIONS, _EXPRESSIONS),
    st.builds(lambda a, b: f"{{% if {a} %}}{{{{ {b} }}}}{{% endif %}}", _EXPRESSIONS, _EXPRESSIONS),
    st.text(max_size=5),
)


class Room:
    """A scope with values of every kind, a need, and one value that fails."""

    def __init__(self, root: Path) -> None:
        self.root, self.thorough = root, True

    def close(self) -> None:
        """Nothing is open."""

    def tried(self, data: bytes) -> str:
        text = data.decode("utf-8", "surrogateescape")
        scope = Scope("odd", {**_VALUES, "failing": "{{ nothing }}"}, {"model": _Model(), "path": self.root})
        names_in(text)
        value = scope.render(text)
        return f"a value: {type(value).__name__}"


class _Model:
    """Looked into by name, as needs are."""

    def lookup(self, name: str) -> Any:
        if name != "path":
            raise NoSuchName(f"model has no {name!r}", name=name)
        return "/somewhere"


TARGET = Target(
    "templates",
    Room,
    st.one_of(
        mutated(SEEDS, TOKENS),
        st.lists(_PIECES, min_size=1, max_size=4).map(lambda pieces: "".join(pieces).encode("utf-8", "surrogatepass")),
    ),
    SEEDS,
    TOKENS,
)
