"""Names of classes in the metadata of a file, as exporters leave them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

PLACE = Path(__file__).parents[2] / "entries" / "model_file" / "program" / "class_names.py"


@pytest.mark.parametrize(
    ("metadata", "names"),
    [
        ({"names": "{0: 'tench', 1: 'great white  shark'}"}, ["tench", "great white shark"]),
        ({"names": '{"1": "dog", "0": "cat"}'}, ["cat", "dog"]),
        ({"classes": '["cat", "dog"]', "author": "me"}, ["cat", "dog"]),
        ({"labels": "cat, dog"}, ["cat", "dog"]),
        ({"class_names": "cat\nhot dog\n"}, ["cat", "hot dog"]),
        ({"names": "{1: 'cat', 2: 'dog'}"}, []),
        ({"names": "['cat', 7]"}, []),
        ({"names": "7"}, []),
        ({"names": "["}, ["["]),
        ({"names": ""}, []),
        ({}, []),
    ],
)
def test_names(metadata: dict[str, str], names: list[str]) -> None:
    spec = importlib.util.spec_from_file_location("class_names", PLACE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.names_in(metadata) == names
