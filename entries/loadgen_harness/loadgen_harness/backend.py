"""What an engine must be able to do, and a base class that makes it easy.

A backend entry has an attribute ``module``, a Python file with a function ``open(model, options)`` that returns a
:class:`Backend`. ``model`` is a :class:`~loadgen_harness.parameters.Need`; ``options`` an :class:`Options`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from loadgen_harness.parameters import HarnessError, Need

if TYPE_CHECKING:
    import numpy as np

INPUT_DTYPES = ("float32", "float16", "float64", "uint8")
"""numpy's names of the types in which images can be given."""


@dataclass(frozen=True)
class Options:
    """How the engine should run. None means: the engine's own choice (of a device: the best it has).

    ``settings`` are the attributes and parameters of the backend entry: what only this engine knows.
    """

    batch_size: int
    threads: int | None = None
    device: str | None = None
    precision: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Effective:
    """What an engine really does, as it is recorded. ``device`` and ``precision`` are "unknown" where it cannot tell.

    ``fallback``: how many of the network's operators run elsewhere than on ``device``, by operator; None where the
    engine cannot tell. ``options``: its own settings with which it runs.
    """

    device: str = "unknown"
    precision: str = "unknown"
    threads: int | None = None
    fallback: Mapping[str, int] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


class Done(Protocol):
    """Takes the outputs of one submitted batch; may be called from any thread, once."""

    def __call__(self, outputs: Sequence[np.ndarray[Any, Any]]) -> None:
        """``outputs``: the model's outputs, the first axis of each being the samples of the batch."""

    def first_token(self, outputs: Sequence[np.ndarray[Any, Any]]) -> None:
        """For token tasks: the first token of each sample is there, before the answer is."""

    def failed(self, error: BaseException) -> None:
        """The batch was lost. The run ends with this error."""


class Backend:
    """An engine with a model in it. Derive, set what is known, and write :meth:`predict`.

    ``device``, ``precision``, ``threads`` and ``options`` are what :meth:`effective` tells, unless it is written anew:
    what the engine *really* uses; "unknown" where it cannot be told. ``layout`` is the order of the axes in which
    :meth:`predict` wants images, ``input_dtype`` numpy's name of the type (None: what the model's entry says).
    ``fixed_batch`` is the only batch size that the model takes; smaller ones are filled up by the harness.
    ``data_files`` are files beside the model's own that hold weights too. ``output_names`` has a name for each output,
    where the engine knows names. ``synchronous`` says that ``submit`` returns after ``done`` was called; the harness
    may then use the batch's memory again.
    """

    synchronous: ClassVar[bool] = True
    engine: str = "unknown"
    version: str = "unknown"
    device: str = "unknown"
    precision: str = "unknown"
    threads: int | None = None
    layout: str | None = None
    input_dtype: str | None = None
    fixed_batch: int | None = None
    data_files: Sequence[Path] = ()
    output_names: Sequence[str] = ()
    options: Mapping[str, Any] = {}

    def effective(self) -> Effective:
        """What the engine really does: asked when it is open, and again after the test."""
        return Effective(self.device, self.precision, self.threads, options=self.options)

    def predict(self, batch: np.ndarray[Any, Any]) -> Sequence[np.ndarray[Any, Any]]:
        """The model's outputs for ``batch`` (samples first)."""
        raise NotImplementedError(f"{type(self).__name__} has neither predict nor submit")

    def submit(self, batch: np.ndarray[Any, Any], done: Done) -> None:
        """Work on ``batch`` and call ``done`` with the outputs. What is raised here ends the run."""
        done(self.predict(batch))

    def close(self) -> None:
        """Give back what was taken. Called once, after the test."""


def open_backend(entry: Need, model: Need, options: Options) -> Backend:
    """Import the backend entry's module and open ``model`` with it.

    Raises :class:`HarnessError` when the engine uses another device or precision than was asked for, or cannot tell.
    """
    module = backend_module(entry)
    backend: Backend = module.open(model, replace(options, settings=entry.attributes))
    try:
        check(backend.engine, backend.effective(), options)
    except BaseException:
        backend.close()
        raise
    return backend


def check(engine: str, effective: Effective, options: Options) -> None:
    """Raises :class:`HarnessError` unless the engine does what ``options`` ask for: a figure under the wrong name is
    worse than none.
    """
    for parameter, what, asked, used in (
        ("execution_device", "device", options.device, effective.device),
        ("precision", "precision", options.precision, effective.precision),
    ):
        if asked is None or asked == used:
            continue
        if used == "unknown":
            raise HarnessError(
                f"{what} '{asked}' was asked for, but {engine} cannot tell which it uses: leave out {parameter}"
            )
        raise HarnessError(f"{what} '{asked}' was asked for, but {engine} really uses '{used}'")


def check_unchanged(engine: str, before: Effective, after: Effective) -> None:
    """Raises :class:`HarnessError` where the engine changed its device or precision while the test ran: the figure
    would be of neither.
    """
    for what, then, now in (
        ("device", before.device, after.device),
        ("precision", before.precision, after.precision),
    ):
        if then not in (now, "unknown"):
            raise HarnessError(f"{engine} changed its {what} while the test ran, from '{then}' to '{now}'")


def require_one_input(file: Path | None, inputs: Mapping[str, Sequence[Any]]) -> None:
    """Raises :class:`HarnessError` unless a network has one input. ``inputs``: shapes by name, or by number."""
    if len(inputs) == 1:
        return
    told = ", ".join(f"{name} [{', '.join(map(str, shape))}]" if shape else name for name, shape in inputs.items())
    raise HarnessError(
        f"{file} takes {len(inputs)} inputs: {told}; here a network is given its samples alone. Save it again with "
        "constants for the others, and one input"
    )


def backend_module(entry: Need) -> ModuleType:
    """The module of a backend entry, imported. Besides ``open`` it may have ``describe(model)``: what a file tells
    about the model in it, for files whose owner says nothing.
    """
    file = entry.path / str(entry.attributes.get("module", "backend.py"))
    spec = importlib.util.spec_from_file_location(f"loadgen_backend_{entry.name}", file)
    if spec is None or spec.loader is None or not file.is_file():
        raise HarnessError(f"backend '{entry.name}' has no module {file}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
