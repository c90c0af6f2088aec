"""Is it a compliance run of MLPerf, and which? Its folder tells, audit.config, or what LoadGen was set to.

After compliance/ in mlcommons/inference, v0.5 to v6.1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .mlperf_log import text_of

CONFIG = "audit.config"
FOLDER = re.compile(r"TEST\d\d(?:-[AB])?")
SETTING = re.compile(r"^\s*[^#\s=]*\.(\w+)\s*=\s*(\d{1,20})\b", re.MULTILINE | re.ASCII)
# TEST05 has no setting of its own but other seeds: v0.5, v0.7, and each round since (mlperf.conf).
TEST05_SEEDS = (
    *("195", "313588358309856706", "793197339507417767", "2376919268182438552", "7975553102935885558"),
    *("14646058500348515648", "16799458546791641818"),
)


def compliance_test(folder: Path, log: Mapping[str, Any]) -> str | None:
    """The name of the test (TEST01, TEST04-A, ...); None for a plain run."""
    named = next((place.name for place in (folder, *folder.parents)[:3] if FOLDER.fullmatch(place.name)), None)
    if named is not None:
        return named
    told = logged_test(log)
    if not (folder / CONFIG).is_file():
        return told
    text = text_of(folder / CONFIG)
    own = re.search(r"\b(test\d\d)(?:_\w+)?\s*=", text)
    return own[1].upper() if own else told or _test(dict(SETTING.findall(text))) or f"an unknown one ({CONFIG})"


def logged_test(log: Mapping[str, Any]) -> str | None:
    """The same by what LoadGen was set to alone."""
    return _test({name.removeprefix("effective_"): value for name, value in log.items()})


def _test(settings: Mapping[str, Any]) -> str | None:
    """The test that has such settings."""

    def number(name: str) -> float:
        value = settings.get(name)
        try:
            return float(value) if isinstance(value, (int, float, str)) else 0.0
        except (ValueError, OverflowError):
            return 0.0

    if number("accuracy_log_sampling_target") or number("accuracy_log_probability"):
        whole = "min_duration_ms" in settings or "min_duration" in settings
        short = whole and not (number("min_duration_ms") or number("min_duration"))
        return "TEST06, TEST07 or TEST09" if short else "TEST01"  # those log answers of tokens, in any time
    if number("performance_issue_same"):
        return "TEST04"
    if number("performance_issue_unique"):
        return "TEST04-A"
    return "TEST05" if str(settings.get("qsl_rng_seed")) in TEST05_SEEDS else None
