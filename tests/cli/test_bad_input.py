"""What a user sees when something is wrong: exactly this on standard error, nothing on standard output, this exit code.

Each test runs the command itself on toy entries. In what is compared, TOYS stands for the folder of the test and KEY
for the key in the name of a made entry.
"""

# ruff: noqa: E501 (messages stand here as they come out)

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from textwrap import dedent

import pytest
from support.axs_command import AxsCommand
from support.http_server import Server
from support.toy import Toys

pytestmark = pytest.mark.process

POEM = {
    "title": "A poem",
    "provides": [["poem", "language=english", "name=autumn"]],
    "parameters": {
        "lines": {"default": 3, "type": "int", "minimum": 1, "help": "so many of its lines"},
        "pace": {"type": "float", "exclusive_minimum": 0, "help": "words per second"},
        "ink": {"default": "black", "choices": ["black", "blue"]},
    },
}
INTERRUPTIBLE = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from axs_core.__main__ import main; sys.exit(main())"
)
"""The command, also where whoever runs the tests has told children to ignore Ctrl-C."""


@dataclass(frozen=True)
class Said:
    """What a command came to."""

    code: int
    stderr: str


def command(*words: str) -> list[str]:
    return [sys.executable, "-c", INTERRUPTIBLE, *words]


def plain(text: str, toys: Toys) -> str:
    return re.sub(r"_[0-9a-f]{10}\b", "_KEY", text.replace(str(toys.recipes.parent), "TOYS"))


def ask(toys: Toys, *words: str, **settings: str) -> Said:
    """Run ``axs WORDS``; it must print nothing on standard output."""
    done = subprocess.run(
        command(*words), env={**toys.environ(), **settings}, capture_output=True, text=True, check=False
    )
    assert done.stdout == ""
    return Said(done.returncode, plain(done.stderr, toys))


def text(said: str) -> str:
    return dedent(said).removeprefix("\n")


def is_made(toys: Toys) -> bool:
    """Does anything in the work collection look finished?"""
    return any(toys.work.rglob("meta.yaml")) or any(toys.work.glob("*/*.part"))


# queries


PRECISIONS = "precision must be one of fp32, fp16, bf16, int8, int4"


@pytest.mark.parametrize(
    ("query", "code", "stderr"),
    [
        (
            "peom,language=english,name=autumn",
            3,
            """
            error: nothing provides peom,language=english,name=autumn
                poem: it has no tag peom; the query does not say the tag poem

            hint: did you mean 'poem,language=english,name=autumn'?
            """,
        ),
        (
            "poem,langage=english,name=autumn",
            3,
            """
            error: nothing provides poem,langage=english,name=autumn
                poem: the query does not say language=english; it has no parameter or attribute 'langage' (did you mean language?)

            hint: did you mean 'poem,language=english,name=autumn'?
            """,
        ),
        (
            "poem,language=english,name=autumn,line=2",
            3,
            """
            error: nothing provides poem,language=english,line=2,name=autumn
                poem: it has no parameter or attribute 'line' (did you mean lines?)

            hint: did you mean 'poem,language=english,lines=2,name=autumn'?
            """,
        ),
        (
            "poem,language=englisch,name=autumn",
            3,
            """
            error: nothing provides poem,language=englisch,name=autumn
                poem: language=englisch does not hold: it has language=english

            hint: did you mean 'poem,language=english,name=autumn'?
            """,
        ),
        (
            "poem,language=english,name=autumn,ink=blu",
            2,
            """
            error: ink must be one of black, blue: 'blu'
              needed by: poem,ink=blu,language=english,name=autumn

            hint: did you mean ink=blue?
            """,
        ),
        (
            "poem,language=english,name=autumn,lines=two",
            2,
            """
            error: lines must be a whole number: 'two'
              needed by: poem,language=english,lines=two,name=autumn

            hint: lines=20
            """,
        ),
        (
            "poem,language=english,name=autumn,pace=0",
            2,
            """
            error: pace must be more than 0: 0
              needed by: poem,language=english,name=autumn,pace=0

            hint: words per second
            """,
        ),
        (
            "xylophone",
            3,
            """
            error: nothing provides xylophone

            hint: no recipe or entry has the tag 'xylophone'
            """,
        ),
        (
            "poem,language=",
            2,
            """
            error: there is no value after =
                poem,language=
                             ^

            hint: language="" for an empty text, language!. for no value at all
            """,
        ),
    ],
)
def test_queries(query: str, code: int, stderr: str, toys: Toys) -> None:
    toys.add("poem", POEM)
    assert ask(toys, "byquery", query) == Said(code, text(stderr))


