"""The data sets of images: fetched, found on this machine in every layout, one's own. Files stand for images by their
names; nothing here looks into them.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from support.http_server import Server
from support.toy import Listening

from axs_core import Workspace
from axs_core.api import WorkspaceEntry
from axs_core.base.digest import of_tree
from axs_core.base.errors import AxsError

ENTRIES = Path(__file__).parents[2] / "entries"
NAMES = [f"ILSVRC2012_val_{number:08d}.JPEG" for number in range(1, 6)]
CLASSES = ["n01751748", "n09193705", "n02105855", "n04263257", "n03125729"]
LABELS = [65, 970, 230, 809, 516]
LINES = [f"{name} {label}" for name, label in zip(NAMES, LABELS, strict=True)]
MIN, AUX = "/ai/data/ILSVRC2012_img_val_500.tar", "/caffe_ilsvrc12.tar.gz"
HINT = "axs byquery dataset,imagenet,val,search_dir=FOLDER says where the images are; the first 500 can be fetched"


def packed(files: dict[str, str], mode: str = "w") -> bytes:
    """A tar file."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as tar:  # type: ignore[call-overload]
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return out.getvalue()


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


class ImageNet:
    """The shipped recipes, with a server in the place of the real hosts, and entries of the test's own that say which
    checksums its small archives have.
    """

    def __init__(self, server: Server, root: Path) -> None:
        self.server, self.root = server, root
        self.few = packed({f"ILSVRC2012_img_val_500/{name}": name for name in NAMES[:3]})
        self.aux = packed({"val.txt": "\n".join(LINES) + "\n", "synset_words.txt": "n01440764 tench\n"}, "w:gz")
        server.serve(MIN, self.few)
        server.serve(AUX, self.aux)
        packings = yaml.safe_load((ENTRIES / "dataset_imagenet_aux" / "meta.yaml").read_text())["attributes"][
            "packings"
        ]
        self.child(
            "aux",
            [["dataset", "imagenet", "aux"]],
            packings={name: {**packing, "md5": md5(self.aux)} for name, packing in packings.items()},
        )
        self.child("val_min", [["dataset", "imagenet", "val"]], preference=0.5, count=3, archive_md5=md5(self.few))

    def child(self, name: str, provides: list[list[str]], preference: float = 10, **attributes: object) -> None:
        folder = self.root / "own" / f"own_{name}"
        folder.mkdir(parents=True)
        parent = f"dataset_imagenet_{name}"
        data = {"parents": [parent], "provides": provides, "preference": preference, "attributes": attributes}
        (folder / "meta.yaml").write_text(yaml.safe_dump({"title": f"small {name}", **data}))

    def ask(self, query: str) -> WorkspaceEntry:
        mirrors = [
            ("http://cKnowledge.org/", "/"),
            ("http://dl.caffe.berkeleyvision.org/", "/"),
            ("https://www.dropbox.com/s/92n2fyej3lzy3s3/", "/dropbox/"),
        ]
        environ = {
            "HOME": str(self.root),
            "AXS_COLLECTIONS": str(self.root / "own"),
            "AXS_WORK_COLLECTION": str(self.root / "work"),
            "AXS_MIRRORS": " ".join(f"{old}={self.server.root}{new}" for old, new in mirrors),
            "AXS_DOWNLOAD_CACHE": str(self.root / "downloads"),
            "AXS_SYSTEM": "this machine",
        }
        return Workspace(environ=environ, reporter=Listening()).byquery(query)

    def refused(self, query: str) -> AxsError:
        with pytest.raises(AxsError) as error:
            self.ask(query)
        return error.value

    def folder(self, *files: str, **texts: str) -> Path:
        """A folder that holds empty files of these names."""
        where = self.root / "data" / "imagenet"
        where.mkdir(parents=True, exist_ok=True)
        for name in files:
            (where / name).parent.mkdir(parents=True, exist_ok=True)
            (where / name).touch()
        for name, text in texts.items():
            (where / f"{name}.txt").write_text(text)
        return where


@pytest.fixture
def imagenet(tmp_path: Path) -> Iterator[ImageNet]:
    with Server() as server:
        yield ImageNet(server, tmp_path)


def samples(entry: WorkspaceEntry) -> list[str]:
    """Its lines FILE LABEL; each file is there."""
    lines = Path(entry["labels_file"]).read_text().splitlines()
    assert all((Path(entry["images_dir"]) / line.rpartition(" ")[0]).is_file() for line in lines)
    assert len(lines) == entry["count"]
    return lines


