"""One's own folder of images and its labels, in the forms in which people have them: read, or told what is wrong where.

Files stand for images by their names; nothing here looks into them.
"""

from __future__ import annotations

import codecs
import os
from pathlib import Path

import pytest
from support.toy import Listening

from axs_core import Workspace
from axs_core.api import WorkspaceEntry
from axs_core.base.errors import AxsError

FORMS = ".jpeg, .jpg, .png, .bmp, .tif, .tiff, .webp"
NAMES = ("a.png", "b c.png", "sub/d.png")
ORDER = [("b c.png", 1), ("a.png", 0), ("sub/d.png", 2)]


@pytest.fixture
def pics(tmp_path: Path) -> Path:
    folder = tmp_path / "pics"
    for name in NAMES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


class Asked:
    """What a data set came to, and what was said of it."""

    def __init__(self, query: str) -> None:
        self.reporter = Listening()
        self.entry: WorkspaceEntry = Workspace(reporter=self.reporter).byquery(query)

    @property
    def told(self) -> list[str]:
        return [note for note in self.reporter.notes if not note.startswith("made ")]

    @property
    def labels(self) -> list[tuple[str, int]]:
        rows = (line.rpartition(" ") for line in Path(self.entry["labels_file"]).read_text("utf-8").splitlines())
        return [(name, int(label)) for name, _, label in rows]


def labelled(pics: Path, text: str | bytes, *more: str, name: str = "labels.txt") -> Asked:
    file = pics.parent / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Asked(",".join([f"dataset,images_dir={pics},labels_file={file}", *more]))


def refused(pics: Path, text: str | bytes, *more: str) -> AxsError:
    with pytest.raises(AxsError) as caught:
        labelled(pics, text, *more)
    return caught.value


PLAIN = "b c.png 1\na.png 0\nsub/d.png 2\n"
FORMS_OF_LABELS: dict[str, str | bytes] = {
    "blanks": PLAIN,
    "more blanks": "  b c.png   1\na.png 0  \n\n\nsub/d.png\t2",
    "Windows line ends": PLAIN.replace("\n", "\r\n"),
    "old Mac line ends": PLAIN.replace("\n", "\r"),
    "UTF-8 with a mark": codecs.BOM_UTF8 + PLAIN.encode(),
    "UTF-16, little": codecs.BOM_UTF16_LE + PLAIN.encode("utf-16-le"),
    "UTF-16, big": codecs.BOM_UTF16_BE + PLAIN.replace("\n", "\r\n").encode("utf-16-be"),
    "UTF-32": PLAIN.encode("utf-32"),
    "tabs": "b c.png\t1\na.png\t0\nsub/d.png\t2\n",
    "commas": "b c.png,1\na.png,0\nsub/d.png,2\n",
    "commas and blanks": "b c.png, 1\na.png, 0\nsub/d.png, 2\n",
    "semicolons": "b c.png;1\na.png;0\nsub/d.png;2\n",
    "a header": "file,label\nb c.png,1\na.png,0\nsub/d.png,2\n",
    "a header of other words": "photograph;what\nb c.png;1\na.png;0\nsub/d.png;2\n",
    "a header with blanks": "filename label\nb c.png 1\na.png 0\nsub/d.png 2\n",
    "quoted": '"file","label"\r\n"b c.png","1"\r\n"a.png","0"\r\n"sub/d.png","2"\r\n',
    "quoted, blanks": '"b c.png" 1\n"a.png" 0\n"sub/d.png" 2\n',
    "more columns": ",label,split,filename\n0,1,val,b c.png\n1,0,val,a.png\n2,2,val,sub/d.png\n",
    "numbers as pandas writes them": "file,label\nb c.png,1.0\na.png,0.0\nsub/d.png,2.0\n",
    "comments": f"# my labels\n{PLAIN}# that is all 3\n",
    "paths of a shell": "./b c.png 1\n./a.png 0\nsub/./d.png 2\n",
    "paths of Windows": "b c.png,1\na.png,0\nsub\\d.png,2\n",
}


