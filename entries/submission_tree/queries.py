"""The queries of runs that are missing."""

from __future__ import annotations

from axs_core.sdk import parse

from .runs import Run

# What belongs to one run and not to its kind.
OF_ONE_RUN = (
    "loadgen_scenario",
    "loadgen_mode",
    "loadgen_official",
    "loadgen_compliance_test",
    "until_valid",
    "find_target_qps",
    "find_target_latency",
)
OF_ONE_SCENARIO = ("loadgen_target_qps", "loadgen_target_latency")
DURATIONS = (
    "loadgen_min_duration_s",
    "loadgen_max_duration_s",
    "loadgen_duration_s",
    "loadgen_min_query_count",
    "loadgen_max_query_count",
    "loadgen_query_count",
)


def query_like(
    like: Run, scenario: str, mode: str, official: bool, test: str | None, dataset_size: int | None
) -> str | None:
    """The query of a run with the same model and engine as ``like``."""
    said = like.record.get("query")
    if not said:
        return None
    query = parse(str(said)).without(*OF_ONE_RUN)
    if like.get("loadgen_scenario") != scenario or mode == "AccuracyOnly":
        query = query.without(*OF_ONE_SCENARIO)
    if official or mode == "AccuracyOnly":
        query = query.without(*DURATIONS)
    if official and dataset_size:
        query = parse(f"{query.without('loadgen_dataset_size')},loadgen_dataset_size={dataset_size}")
    return completed([str(query)], scenario, mode, official, test)


def completed(terms: list[str], scenario: str, mode: str, official: bool, test: str | None) -> str:
    terms = [*terms, f"loadgen_scenario={scenario}", f"loadgen_mode={mode}"]
    terms += [f"loadgen_compliance_test={test}"] if test else []
    terms += ["loadgen_official+"] if official and mode == "PerformanceOnly" else []
    return str(parse(",".join(terms)))
