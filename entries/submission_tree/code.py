"""Submissions to MLPerf Inference: made from recorded runs, checked, and what is missing before."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from axs_core.sdk import NotFound, ProduceError, Refused, UsageError

from .checks import check
from .checks_digests import changed, changed_runs, note
from .choose import Chooser
from .compliance import Judge
from .rules import rules_of
from .runs import Choice, recorded
from .system import description, lacking, remarks
from .tree import measurements, write

OFFICIAL_REPORT, OFFICIAL_TABLE = "official_check.txt", "official_summary.csv"
CHECKER = Path("tools") / "submission"
CHECKER_TIMEOUT = 3600


def make_tree(
    parameters: dict[str, Any],
    needs: dict[str, Any],
    path: Path,
    recipe_path: str,
    machine: str,
    byquery: Callable[..., Any],
) -> dict[str, Any]:
    """Write the tree into ``path``/tree. Everything that is missing is named at once: UsageError for what must be said,
    NotFound for runs.
    """
    rules = rules_of(parameters["round"])
    runs = recorded(needs)
    choice = Chooser(runs, parameters, rules).choose()
    if parameters.get("run_missing"):
        for query in [item.query for item in choice.missing if item.query]:
            needs["runs"].append(byquery(query, need="runs"))
        runs = recorded(needs)
        choice = Chooser(runs, parameters, rules).choose()
    described = description(parameters, _of(choice), machine)
    choice.problems += changed_runs(run for cell in choice.taken for run in cell.runs)
    _refuse_unsaid(choice, lacking(described), _undeclared(choice, parameters))
    _refuse_missing(choice, parameters)
    write(
        Path(path) / "tree", parameters, choice, described, rules, Path(recipe_path).parent, _judge(parameters, needs)
    )
    note(Path(path))
    found = {"scenarios_handed_in": [cell.title for cell in choice.taken]}
    found["deviations"] = [f"{c.benchmark} {c.scenario}: {text}" for c in choice.taken for text in c.deviations]
    if told := remarks(parameters):
        found["system_notes"] = told
    return {**found, **_official(parameters, needs, Path(path))}


def plan_notes(parameters: dict[str, Any], needs: dict[str, Any], machine: str) -> list[str]:
    """For ``axs plan``: runs and compliance tests that are missing, how long they take, and what is to be said."""
    choice = Chooser(recorded(needs), parameters, rules_of(parameters["round"])).choose()
    notes = [f"takes {c.performance.name}, {c.accuracy.name}" for c in choice.taken if c.performance and c.accuracy]
    notes += [f"missing: {item.what}{_command(item.query)}" for item in choice.missing]
    known = [item.seconds for item in choice.missing if item.seconds is not None]
    if known:
        unknown = len(choice.missing) - len(known)
        more = f", and {unknown} more of unknown length" if unknown else ""
        notes.append(f"machine time: at least {sum(known) / 3600:.1f} h{more}")
    unsaid = lacking(description(parameters, _of(choice), machine)) + _undeclared(choice, parameters)
    notes += [f"to be said: {', '.join(f'{name}=' for name in unsaid)}"] if unsaid else []
    return [*notes, *choice.problems, *choice.notes, *remarks(parameters)]


def check_report(path: Path, round: str, division: str, submitter: str, system: str) -> str:
    """Our own check of the round's documented rules, and of what was changed since axs wrote it: what is not as it
    should be, or that nothing is.
    """
    found = check(Path(path) / "tree" / division / submitter, division, system, rules_of(round)) + changed(Path(path))
    if not found:
        return f"OK: nothing in this tree is against the rules of {round} that are checked here"
    return "\n".join([f"Not as the rules of {round} want it ({len(found)}):", *(f" * {fault}" for fault in found)])


def official_report(path: Path) -> str:
    """What MLPerf's own submission checker said."""
    file = Path(path) / OFFICIAL_REPORT
    if not file.is_file():
        raise Refused(
            "MLPerf's submission checker has not looked at this tree",
            hint="ask for the submission with checker_dir=CHECKOUT of mlcommons/inference, or with official_check+",
        )
    return file.read_text(encoding="utf-8")