def test_labels_and_class_names(imagenet: ImageNet) -> None:
    entry = imagenet.ask("dataset,imagenet,aux")
    assert Path(entry["labels_file"]).read_text().splitlines() == LINES
    assert Path(entry["synset_file"]).read_text() == "n01440764 tench\n"
    assert entry.get_path() == entry.path / "val.txt"


def test_the_other_packing_answers_as_well(imagenet: ImageNet) -> None:
    del imagenet.server.files[AUX]
    imagenet.server.serve("/dropbox/caffe_ilsvrc12.tar.gz?dl=1", imagenet.aux)
    other = imagenet.ask("dataset,imagenet,aux,packing=dropbox")
    assert imagenet.ask("dataset,imagenet,aux").name == other.name


def test_the_small_set_is_fetched_and_labelled(imagenet: ImageNet) -> None:
    entry = imagenet.ask("dataset,imagenet,val")
    assert samples(entry) == [f"ILSVRC2012_img_val_500/{line}" for line in LINES[:3]]
    assert entry.get_path() == entry.path / "images"
    assert sorted(imagenet.server.paths()) == sorted([MIN, AUX])


def test_by_its_name_it_is_the_same_images(imagenet: ImageNet) -> None:
    val, named = imagenet.ask("dataset,imagenet,val"), imagenet.ask("dataset,dataset_name=imagenet,count>=2")
    assert (named["images_dir"], named["labels_file"]) == (val["images_dir"], val["labels_file"])
    assert named.get_path() == val.get_path()
    assert len(imagenet.server.requests) == 2


