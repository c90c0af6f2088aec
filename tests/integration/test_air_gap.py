"""A bundle made here, opened where there is no network at all: in a network namespace without even a loopback."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.axs_command import AxsCommand

ONNXRT = "loadgen_output,framework=onnxrt,loadgen_scenario=Offline"
PYTORCH = "loadgen_output,framework=pytorch,loadgen_scenario=Offline"
ACCURACY = "98.4"


def _can_unshare() -> bool:
    program = shutil.which("unshare")
    return program is not None and subprocess.run([program, "-n", "true"], capture_output=True).returncode == 0


pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not _can_unshare(), reason="this machine does not let us take the network away"),
]


@dataclass(frozen=True)
class Away:
    """A machine with an empty home, an empty work collection and no network; ``python`` runs axs there."""

    home: Path
    python: str = sys.executable

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.plain(self.python, "-m", "axs_core", *words)

    def plain(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Any program, with nothing of this machine's settings but where programs are."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.home), "AXS_PYTHON_ENV": "isolated"}
        done = subprocess.run(
            ["unshare", "-n", *words], env=environment, cwd=self.home, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}"
        return done


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def test_the_default_without_any_network(axs: AxsCommand, home: Path, tmp_path: Path) -> None:
    file = tmp_path / "bundle.tar"
    assert axs.run("bundle", ONNXRT, f"--output={file}").stdout == f"{file}\n"
    away = Away(home)
    assert away.run("unbundle", str(file)).stdout == f"{ONNXRT}\n"
    file.unlink()
    assert away.run("byquery", ONNXRT, ",", "get", "accuracy").stdout == f"{ACCURACY}\n"
    frozen = away.run(
        "byquery", "python_env,requirements:=numpy==2.2.6:pillow==12.0.0:scikit-learn==1.7.2", ",", "dig", "frozen"
    )
    assert '"numpy==2.2.6"' in frozen.stdout
    assert away.run("verify").stdout == ""


@pytest.mark.endurance
def test_both_frameworks_with_nothing_but_python(axs: AxsCommand, home: Path, tmp_path: Path) -> None:
    """torch is 200 MB; axs itself comes in the bundle, and is installed as its README says."""
    file = tmp_path / "bundle.tar"
    axs.run("bundle", ONNXRT, PYTORCH, f"--output={file}", "--with_axs")
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    script = subprocess.run(["tar", "xOf", str(file), "README.txt"], capture_output=True, text=True, check=True).stdout
    commands = [line.strip() for line in script.splitlines() if line.startswith(("    tar", f"    {version}"))]
    assert len(commands) == 2
    away = Away(home)
    away.plain("sh", "-ec", "\n".join(commands).replace("THIS_FILE", str(file)))
    away = Away(home, str(home / ".venv" / "bin" / "python"))
    assert away.run("unbundle", str(file)).stdout == f"{ONNXRT}\n{PYTORCH}\n"
    for query in (ONNXRT, PYTORCH):
        assert away.run("byquery", query, ",", "get", "accuracy").stdout == f"{ACCURACY}\n"