def _of(choice: Choice) -> list[Any]:
    """The runs whose machine and software are described."""
    taken = [run for cell in choice.cells for run in (cell.performance, cell.accuracy) if run]
    return taken or choice.considered


def _undeclared(choice: Choice, parameters: dict[str, Any]) -> list[str]:
    """Parameters that would fill measurements.json where the model says nothing."""
    empty: dict[str, None] = {}
    for cell in choice.taken:
        said = measurements(cell, parameters, rules_of(parameters["round"]))
        empty.update(dict.fromkeys(name for name, value in said.items() if not value))
    return list(empty)


def _command(query: str | None) -> str:
    return f": axs byquery '{query}'" if query else ""


def _refuse_unsaid(choice: Choice, *unsaid: list[str]) -> None:
    names = [name for group in unsaid for name in group]
    problems = list(choice.problems)
    if names and choice.taken:
        problems.append(f"not known, to be said: {', '.join(f'{name}=' for name in names)}")
    if problems:
        listed = "".join(f"\n * {problem}" for problem in problems)
        hint = "system_file=FILE.json may hold what describes the system" if names else None
        raise UsageError(f"the submission cannot be put together:{listed}", hint=hint)


def _refuse_missing(choice: Choice, parameters: dict[str, Any]) -> None:
    """Refuse while something asked for is missing; with allow_incomplete+ what is there is enough."""
    if choice.taken and (not choice.missing or parameters.get("allow_incomplete")):
        return
    listed = "".join(f"\n * {item.what}{_command(item.query)}" for item in choice.missing)
    notes = "".join(f"\n * {note}" for note in choice.notes)
    hint = "run_missing+ makes these runs; allow_incomplete+ goes on without them" if choice.missing else None
    raise NotFound(f"runs are missing:{listed}{notes}", hint=hint)


def _official(parameters: dict[str, Any], needs: dict[str, Any], path: Path) -> dict[str, Any]:
    """Run MLPerf's checker where a checkout is given, and keep its report; its verdict does not decide on ours."""
    checkout = _checkout(parameters, needs)
    if checkout is None:
        return {}
    folder = checkout / CHECKER
    if not (folder / "submission_checker" / "main.py").is_file():
        raise UsageError(f"{checkout} has no {CHECKER}/submission_checker: it is no checkout of mlcommons/inference")
    command = [needs["python"]["attributes"]["interpreter"], "-m", "submission_checker.main", "--input", path / "tree"]
    command += ["--version", parameters["round"], "--csv", path / OFFICIAL_TABLE, *parameters["checker_options"]]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            [str(word) for word in command],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=CHECKER_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ProduceError(f"the submission checker of {checkout} has not ended in {CHECKER_TIMEOUT} s") from None
    (path / OFFICIAL_REPORT).write_text(done.stdout.replace(f"{path}/", ""), encoding="utf-8")
    table = path / OFFICIAL_TABLE
    if table.is_file():
        table.write_text(table.read_text(encoding="utf-8").replace(f"{path}/", ""), encoding="utf-8")
    return {"official_check_passed": done.returncode == 0, "checker_commit": _commit(checkout)}


def _judge(parameters: dict[str, Any], needs: dict[str, Any]) -> Judge:
    """MLPerf's scripts judge the compliance runs where there is a checkout."""
    checkout = _checkout(parameters, needs)
    return Judge(checkout, needs["python"]["attributes"]["interpreter"]) if checkout else Judge()


def _checkout(parameters: dict[str, Any], needs: dict[str, Any]) -> Path | None:
    """The checkout of mlcommons/inference, where there is one."""
    if parameters.get("checker_dir"):
        return Path(parameters["checker_dir"])
    return Path(needs["checker"]["path"]) / "repo" if needs.get("checker") else None


def _commit(checkout: Path) -> str | None:
    """Which state of the checker it was; None outside of git."""
    asked = subprocess.run(
        ["git", "-C", str(checkout), "rev-parse", "HEAD"], capture_output=True, text=True, timeout=60, check=False
    )
    return asked.stdout.strip() or None
