"""A bundle of the default query: what is in it, how long it takes, how much memory, and that it runs without a network.

    python benchmarks/bundle.py [--pytorch] [--folder FOLDER]

Makes it here, opens it in an empty work collection in a network namespace (where this machine allows one) and runs the
query there, each as a process of its own. Times are wall-clock seconds; memory is the largest resident size of axs or
of anything that it starts. tar and sha256sum over the same file are the yardstick.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
QUERY = "loadgen_output,framework={},loadgen_scenario=Offline"


@dataclass(frozen=True)
class Run:
    """One process: its output, seconds, and the largest resident size in megabytes."""

    output: str
    seconds: float
    megabytes: float


def run(words: list[str], environ: dict[str, str]) -> Run:
    started = time.monotonic()
    child = subprocess.Popen(words, env=environ, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(words)} failed")
    return Run(output, time.monotonic() - started, usage.ru_maxrss / 1024)


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """An empty home and work collection in ``folder``."""
    folder.mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AXS_")}
    own = {"HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache"), "AXS_PYTHON_ENV": "isolated"}
    return {**kept, "PYTHONPATH": str(ROOT), "AXS_WORK_COLLECTION": str(folder / "work"), **own, **settings}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pytorch", action="store_true", help="with PyTorch too (200 MB)")
    parser.add_argument("--folder", type=Path, help="where to work; a temporary folder otherwise")
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="bundle-"))
    folder.mkdir(exist_ok=True)
    try:
        measure(folder, ["onnxrt", "pytorch"] if given.pytorch else ["onnxrt"])
    finally:
        if given.folder is None:
            shutil.rmtree(folder, ignore_errors=True)


def measure(folder: Path, frameworks: list[str]) -> None:
    axs, queries = [sys.executable, "-m", "axs_core"], [QUERY.format(framework) for framework in frameworks]
    file = folder / "bundle.tar"
    home = Path.home()
    pip = {"PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR", str(home / ".cache" / "pip"))}
    if (home / ".config" / "pip" / "pip.conf").is_file():
        pip["PIP_CONFIG_FILE"] = os.environ.get("PIP_CONFIG_FILE", str(home / ".config" / "pip" / "pip.conf"))
    here = environment(folder / "here", **pip)
    for query in queries:
        run([*axs, "byquery", query, ",", "get", "accuracy"], here)
    made = run([*axs, "bundle", *queries, f"--output={file}"], here)
    print(f"bundle of {', '.join(frameworks)}: {file.stat().st_size / 1e6:.0f} MB, needs there already")
    print(f"  bundle     {made.seconds:6.1f} s  {made.megabytes:6.0f} MB of memory")
    away = environment(folder / "away")
    cut = ["unshare", "-n"] if subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode == 0 else []
    opened = run([*cut, *axs, "unbundle", str(file)], away)
    print(f"  unbundle   {opened.seconds:6.1f} s  {opened.megabytes:6.0f} MB of memory")
    (folder / "tar").mkdir()
    tar = run(["tar", "xf", str(file), "-C", str(folder / "tar")], here)
    digests = run(["sha256sum", str(file)], here)
    print(
        f"  tar xf and sha256sum: {tar.seconds + digests.seconds:.1f} s; unbundle takes "
        f"{opened.seconds / (tar.seconds + digests.seconds):.1f} times that"
    )
    for query in opened.output.split():
        answer = run([*cut, *axs, "byquery", query, ",", "get", "accuracy"], away)
        network = "without any network" if cut else "(the network could not be taken away)"
        print(f"  {query} {network}: {answer.output.strip()} after {answer.seconds:.0f} s")


if __name__ == "__main__":
    main()
