"""The identities of shipped queries: those of the version before, and what of the environment changes them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from axs_core import Workspace
from axs_core.query import parse

ACCURACY = "loadgen_output,framework=onnxrt,loadgen_scenario=Offline"
PERFORMANCE = "loadgen_output,framework=pytorch,loadgen_mode=PerformanceOnly,loadgen_scenario=Server,num_threads=2"
# As axs recorded them before identities had an environment (commit 59ce586).
KEYS = {
    ACCURACY: "a106542c495115654e618014adb43b301bc969c5527d3b12f15ec81aafc3d3f4",
    PERFORMANCE: "e32c4189cfac359295ae46768a30e96f2832d2f5a1870a1eaaef2bcd22ceae83",
}


def key_of(query: str, tmp_path: Path, **variables: str) -> str:
    plain = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    space = Workspace(tmp_path / "work", environ={**plain, "AXS_INDEX": str(tmp_path / "index"), **variables})
    return space.session.resolver.matches(parse(query))[0].key


@pytest.mark.parametrize("query", KEYS)
def test_identities_of_before(tmp_path: Path, query: str) -> None:
    assert key_of(query, tmp_path) == KEYS[query]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OMP_NUM_THREADS", "1"),
        ("KMP_BLOCKTIME", "0"),
        ("MKL_NUM_THREADS", "1"),
        ("OPENBLAS_CORETYPE", "Haswell"),
        ("ONEDNN_MAX_CPU_ISA", "AVX2"),
        ("DNNL_DEFAULT_FPMATH_MODE", "BF16"),
        ("GOTO_NUM_THREADS", "1"),
        ("VECLIB_MAXIMUM_THREADS", "1"),
        ("NUMEXPR_NUM_THREADS", "1"),
        ("NVIDIA_TF32_OVERRIDE", "0"),
        ("TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", "1"),
        ("TF_ENABLE_ONEDNN_OPTS", "0"),
        ("MALLOC_ARENA_MAX", "1"),
    ],
)
def test_what_changes_a_figure_changes_its_identity(tmp_path: Path, name: str, value: str) -> None:
    assert key_of(ACCURACY, tmp_path, **{name: value}) != KEYS[ACCURACY]
    environment = "python_env,requirements:=numpy==2.2.6"
    assert key_of(environment, tmp_path, **{name: value}) == key_of(environment, tmp_path), "environments stay"


@pytest.mark.parametrize(("name", "value"), [("LD_PRELOAD", "/site/lib.so"), ("LANG", "C"), ("OMP_NUM_THREADS", "")])
def test_what_a_site_sets_does_not(tmp_path: Path, name: str, value: str) -> None:
    assert key_of(ACCURACY, tmp_path, **{name: value}) == KEYS[ACCURACY]
