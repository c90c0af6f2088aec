"""Preprocessing for real: bytes compared with the rules written out a second time, broken files, interruption."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.axs_command import AxsCommand

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

SUPPORT = Path(__file__).parents[1] / "support"
ENTRIES = Path(__file__).parents[2] / "entries"
PROGRAM = f"{ENTRIES / 'image_preprocessing'}:{ENTRIES / 'user_files'}"
JPEGS = 200


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory, axs: AxsCommand) -> str:
    """The interpreter that has what preprocessing needs."""
    return axs.python("image_preprocessing")


def images(python: str, kind: str, folder: Path, count: int, *name: str) -> Path:
    subprocess.run([python, SUPPORT / "generated_images.py", kind, folder, str(count), *name], check=True)
    return folder


@pytest.fixture(scope="module")
def jpegs(tmp_path_factory: pytest.TempPathFactory, python: str) -> Path:
    return images(python, "jpeg", tmp_path_factory.mktemp("jpegs"), JPEGS)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory, python: str) -> Path:
    return images(python, "odd", tmp_path_factory.mktemp("odd"), 0)


def different(python: str, rule: str, folder: Path, preprocessed: Path) -> list[str]:
    command = [python, str(SUPPORT / "reference_pixels.py"), rule, str(folder), str(preprocessed)]
    names: list[str] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return names


def index_of(folder: Path) -> dict[str, list[str]]:
    index: dict[str, list[str]] = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    return index


@pytest.mark.parametrize("method", ["mlperf", "pillow", "torchvision", "squash"])
@pytest.mark.parametrize("resolution", [224, 112])
def test_each_rule_bit_for_bit(axs: AxsCommand, python: str, jpegs: Path, method: str, resolution: int) -> None:
    made = axs.folder(f"preprocessed,images_dir={jpegs},preprocess_method={method},resolution={resolution}")
    assert len(index_of(made)["files"]) == JPEGS
    assert different(python, method, jpegs, made) == []


def test_rare_files_as_the_reference_reads_them(axs: AxsCommand, python: str, odd: Path) -> None:
    made = axs.folder(f"preprocessed,images_dir={odd}")
    assert len(index_of(made)["files"]) == len(list(odd.iterdir()))
    assert different(python, "mlperf", odd, made) == []


def test_rare_files_as_pillow_reads_them(axs: AxsCommand, python: str, odd: Path) -> None:
    """axs takes three of four CMYK channels for RGB and a palette's numbers for grey levels: these are converted here,
    as torchvision converts them.
    """
    made = axs.folder(f"preprocessed,images_dir={odd},preprocess_method=pillow")
    assert different(python, "torchvision", odd, made) == ["sixteen_bits_grey.png"], "which torchvision makes white"


def test_the_whole_of_a_square_picture(axs: AxsCommand, python: str, tmp_path: Path) -> None:
    script = "import sys; from PIL import Image; Image.radial_gradient('L').convert('RGB').save(sys.argv[1])"
    (tmp_path / "square").mkdir()
    subprocess.run([python, "-c", script, str(tmp_path / "square" / "one.png")], check=True)
    made = axs.folder(f"preprocessed,images_dir={tmp_path}/square,preprocess_method=pillow,crop_percentage=100")
    assert different(python, "squash", tmp_path / "square", made) == []


def test_grey_levels(axs: AxsCommand, jpegs: Path) -> None:
    asked = f"preprocessed,images_dir={jpegs},channels=1,first_n=3"
    assert index_of(axs.folder(f"{asked},preprocess_method=pillow"))["shape"] == [224, 224, 1]
    refused = axs.run("byquery", asked, expect=1)
    assert (
        "error: preprocess_method=mlperf makes RGB images only; for channels=1 say preprocess_method=pillow"
        in refused.stderr
    )


def test_labels_decide_which_images_and_their_order(axs: AxsCommand, jpegs: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.txt"
    labels.write_text("img_0003.jpeg 7\nimg_0001.jpeg 0\nimg_0002.jpeg 7\n")
    made = axs.folder(f"preprocessed,images_dir={jpegs},labels_file={labels},first_n=2")
    assert index_of(made)["files"] == ["img_0003.jpeg", "img_0001.jpeg"]
    assert index_of(made)["labels"] == [7, 0]
    assert axs.ask(f"preprocessed,images_dir={jpegs},labels_file={labels},first_n=2", "get", "labelled") == "true"


def test_sample_photos(axs: AxsCommand) -> None:
    made = axs.folder("preprocessed,dataset_name=sample_photos,first_n=20")
    assert index_of(made)["shape"] == [224, 224, 3]
    assert "labels" not in index_of(made)
    photos = axs.folder("dataset,dataset_name=sample_photos")
    assert len(list((photos / "images").iterdir())) == 500
    assert "danielbuechele" in (photos / "ATTRIBUTION.txt").read_text(encoding="utf-8")
    refused = axs.run("byquery", "preprocessed,dataset_name=sample_photos,first_n=501", expect=3)
    assert "count>=501 does not hold: count is 500" in refused.stderr


@pytest.fixture
def damaged(jpegs: Path, tmp_path: Path) -> Path:
    """A hundred images, three of them broken."""
    folder = tmp_path / "damaged"
    folder.mkdir()
    for file in sorted(jpegs.iterdir())[:100]:
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / "img_0004.jpeg").write_bytes((jpegs / "img_0004.jpeg").read_bytes()[:-500])
    (folder / "img_0050.jpeg").write_bytes(b"")
    (folder / "img_0100.jpeg").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n")
    return folder


@pytest.mark.parametrize("method", ["mlperf", "pillow"])
def test_broken_files(axs: AxsCommand, python: str, damaged: Path, method: str) -> None:
    asked = f"preprocessed,images_dir={damaged},preprocess_method={method}"
    refused = axs.run("byquery", asked, expect=1)
    assert f"3 of 100 files in {damaged} cannot be read; skip_broken+ in the query leaves them out" in refused.stderr
    for name in ("img_0004.jpeg", "img_0050.jpeg: it is empty", "img_0100.jpeg: it is a Git LFS pointer, not the file"):
        assert f"    {name}" in refused.stderr
    made = axs.folder(f"{asked},skip_broken+")
    assert len(index_of(made)["files"]) == 97
    assert different(python, method, damaged, made) == []
    skipped = json.loads(axs.ask(f"{asked},skip_broken+", "get", "skipped"))
    assert skipped == ["img_0004.jpeg", "img_0050.jpeg", "img_0100.jpeg"]


def test_nothing_but_broken_files(axs: AxsCommand, tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "one.png").touch()
    refused = axs.run("byquery", f"preprocessed,images_dir={tmp_path}/bad,skip_broken+", expect=1)
    assert f"1 of 1 files in {tmp_path}/bad cannot be read" in refused.stderr


# interruption, with the program alone


class Program:
    """``python -m image_preprocessing`` on a folder, its unfinished work kept in ``cache``."""

    def __init__(self, python: str, images_dir: Path, root: Path) -> None:
        self.python, self.images_dir, self.root = python, images_dir, root
        self.cache = root / "cache"

    def start(self, name: str, **parameters: object) -> subprocess.Popen[str]:
        out = self.root / name
        out.mkdir()
        defaults: Mapping[str, object] = {
            "preprocess_method": "mlperf",
            "resolution": 224,
            "crop_percentage": 87.5,
            "channels": 3,
            "workers": 2,
        }
        job = {
            "parameters": {**defaults, **parameters},
            "needs": {"dataset": {"name": "toy", "attributes": {"images_dir": str(self.images_dir)}}},
            "output_path": str(out),
        }
        file = self.root / f"{name}.json"
        file.write_text(json.dumps(job))
        environment = {**os.environ, "PYTHONPATH": PROGRAM, "AXS_PREPROCESSING_CACHE": str(self.cache)}
        return subprocess.Popen(
            [self.python, "-m", "image_preprocessing", str(file)],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def finish(self, name: str, **parameters: object) -> str:
        """Run to the end; what was said."""
        _, said = (process := self.start(name, **parameters)).communicate()
        assert process.returncode == 0, said
        return said

    def journal(self) -> list[str]:
        return [line for file in self.cache.glob("*/journal.jsonl") for line in file.read_text().splitlines()]

    def kill_in_the_middle(self, name: str) -> None:
        process = self.start(name)
        while len(self.journal()) < 2:
            assert process.poll() is None, "it was done before it could be killed"
            time.sleep(0.01)
        process.kill()
        process.communicate()
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                os.killpg(process.pid, 0)
            except ProcessLookupError:
                return
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
        raise AssertionError("processes were left behind")


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory, python: str) -> Path:
    return images(python, "jpeg", tmp_path_factory.mktemp("many"), 600)


@pytest.fixture
def program(python: str, many: Path, tmp_path: Path) -> Program:
    return Program(python, many, tmp_path)


def test_it_goes_on_after_a_kill(program: Program) -> None:
    program.finish("plain")
    assert list(program.cache.iterdir()) == [], "what is done leaves nothing in the cache"
    program.kill_in_the_middle("killed")
    done = len(program.journal())
    assert 2 <= done < 19
    assert f"{32 * done} of 600 images are there from an earlier try" in program.finish("again")
    assert (program.root / "again" / "images.u8").read_bytes() == (program.root / "plain" / "images.u8").read_bytes()
    assert list(program.cache.iterdir()) == []


def test_what_was_damaged_meanwhile_is_made_again(program: Program) -> None:
    program.kill_in_the_middle("killed")
    pixels = next(program.cache.glob("*/images.u8"))
    place = json.loads(program.journal()[0])[0]
    with pixels.open("r+b") as file:
        file.seek(place * 224 * 224 * 3)
        file.write(b"rubbish")
    done = len(program.journal())
    assert f"{32 * (done - 1)} of 600 images are there from an earlier try" in program.finish("again")
    program.finish("one_process", workers=1)
    assert (program.root / "again" / "images.u8").read_bytes() == (
        program.root / "one_process" / "images.u8"
    ).read_bytes()


def test_without_a_cache_it_works_too(program: Program) -> None:
    program.cache.write_text("a file, not a folder")
    program.finish("out", first_n=40)
    assert sorted(item.name for item in (program.root / "out").iterdir()) == ["found.json", "images.u8", "index.json"]
