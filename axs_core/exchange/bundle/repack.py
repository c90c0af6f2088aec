"""A wheel made of a package as it is installed: what is here can be carried elsewhere without asking any index."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution
from pathlib import Path

from axs_core.base.errors import ProduceError

_TIME = (1980, 1, 1, 0, 0, 0)
_OF_THE_INSTALLATION = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})


def repack(package: Distribution, to: Path) -> Path:
    """Write the wheel of an installed pure Python package into the folder ``to``; returns it."""
    tag = next((line[5:] for line in (package.read_text("WHEEL") or "").splitlines() if line.startswith("Tag: ")), None)
    if tag is None:
        raise ProduceError(f"{package.name} was not installed from a wheel, so none can be made of it")
    name = package.name.replace("-", "_")
    wheel, info = to / f"{name}-{package.version}-{tag}.whl", f"{name}-{package.version}.dist-info"
    rows = []
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, file in sorted(_files(package)):
            data = file.read_bytes()
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            rows.append(f"{place},sha256={digest},{len(data)}\n")
            archive.writestr(zipfile.ZipInfo(place, _TIME), data)
        rows.append(f"{info}/RECORD,,\n")
        archive.writestr(zipfile.ZipInfo(f"{info}/RECORD", _TIME), "".join(rows))
    return wheel


def _files(package: Distribution) -> Iterator[tuple[str, Path]]:
    """What came in the wheel: not programs, nor what Python and the installer wrote beside."""
    for file in package.files or ():
        if ".." in file.parts or "__pycache__" in file.parts or file.name in _OF_THE_INSTALLATION:
            continue
        yield file.as_posix(), Path(str(file.locate()))
