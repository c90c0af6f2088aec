"""Environment variables by which fp32 is not fp32."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from axs_core.entry.load import read_meta
from axs_core.entry.surroundings import kind_of

ENTRIES = Path(__file__).parents[2] / "entries"


@pytest.fixture(autouse=True)
def harness(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The package can be imported, and is forgotten afterwards."""
    monkeypatch.syspath_prepend(str(ENTRIES / "loadgen_harness"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "loadgen_harness"]:
        del sys.modules[name]


def refusal(precision: str | None, **environ: str) -> str | None:
    from loadgen_harness.arithmetic import refuse_for_fp32
    from loadgen_harness.parameters import HarnessError

    try:
        refuse_for_fp32(precision, environ)
    except HarnessError as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NVIDIA_TF32_OVERRIDE", "1"),
        ("TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", "1"),
        ("ONEDNN_DEFAULT_FPMATH_MODE", "BF16"),
        ("ONEDNN_DEFAULT_FPMATH_MODE", "any"),
        ("DNNL_DEFAULT_FPMATH_MODE", "TF32"),
        ("TF_SET_ONEDNN_FPMATH_MODE", "BF16"),
        ("MKL_BLAS_COMPUTE_MODE", "FLOAT_TO_BF16"),
    ],
)
def test_refused_for_fp32_only(name: str, value: str) -> None:
    assert refusal("fp32", **{name: value}) == (
        f"{name}={value}: with that, fp32 may be computed in something shorter, so this would be no fp32 run. "
        f"Ask without it: env -u {name} axs ..."
    )
    assert refusal("bf16", **{name: value}) is None
    assert refusal(None, **{name: value}) is None


def test_all_are_named() -> None:
    told = refusal("fp32", ONEDNN_DEFAULT_FPMATH_MODE="any", NVIDIA_TF32_OVERRIDE="1", OMP_NUM_THREADS="1")
    assert told is not None
    assert told.startswith("NVIDIA_TF32_OVERRIDE=1, ONEDNN_DEFAULT_FPMATH_MODE=any: ")
    assert told.endswith("env -u NVIDIA_TF32_OVERRIDE -u ONEDNN_DEFAULT_FPMATH_MODE axs ...")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NVIDIA_TF32_OVERRIDE", "0"),
        ("NVIDIA_TF32_OVERRIDE", ""),
        ("ONEDNN_DEFAULT_FPMATH_MODE", "STRICT"),
        ("MKL_BLAS_COMPUTE_MODE", "STANDARD"),
        ("OMP_NUM_THREADS", "1"),
    ],
)
def test_what_leaves_fp32_as_it_is(name: str, value: str) -> None:
    assert refusal("fp32", **{name: value}) is None


def test_each_is_part_of_a_run_s_identity() -> None:
    from loadgen_harness.arithmetic import NOT_FP32

    declared = read_meta(ENTRIES / "loadgen_program" / "meta.yaml")["environment"]
    assert {name: kind_of(declared, name) for name in NOT_FP32} == dict.fromkeys(NOT_FP32, "arithmetic")


def test_a_name_stands_in_one_class_only() -> None:
    declared = read_meta(ENTRIES / "loadgen_program" / "meta.yaml")["environment"]
    names = [name for each in declared.values() for name in each]
    assert sorted(set(names)) == sorted(names)
