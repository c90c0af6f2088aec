"""Environment variables by which fp32 is not fp32: engines then compute in something shorter and say nothing of it.

The recipe of every LoadGen program lists these variables, with others that change a figure, in its ``environment``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from loadgen_harness.parameters import HarnessError


def _unless(*harmless: str) -> Callable[[str], bool]:
    return lambda value: value.strip().lower() not in ("", *harmless)


_SET = _unless("0", "false", "no", "off")
_FPMATH = _unless("strict")
NOT_FP32: Mapping[str, Callable[[str], bool]] = {
    "NVIDIA_TF32_OVERRIDE": _SET,
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE": _SET,
    "HIPBLASLT_ALLOW_TF32": _SET,
    "ONEDNN_DEFAULT_FPMATH_MODE": _FPMATH,
    "DNNL_DEFAULT_FPMATH_MODE": _FPMATH,
    "TF_SET_ONEDNN_FPMATH_MODE": _FPMATH,
    "MKL_BLAS_COMPUTE_MODE": _unless("standard"),
    "TF_ENABLE_AUTO_MIXED_PRECISION": _SET,
    "TF_ENABLE_CUBLAS_TENSOR_OP_MATH_FP32": _SET,
    "TF_ENABLE_CUDNN_TENSOR_OP_MATH_FP32": _SET,
}
"""Each with the values that shorten fp32 (oneDNN: floating-point math mode; NVIDIA's libraries: TF32; PyTorch and
TensorFlow: their variables of that name; oneMKL: alternate compute modes).
"""


def refuse_for_fp32(precision: str | None, environ: Mapping[str, str]) -> None:
    """Raise HarnessError where a run would be called fp32 that is none; ``precision`` is what was asked for or what the
    engine says.
    """
    found = [name for name, shortens in NOT_FP32.items() if shortens(environ.get(name, ""))]
    if precision != "fp32" or not found:
        return
    told = ", ".join(f"{name}={environ[name]}" for name in found)
    without = " ".join(f"-u {name}" for name in found)
    raise HarnessError(
        f"{told}: with that, fp32 may be computed in something shorter, so this would be no fp32 run. "
        f"Ask without it: env {without} axs ..."
    )