LAYOUTS = {
    "flat": (NAMES, "flat", ""),
    "val": ([f"val/{name}" for name in NAMES], "flat", "val"),
    "CK": ([f"ILSVRC2012_img_val/{name}" for name in NAMES], "flat", "ILSVRC2012_img_val"),
    "class folders": ([f"{c}/{n}" for c, n in zip(CLASSES, NAMES, strict=True)], "class folders", ""),
    "torchvision": (
        [f"val/{c}/{n}" for c, n in zip(CLASSES, NAMES, strict=True)] + ["train/n01751748/n01751748_1.JPEG"],
        "class folders",
        "val",
    ),
    "Kaggle": ([f"ILSVRC/Data/CLS-LOC/val/{name}" for name in NAMES], "flat", "ILSVRC/Data/CLS-LOC/val"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_images_that_are_there_already(imagenet: ImageNet, layout: str) -> None:
    files, kind, place = LAYOUTS[layout]
    folder = imagenet.folder(*files, "notes.pdf")
    before = of_tree(folder)
    entry = imagenet.ask(f"dataset,imagenet,val,search_dir={folder}")
    assert [line.rpartition("/")[2] for line in samples(entry)] == LINES
    assert (entry["layout"], entry["images_dir"]) == (kind, str(folder / place))
    assert entry.get_path() == folder / place
    assert of_tree(folder) == before
    assert imagenet.server.paths() == [AUX]


def test_all_class_folders_need_no_list_of_labels(imagenet: ImageNet) -> None:
    classes = [f"n{number:08d}" for number in range(1000)]
    folder = imagenet.folder(*(f"{classes[-1 - place]}/{NAMES[0][:-9]}{place:04d}.JPEG" for place in range(1000)))
    entry = imagenet.ask(f"dataset,imagenet,val,search_dir={folder}")
    assert samples(entry)[:2] == [
        "n00000999/ILSVRC2012_val_00000000.JPEG 999",
        "n00000998/ILSVRC2012_val_00000001.JPEG 998",
    ]
    assert imagenet.server.requests == []


@pytest.mark.parametrize("name", ["val_map", "val"])
def test_a_list_of_labels_in_the_folder(imagenet: ImageNet, name: str) -> None:
    folder = imagenet.folder(*(f"val/{image}" for image in NAMES), **{name: "\n".join(LINES)})
    assert samples(imagenet.ask(f"dataset,imagenet,val,search_dir={folder}")) == LINES
    assert imagenet.server.requests == []


def test_an_image_without_a_label(imagenet: ImageNet) -> None:
    folder = imagenet.folder(*NAMES, val="\n".join(LINES[:2]))
    error = imagenet.refused(f"dataset,imagenet,val,search_dir={folder}")
    assert str(error) == f"there is no label for {NAMES[2]} and 2 more"


def test_what_was_registered_answers_before_anything_is_fetched(imagenet: ImageNet) -> None:
    folder = imagenet.folder(*NAMES, val="\n".join(LINES))
    imagenet.ask(f"dataset,imagenet,val,search_dir={folder}")
    assert imagenet.ask("dataset,imagenet,val,count>=5")["images_dir"] == str(folder)
    assert imagenet.ask("dataset,dataset_name=imagenet,count>=5")["images_dir"] == str(folder)
    assert imagenet.server.requests == []


def test_two_folders_do_not_answer_for_each_other(imagenet: ImageNet, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "\n".join(LINES)
    folder = imagenet.folder(*(f"one/{name}" for name in NAMES), *(f"two/{name}" for name in NAMES[:4]), val=text)
    for name in ("one", "two"):
        (folder / name / "val.txt").write_text(text)
    one = imagenet.ask(f"dataset,imagenet,val,search_dir={folder}/one")
    two = imagenet.ask(f"dataset,imagenet,val,search_dir={folder}/two")
    assert (one["count"], two["count"]) == (5, 4)
    monkeypatch.chdir(folder)
    assert imagenet.ask("dataset,imagenet,val,search_dir=one/").name == one.name
    assert imagenet.ask(f"dataset,imagenet,val,search_dir={folder}/two").name == two.name
    assert imagenet.ask("dataset,dataset_name=imagenet,search_dir=one")["count"] == 5
    assert imagenet.ask("dataset,dataset_name=imagenet,search_dir=two")["count"] == 4


def test_nothing_in_the_folder(imagenet: ImageNet) -> None:
    folder = imagenet.folder("n01751748/cat.jpeg")
    error = imagenet.refused(f"dataset,imagenet,val,search_dir={folder}")
    assert str(error) == (
        f"nothing on this machine serves dataset,imagenet,val,search_dir={folder}\n"
        f"    dataset_imagenet_val: no ILSVRC2012_val_*.JPEG and no class folders (n01440764 ...) with such files in "
        f"{folder}, nor in val/, ILSVRC2012_img_val/, ILSVRC/Data/CLS-LOC/val/, Data/CLS-LOC/val/ there\n"
        f"    dataset_imagenet_val_tar: there is no ILSVRC2012_img_val.tar in {folder}"
    )
    assert (error.hint, error.exit_code) == (HINT, 3)
    assert imagenet.server.requests == []


def test_more_images_than_can_be_fetched(imagenet: ImageNet) -> None:
    error = imagenet.refused("dataset,imagenet,val,count>=501")
    assert str(error) == (
        "nothing on this machine serves dataset,imagenet,val,count>=501\n"
        "    dataset_imagenet_val: it was not said where they are (search_dir)\n"
        "    dataset_imagenet_val_tar: it was not said where the archive is (search_dir)"
    )
    assert (error.hint, error.exit_code) == (HINT, 3)
    assert imagenet.server.requests == []


def test_originals_that_are_gone(imagenet: ImageNet) -> None:
    folder = imagenet.folder(*NAMES, val="\n".join(LINES))
    query = f"dataset,imagenet,val,search_dir={folder}"
    imagenet.ask(query)
    folder.rename(folder.with_name("moved"))
    assert "dataset_imagenet_val: no ILSVRC2012_val_*.JPEG" in str(imagenet.refused(query))
    assert imagenet.ask(f"dataset,imagenet,val,search_dir={folder.with_name('moved')}")["count"] == 5


def test_the_official_archive(imagenet: ImageNet) -> None:
    folder = imagenet.folder()
    archive = folder / "ILSVRC2012_img_val.tar"
    archive.write_bytes(packed({name: name for name in NAMES}))
    imagenet.child("val_tar", [["dataset", "imagenet", "val"]], archive_md5=md5(archive.read_bytes()))
    before = of_tree(folder)
    entry = imagenet.ask(f"dataset,imagenet,val,search_dir={folder}")
    assert samples(entry) == LINES
    assert Path(entry["images_dir"]) == entry.path / "images"
    assert of_tree(folder) == before
    archive.unlink()
    assert imagenet.ask(f"dataset,imagenet,val,search_dir={folder}").name == entry.name


def test_an_archive_that_is_not_the_official_one(imagenet: ImageNet) -> None:
    folder = imagenet.folder()
    archive = folder / "ILSVRC2012_img_val.tar"
    archive.write_bytes(b"half of it")
    error = imagenet.refused(f"dataset,imagenet,val,search_dir={folder}")
    assert str(error) == (
        f"{archive} is not the official archive, or damaged: its MD5 is {md5(b'half of it')}, "
        "expected was 29b22e2961454d5413ddabcf34fc5622"
    )
    assert error.exit_code == 1


def test_checksums_are_not_switched_off(imagenet: ImageNet) -> None:
    imagenet.server.serve(MIN, packed({name: "other" for name in NAMES[:3]}))
    assert md5(imagenet.few) in str(imagenet.refused("dataset,imagenet,val"))


# one's own images


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    for name in ("b.png", "a cat.JPG", "sub/c.jpeg", "notes.txt", ".hidden.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def test_own_images_without_labels(pictures: Path) -> None:
    entry = Workspace().byquery(f"dataset,images_dir={pictures},dataset_name=mine,count>=3")
    assert (entry["count"], entry["images_dir"], entry["dataset_name"]) == (3, str(pictures), "mine")
    assert "labels_file" not in entry.entry.values
    assert entry.get_path() == pictures


def test_own_images_with_labels(pictures: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.txt"
    labels.write_text("sub/c.jpeg 7\na cat.JPG 0\n\n")
    entry = Workspace().byquery(f"dataset,images_dir={pictures},labels_file={labels}")
    assert samples(entry) == ["sub/c.jpeg 7", "a cat.JPG 0"]
    labels.write_text("b.png 1\n")
    assert samples(entry) == ["sub/c.jpeg 7", "a cat.JPG 0"], "the entry keeps its own copy"
    assert samples(Workspace().byquery(f"dataset,images_dir={pictures},labels_file={labels}")) == ["b.png 1"]


def test_a_folder_that_changed_is_another_data_set(pictures: Path) -> None:
    before = Workspace().byquery(f"dataset,images_dir={pictures}")
    (pictures / "d.png").touch()
    after = Workspace().byquery(f"dataset,images_dir={pictures}")
    assert (before["count"], after["count"]) == (3, 4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("b.png 1\nb.png 2\n", "{labels}:2: b.png has a label already"),
        ("b.png\n", "{labels}:1: expected FILE LABEL, a label being a number from 0: 'b.png'"),
        ("b.png cat\n", "{labels}:1: expected FILE LABEL, a label being a number from 0: 'b.png cat'"),
        ("b.png -1\n", "{labels}:1: expected FILE LABEL, a label being a number from 0: 'b.png -1'"),
        ("\n", "{labels} has no line FILE LABEL"),
        ("x.png 1\nb.png 2\n", "1 of the 2 files that {labels} names are not in {pictures}: x.png"),
    ],
)
def test_labels_that_cannot_be(pictures: Path, tmp_path: Path, text: str, message: str) -> None:
    labels = tmp_path / "labels.txt"
    labels.write_text(text)
    with pytest.raises(AxsError) as error:
        Workspace().byquery(f"dataset,images_dir={pictures},labels_file={labels}")
    assert str(error.value) == message.format(labels=labels, pictures=pictures)


def test_a_folder_without_images(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(AxsError) as error:
        Workspace().byquery(f"dataset,images_dir={tmp_path}/empty")
    assert str(error.value) == f"there are no images in {tmp_path}/empty (.jpeg, .jpg, .png, .bmp, .tif, .tiff, .webp)"


def test_more_own_images_than_there_are(pictures: Path) -> None:
    with pytest.raises(AxsError) as error:
        Workspace().byquery(f"preprocessed,images_dir={pictures},first_n=4")
    assert str(error.value) == (
        f"nothing on this machine serves dataset,count>=4,images_dir={pictures}\n"
        "    dataset_images_folder: count>=4 does not hold: count is 3"
    )


# what the recipes agree on


def test_sample_photos_and_digits_share_one_environment() -> None:
    metas = (
        yaml.safe_load((ENTRIES / name / "meta.yaml").read_text())
        for name in ("dataset_sample_photos", "dataset_digits")
    )
    photos, digits = (meta["needs"]["python"] for meta in metas)
    assert photos == digits
