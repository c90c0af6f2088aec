"""One LoadGen test, from the parameters file to ``measured.json``."""

from __future__ import annotations

import faulthandler
import hashlib
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loadgen_harness import identity
from loadgen_harness.arithmetic import refuse_for_fp32
from loadgen_harness.backend import Backend, Effective, Options, check, check_unchanged, open_backend
from loadgen_harness.cpu_time import own_cpu_seconds
from loadgen_harness.foreign_load import Bounds, ForeignLoad
from loadgen_harness.parameters import HarnessError, Job, Need
from loadgen_harness.task import SampleLibrary, Task
from loadgen_harness.watch import Watchdog, failure

if TYPE_CHECKING:
    from loadgen_harness.settings import Settings

SUMMARY_LOG, DETAIL_LOG, ACCURACY_LOG = (
    "mlperf_log_summary.txt",
    "mlperf_log_detail.txt",
    "mlperf_log_accuracy.json",
)
MEASURED = "measured.json"
DECLARATION = (
    "input_data_types",
    "weight_data_types",
    "weight_transformations",
    "retraining",
    "starting_weights_filename",
)
"""What MLPerf's submissions say about a model."""


def main(argv: list[str], task: Task) -> int:
    """Run the test that the file ``argv[1]`` describes; returns the exit code (0 done, 1 failed, 2 cannot be done as
    asked, 3 the load is far too high).

    Reasons go to stderr. A signal ends the process at once, as the system does it by default: LoadGen runs in C and
    would crash on Python's own KeyboardInterrupt.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    faulthandler.enable()  # an engine that crashes in C leaves its Python stack in the log at least
    run: Run | None = None
    try:
        run = Run(Job.read(Path(argv[1])), task)
        run.go()
    except HarnessError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except BaseException as error:  # an engine that calls sys.exit(0) has not done its work either
        traceback.print_exc()
        print(f"error: {failure(error, run.doing if run else 'reading the parameters')}", file=sys.stderr)
        return 1
    return 0


class Run:
    """The state of one test while it runs."""

    def __init__(self, job: Job, task: Task) -> None:
        self._job, self._task = job, task
        self._sut: Any = None
        self.doing = "starting"
        self._measured: dict[str, Any] = {}
        self._foreign = ForeignLoad(_bounds(job))
        self._watchdog = Watchdog(
            float(job.value("loadgen_timeout", 600)),
            progress=lambda: self._sut.completed if self._sut is not None else 0,
            error=lambda: self._sut.error if self._sut is not None else None,
        )

    def go(self) -> None:
        """Open everything, test, leave the results. Raises what went wrong."""
        self._watchdog.start()
        backend: Backend | None = None
        try:
            self._phase("opening the model")
            backend = self._open_backend()
            self._phase("opening the samples")
            library = self._task.library(self._job, backend)
            before = backend.effective()
            self._test(backend, library)
            effective = self._after_the_test(backend, before)
            self._phase("writing the results")
            self._leave_results(backend, effective, library)
        finally:
            self._watchdog.stop()
            if backend is not None:
                backend.close()

    def _phase(self, text: str) -> None:
        self.doing = text
        self._watchdog.phase(text)
        if self._job.value("verbosity", 0):
            print(f"{datetime.now(timezone.utc):%H:%M:%S} {text}", file=sys.stderr, flush=True)

    def _options(self) -> Options:
        job = self._job
        return Options(
            batch_size=int(job.value("batch_size", 1)),
            threads=job.value("num_threads"),
            device=job.value("execution_device"),
            precision=job.value("precision"),
        )

    def _open_backend(self) -> Backend:
        options = self._options()
        refuse_for_fp32(options.precision, os.environ)
        begin = time.perf_counter()
        backend = open_backend(self._job.need("backend"), self._job.need("model"), options)
        self._measured["open_seconds"] = round(time.perf_counter() - begin, 4)
        refuse_for_fp32(backend.effective().precision, os.environ)
        return backend

    def _test(self, backend: Backend, library: SampleLibrary) -> None:
        # Imported here: a wrong parameters file should be told before LoadGen and the engine are loaded.
        import mlperf_loadgen as lg

        from loadgen_harness import audit
        from loadgen_harness import settings as loadgen_settings
        from loadgen_harness.overload import Schedule, ended_if_hopeless
        from loadgen_harness.system_under_test import SystemUnderTest

        job = self._job
        settings = loadgen_settings.read_settings(self._with_model_name(), library.count)
        if settings.mode != "AccuracyOnly" and job.value("loadgen_warmup_s", 0) > 0:
            settings = self._warm_up(settings, backend, library)
        official = loadgen_settings.official_values(settings.model, settings.scenario)
        test = loadgen_settings.apply(settings, job.output_path)
        audit.write(job, settings.model)
        self._measured |= {
            "loadgen_benchmark": None if settings.model == loadgen_settings.ANY_MODEL else settings.model,
            "loadgen_user_conf": dict(settings.keys),
            "loadgen_weaker_settings": loadgen_settings.weaker_than(test, official, settings.scenario),
        }
        batch_size = self._batch_size(settings)
        queued = settings.scenario == "Server"
        if queued:
            # LoadGen's thread and the worker take turns: Python's usual 5 ms would be seen in the latencies.
            sys.setswitchinterval(2e-4)
        sut = self._sut = SystemUnderTest(backend, library, self._task.answers, batch_size, queued)
        self._measured["effective_batch_size"] = backend.fixed_batch or batch_size
        log = lg.LogSettings()
        log.enable_trace = False
        log.log_output.outdir = str(job.output_path)
        self._phase("LoadGen's test")
        cpu, begin = own_cpu_seconds(), time.perf_counter()
        self._measured["started_at"] = datetime.now(timezone.utc).isoformat(timespec="seconds")
        self._foreign.start()
        sut.start()
        system = lg.ConstructFastSUT(sut.issue, sut.flush)
        samples = lg.ConstructQSL(library.count, library.count, library.load, library.unload)
        timed = queued and settings.mode in ("PerformanceOnly", "SubmissionRun")
        schedule = Schedule.of(test, library.count, settings.mode) if timed else None
        try:
            with ended_if_hopeless(schedule, sut):
                lg.StartTestWithLogSettings(system, samples, test, log, str(job.output_path / audit.AUDIT_CONF))
        finally:
            sut.stop()
            lg.DestroyQSL(samples)
            lg.DestroyFastSUT(system)
        self._measured["test_seconds"] = round(time.perf_counter() - begin, 3)
        self._measured["cpu_seconds"] = round(own_cpu_seconds() - cpu, 3)
        self._measured |= self._foreign.stop()
        if sut.error is not None:
            raise sut.error

    def _with_model_name(self) -> Job:
        """MLPerf's name of the benchmark comes from the model, unless the user says one."""
        name = self._job.need("model").attributes.get("mlperf_model_name")
        if name is None or self._job.parameters.get("loadgen_model") is not None:
            return self._job
        parameters = {**self._job.parameters, "loadgen_model": name}
        return Job(parameters, self._job.attributes, self._job.needs, self._job.output_path)

    def _warm_up(self, settings: Settings, backend: Backend, library: SampleLibrary) -> Settings:
        """Run the backend alone for a while; gives the settings with what this showed."""
        from loadgen_harness.warm_up import measure

        self._phase("warm-up")
        answers, seconds = self._task.answers, float(self._job.value("loadgen_warmup_s"))
        batch_size = self._batch_size(settings)
        if settings.scenario == "Server":
            # Batches of every size up to the largest will come; what a target is taken from are single samples.
            measure(backend, library, answers, batch_size, seconds / 2)
            batch_size = 1
        size, times = measure(backend, library, answers, batch_size, seconds)
        self._measured["warmup_samples_per_second"] = round(size * len(times) / sum(times), 3)
        return settings.after_warm_up(times, size)

    def _batch_size(self, settings: Settings) -> int:
        """Samples in one call: never more than a query of a stream has."""
        largest = int(self._job.value("batch_size", 1))
        if settings.scenario == "Server":
            return int(self._job.value("loadgen_max_batch", largest))
        query = {"SingleStream": 1, "MultiStream": settings.keys.get("samples_per_query", 8)}
        return int(min(largest, query.get(settings.scenario, largest)))

    def _after_the_test(self, backend: Backend, before: Effective) -> Effective:
        effective = backend.effective()
        check(backend.engine, effective, self._options())
        check_unchanged(backend.engine, before, effective)
        refuse_for_fp32(effective.precision, os.environ)
        return effective

    def _leave_results(self, backend: Backend, effective: Effective, library: SampleLibrary) -> None:
        job, folder = self._job, self._job.output_path
        _check_logs(folder, str(job.value("loadgen_mode", "AccuracyOnly")))
        accuracy = job.value("loadgen_mode", "AccuracyOnly") in ("AccuracyOnly", "SubmissionRun")
        self._task.write_results(job, library, folder / ACCURACY_LOG if accuracy else None)
        model = job.need("model")
        self._measured |= {
            "effective_device": effective.device,
            "effective_precision": effective.precision,
            # The same engine on the same machine chooses the same number, also where it does not tell it.
            "effective_threads": "default" if effective.threads is None else effective.threads,
            "fallback_nodes": None if effective.fallback is None else dict(effective.fallback),
            "engine": backend.engine,
            "engine_version": backend.version,
            "engine_options": dict(effective.options),
            "loadgen_version": version("mlcommons-loadgen"),
            "samples_used": library.count,
            "input_shape": getattr(library, "shape", None),
            "sample_list_digest": sample_list_digest(library),
            "model_digest": _digest(model, backend.data_files),
            "model_weights": model.attributes.get("weights"),
            "mlperf_benchmark": model.attributes.get("mlperf_model_name"),
            "environment_digest": identity.environment_digest(job),
            "question_digest": identity.question_digest(job),
            **self._task.facts(job, library),
            "model_declaration": {name: model.attributes.get(name) for name in DECLARATION},
        }
        text = json.dumps(self._measured, indent=1, sort_keys=True)
        (folder / MEASURED).write_text(text + "\n", encoding="utf-8")