@pytest.mark.parametrize(
    ("value", "stderr"),
    [
        (
            "0",
            """
            error: loadgen_target_qps must be more than 0: 0
              needed by: loadgen_output,loadgen_target_qps=0

            hint: Server: the load, in queries/s (default: half of what single samples reach); Offline: the expected samples/s (default: measured in the warm-up)
            """,
        ),
        (
            "abc",
            """
            error: loadgen_target_qps must be a number, in queries/s: 'abc'
              needed by: loadgen_output,loadgen_target_qps=abc

            hint: loadgen_target_qps=1.5
            """,
        ),
    ],
)
def test_target_qps(value: str, stderr: str, toys: Toys) -> None:
    assert ask(toys, "byquery", f"loadgen_output,loadgen_target_qps={value}") == Said(2, text(stderr))


@pytest.mark.parametrize(
    ("said", "code", "first", "hint"),
    [
        ("loadgen_target_latency=20ms", 2, "loadgen_target_latency must be a number, in ms: '20ms'", "loadgen_target_latency=20"),
        ("execution_device=gpu", 2, "execution_device must be one of cpu, cuda: 'gpu'", "did you mean execution_device=cuda?"),
        ("precision=float16", 2, f"{PRECISIONS}: 'float16'", "did you mean precision=fp16?"),
        ("precision=int2", 2, f"{PRECISIONS}: 'int2'", "axs byquery ...,precision=fp32"),
        ("target_qps=100", 3, "nothing provides loadgen_output,target_qps=100", "did you mean 'loadgen_output,loadgen_target_qps=100'?"),
        ("scenario=Server", 3, "nothing provides loadgen_output,scenario=Server", "did you mean 'loadgen_output,loadgen_scenario=Server'?"),
        ("loadgen_batch_size=8", 3, "nothing provides loadgen_output,loadgen_batch_size=8", "did you mean 'loadgen_output,batch_size=8'?"),
        ("latency=20ms", 3, "nothing provides loadgen_output,latency=20ms", "did you mean 'loadgen_output,loadgen_target_latency=20'?"),
        ("find_target_qp+", 3, "nothing provides loadgen_output,find_target_qp+", "did you mean 'loadgen_output,find_target_qps+'?"),
    ],
)  # fmt: skip
def test_what_people_type_for_a_benchmark(said: str, code: int, first: str, hint: str, toys: Toys) -> None:
    told = ask(toys, "plan", f"loadgen_output,{said}")
    lines = told.stderr.splitlines()
    assert (told.code, lines[0], lines[-1]) == (code, f"error: {first}", f"hint: {hint}")


