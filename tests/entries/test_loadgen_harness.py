"""The parts of the harness that need neither LoadGen nor numpy."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

ENTRIES = Path(__file__).parents[2] / "entries"
HARNESS = ENTRIES / "loadgen_harness"
SHORT = {
    "Offline": {"min_duration_s": 3, "min_query_count": 1},
    "Server": {"min_duration_s": 5, "min_query_count": 662, "target_latency_ms": 15},
}


@pytest.fixture(autouse=True)
def harness(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The package can be imported, and is forgotten afterwards."""
    monkeypatch.syspath_prepend(str(HARNESS))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "loadgen_harness"]:
        del sys.modules[name]


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., Any]:
    """A job with these parameters, read from a parameters file."""

    def make(**parameters: Any) -> Any:
        from loadgen_harness.parameters import Job

        content = {
            "parameters": parameters,
            "attributes": {"loadgen_short": SHORT, "task": "image_classification"},
            "needs": {
                "model": {"name": "m", "path": str(tmp_path), "file_path": None, "attributes": {}},
                "several": [],
            },
            "output_path": str(tmp_path),
        }
        file = tmp_path / "parameters.json"
        file.write_text(json.dumps(content), encoding="utf-8")
        return Job.read(file)

    return make


def keys_of(job: Any, samples: int = 768) -> dict[str, Any]:
    from loadgen_harness.settings import read_settings

    return dict(read_settings(job, samples).keys)


class TestParameters:
    def test_parameter_comes_before_attribute_before_default(self, job: Callable[..., Any]) -> None:
        read = job(task="detection", batch_size=None)
        assert [read.value("task"), read.value("batch_size", 1), read.value("nothing")] == ["detection", 1, None]

    def test_need_that_is_not_there(self, job: Callable[..., Any]) -> None:
        from loadgen_harness.parameters import HarnessError

        with pytest.raises(HarnessError, match=r"^the parameters file has no need 'images', only: model$"):
            job().need("images")