@pytest.mark.parametrize("form", FORMS_OF_LABELS)
def test_every_form_says_the_same(pics: Path, form: str) -> None:
    asked = labelled(pics, FORMS_OF_LABELS[form])
    assert asked.labels == ORDER
    assert asked.entry["count"] == 3
    assert asked.told == []


def test_names_with_whatever_is_also_a_sign(pics: Path) -> None:
    for name in ("#1.png", "x, y.png", "q;r.png"):
        (pics / name).touch()
    asked = labelled(pics, 'file,label\n#1.png,1\n"x, y.png",2\nq;r.png,3\n')
    assert asked.labels == [("#1.png", 1), ("x, y.png", 2), ("q;r.png", 3)]
    assert labelled(pics, "#1.png 1\nx, y.png 2\nq;r.png 3\n").labels == asked.labels


LATIN1 = "gr\u00fcn.png 1\n".encode("latin-1")


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (b"", "{labels} is empty", None),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n",
            "{labels} is a Git LFS pointer, not the file: git lfs pull",
            None,
        ),
        (b"<!DOCTYPE html>\n<html>", "{labels} is a web page, not the file: download it again", None),
        (
            b"a.png 0\n" + LATIN1,
            "{labels}:2: this is no UTF-8 (byte 0xfc)",
            "if it is Latin-1: iconv -f LATIN1 -t UTF-8 {labels} > utf8.txt, and say utf8.txt in its place",
        ),
        (
            PLAIN.encode("utf-16-le"),
            "{labels}:1: this has zero bytes, as UTF-16 has them",
            "iconv -f UTF-16LE -t UTF-8 {labels} > utf8.txt, and say utf8.txt in its place",
        ),
        (codecs.BOM_UTF16_LE + b"a\0b", "{labels}:1: this is no UTF-16 (byte 0x62)", None),
        ("a.png,x,0\n", "{labels}:1: there are 3 columns; a first line must say which are meant: 'a.png,x,0'", None),
        ("a.png,0\n,1\n", "{labels}:2: expected FILE LABEL, a label being a number from 0: ',1'", None),
        ("a.png,0\nb c.png,\n", "{labels}:2: expected FILE LABEL, a label being a number from 0: 'b c.png,'", None),
        (
            "a.png 0\u2028b c.png 1\n",
            "{labels}:1: there is an odd line end in this line: 'a.png 0\\u2028b c.png 1'",
            None,
        ),
        ("a.png 0\r\na.png 0\r\n", "{labels}:2: a.png has a label already", None),
        ("a.png,0\n./a.png,1\n", "{labels}:2: a.png has a label already", None),
        (
            "pics/a.png 0\npics/b c.png 1\n",
            "2 of the 2 files that {labels} names are not in {pics}: pics/a.png, pics/b c.png",
            "they are in {above}: images_dir={above}",
        ),
        (
            "a.png 0\nb c.png cat\n",
            "{labels}:2: expected FILE LABEL, a label being a number from 0: 'b c.png cat'",
            "for names of classes say classes_file=FILE, a line for each class in the order of the network's outputs",
        ),
    ],
)
def test_what_cannot_be_read_is_told_by_its_line(pics: Path, text: str | bytes, message: str, hint: str | None) -> None:
    error = refused(pics, text)
    words = {"labels": pics.parent / "labels.txt", "pics": pics, "above": pics.parent}
    assert str(error) == message.format(**words)
    if hint is not None:
        assert error.hint == hint.format(**words)


# names of classes