def _bounds(job: Job) -> Bounds:
    """What other processes may take before the run is NOISY."""
    plain = Bounds()
    return Bounds(
        float(job.value("noisy_above", plain.mean_share)),
        float(job.value("noisy_burst_cores", plain.burst_cores)),
        float(job.value("noisy_burst_share", plain.burst_share)),
        float(job.value("noisy_bursts", plain.bursts)),
    )


def sample_list_digest(library: SampleLibrary) -> str:
    """SHA-256 over the lines ``index name``: the same digest, the same samples in the same order."""
    lines = (f"{index} {name}\n".encode() for index, name in enumerate(library.names))
    return hashlib.sha256(b"".join(lines)).hexdigest()


def _digest(model: Need, data_files: Sequence[Path]) -> str | None:
    """SHA-256 of the model's file; where weights lie in others too, of the lines ``digest  name`` of all of them."""
    if model.file_path is None or not model.file_path.is_file():
        return None
    digests = {file: _sha256(file) for file in (model.file_path, *data_files)}
    if len(digests) == 1:
        return digests[model.file_path]
    lines = (f"{digest}  {file.relative_to(model.file_path.parent)}\n" for file, digest in digests.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while block := opened.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _check_logs(folder: Path, mode: str) -> None:
    """LoadGen says nothing when it cannot write its logs (disk full): look whether they came to their end."""
    detail = folder / DETAIL_LOG
    if not detail.is_file() or not detail.stat().st_size:
        raise HarnessError(f"LoadGen left no {DETAIL_LOG}: is the disk full?")
    if mode in ("AccuracyOnly", "SubmissionRun"):
        try:
            json.loads((folder / ACCURACY_LOG).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise HarnessError(f"LoadGen's {ACCURACY_LOG} is not complete ({error}): is the disk full?") from error
    if mode != "AccuracyOnly" and "Result is : " not in (folder / SUMMARY_LOG).read_text(encoding="utf-8"):
        raise HarnessError(f"LoadGen's {SUMMARY_LOG} has no result: see {detail}")
