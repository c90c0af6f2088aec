"""Copy plotly.js out of the Python package plotly into the current folder."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path


def main() -> None:
    """Find the package without importing it, and copy its one file."""
    found = importlib.util.find_spec("plotly")
    if found is None or found.origin is None:
        raise SystemExit("the package plotly is not here")
    shutil.copyfile(Path(found.origin).parent / "package_data" / "plotly.min.js", "plotly.min.js")


if __name__ == "__main__":
    main()