def classes(pics: Path, text: str) -> str:
    (pics.parent / "classes.txt").write_text(text)
    return f"classes_file={pics.parent / 'classes.txt'}"


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        ("cat\nhot dog\nboat\n", "b c.png,hot dog\na.png,Cat\nsub/d.png,boat\n"),
        ("0 cat\n1 dog\n2 boat\n", "file label\nb c.png dog\na.png cat\nsub/d.png boat\n"),
        ("0,cat\r\n1,dog\r\n2,boat\r\n", "b c.png\tdog\na.png\t0\nsub/d.png\tboat\n"),
        (
            "n01440764 tench, Tinca tinca\nn01443537 goldfish\nn01484850 great white shark, white shark\n",
            "b c.png;n01443537\na.png;Tinca tinca\nsub/d.png;white shark\n",
        ),
    ],
)
def test_labels_that_are_names(pics: Path, names: str, labels: str) -> None:
    assert labelled(pics, labels, classes(pics, names)).labels == ORDER


def test_a_name_that_no_class_has(pics: Path) -> None:
    error = refused(pics, "a.png cat\nb c.png bota\n", classes(pics, "cat\ndog\nboat\n"))
    file = pics.parent / "classes.txt"
    assert str(error) == f"{pics.parent / 'labels.txt'}:2: 'bota' is none of the 3 classes in {file}"
    assert error.hint == "did you mean boat?"


def test_a_name_that_two_classes_have_says_neither(pics: Path) -> None:
    names = "n02012849 crane\nn03126707 crane\n"
    error = refused(pics, "a.png crane\n", classes(pics, names))
    assert "'crane' is none of the 2 classes" in str(error)
    assert labelled(pics, "a.png n03126707\n", classes(pics, names)).labels == [("a.png", 1)]


# the folder


def test_images_without_a_label_are_told(pics: Path) -> None:
    asked = labelled(pics, "a.png 0\n")
    file = pics.parent / "labels.txt"
    told = f"2 images in {pics} have no label in {file}: b c.png, sub/d.png; they are left out"
    assert (asked.entry["count"], asked.told) == (1, [told])


def test_other_kinds_of_pictures_are_told(pics: Path) -> None:
    for name in ("x.gif", "y.GIF", "sub/z.heic", ".hidden.gif", "notes.txt"):
        (pics / name).touch()
    os.mkfifo(pics / "pipe.png")
    asked = Asked(f"dataset,images_dir={pics}")
    told = f"in {pics} these are left out: .gif (2), .heic (1), pipe.png (no file); what is read: {FORMS}"
    assert (asked.entry["count"], asked.told) == (3, [told])


def test_nothing_but_other_kinds_of_pictures(tmp_path: Path) -> None:
    (tmp_path / "gifs").mkdir()
    (tmp_path / "gifs" / "x.gif").touch()
    with pytest.raises(AxsError) as caught:
        Asked(f"dataset,images_dir={tmp_path}/gifs")
    assert str(caught.value) == f"there are no images in {tmp_path}/gifs ({FORMS}); what is there: .gif (1)"


def test_each_image_counts_once_however_many_links_lead_to_it(pics: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "deeper").mkdir(parents=True)
    (outside / "deeper" / "e.png").touch()
    for name, target in (("here", "."), ("there", "."), ("again", "sub"), ("out", outside), ("up", outside.parent)):
        (pics / name).symlink_to(target)
    (pics / "ring1").symlink_to("ring2")
    (pics / "ring2").symlink_to("ring1")
    assert Asked(f"dataset,images_dir={pics}").entry["count"] == 4


def test_a_link_to_nowhere_is_not_left_out(pics: Path) -> None:
    """It is one of the broken images, which are told when they are read."""
    (pics / "gone.png").symlink_to("nothing.png")
    assert Asked(f"dataset,images_dir={pics}").entry["count"] == 4


def test_a_name_that_is_no_utf8(pics: Path) -> None:
    try:
        (pics / os.fsdecode(b"gr\xfcn.png")).touch()
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    with pytest.raises(AxsError) as caught:
        Asked(f"dataset,images_dir={pics}")
    assert str(caught.value) == f"{pics}: 1 name is no UTF-8: gr\\xfcn.png"
    assert caught.value.hint == "rename what is called so"
