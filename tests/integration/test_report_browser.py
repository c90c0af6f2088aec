"""A report in a real browser: Chromium opens it from disk, filters it, and says nothing on its console."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import fake_loadgen
from support.toy import Toys

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1440,3400",
)
HOSTILE = "<img src=x onerror=alert(1)><b>bold</b>"
PLOTS = ("throughput", "latency", "distribution", "accuracy", "spread", "search")
SCENARIOS = ("Offline", "Server", "SingleStream", "MultiStream")
ENTRIES = Path(__file__).parents[2] / "entries"
QUERY = "loadgen_output,framework={framework},loadgen_scenario={scenario},loadgen_mode=PerformanceOnly"
# In one go: a row that was asked for a moment ago may be gone.
ROWS = "return [...document.querySelectorAll('tr.run')].map(row => row.innerText)"
# Bars, lines and markers of a plot, for telling whether it was drawn anew.
DRAWN = "return document.getElementById(arguments[0]).querySelectorAll('path.point, path.js-line, path.box').length"


@pytest.fixture(scope="module")
def chromium() -> tuple[str, str]:
    """The browser and its driver."""
    found = [shutil.which(name) for name in ("chromium", "chromedriver")]
    if not all(found):
        pytest.skip("Chromium and its driver are not installed (Debian: chromium, chromium-driver)")
    return str(found[0]), str(found[1])


@pytest.fixture
def browser(chromium: tuple[str, str], tmp_path: Path) -> Iterator[Any]:
    """Chromium with an empty profile."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = chromium[0]
    for flag in (*FLAGS, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(chromium[1]))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[Path]]]:
    """The page and the pictures of made-up runs: four scenarios, two frameworks, and one with a hostile name."""
    root = tmp_path_factory.mktemp("report")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AXS_INDEX", str(root / "index.sqlite"))
        yield _report(Toys(root), root)


def _report(toys: Toys, root: Path) -> tuple[Path, list[Path]]:
    fake_loadgen.add_to(toys.recipes)
    space = toys.space()
    for framework in ("alpha", "beta"):
        space.byquery(f"loadgen_output,framework={framework},loadgen_mode=AccuracyOnly")
        for scenario in SCENARIOS:
            target = ",loadgen_target_qps=50" if scenario == "Server" else ""
            space.byquery(QUERY.format(framework=framework, scenario=scenario) + target)
    space.byquery(QUERY.format(framework="alpha", scenario="Server") + ",loadgen_target_qps=500")  # INVALID
    space.byquery(QUERY.format(framework="alpha", scenario="Server") + ",loadgen_target_qps=40,repetitions=3")
    space.byquery(QUERY.format(framework="alpha", scenario="Server") + ",find_target_qps+")
    space.byquery(["loadgen_output", f'framework="{HOSTILE}"', "loadgen_mode=PerformanceOnly"])
    runs = space.all_byquery("loadgen_output")
    for number, run in enumerate(runs):
        _add_latencies(run.path / "mlperf_log_summary.txt", 1_000_000 * (number + 1))
    page, *pictures = space.report(runs, root / "report.html", pictures=root / "png", title=HOSTILE)
    return page, pictures


def _add_latencies(summary: Path, least: int) -> None:
    """The lines of LoadGen's own summary that the toy's lacks."""
    if summary.is_file():
        middle = [f"{at:.2f} percentile latency (ns)   : {int(least * (1 + at / 20))}" for at in (50, 90, 99, 99.9)]
        ends = [f"Min latency (ns)                : {least}", f"Max latency (ns)                : {7 * least}"]
        with summary.open("a", encoding="utf-8") as file:
            file.write("\n".join([*ends, *middle]) + "\n")


