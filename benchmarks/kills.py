"""Kill axs at hundreds of points of its life, ask again each time, and print what came of it. Exit code 1 where
anything was lost, half-made or left behind.

    python -m venv V && V/bin/pip install '.[test]' && V/bin/python benchmarks/kills.py
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def main() -> int:
    """Kill and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--share", type=float, default=1.0, help="this part of the kills (default: all)")
    options.add_argument("--only", default="", metavar="BEGINNING", help="only kinds that begin so")
    given = options.parse_args()
    sys.path[:0] = [str(Path(__file__).parents[1] / "tests"), str(Path(__file__).parents[1])]
    from support.faults.campaign import FULL, fates, world_at
    from support.faults.kills import table

    every = []
    with world_at() as world:
        for what in [what for what in FULL if what.startswith(given.only)]:
            for fate in fates(world, what, max(round(FULL[what] * given.share), 1)):
                every.append((what, fate))
                for fault in fate.faults:
                    print(f"FAULT: {what}: {fate.kill}: {fault}", file=sys.stderr, flush=True)
    print(table(every))
    return int(any(fate.faults for _, fate in every))


if __name__ == "__main__":
    sys.exit(main())