def test_some_of_several_have_no_such_value(toys: Toys) -> None:
    code = """
        from axs_core.base.errors import Inapplicable

        def words(count):
            if count is None:
                raise Inapplicable("a drawing has no words")
            return count
    """
    for name, count in (("one", None), ("two", 12), ("three", None)):
        toys.add(name, {"provides": [["sheet", f"name={name}"]], "attributes": {"count": count}}, code)
    every = subprocess.run(
        command("all_byquery", "sheet", ",", "get", "words"),
        env=toys.environ(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (every.returncode, every.stdout) == (0, "12\n")
    assert every.stderr == "left out: one (and 1 more): a drawing has no words\n"
    assert ask(toys, "all_byquery", "sheet,name=one", ",", "get", "words") == Said(
        1, "error: one: a drawing has no words\n"
    )
    assert ask(toys, "byname", "one", ",", "get", "words") == Said(1, "error: a drawing has no words\n")


def test_a_table_is_called_by_its_first_line(toys: Toys) -> None:
    said = ask(toys, "list", ",", "lst")
    assert said.code == 2
    assert re.match(r"error: 'name [^\n]+' and \d+ more lines has no action 'lst' \(it has ", said.stderr)


def test_many_that_all_fail_are_not_all_told(toys: Toys) -> None:
    for number in range(8):
        toys.add(f"leaf_{number}", {"tags": ["leaf"]})
    said = ask(toys, "all_byquery", "leaf", ",", "get", "colour")
    told = said.stderr.splitlines()
    assert said.code == 3
    assert [line.split(": ")[1] for line in told if line.startswith("error: ")] == [f"leaf_{n}" for n in range(5)]
    assert told[-1] == "warning: it fails for 3 more of them"


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_more_samples_than_the_data_set_has(axs: AxsCommand) -> None:
    done = axs.run("byquery", "loadgen_output,loadgen_dataset_size=5000", ",", "get", "accuracy", expect=1)
    assert done.stdout == ""
    said = done.stderr[done.stderr.index("error: ") :]
    assert re.sub(r"_[0-9a-f]{10}\b", "_KEY", said.replace(str(axs.collection), "WORK")) == text(
        """
        error: preprocess.py: exit code 1
            error: first_n=5000 is more than the 768 images of the digits' part 'val'
          needed by: loadgen_output,loadgen_dataset_size=5000
          log: WORK/preprocessed_digits_val_KEY/.axs/log.txt
        """
    )


# entries


def test_a_broken_meta_yaml(toys: Toys) -> None:
    toys.add("poem", {**POEM, "make": {"fech": {"urls": "http://127.0.0.1/poem"}}})
    asked = ask(toys, "byquery", "poem,language=english,name=autumn")
    assert asked == Said(
        3,
        text(
            """
            error: nothing provides poem,language=english,name=autumn
                cannot be read: TOYS/recipes/poem/meta.yaml:22: make.fech: is not a key that is known here

            hint: no recipe or entry that can be read has the tag 'poem'
            """
        ),
    )
    assert ask(toys, "byname", "poem") == Said(
        2,
        text(
            """
            error: TOYS/recipes/poem/meta.yaml:22: make.fech: is not a key that is known here

            hint: did you mean fetch?
            """
        ),
    )


def test_what_is_no_yaml(toys: Toys) -> None:
    toys.add("poem", "title: A poem\nprovides: [[poem]\nmake: {}\n")
    where = "TOYS/recipes/poem/meta.yaml:3"
    assert ask(toys, "byname", "poem") == Said(
        2, f"error: {where}: is not valid YAML: did not find expected ',' or ']'\n"
    )


def test_a_circle_of_needs(toys: Toys) -> None:
    for name, need in (("hen", "egg"), ("egg", "nest"), ("nest", "hen")):
        toys.add(name, {"provides": [[name]], "needs": {"it": need}, "make": {"python": {"function": "f"}}})
    assert ask(toys, "byquery", "hen") == Said(
        2,
        text(
            """
            error: TOYS/recipes/hen/meta.yaml: needs: these needs wait for each other:
                hen
                egg
                nest
                hen
              needed by: nest
              needed by: egg
              needed by: hen
            """
        ),
    )


@pytest.mark.parametrize(
    ("meta", "stderr"),
    [
        (
            {"make": {"program": {"run": ["echo", "{{ color }}"]}}},
            """
            -> making painting
            error: TOYS/recipes/painting/meta.yaml:10: make.program.run.1: painting has no 'color'

            hint: did you mean colour?
            """,
        ),
        (
            {"make": {"program": {"run": ["echo"], "env": {"DIVIDED": "{{ 1 / 0 }}"}}}},
            """
            -> making painting
            error: TOYS/recipes/painting/meta.yaml:11: make.program.env.DIVIDED: the template '{{ 1 / 0 }}' fails: division by zero
            """,
        ),
        (
            {"attributes": {"shade": "dark {{ color }}"}, "make": {"program": {"run": ["echo"]}}},
            """
            -> making painting
            error: TOYS/recipes/painting/meta.yaml:7: attributes.shade: painting has no 'color'
              needed by: painting: shade

            hint: did you mean colour?
            """,
        ),
        (
            {"entry_name": "in_{{ color }}", "make": {"program": {"run": ["echo"]}}},
            """
            error: TOYS/recipes/painting/meta.yaml:6: entry_name: painting has no 'color'

            hint: did you mean colour?
            """,
        ),
        (
            {"needs": {"frame": "frame,colour={{ color }}"}, "make": {"program": {"run": ["echo"]}}},
            """
            error: TOYS/recipes/painting/meta.yaml:7: needs.frame: painting has no 'color'
              needed by: the need 'frame' of painting

            hint: did you mean colour?
            """,
        ),
        (
            {"provides": [["painting", "shade?={{ color }}"]], "make": {"program": {"run": ["echo"]}}},
            """
            error: TOYS/recipes/painting/meta.yaml:2: provides.0: painting has no 'color'
              needed by: painting

            hint: did you mean colour?
            """,
        ),
    ],
)
def test_a_template_that_names_nothing(meta: dict[str, object], stderr: str, toys: Toys) -> None:
    toys.add("painting", {"provides": [["painting"]], "parameters": {"colour": {"default": "red"}}, **meta})
    assert ask(toys, "byquery", "painting") == Said(2, text(stderr))
    assert not is_made(toys)


def test_a_template_of_a_parent(toys: Toys) -> None:
    toys.add("base", {"make": {"program": {"run": ["echo", "{{ colour }}"]}}})
    toys.add("painting", {"provides": [["painting"]], "parents": ["base"]})
    assert ask(toys, "byquery", "painting") == Said(
        2,
        text(
            """
            -> making painting
            error: TOYS/recipes/base/meta.yaml:5: make.program.run.1: painting has no 'colour'

            hint: it has: byquery, machine, needs, note, parameters, parameters_file, path, query, recipe_path, tags
            """
        ),
    )


def test_a_function_that_raises(toys: Toys) -> None:
    toys.maker("painting", "painting", "(path / 'half.txt').write_text('half')\nreturn {}['colour']")
    assert ask(toys, "byquery", "painting") == Said(
        2,
        text(
            """
            -> making painting
            error: TOYS/recipes/painting/code.py:7: function 'make_it' raised KeyError: 'colour'
            """
        ),
    )
    assert not is_made(toys)
    assert not list(toys.work.rglob("half.txt"))


# downloads


def fetch(toys: Toys, urls: list[str], **spec: object) -> None:
    toys.add("weights", {"provides": [["weights"]], "make": {"fetch": {"urls": urls, "file": "w.bin", **spec}}})


def test_a_checksum_that_does_not_match(toys: Toys, http_server: Server) -> None:
    url = http_server.serve("/w.bin", b"other bytes")
    right, got = md5(b"right").hexdigest(), md5(b"other bytes").hexdigest()
    fetch(toys, [url], md5=right)
    toys.add("model", {"provides": [["nested"]], "needs": {"w": "weights"}, "make": {"python": {"function": "f"}}})
    assert ask(toys, "byquery", "nested") == Said(
        1,
        text(
            f"""
            -> making weights
            -> fetching {url}
            error: w.bin could not be fetched from {url}: wrong md5: expected {right}, got {got} (truncated, or changed upstream); deleted
              needed by: nested

            hint: if the publisher has changed the file, correct `md5` in TOYS/recipes/weights/meta.yaml; or run it again; or name a mirror: AXS_MIRRORS='{http_server.root}/=https://MIRROR/'; or a folder of this machine that holds it: AXS_MIRRORS='{http_server.root}/=file:///FOLDER/'
            """
        ),
    )
    assert not is_made(toys)
    assert not list(toys.work.rglob("w.bin*"))


def test_hosts_that_do_not_answer(toys: Toys, http_server: Server) -> None:
    with Server() as gone:
        dead = gone.root
    missing = f"{http_server.root}/w.bin"
    fetch(toys, [missing, f"{dead}/w.bin"], retries=0)
    assert ask(toys, "byquery", "weights") == Said(
        1,
        text(
            f"""
            -> making weights
            -> fetching {missing}
            -> fetching {dead}/w.bin
            error: w.bin could not be fetched; these addresses were tried:
                {missing}: HTTP 404 Not Found
                {dead}/w.bin: connection refused

            hint: run it again; or name a mirror: AXS_MIRRORS='{dead}/=https://MIRROR/'; or a folder of this machine that holds it: AXS_MIRRORS='{dead}/=file:///FOLDER/'
            """
        ),
    )
    assert not is_made(toys)


def test_offline(toys: Toys) -> None:
    fetch(toys, ["https://example.org/w.bin"])
    assert ask(toys, "--offline", "byquery", "weights") == Said(
        1,
        text(
            """
            -> making weights
            error: w.bin could not be fetched from https://example.org/w.bin: AXS_OFFLINE=1 forbids the network

            hint: unset AXS_OFFLINE; or name a mirror: AXS_MIRRORS='https://example.org/=https://MIRROR/'; or a folder of this machine that holds it: AXS_MIRRORS='https://example.org/=file:///FOLDER/'
            """
        ),
    )


def test_a_package_that_does_not_exist(toys: Toys, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    index = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(empty), "PIP_CONFIG_FILE": os.devnull}
    query = "python_package,installer=pip,package_name=axs-has-no-such-package,package_version=1.0"
    assert ask(toys, "byquery", query, **index) == Said(
        1,
        text(
            f"""
            -> making {query}
            -> installing axs-has-no-such-package==1.0 with pip
            error: pip could not install axs-has-no-such-package==1.0
                ERROR: Could not find a version that satisfies the requirement axs-has-no-such-package==1.0 (from versions: none)
                ERROR: No matching distribution found for axs-has-no-such-package==1.0
              log: TOYS/work/python_package_axs-has-no-such-package_KEY/.axs/log.txt

            hint: check the name and the version, or ask for another Python: python=3.11
            """
        ),
    )
    assert not is_made(toys)


# programs


@pytest.mark.parametrize(
    ("script", "stderr"),
    [
        (
            "echo working; echo 'no licence found' >&2; exit 3",
            """
            error: sh: exit code 3
                working
                no licence found
              log: TOYS/work/job_KEY/.axs/log.txt
            """,
        ),
        (
            "echo working; kill -9 $$",
            """
            error: sh: killed by signal 9 (out of memory?)
                working
              log: TOYS/work/job_KEY/.axs/log.txt
            """,
        ),
        (
            "echo working; kill -11 $$",
            """
            error: sh: killed by signal 11 (SIGSEGV)
                working
              log: TOYS/work/job_KEY/.axs/log.txt
            """,
        ),
        (
            "echo working; sleep 60",
            """
            error: sh: timed out after 1 s
                working
              log: TOYS/work/job_KEY/.axs/log.txt

            hint: how long it may take: make.program.timeout in TOYS/recipes/job/meta.yaml, or AXS_PROGRAM_TIMEOUT
            """,
        ),
        (
            "true",
            """
            error: sh ended well but did not make answer.txt
              log: TOYS/work/job_KEY/.axs/log.txt
            """,
        ),
    ],
)
def test_a_program_that_fails(script: str, stderr: str, toys: Toys) -> None:
    spec = {"run": ["sh", "-c", script], "timeout": 1 if "sleep" in script else 60, "file": "answer.txt"}
    toys.add("job", {"provides": [["job"]], "make": {"program": spec}})
    assert ask(toys, "byquery", "job") == Said(1, "-> making job\n" + text(stderr))
    assert not is_made(toys)


def test_a_program_that_is_not_there(toys: Toys) -> None:
    toys.add("job", {"provides": [["job"]], "make": {"program": {"run": ["no-such-program"]}}})
    assert ask(toys, "byquery", "job") == Said(
        1,
        text(
            """
            -> making job
            error: no-such-program: cannot be started: there is no such program on PATH
              log: TOYS/work/job_KEY/.axs/log.txt
            """
        ),
    )


def is_alive(pid: int) -> bool:
    """Does the process run? One that has ended and that nobody has asked about (Z) does not."""
    status = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(status) and not status.startswith("Z")


def wait_for(file: Path) -> str:
    for _ in range(6000):
        if file.is_file() and (content := file.read_text()).endswith("\n"):
            return content
        time.sleep(0.01)
    raise AssertionError(f"{file} did not come")


def test_ctrl_c(toys: Toys, tmp_path: Path) -> None:
    script = f"test -e {tmp_path}/go && exit 0; sleep 600 & echo $$ $! > {tmp_path}/pids; echo half > half.txt; wait"
    toys.add("job", {"provides": [["job"]], "make": {"program": {"run": ["sh", "-c", script]}}})
    with subprocess.Popen(
        command("byquery", "job"), env=toys.environ(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as axs:
        children = [int(word) for word in wait_for(tmp_path / "pids").split()]
        axs.send_signal(signal.SIGINT)
        printed = axs.communicate()
    assert (axs.returncode, *printed) == (130, "", "-> making job\ninterrupted\n")
    assert not any(map(is_alive, children))
    assert not is_made(toys)
    (tmp_path / "go").touch()
    said = "-> making job\nmade job_KEY\n"
    again = subprocess.run(
        command("byquery", "job", ",", "get_path"), env=toys.environ(), capture_output=True, text=True, check=False
    )
    assert (again.returncode, plain(again.stdout, toys), plain(again.stderr, toys)) == (0, "TOYS/work/job_KEY\n", said)
    assert not list(toys.work.rglob("half.txt"))


# disks


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB; without the right to mount one the test is skipped."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False)
    except OSError:
        pytest.skip("there is no mount here")
    if done.returncode:
        pytest.skip("this user may not mount a disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize(
    ("producer", "stderr"),
    [
        (
            "python",
            """
            error: the disk is full: TOYS/disk/work/job_KEY

            hint: free some room (axs gc removes what nobody needs) and ask again
            """,
        ),
        (
            "program",
            """
            error: cp: exit code 1
                cp: error writing 'copy.bin': No space left on device
              log: TOYS/disk/work/job_KEY/.axs/log.txt

            hint: the disk is full: free some room (axs gc removes what nobody needs) and ask again
            """,
        ),
        (
            "fetch",
            """
            -> fetching file://TOYS/big.bin
            error: the disk is full: TOYS/disk/work/job_KEY/copy.bin.part: 1,000,000 bytes are needed, FREE are free

            hint: axs gc; or a work collection on another disk: AXS_WORK_COLLECTION=/FOLDER
            """,
        ),
    ],
)
def test_a_full_disk(producer: str, stderr: str, toys: Toys, mounted: Path) -> None:
    big = toys.recipes.parent / "big.bin"
    big.write_bytes(b"x" * 1_000_000)
    make = {
        "python": {"function": "f"},
        "program": {"run": ["cp", str(big), "copy.bin"]},
        "fetch": {"urls": big.as_uri(), "file": "copy.bin"},
    }
    toys.add("job", {"provides": [["job"]], "make": {producer: make[producer]}},
             "def f(path):\n    (path / 'copy.bin').write_bytes(b'x' * 1_000_000)")  # fmt: skip
    asked = ask(toys, "byquery", "job", AXS_WORK_COLLECTION=str(mounted / "work"))
    assert asked.code == 1
    assert re.sub(r"[\d,]+ are free", "FREE are free", asked.stderr) == "-> making job\n" + text(stderr)
    assert not list(mounted.rglob("copy.bin*"))


def test_a_work_collection_below_a_file(toys: Toys) -> None:
    toys.maker("painting", "painting")
    (toys.recipes.parent / "file").touch()
    assert ask(toys, "byquery", "painting", AXS_WORK_COLLECTION=str(toys.recipes.parent / "file" / "work")) == Said(
        1,
        text(
            """
            error: the work collection TOYS/file/work cannot be written: Not a directory

            hint: name another folder: AXS_WORK_COLLECTION=FOLDER axs ...
            """
        ),
    )


def test_a_work_collection_that_may_only_be_read(toys: Toys, mounted: Path) -> None:
    toys.maker("painting", "painting")
    subprocess.run(["mount", "-o", "remount,ro", str(mounted)], check=True)
    for folder in (mounted, mounted / "work"):
        assert ask(toys, "byquery", "painting", AXS_WORK_COLLECTION=str(folder)) == Said(
            1,
            text(
                f"""
                error: the work collection {plain(str(folder), toys)} cannot be written: Read-only file system

                hint: name another folder: AXS_WORK_COLLECTION=FOLDER axs ...
                """
            ),
        )