def test_filters_act_on_tables_and_plots(browser: Any, report: tuple[Path, list[Path]], tmp_path: Path) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import Select, WebDriverWait

    def rows() -> list[str]:
        found: list[str] = browser.execute_script(ROWS)
        return found

    def drawn() -> dict[str, int]:
        return {name: browser.execute_script(DRAWN, name) for name in PLOTS}

    def until(condition: Callable[[], bool]) -> None:
        WebDriverWait(browser, 30).until(lambda _: condition())

    browser.get(report[0].as_uri())
    until(lambda: browser.execute_script("return document.body.dataset.ready") == "yes")
    assert browser.find_element(By.ID, "title").text == HOSTILE
    everything, plots = rows(), drawn()
    assert any(HOSTILE in row for row in everything) and not browser.find_elements(By.CSS_SELECTOR, "img[src=x]")
    assert all(plots.values()), plots
    browser.save_screenshot(str(tmp_path / "all.png"))

    Select(browser.find_element(By.ID, "filter-framework")).select_by_value("beta")
    fewer = rows()
    assert 0 < len(fewer) < len(everything) and all("beta" in row for row in fewer)
    assert drawn()["distribution"] < plots["distribution"] and drawn()["throughput"] < plots["throughput"]
    assert drawn()["spread"] == 0, "only alpha was measured several times"
    assert drawn()["search"] == 0, "only alpha's target was searched"
    assert browser.find_element(By.ID, "shown").text == f"{len(fewer)} of {len(everything)} results"

    browser.find_element(By.CSS_SELECTOR, "button[type=reset]").click()
    until(lambda: len(rows()) == len(everything))
    assert drawn() == plots
    Select(browser.find_element(By.ID, "filter-verdict")).select_by_value("INVALID")
    assert rows() and all("INVALID" in row for row in rows())

    browser.find_element(By.CSS_SELECTOR, "button[type=reset]").click()
    browser.find_element(By.ID, "filter-text").send_keys("beta singlestream")
    until(lambda: len(rows()) == 1)

    picture = tmp_path / "filtered.png"
    browser.save_screenshot(str(picture))
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert browser.get_log("browser") == []


def test_a_kind_that_nothing_shipped_knows(browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says little, and one thing that the page cannot draw."""
    from selenium.webdriver.common.by import By

    monkeypatch.setenv("AXS_INDEX", str(tmp_path / "index.sqlite"))
    toys = Toys(tmp_path)
    plots = [
        {"name": "heavy", "kind": "points", "title": HOSTILE, "value": "weight", "unit": "kg"},
        {"name": "odd", "kind": "spiral", "title": "Odd"},
    ]
    shown = {"units": {"kg": 1000}, "plots": plots}
    values = {"weight": "weight", "colour": "colour"}
    declared = yaml.safe_load((ENTRIES / "loadgen_report" / "meta.yaml").read_text(encoding="utf-8"))
    own = {"values": values, "files": {}, "shown": shown}
    said = {**declared["attributes"]["report"], **own}
    for number, colour in enumerate(("red", HOSTILE)):
        attributes = {"weight": 1500 * number, "colour": colour, "report": said}
        toys.add(f"fruit{number}", {"provides": [["fruit"]], "attributes": attributes})
    space = toys.space()
    fruits = [space.byname(f"fruit{number}") for number in range(2)]
    page, *pictures = space.report(fruits, tmp_path / "report.html", pictures=tmp_path / "png")
    assert [file.name for file in pictures] == ["heavy.png"]
    browser.get(page.as_uri())
    assert browser.execute_script("return document.body.dataset.ready") == "yes"
    assert [row.split() for row in browser.execute_script(ROWS)] == [["fruit0"], ["fruit1"]]
    assert browser.execute_script(DRAWN, "heavy") == 2
    assert browser.find_element(By.ID, "odd").text == "This page draws no plots of the kind 'spiral'."
    assert browser.get_log("browser") == [] and not browser.find_elements(By.CSS_SELECTOR, "img[src=x]")


def test_pictures_for_slides(report: tuple[Path, list[Path]]) -> None:
    assert [file.stem for file in report[1]] == [*PLOTS[:-1], "search_1"]
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in report[1])
