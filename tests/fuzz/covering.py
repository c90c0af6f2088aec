"""Many inputs for one target, changed by atheris (libFuzzer) so that they reach code that none reached before.

``python -m fuzz.covering TARGET COUNT RESULT`` writes what came of them to the file RESULT; libFuzzer talks on standard
error. It runs until COUNT inputs were tried, and ends the process.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

LONGEST_INPUT = 4096


def main(name: str, count: int, result: Path) -> None:
    """Try ``count`` inputs."""
    import atheris  # type: ignore[import-not-found]

    with atheris.instrument_imports(include=["axs_core"], enable_loader_override=False):
        from fuzz.campaign import Campaign, opened
        from fuzz.targets import load

        target = load(name)
    campaign = Campaign()
    folder = Path(tempfile.mkdtemp())
    corpus, words = folder / "corpus", folder / "words"
    corpus.mkdir()
    for number, seed in enumerate(target.seeds):
        (corpus / str(number)).write_bytes(seed)
    words.write_text("".join(f'"{_escaped(token)}"\n' for token in target.tokens if token), encoding="ascii")
    with opened(target) as room:

        def once(data: bytes) -> None:
            campaign.add(room, data)
            if campaign.inputs >= count:
                result.write_text(campaign.as_json(), encoding="utf-8")
                room.close()
                os._exit(0)  # libFuzzer gives back nothing

        options = [
            f"-max_len={LONGEST_INPUT}",
            f"-dict={words}",
            "-timeout=60",
            "-rss_limit_mb=8192",
            "-print_final_stats=1",
        ]
        atheris.Setup([sys.argv[0], *options, str(corpus)], once)
        atheris.Fuzz()


def _escaped(token: bytes) -> str:
    """A token as libFuzzer's dictionaries have it."""
    return "".join(chr(byte) if byte < 128 and chr(byte).isalnum() else f"\\x{byte:02x}" for byte in token)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
