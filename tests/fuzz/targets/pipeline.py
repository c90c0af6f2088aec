"""Command lines: words as a shell hands them over, run to the end on a small work collection."""

from __future__ import annotations

import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import BytesIO, TextIOWrapper
from pathlib import Path
from random import Random

from fuzz.guard import LONGEST, Fault, in_general
from fuzz.mutation import mutated
from fuzz.target import Target
from fuzz.toy_room import ToyRoom
from hypothesis import strategies as st

from axs_core import __main__ as command
from axs_core.cli import registry  # noqa: F401  it registers all actions
from axs_core.cli.action import ACTIONS

_LINES = (
    "byquery thing,n=3 , get n",
    "byquery thing,n=3,t=x , show",
    "byname note , get many",
    "all_byquery thing , get n",
    "all_byquery thing , table --columns,=name,n,t --format=csv",
    "find thing,n>1 , len",
    "plan thing,n=7",
    "explain thing,m=7",
    "fetch-list thing,n=8",
    "list",
    "help",
    "help get",
    "version",
    "gc",
    "reindex",
    "byname note , dig many.0",
    "d: byname note , get n , , get d",
    "byname maker , help",
    "verify",
    "audit maker_x",
    "work_collection , get_path",
    "byname note ,0 byquery",
    "byname note , get t --n=7 --n+=1 ---many=[1,2] --many+,=x --a.b::=x:1",
    "a: byquery thing,n=3 , b: byquery thing,n=4 , , diff ^a ^b",
    "byname note , get_path meta.yaml",
    "zip thing --output=out.zip",
    "unzip out.zip --name=in",
    "byname note , edit --name=other --tags+,=x",
    "byname note , remove",
    "complete byq",
    "completion bash",
    "--offline --quiet byname note , get n",
    "byquery thing,n=5 --fresh",
    "byquery thing,n=6 --fresh=all",
    "byname thing_x , lock --output=pylock.toml",
    "byname note , replay",
    "byname note , twin",
    "all_byquery thing , keys",
    "byname note , lenn",
    "byname note , show , keys",
)
SEEDS = tuple(line.replace(" ", "\0").encode() for line in _LINES)
_NAMES = sorted({name for known in ACTIONS.values() for name in known} - {"report", "ingest", "pull"})
TOKENS = (b"\0,\0", b",0", b",name", b"--", b"---", b"--=", b"--,=", b"--n", b"+=", b"::=", b"^d", b"d:", b":d:", b"\0")
_WORDS = st.one_of(
    st.sampled_from(_NAMES),
    st.sampled_from(
        ["note", "thing,n=3", "thing", "maker", "n", "t", "many", "name", "path", "record", "bash", "out.zip"]
    ),
    st.sampled_from(
        [",", ",", ",", ",0", ",1", ",query", "^a", "a:", ":a:", "a:a:", "--fresh", "--n=3", "--tags,=a,b"]
    ),
    st.text(max_size=8).map(lambda text: text.replace("\0", "")),
    st.builds(
        lambda name, sign, text: f"--{name}{sign}{text}".replace("\0", ""),
        st.sampled_from(["n", "t", "name", "columns", "format", "output", "a.b", "priority", "", "fresh", "max_size"]),
        st.sampled_from(["=", "+=", ",=", ",,=", ",::=", "===", "", "+", "-", ",", "=^"]),
        st.one_of(st.text(max_size=6), st.integers().map(str), st.sampled_from(["a", "out.zip", "note", "1e5", "{}"])),
    ),
)


class Room(ToyRoom):
    """A work collection on which command lines are run, in its folder."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.work = root / "cwd"
        self.work.mkdir()
        self.before = Path.cwd()

    def close(self) -> None:
        os.chdir(self.before)
        super().close()

    def tried(self, data: bytes) -> str:
        words = [word.decode("utf-8", "surrogateescape") for word in data.split(b"\0")]
        if any("/" in word or "~" in word or ".." in word for word in words) or _asks_for_tools(words):
            return "left out: it names a place of the user's own choice"
        self.renew()
        os.chdir(self.work)
        code, err = _run(words, self)
        if code not in (0, 1, 2, 3):
            raise Fault(f"exit code {code}: {err[:500]}")
        if len(err) > 2 * LONGEST:
            raise Fault(f"it says {len(err)} characters: {err[:300]}")
        if ("Traceback" in err and "--debug" not in words) or " raised " in err:
            raise Fault(f"it says how Python failed: {err[:500]}")
        if code and not err.strip():
            raise Fault(f"exit code {code} and not a word")
        known = next((word for word in words if word in _NAMES), "")
        return f"exit code {code} after {known}: {in_general(err.partition(chr(10))[0]) if code else ''}"


def _asks_for_tools(words: list[str]) -> bool:
    """Reports, clones and foreign results start programs: they have tests of their own."""
    return bool({"report", "ingest", "pull"} & set(words))


def _run(words: list[str], room: ToyRoom) -> tuple[int, str]:
    out, err = TextIOWrapper(BytesIO(), "utf-8"), TextIOWrapper(BytesIO(), "utf-8", errors="backslashreplace")
    settings = dict(os.environ)
    try:
        with redirect_stdout(out), redirect_stderr(err):
            code = command.main(words, opener=lambda environ, reporter: room.opened(reporter))
            out.flush()
    finally:
        os.environ.clear()
        os.environ.update(settings)
    sys.stdout.flush()
    err.flush()
    return code, err.buffer.getvalue().decode("utf-8")  # type: ignore[attr-defined]


def _rearranged(seed: bytes, other: bytes, number: int, word: str) -> bytes:
    """A good command line with words of another one, or of any kind, among its own."""
    random, words, more = Random(number), seed.split(b"\0"), other.split(b"\0")
    for _ in range(random.choice((1, 1, 2, 3))):
        place = random.randrange(len(words) + 1)
        change = random.randrange(5)
        if change == 0:
            words[place : place + 1] = []
        elif change == 1:
            words[place:place] = [b",", *more]
        elif change == 2:
            words[place : place + 1] = [word.encode("utf-8", "surrogatepass").replace(b"\0", b"")]
        else:
            words[place:place] = [random.choice(more)]
    return b"\0".join(words)


TARGET = Target(
    "pipeline",
    Room,
    st.one_of(
        mutated(SEEDS, TOKENS),
        st.builds(_rearranged, st.sampled_from(SEEDS), st.sampled_from(SEEDS), st.integers(0, 2**64), _WORDS),
        st.builds(_rearranged, st.sampled_from(SEEDS), st.sampled_from(SEEDS), st.integers(0, 2**64), _WORDS),
        st.lists(_WORDS, min_size=1, max_size=9).map(lambda words: "\0".join(words).encode("utf-8", "surrogatepass")),
    ),
    SEEDS,
    TOKENS,
)
