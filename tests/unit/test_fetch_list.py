"""What a query would bring from the network: `axs fetch-list`."""

from __future__ import annotations

import pytest
from support.toy import Toys

from axs_core.__main__ import main
from axs_core.producers.downloads import Download

MD5 = "d41d8cd98f00b204e9800998ecf8427e"


def test_files_repositories_and_requirements(toys: Toys) -> None:
    toys.add(
        "network",
        f"""
        provides: [[network, "size?=small"]]
        attributes: {{sums: {{small: {MD5}}}}}
        make:
          fetch:
            urls: ["https://a.example/{{{{ size }}}}.bin", "https://b.example/x"]
            md5: "{{{{ sums[size] }}}}"
            size: 12
            file: x
        """,
    )
    toys.add("code", 'provides: [[code]]\nmake: {git: {url: "https://c.example/r.git", checkout: v1}}\n')
    toys.add("env", 'provides: [[env]]\nmake: {python_env: {requirements: ["numpy==2.2.6"]}}\n')
    toys.add(
        "run",
        """
        provides: [[run]]
        needs: {network: network, code: code, env: env, again: network}
        make: {program: {run: [run, "{{ network.file_path }}", "{{ code.path }}"]}}
        """,
    )
    found = toys.space().fetch_list("run")
    assert found.later == ()
    assert found.known == (
        Download("file", "https://a.example/small.bin", "network", 12, f"md5:{MD5}"),
        Download("or", "https://b.example/x", "network", 12, f"md5:{MD5}"),
        Download("git", "https://c.example/r.git", "code", None, "checkout:v1"),
        Download("python", "numpy==2.2.6", "env"),
    )


def test_what_is_there_is_left_out(toys: Toys) -> None:
    toys.maker("tool", "tool")
    toys.add("data", 'provides: [[data]]\nmake: {fetch: {urls: "https://a.example/f", file: f}}\n')
    toys.maker("run", "run", needs={"tool": "tool", "data": "data"})
    space = toys.space()
    space.byquery("tool")
    assert [item.source for item in space.fetch_list("run").known] == ["https://a.example/f"]
    assert space.fetch_list("tool").known == ()
    assert not any("data" in folder.name for folder in toys.work.iterdir())


def test_what_comes_next_if_nothing_is_detected(toys: Toys) -> None:
    toys.add("labels", 'provides: [[labels]]\nmake: {fetch: {urls: "https://a.example/labels", file: f}}\n')
    toys.add(
        "here",
        "provides: [[data]]\npreference: 2\nmake: {detect: {function: look}}\n",
        "def look(): return {}\n",
    )
    toys.add(
        "fetched",
        'provides: [[data]]\npreference: 1\nneeds: {labels: labels}\nmake: {fetch: {urls: "http://a/d", file: d}}\n',
    )
    toys.add("never", 'provides: [[data]]\nmake: {fetch: {urls: "https://a.example/never", file: d}}\n')
    known = toys.space().fetch_list("data").known
    assert [item.source for item in known] == ["https://a.example/labels", "http://a/d"]


def test_what_cannot_be_known_yet_is_said(toys: Toys) -> None:
    toys.maker("model", "model", finds=["side"])
    toys.add(
        "images",
        'provides: [[images, "side."]]\nparameters: {side: {}}\nmake: {fetch: {urls: "http://a/i", file: i}}\n',
    )
    toys.maker("run", "run", needs={"model": "model", "images": "images,side={{ model.side }}"})
    found = toys.space().fetch_list("run")
    assert found.known == ()
    assert found.later == ("images,side={{ model.side }}: model.side is known after model was made",)


def test_the_command(toys: Toys, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    toys.add("data", f"provides: [[data]]\nmake: {{fetch: {{urls: [http://a/f, http://b/f], md5: {MD5}, file: f}}}}\n")
    for name, value in toys.environ().items():
        monkeypatch.setenv(name, value)
    assert main(["fetch-list", "data", "--urls"]) == 0
    assert capsys.readouterr().out == "http://a/f\nhttp://b/f\n"
    assert main(["fetch-list", "data"]) == 0
    assert capsys.readouterr().out == (
        "kind  source      size  checksum                              for\n"
        f"file  http://a/f  -     md5:{MD5}  data\n"
        f"or    http://b/f  -     md5:{MD5}  data\n"
    )
