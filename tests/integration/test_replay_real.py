"""A real run made again elsewhere, from its archive: the same packages, the same answers, image by image."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.axs_command import AxsCommand

pytestmark = pytest.mark.slow

QUERY = "loadgen_output,framework=onnxrt,loadgen_scenario=Offline"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> AxsCommand:
    return AxsCommand(tmp_path_factory.mktemp("here") / "work")


@pytest.fixture(autouse=True)
def own_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    """The interpreter of the tests may have everything; archives are known of installed packages only."""
    monkeypatch.setenv("AXS_PYTHON_ENV", "isolated")
    monkeypatch.setenv("AXS_INSTALLER", "pip")


def test_a_replay_gives_the_same_predictions_elsewhere(here: AxsCommand, tmp_path: Path) -> None:
    name = here.folder(QUERY).name
    archive = tmp_path / "results.zip"
    here.run("zip", "loadgen_output", f"--output={archive}")
    there = AxsCommand(tmp_path / "there")
    there.run("unzip", str(archive))
    assert there.run("all_byquery", "loadgen_output", ",", "get", "accuracy").stdout == "98.4\n"
    printed = there.run("byname", name, ",", "replay").stdout.splitlines()
    assert "surroundings: the same as in the record" in printed
    assert printed[-1] == "predictions.txt: all 768 lines are the same"
    assert any(line.split() == ["accuracy", "98.4", "98.4", "same"] for line in printed)
    new = next(line.split()[1] for line in printed if line.startswith("new  "))  # below what is said of noise
    compared = there.run("diff", name, new).stdout
    for environment in ("python", "images/python", "images/dataset/python"):
        assert f"packages ({environment})" in compared.splitlines()[-1]
    assert there.run("all_byquery", f"{QUERY},replay_of.").stdout == f"{new}\n"


def test_an_environment_from_a_lock_file(here: AxsCommand, tmp_path: Path) -> None:
    name, lock = here.folder(QUERY).name, tmp_path / "pylock.toml"
    assert here.run("byname", name, ",", "lock", f"--output={lock}").stdout == f"{lock}\n"
    there = AxsCommand(tmp_path / "there")
    packages = there.ask(f"python_env,lock_file={lock}", "get", "frozen")
    assert packages == here.run("byname", name, ",", "dig", "record.python.python").stdout.removesuffix("\n")
    changed = tmp_path / "changed.toml"
    text = lock.read_text()
    digest = text.partition('sha256 = "')[2][:64]
    changed.write_text(text.replace(digest, "0" * 64))
    failed = there.run("byquery", f"python_env,lock_file={changed}", expect=1)
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in failed.stderr


def test_an_audit_of_a_real_run(here: AxsCommand) -> None:
    folder = here.folder(QUERY)
    assert here.run("audit", folder.name).stdout.endswith("accuracy, accuracy_report, accuracy_interval, verdict\n")
    taken_in = here.run("ingest", str(folder), "--tags,=c++,again").stdout.strip()
    assert here.run("byname", taken_in, ",", "get", "accuracy").stdout == "98.4\n"
    with (folder / "mlperf_log_detail.txt").open("a") as stream:
        stream.write("\n")
    failed = here.run("audit", folder.name, expect=1)
    assert f"{folder.name}/mlperf_log_detail.txt: has " in failed.stderr
