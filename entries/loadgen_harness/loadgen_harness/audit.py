"""MLPerf's compliance tests: LoadGen reads ``audit.config`` over the other settings, and tests in another way.

TEST01: answers of a performance run are logged too, so that they can be compared with those of the accuracy run.
TEST04: the same sample again and again; a system that remembers its answers gets faster.
"""

from __future__ import annotations

from loadgen_harness.parameters import HarnessError, Job

AUDIT_CONF = "audit.config"
PERFORMANCE_ONLY = 2  # LoadGen's number of the mode
# Answers that TEST01 logs, about: large ones fewer. The seed is the one that MLPerf prescribes.
SAMPLED_ANSWERS = {"3d-unet": 64, "pointpainting": 256, "stable-diffusion-xl": 128, "yolo": 64}
TESTS: dict[str, dict[str, int]] = {
    "TEST01": {
        "mode": PERFORMANCE_ONLY,
        "accuracy_log_rng_seed": 720381539243781796,
        "accuracy_log_sampling_target": 4096,
    },
    "TEST04": {
        "mode": PERFORMANCE_ONLY,
        "performance_issue_unique": 0,
        "performance_issue_same": 1,
        "performance_issue_same_index": 3,
    },
}


def write(job: Job, model: str) -> None:
    """Leave ``audit.config`` where ``loadgen_compliance_test`` asks for one; raises :class:`HarnessError` outside of
    PerformanceOnly.
    """
    test = job.value("loadgen_compliance_test")
    if test is None:
        return
    if job.value("loadgen_mode") != "PerformanceOnly":
        raise HarnessError(f"loadgen_compliance_test={test} is a performance test: add loadgen_mode=PerformanceOnly")
    keys = dict(TESTS[test])
    if test == "TEST01":
        family = next((name for name in SAMPLED_ANSWERS if model.startswith(name)), None)
        keys["accuracy_log_sampling_target"] = SAMPLED_ANSWERS.get(family or "", keys["accuracy_log_sampling_target"])
    text = "".join(f"*.*.{key} = {value}\n" for key, value in keys.items())
    (job.output_path / AUDIT_CONF).write_text(text, encoding="utf-8")
