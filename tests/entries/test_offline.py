"""ImageNet and ResNet50 with no network: from a folder and from a server that mirror the real addresses.

The files are small ones made here. They lie under the real paths; the checksums that they are compared with are those
of entries of this test, which come before the shipped ones. Checks are not switched off.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from support.axs_command import AxsCommand
from support.http_server import Server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

ENTRIES = Path(__file__).parents[2] / "entries"
MATERIAL = Path(__file__).parents[1] / "support" / "imagenet_material.py"
COUNT = 24
RUN = "loadgen_output,classified_imagenet,framework=onnxrt,loadgen_scenario=Offline"
SHIPPED = {
    "model_resnet50_onnx_opset8": ("onnx", "model,framework=onnxrt,model_name=resnet50"),
    "dataset_imagenet_val_min": ("images", "dataset,imagenet,val,min"),
    "dataset_imagenet_aux": ("labels", "dataset,imagenet,aux"),
}
"""What is written in the place of each, and the query that it answers."""


@dataclass(frozen=True)
class Material:
    """``mirror`` has HOST/PATH for each file; ``entries`` is the collection that knows their checksums; the
    environments that the run needs are in the work collection of ``axs`` already.
    """

    axs: AxsCommand
    mirror: Path
    entries: Path
    addresses: tuple[str, ...]


@pytest.fixture(scope="module")
def material(axs: AxsCommand, tmp_path_factory: pytest.TempPathFactory) -> Material:
    folder = tmp_path_factory.mktemp("offline")
    onnx, pillow = axs.python_of("onnxrt"), axs.python("image_preprocessing")
    axs = axs.apart(folder, "loadgen_output,framework=onnxrt,loadgen_scenario=Offline")  # the run's own environment
    mirror, entries = folder / "mirror", folder / "entries"
    addresses = []
    for shipped, (what, query) in SHIPPED.items():
        url = axs.run("fetch-list", query, "--urls").stdout.splitlines()[-1]
        addresses.append(url)
        file = mirror / urlsplit(url).netloc / urlsplit(url).path.lstrip("/")
        file.parent.mkdir(parents=True)
        size = [] if what == "onnx" else [str(COUNT)]
        subprocess.run([onnx if what == "onnx" else pillow, str(MATERIAL), what, str(file), *size], check=True)
        write_entry(entries, shipped, url, hashlib.md5(file.read_bytes()).hexdigest())
    return Material(axs, mirror, entries, tuple(addresses))


def write_entry(entries: Path, shipped: str, url: str, md5: str) -> None:
    """A recipe like the shipped one, with the checksum of the small file, tried before it."""
    meta = yaml.safe_load((ENTRIES / shipped / "meta.yaml").read_text(encoding="utf-8"))
    own = {"title": f"Small: {meta['title']}", "parents": [shipped], "provides": meta["provides"], "preference": 9}
    own["make"] = meta["make"]
    own["make"]["fetch"] |= {"urls": url, "md5": md5}
    if "count" in meta.get("attributes", {}):
        own["attributes"] = {"count": COUNT}
    folder = entries / f"small_{shipped}"
    folder.mkdir(parents=True)
    (folder / "meta.yaml").write_text(yaml.safe_dump(own, sort_keys=False), encoding="utf-8")


@pytest.fixture
def mirrored(material: Material, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[AxsCommand]:
    """Nothing was downloaded yet; environments are shared through the collection that has them."""
    monkeypatch.setenv("AXS_DOWNLOAD_CACHE", str(tmp_path / "downloads"))
    monkeypatch.setenv("AXS_COLLECTIONS", str(material.entries))
    yield material.axs
    for pattern in ("small_*", "model_resnet50*", "dataset_imagenet*", "preprocessed_imagenet*", "resnet50_*"):
        for folder in material.axs.collection.glob(pattern):
            shutil.rmtree(folder)


def mirrors(material: Material, root: str) -> str:
    hosts = map(urlsplit, material.addresses)
    return " ".join(f"{host.scheme}://{host.netloc}/={root}/{host.netloc}/" for host in hosts)


def test_from_a_folder(material: Material, mirrored: AxsCommand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AXS_OFFLINE", "1")
    monkeypatch.setenv("AXS_MIRRORS", mirrors(material, material.mirror.as_uri()))
    assert mirrored.ask(RUN, "get", "accuracy_report") == "accuracy=60.000%, good=12, total=20"


def test_from_a_server(
    material: Material, mirrored: AxsCommand, http_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in (item for item in material.mirror.rglob("*") if item.is_file()):
        http_server.serve(f"/m/{file.relative_to(material.mirror)}", file.read_bytes())
    monkeypatch.setenv("AXS_MIRRORS", mirrors(material, f"{http_server.root}/m"))
    assert mirrored.ask(RUN, "get", "accuracy_report") == "accuracy=60.000%, good=12, total=20"
    assert len(http_server.paths()) == len(SHIPPED)


def test_the_list_is_what_has_to_be_brought(material: Material, mirrored: AxsCommand) -> None:
    listed = mirrored.run("fetch-list", RUN, "--urls").stdout.split()
    assert sorted(listed) == sorted(material.addresses)


def test_what_is_missing_is_told_with_the_ways_out(mirrored: AxsCommand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AXS_OFFLINE", "1")
    monkeypatch.delenv("AXS_COLLECTIONS")
    failed = mirrored.run("byquery", f"{RUN},opset=11", ",", "get", "accuracy", expect=1)
    said = failed.stderr[failed.stderr.index("error: ") :]
    assert said == (
        "error: resnet50_v1.onnx could not be fetched; these addresses were tried:\n"
        "    https://zenodo.org/record/4735647/files/resnet50_v1.onnx: AXS_OFFLINE=1 forbids the network\n"
        "    https://storage.googleapis.com/resnet50_assets/resnet50_v1.onnx: AXS_OFFLINE=1 forbids the network\n"
        f"  needed by: {said.split('needed by: ')[1].splitlines()[0]}\n"
        "\n"
        "hint: unset AXS_OFFLINE; or name a mirror: AXS_MIRRORS='https://storage.googleapis.com/resnet50_assets/="
        "https://MIRROR/'; or a folder of this machine that holds it: AXS_MIRRORS='https://storage.googleapis.com/"
        "resnet50_assets/=file:///FOLDER/'; or weights=random in the query: the same network with random weights, for "
        "speed only\n"
    )
