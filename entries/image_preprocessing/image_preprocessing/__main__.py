"""Preprocess a data set: ``python -m image_preprocessing PARAMETERS_FILE``."""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path


def main(parameters_file: str) -> int:
    """Returns the exit code."""
    os.environ.setdefault("OPENCV_LOG_LEVEL", "OFF")  # broken files are named by us; read when cv2 is imported
    from image_preprocessing.job import Refused, run

    try:
        run(json.loads(Path(parameters_file).read_text(encoding="utf-8")))
    except Refused as wrong:
        print(f"error: {wrong}", file=sys.stderr)
    except OSError as error:
        print(f"error: {error.strerror or error}: {error.filename or ''}", file=sys.stderr)
    except BrokenProcessPool:
        print(
            "error: a process was killed, perhaps for want of memory; asked again, it goes on from where it stopped "
            "(with workers=1 it needs the least)",
            file=sys.stderr,
        )
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