class TestOverload:
    """A Server's run that cannot end in time is ended; one with a load that is just too much is LoadGen's to judge."""

    @staticmethod
    def schedule(mode: str = "PerformanceOnly", **said: float) -> Any:
        from loadgen_harness.overload import Schedule

        settings = {"server_target_qps": 60_000, "min_duration_ms": 5000, "min_query_count": 662}
        most = {"max_duration_ms": 0, "max_query_count": 0}
        return Schedule.of(SimpleNamespace(**{**settings, **most, **said}), 768, mode)

    @pytest.mark.parametrize(
        ("said", "seconds"),
        [
            ({}, 5),
            ({"server_target_qps": 10}, 66.2),
            ({"max_duration_ms": 2000}, 2),
            ({"max_query_count": 120_000}, 2),
            ({"mode": "SubmissionRun", "server_target_qps": 768}, 6),
        ],
    )
    def test_how_long_it_is_issued(self, said: dict[str, Any], seconds: float) -> None:
        assert self.schedule(**said).seconds == pytest.approx(seconds)

    @pytest.mark.parametrize(
        ("said", "seconds", "completed", "recently", "quiet", "hopeless"),
        [
            ({}, 8, 8000, 1000, 3, True),  # 300,000 queries at 1,000 a second
            ({}, 8, 8000, 1000, 2.9, False),  # not sure yet: while LoadGen issues, the engine gets fewer turns
            ({}, 31, 31_000, 1000, 0, True),
            ({}, 8, 8000, 20_000, 3, False),  # it gets going
            ({}, 8, 80_000, 10_000, 3, False),  # 30 s in all: too much only
            ({}, 100, 300_000, 0, 90, False),  # all are answered
            ({}, 8, 0, 0, 3, False),  # nothing was answered yet: the watchdog's business
            ({"min_duration_ms": 600_000, "server_target_qps": 100}, 30, 900, 30, 0, True),  # 2,000 s instead of 600
            ({"min_duration_ms": 600_000, "server_target_qps": 100}, 30, 1200, 40, 0, False),  # 1,500 s
            ({"min_duration_ms": 600_000, "server_target_qps": 100}, 29, 29, 1, 5, False),  # not sure yet
        ],
    )
    def test_what_is_hopeless(
        self, said: dict[str, Any], seconds: float, completed: int, recently: float, quiet: float, hopeless: bool
    ) -> None:
        assert (self.schedule(**said).problem(seconds, completed, recently, quiet) is not None) is hopeless

    def test_what_is_said(self) -> None:
        assert self.schedule().problem(8, 8104, 1013.2, 3) == (
            "a load of 60000 queries/s is far more than this Server holds: it answers 1010 in a second, so a test of 5 "
            "s would take 300 s, and was ended. Say less, as loadgen_target_qps=510, or find_target_qps+, which "
            "searches the load that it holds"
        )

    def test_it_is_ended_once_and_only_with_a_schedule(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from loadgen_harness import overload

        monkeypatch.setattr(overload, "POLL_S", 0.01)
        monkeypatch.setattr(overload, "JUDGED_AFTER_S", 0.05)
        said: list[Exception] = []
        ended = Event()

        def give_up(ids: Any, error: Exception) -> None:
            said.append(error)
            ended.set()

        server = SimpleNamespace(completed=1, waiting=1000, give_up=give_up)
        with overload.ended_if_hopeless(None, server):
            pass
        with overload.ended_if_hopeless(self.schedule(), server):
            assert ended.wait(60)
        assert [(type(error).__name__, getattr(error, "exit_code", None)) for error in said] == [("OverloadError", 3)]


class TestSettings:
    def test_short_defaults(self, job: Callable[..., Any]) -> None:
        assert keys_of(job()) == {
            "min_duration": 3000,
            "min_query_count": 1,
            "performance_sample_count_override": 768,
        }

    def test_what_is_said_wins(self, job: Callable[..., Any]) -> None:
        said = job(
            loadgen_scenario="Server",
            loadgen_min_duration_s=0.5,
            loadgen_min_query_count=7,
            loadgen_target_qps=500.0,
            loadgen_target_latency=2.5,
            loadgen_buffer_size=100,
        )
        assert keys_of(said) == {
            "min_duration": 500,
            "min_query_count": 7,
            "target_qps": 500.0,
            "target_latency": 2.5,
            "performance_sample_count_override": 100,
        }

    def test_one_duration_and_one_count(self, job: Callable[..., Any]) -> None:
        keys = keys_of(job(loadgen_duration_s=4.0, loadgen_query_count=9))
        assert [keys[k] for k in ("min_duration", "max_duration", "min_query_count", "max_query_count")] == [
            4000,
            4000,
            9,
            9,
        ]

    @pytest.mark.parametrize("name", ["loadgen_samples_per_query", "loadgen_multistreamness"])
    def test_both_names_of_samples_per_query(self, job: Callable[..., Any], name: str) -> None:
        assert keys_of(job(loadgen_scenario="MultiStream", **{name: 4}))["samples_per_query"] == 4

    def test_official_leaves_mlperfs_own(self, job: Callable[..., Any]) -> None:
        assert keys_of(job(loadgen_official=True, loadgen_target_qps=30.0), samples=50_000) == {"target_qps": 30.0}

    def test_official_never_loads_more_than_there_is(self, job: Callable[..., Any]) -> None:
        assert keys_of(job(loadgen_official=True), samples=20) == {"performance_sample_count_override": 20}

    def test_accuracy_of_a_server_does_not_wait_between_queries(self, job: Callable[..., Any]) -> None:
        assert keys_of(job(loadgen_scenario="Server"))["target_qps"] == 1e6

    def test_load_of_a_server_comes_from_somewhere(self, job: Callable[..., Any]) -> None:
        from loadgen_harness.parameters import HarnessError

        server = {"loadgen_scenario": "Server", "loadgen_mode": "PerformanceOnly"}
        assert "target_qps" not in keys_of(job(loadgen_warmup_s=0.5, **server))
        with pytest.raises(HarnessError) as error:
            keys_of(job(loadgen_warmup_s=0.0, **server))
        assert str(error.value) == (
            "without a warm-up (loadgen_warmup_s=0) a Server's load must be said: loadgen_target_qps=N"
        )

    def test_benchmark_of_mlperf_keeps_its_own_bound(self, job: Callable[..., Any]) -> None:
        server = {"loadgen_scenario": "Server"}
        assert "target_latency" not in keys_of(job(loadgen_model="resnet50", **server))
        assert keys_of(job(**server))["target_latency"] == 15

    @pytest.mark.parametrize("scenario", ["SingleStream", "MultiStream", "Offline"])
    def test_peak_is_searched_for_servers_only(self, job: Callable[..., Any], scenario: str) -> None:
        from loadgen_harness.parameters import HarnessError

        with pytest.raises(HarnessError) as error:
            keys_of(job(loadgen_mode="FindPeakPerformance", loadgen_scenario=scenario))
        assert str(error.value) == (
            f"loadgen_mode=FindPeakPerformance works for loadgen_scenario=Server only, not for {scenario}: "
            "LoadGen searches the highest Server load"
        )

    def test_model_name_that_user_conf_cannot_hold(self, job: Callable[..., Any]) -> None:
        from loadgen_harness.parameters import HarnessError

        with pytest.raises(
            HarnessError, match=r"^loadgen_model='my net' is not a name that LoadGen's user.conf can hold$"
        ):
            keys_of(job(loadgen_model="my net"))

    def test_user_conf_has_blanks_round_the_sign(self) -> None:
        from loadgen_harness.settings import Settings

        keys = {"target_qps": 5000.0, "target_latency": 0.189796, "min_duration": 600000}
        assert Settings("Offline", "PerformanceOnly", "resnet50", keys).user_conf() == (
            "resnet50.Offline.target_qps = 5000\n"
            "resnet50.Offline.target_latency = 0.189796\n"
            "resnet50.Offline.min_duration = 600000\n"
        )

    @pytest.mark.parametrize(
        ("scenario", "said", "after"),
        [
            ("Offline", {}, {"target_qps": 9600.0}),
            ("Offline", {"target_qps": 5000.0}, {"target_qps": 9600.0}),
            ("Offline", {"target_qps": 50_000.0}, {"target_qps": 50_000.0}),
            ("Server", {}, {"target_qps": 2666.667}),
            ("Server", {"target_qps": 1.0}, {"target_qps": 1.0}),
            ("SingleStream", {}, {"target_latency": 0.5}),
            ("SingleStream", {"target_latency": 10.0}, {"target_latency": 0.5}),
            ("MultiStream", {"target_latency": 0.1}, {"target_latency": 0.1}),
        ],
    )
    def test_warm_up_corrects_expectations_and_no_load(
        self, scenario: str, said: dict[str, float], after: dict[str, float]
    ) -> None:
        """Calls of 8 samples that took 1 ms and 2 ms."""
        from loadgen_harness.settings import Settings

        settings = Settings(scenario, "PerformanceOnly", "*", said)
        assert dict(settings.after_warm_up([0.002, 0.001], 8).keys) == after

    def test_what_is_weaker_than_mlperfs_own_is_named(self) -> None:
        from loadgen_harness.settings import weaker_than

        official = {
            "min_duration_ms": 600_000,
            "min_query_count": 100,
            "performance_sample_count_override": 1024,
            "multi_stream_samples_per_query": 8,
            "server_target_latency_ns": 15_000_000,
            "max_duration_ms": 0,
            "max_query_count": 0,
        }
        assert weaker_than(SimpleNamespace(**official), official, "Server") == []
        used = {
            "min_duration_ms": 3000,
            "min_query_count": 662,
            "performance_sample_count_override": 20,
            "multi_stream_samples_per_query": 4,
            "server_target_latency_ns": 20_000_000,
            "max_duration_ms": 4000,
        }
        assert weaker_than(SimpleNamespace(**official | used), official, "Server") == [
            "min_duration 3000 ms (MLPerf: 600000 ms)",
            "performance_sample_count 20 samples (MLPerf: 1024 samples)",
            "target_latency 20000000 ns (MLPerf: 15000000 ns)",
            "max_duration 4000 ms (MLPerf: none)",
        ]
        assert weaker_than(
            SimpleNamespace(**official | {"multi_stream_samples_per_query": 4}), official, "MultiStream"
        ) == ["samples_per_query 4 samples (MLPerf: 8 samples)"]


class TestBackend:
    MODULE = """
from loadgen_harness.backend import Backend
class Toy(Backend):
    engine, device, precision = "toy", "cpu", "bf16"
    def predict(self, batch):
        return [batch]
def open(model, options):
    return Toy()
"""

    def opened(self, folder: Path, **options: Any) -> Any:
        from loadgen_harness.backend import Options, open_backend
        from loadgen_harness.parameters import Need

        return open_backend(Need("toy", folder, None, {}), Need("m", folder, None, {}), Options(8, **options))

    def test_predict_becomes_submit(self, tmp_path: Path) -> None:
        (tmp_path / "backend.py").write_text(self.MODULE)
        outputs: list[Any] = []
        self.opened(tmp_path, device="cpu", precision="bf16").submit("a batch", outputs.append)
        assert outputs == [["a batch"]]

    def test_backend_sees_its_own_settings(self, tmp_path: Path) -> None:
        from loadgen_harness.backend import Options, open_backend
        from loadgen_harness.parameters import Need

        keeping = "toy = Toy()\n    toy.options = {'mode': options.settings['mode']}\n    return toy"
        (tmp_path / "backend.py").write_text(self.MODULE.replace("return Toy()", keeping))
        backend = open_backend(Need("toy", tmp_path, None, {"mode": "fast"}), Need("m", tmp_path, None, {}), Options(8))
        assert backend.options == {"mode": "fast"}

    @pytest.mark.parametrize(("what", "asked", "used"), [("device", "cuda", "cpu"), ("precision", "fp32", "bf16")])
    def test_other_device_or_precision_than_asked_for(self, tmp_path: Path, what: str, asked: str, used: str) -> None:
        from loadgen_harness.parameters import HarnessError

        (tmp_path / "backend.py").write_text(self.MODULE)
        with pytest.raises(HarnessError) as error:
            self.opened(tmp_path, **{what: asked})
        assert str(error.value) == f"{what} '{asked}' was asked for, but toy really uses '{used}'"

    @pytest.mark.parametrize(("what", "said"), [("device", "execution_device"), ("precision", "precision")])
    def test_what_an_engine_cannot_tell_is_refused_where_it_was_asked_for(
        self, tmp_path: Path, what: str, said: str
    ) -> None:
        from loadgen_harness.parameters import HarnessError

        (tmp_path / "backend.py").write_text(self.MODULE.replace('"toy", "cpu", "bf16"', '"toy", "unknown", "unknown"'))
        assert self.opened(tmp_path).effective().precision == "unknown"
        with pytest.raises(HarnessError) as error:
            self.opened(tmp_path, **{what: "cpu" if what == "device" else "fp32"})
        assert str(error.value) == (
            f"{what} '{'cpu' if what == 'device' else 'fp32'}' was asked for, but toy cannot tell which it uses: "
            f"leave out {said}"
        )

    def test_engine_that_is_refused_is_closed(self, tmp_path: Path) -> None:
        from loadgen_harness.parameters import HarnessError

        closing = f"    def close(self):\n        open_({str(tmp_path / 'closed')!r}, 'w').close()\ndef open("
        (tmp_path / "backend.py").write_text("open_ = open\n" + self.MODULE.replace("def open(", closing))
        with pytest.raises(HarnessError):
            self.opened(tmp_path, device="cuda")
        assert (tmp_path / "closed").exists()

    def test_without_a_method_of_its_own_the_attributes_are_effective(self, tmp_path: Path) -> None:
        from loadgen_harness.backend import Effective

        (tmp_path / "backend.py").write_text(self.MODULE)
        assert self.opened(tmp_path).effective() == Effective("cpu", "bf16")

    @pytest.mark.parametrize(
        ("before", "after", "refused"),
        [
            (("cpu", "fp32"), ("cpu", "fp32"), None),
            (("unknown", "unknown"), ("cpu", "fp32"), None),
            (("cuda", "fp32"), ("cpu", "fp32"), "toy changed its device while the test ran, from 'cuda' to 'cpu'"),
            (("cpu", "fp32"), ("cpu", "int8"), "toy changed its precision while the test ran, from 'fp32' to 'int8'"),
        ],
    )
    def test_engine_that_changes_while_it_runs(
        self, before: tuple[str, str], after: tuple[str, str], refused: str | None
    ) -> None:
        from loadgen_harness.backend import Effective, check_unchanged
        from loadgen_harness.parameters import HarnessError

        if refused is None:
            check_unchanged("toy", Effective(*before), Effective(*after))
            return
        with pytest.raises(HarnessError) as error:
            check_unchanged("toy", Effective(*before), Effective(*after))
        assert str(error.value) == refused

    def test_inputs_that_nobody_gives(self) -> None:
        from loadgen_harness.backend import require_one_input
        from loadgen_harness.parameters import HarnessError

        require_one_input(Path("net.onnx"), {"image": ["N", 3, 32, 32]})
        with pytest.raises(HarnessError) as error:
            require_one_input(Path("net.onnx"), {"image": ["N", 3, 32, 32], "scale": [1], "flag": []})
        assert str(error.value) == (
            "net.onnx takes 3 inputs: image [N, 3, 32, 32], scale [1], flag; here a network is given its samples alone."
            " Save it again with constants for the others, and one input"
        )

    def test_module_that_is_not_there(self, tmp_path: Path) -> None:
        from loadgen_harness.parameters import HarnessError

        with pytest.raises(HarnessError, match=r"^backend 'toy' has no module .*backend\.py$"):
            self.opened(tmp_path)

    def test_backend_without_predict(self) -> None:
        from loadgen_harness.backend import Backend

        with pytest.raises(NotImplementedError, match=r"^Backend has neither predict nor submit$"):
            Backend().submit(None, print)  # type: ignore[arg-type]


class TestWatch:
    def run(self, body: str) -> subprocess.CompletedProcess[str]:
        program = "import time\nfrom loadgen_harness.watch import Watchdog\n" + body
        return subprocess.run(
            [sys.executable, "-B", "-c", program],
            capture_output=True,
            text=True,
            env={"PYTHONPATH": str(HARNESS), "PATH": "/usr/bin:/bin"},
            timeout=60,
        )

    @pytest.mark.process
    def test_standstill_is_ended_with_the_reason(self) -> None:
        ended = self.run(
            "dog = Watchdog(0.2, lambda: 5, lambda: None)\ndog.start()\ndog.phase('a test')\ntime.sleep(50)\n"
        )
        assert ended.returncode == 1
        assert ended.stderr.splitlines()[-1] == "error: no progress for 0.2 s while a test: ended (loadgen_timeout)"

    @pytest.mark.process
    def test_hang_that_holds_the_interpreter_is_ended_too(self) -> None:
        ended = self.run(
            "import ctypes\ndog = Watchdog(0.2, lambda: 5, lambda: None)\ndog.start()\nctypes.PyDLL(None).sleep(50)\n"
        )
        assert ended.returncode == 1
        assert "Timeout (" in ended.stderr

    @pytest.mark.process
    def test_error_that_loadgen_does_not_come_to_an_end_with(self) -> None:
        ended = self.run(
            "dog = Watchdog(50, time.time_ns, lambda: ValueError('fell over'))\ndog.start()\ntime.sleep(50)\n"
        )
        assert ended.returncode == 1
        assert ended.stderr.splitlines() == ["ValueError: fell over", "error: ValueError while starting: fell over"]

    @pytest.mark.process
    def test_progress_keeps_it_alive(self) -> None:
        ended = self.run(
            "dog = Watchdog(0.4, time.time_ns, lambda: None)\ndog.start()\ntime.sleep(1.2)\ndog.stop()\nprint('done')\n"
        )
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, "done\n", "")
