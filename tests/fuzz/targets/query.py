"""Queries: read, printed, read again, and looked up."""

from __future__ import annotations

from fuzz.guard import Fault
from fuzz.mutation import mutated
from fuzz.target import Target
from fuzz.toy_room import ToyRoom
from hypothesis import strategies as st

from axs_core.base.errors import AxsError
from axs_core.query import Query, parse

SEEDS = (
    b"loadgen_output,framework=onnxrt,loadgen_scenario=Offline",
    b"loadgen_output,classified_imagenet,-broken,accuracy>70,loadgen_dataset_size>=500,batch_size!=1",
    b'model,model_file=/x/my.onnx,title="a, ""b""",sizes:=1:8:16,quantized+,int8-,opset.,fast!.,engine:onnx,note!:bad',
    b"python_env,requirements:={{ backend.requirements }},version===1.10,x?=5,y==7,z<1e3,w<=-0.5",
    b'"c+",c++,a.b-c=1,u:=,v=""',
)
_SIGNS = b"= == === := ?= != < > <= >= : !: !. . + - ! \" {{ }} ' ,".split()
TOKENS = (*_SIGNS, b"machine=", b"made_by=")
_KEYS = st.sampled_from(["tag", "n", "made_by", "machine", "x.y", "\u00e4", "a-b", "path", "replay_of"])
_VALUES = st.one_of(st.text(max_size=20), st.integers().map(str), st.floats().map(str), st.just("9" * 400))
_CONDITIONS = st.builds(
    lambda key, op, value, quoted: f'{key}{op}"{value}"' if quoted else f"{key}{op}{value}",
    _KEYS,
    st.sampled_from(["=", "==", "===", ":=", "?=", "!=", "<", ">", "<=", ">=", ":", "!:"]),
    _VALUES,
    st.booleans(),
)
_BUILT = st.lists(st.one_of(_CONDITIONS, st.text(alphabet="ab1 ,:=\"<>!?+-.{}'\n*/", max_size=12)), max_size=6)


class Room(ToyRoom):
    """A few entries for queries to be looked up among."""

    def tried(self, data: bytes) -> str:
        text = data.decode("utf-8", "surrogateescape")  # as Python decodes a command line
        query = parse(text)
        _reads_back(query)
        len(self.space.all_byquery(text))
        try:
            self.space.plan(text)
        except AxsError as error:
            return f"{_forms(query)}; {type(error).__name__}"
        return _forms(query)


def _reads_back(query: Query) -> None:
    printed = str(query)
    if parse(printed) != query.canonical() or str(parse(printed)) != printed:
        raise Fault(f"{printed!r} does not read back")


def _forms(query: Query) -> str:
    return "read: " + " ".join(sorted({condition.op for condition in query.conditions}))


TARGET = Target(
    "query",
    Room,
    st.one_of(
        mutated(SEEDS, TOKENS),
        _BUILT.map(",".join).map(lambda text: text.encode("utf-8", "surrogatepass")),
        st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")),
    ),
    SEEDS,
    TOKENS,
)
