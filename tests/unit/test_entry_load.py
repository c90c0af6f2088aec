"""Reading meta.yaml: every kind of mistake, told with file, line and key."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from axs_core.base.errors import EntryError
from axs_core.entry.load import DEEPEST, read_meta
from axs_core.entry.validate import schema

ENTRIES = Path(__file__).parents[2] / "entries"
KNOWN = (
    "known: title, license, tags, parents, provides, preference, attributes, parameters, needs, finds, paths, local, "
    "environment, make, plan_notes, entry_name, results, result_parents, produced"
)

# what is written, what follows the file's name in the message, the hint
MISTAKES = {
    "unknown key, near one": (
        "title: x\natributes: {a: 1}\n",
        ":2: atributes: is not a key that is known here",
        "did you mean attributes?",
    ),
    "unknown key, near none": ("zzz: 1\n", ":1: zzz: is not a key that is known here", KNOWN),
    "unknown key of a parameter": (
        "parameters:\n  a: {default: 1, hlep: x}\n",
        ":2: parameters.a.hlep: is not a key that is known here",
        "did you mean help?",
    ),
    "unknown key of a need": (
        "needs:\n  m:\n    query: model\n    forwrd: [a]\n",
        ":4: needs.m.forwrd: is not a key that is known here",
        "did you mean forward?",
    ),
    "unknown producer": (
        "make:\n  fetsh: {urls: a, file: b}\n",
        ":2: make.fetsh: is not a key that is known here",
        "did you mean fetch?",
    ),
    "no name": (
        "attributes: {a-b: 1}\n",
        ":1: attributes.a-b: is no name: a letter or _, then letters, digits and _",
        None,
    ),
    "number as key": ("1: x\n", ":1: its keys must be text, not a number (1); write it in quotes", None),
    "yes as key": (
        "attributes: {yes: x}\n",
        ":1: attributes: its keys must be text, not true or false; write it in quotes",
        None,
    ),
    "number as key inside a value": (
        "attributes:\n  labels:\n    1: cat\n",
        ":2: attributes.labels: its keys must be text, not a number (1); write it in quotes",
        None,
    ),
    "key twice": ("title: a\ntags: [x]\ntitle: b\n", ":3: is not valid YAML: the key 'title' stands here twice", None),
    "key twice, deep": (
        "parameters:\n  p: {default: 1, default: 2}\n",
        ":2: is not valid YAML: the key 'default' stands here twice",
        None,
    ),
    "number for text": ("title: 5\n", ":1: title: must be text, not a number (5)", None),
    "nothing for text": ("title:\n", ":1: title: must be text, not nothing", None),
    "text for a list": ("provides: model\n", ":1: provides: must be a list, not text ('model')", None),
    "flat provides": ("provides: [model]\n", ":1: provides.0: must be a list, not text ('model')", None),
    "mapping in provides": (
        "provides:\n  - [model]\n  - [model, {a: 1}]\n",
        ":3: provides.1.1: must be text, not a mapping",
        None,
    ),
    "empty provides": ("provides: []\n", ":1: provides: must not be empty", None),
    "empty alternative": ("provides: [[]]\n", ":1: provides.0: must not be empty", None),
    "empty tag": ("tags: ['']\n", ":1: tags.0: must not be empty", None),
    "bad condition": (
        "provides:\n  - [model]\n  - [model, '=3']\n",
        ":3: provides.1: a name must stand before =\n    =3\n    ^",
        "key=3",
    ),
    "bad query of a need": (
        "needs:\n  m:\n    query: model,,a=1\n",
        ":3: needs.m.query: there is nothing before this comma\n    model,,a=1\n          ^",
        "take the comma away, or put it in double quotes if it is meant",
    ),
    "contradiction": (
        "needs: {m: 'model,a=1,a=2'}\n",
        ":1: needs.m: a is given two different values\n    model,a=1,a=2\n          ^^^ ^^^",
        "keep one of a=1 and a=2",
    ),
    "list for a mapping": ("parameters: [a]\n", ":1: parameters: must be a mapping, not a list", None),
    "number for a parameter": ("parameters:\n  a: 5\n", ":2: parameters.a: must be a mapping, not a number (5)", None),
    "unknown type": (
        "parameters:\n  a: {type: integer}\n",
        ":2: parameters.a.type: must be one of str, int, float, bool, list, dict, file, folder, version, not 'integer'",
        None,
    ),
    "need without a query": ("needs:\n  m: {forward: [a]}\n", ":2: needs.m: lacks query", None),
    "number for a need": ("needs:\n  m: 5\n", ":2: needs.m: must be text or a mapping, not a number (5)", None),
    "text for forward": (
        "needs:\n  m: {query: model, forward: a}\n",
        ":2: needs.m.forward: must be a list, not text ('a')",
        None,
    ),
    "empty make": ("make: {}\n", ":1: make: must not be empty", None),
    "what a producer requires": ("make:\n  fetch: {}\n", ":2: make.fetch: lacks urls, file", None),
    "number for urls": (
        "make:\n  fetch: {urls: 5, file: b}\n",
        ":2: make.fetch.urls: must be text or a list, not a number (5)",
        None,
    ),
    "text for run": (
        "make:\n  program: {run: echo}\n",
        ":2: make.program.run: must be a list, not text ('echo')",
        None,
    ),
    "text for a number": ("preference: high\n", ":1: preference: must be a number, not text ('high')", None),
    "text for a truth value": ("local: maybe\n", ":1: local: must be true or false, not text ('maybe')", None),
    "list for the identity of what was made": (
        "produced: {key: [1]}\n",
        ":1: produced.key: must be text, not a list",
        None,
    ),
    "a list": ("- a\n- b\n", ":1: must be a mapping of keys to values, not a list", None),
    "a text": ("hello\n", ":1: must be a mapping of keys to values, not text ('hello')", None),
    "open bracket": ("title: [a\nb: c\n", ":2: is not valid YAML: did not find expected ',' or ']'", None),
    "tab": ("title: a\n\tb: c\n", ":2: is not valid YAML: found a tab character that violates indentation", None),
    "two documents": ("title: a\n---\ntitle: b\n", ":2: is not valid YAML: but found another document", None),
    "control character": ("\ntitle: a\x07b\n", ":2: is not valid YAML: control characters are not allowed", None),
    "alias of nothing": ("attributes: {a: *x}\n", ":1: is not valid YAML: found undefined alias", None),
    "list as key": ("attributes: {[a]: 1}\n", ":1: is not valid YAML: found unhashable key", None),
    "binary": (
        "attributes: {a: !!binary aGVsbG8=}\n",
        ":1: attributes.a: must be text, a number, true or false, a list or a mapping, not bytes",
        None,
    ),
    "an object of Python": (
        "attributes: {a: !!python/object/apply:os.system [ls]}\n",
        ":1: is not valid YAML: could not determine a constructor for the tag "
        "'tag:yaml.org,2002:python/object/apply:os.system'",
        None,
    ),
    "a number without end": (
        f"attributes: {{a: {'9' * 5000}}}\n",
        ": holds a whole number that is too long to be read",
        None,
    ),
    "anchor in itself": (
        "attributes: {a: &x [*x]}\n",
        f":1: attributes.a: is nested more than {DEEPEST} levels deep",
        None,
    ),
    "nested too deep": (
        "attributes:\n  a: " + "[" * 500 + "]" * 500,
        f":2: is nested more than {DEEPEST} levels deep",
        None,
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake(tmp_path: Path, name: str) -> None:
    text, message, hint = MISTAKES[name]
    file = tmp_path / "meta.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(EntryError) as caught:
        read_meta(file)
    assert str(caught.value) == f"{file}{message}"
    assert caught.value.hint == hint
    assert caught.value.exit_code == 2


def test_nested_so_deep_that_libyaml_would_die_of_it(tmp_path: Path) -> None:
    file = tmp_path / "meta.yaml"
    file.write_text("attributes:\n  a: " + "[" * 200_000 + "]" * 200_000, encoding="utf-8")
    with pytest.raises(EntryError, match="nest") as caught:  # a newer libyaml refuses it before we do
        read_meta(file)
    assert (caught.value.file, caught.value.line) == (file, 2)


def test_half_a_character(tmp_path: Path) -> None:
    file = tmp_path / "meta.yaml"
    file.write_text('attributes:\n  a: ["\\ud800"]\n')
    with pytest.raises(EntryError) as caught:
        read_meta(file)
    assert caught.value.file == file


def test_anchors_stacked_up_are_refused_before_they_fill_the_memory(tmp_path: Path) -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 20)]
    file = tmp_path / "meta.yaml"
    file.write_text("attributes:\n" + "".join(f"  {row}\n" for row in rows))
    with pytest.raises(EntryError) as caught:
        read_meta(file)
    assert (
        str(caught.value) == f"{file}:21: attributes.a19: holds more than 1000000 values, "
        "those of its anchors counted each time"
    )


def test_what_is_no_utf8(tmp_path: Path) -> None:
    file = tmp_path / "meta.yaml"
    file.write_bytes("title: Grüße\n".encode("latin-1"))
    with pytest.raises(EntryError) as caught:
        read_meta(file)
    assert str(caught.value) == f"{file}: is not UTF-8 text (byte 9)"


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "meta.yaml").mkdir()
    with pytest.raises(EntryError) as caught:
        read_meta(tmp_path / "meta.yaml")
    assert str(caught.value) == f"{tmp_path / 'meta.yaml'}: cannot be read: Is a directory"


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("", {}),
        ("# nothing yet\n", {}),
        ("\ufefftitle: a\r\ntags: [x]\r\n", {"title": "a", "tags": ["x"]}),
        ("attributes: {a: &x [1], b: *x}\n", {"attributes": {"a": [1], "b": [1]}}),
        (
            "attributes:\n  a: &a {x: 1}\n  b: {<<: *a, y: 2}\n",
            {"attributes": {"a": {"x": 1}, "b": {"x": 1, "y": 2}}},
        ),
        ("attributes: {made: 2024-01-01}\n", {"attributes": {"made": "2024-01-01"}}),
        ("attributes: {version: '1.10'}\n", {"attributes": {"version": "1.10"}}),
        ("needs: {m: 'model,x={{ a, b }}'}\n", {"needs": {"m": "model,x={{ a, b }}"}}),
    ],
)
def test_what_is_read(tmp_path: Path, text: str, data: object) -> None:
    (tmp_path / "meta.yaml").write_bytes(text.encode())
    assert read_meta(tmp_path / "meta.yaml") == data


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    assert json.loads(json.dumps(schema())) == schema()


@pytest.mark.parametrize("entry", sorted(file.parent.name for file in ENTRIES.glob("*/meta.yaml")))
def test_shipped_entries_can_be_read(entry: str) -> None:
    meta = read_meta(ENTRIES / entry / "meta.yaml")
    assert meta["title"]
