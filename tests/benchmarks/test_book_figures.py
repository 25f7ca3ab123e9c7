"""Every figure of the book, in a size that takes seconds; the full sizes are marked heavy.

How fast it was is judged in the full sizes only: other tests may have the cores meanwhile.
"""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from benchmarks.book import FIGURES
from benchmarks.figures.contention import contend
from benchmarks.figures.kill_worker import FAULT_POINTS
from benchmarks.figures.kills import kill
from benchmarks.figures.moves import move_onto_taken
from benchmarks.figures.percentiles import percentile
from benchmarks.figures.race import race
from benchmarks.figures.search import compare_searches
from benchmarks.figures.spans import overlaps
from benchmarks.figures.wall_clock import clock_changes
from benchmarks.figures.zones import check_zones
from benchmarks.report import Measured, Report

ROOT = Path(__file__).parent.parent.parent
SEED = 7


@pytest.fixture
def new_url(request: pytest.FixtureRequest, any_url: str, tmp_path: Path) -> Callable[[], str]:
    """Give URLs of further empty books in the database of `any_url`."""
    numbers = iter(range(100))
    if any_url.startswith("sqlite"):
        return lambda: f"sqlite:///{tmp_path / f'more{next(numbers)}.db'}"
    url: Callable[[], str] = request.getfixturevalue("postgres").new_database
    return url


def test_a_race_has_one_winner_a_round_and_none_would_be_noticed_without_the_constraint(
    new_url: Callable[[], str],
) -> None:
    found = race(new_url(), new_url(), SEED, clients=6, rounds=6, processes=2)
    assert (found.rounds_with_one_winner, found.overlaps, found.errors) == (6, 0, 0)
    assert found.double_booked_rounds_without_constraint > 0
    assert found.overlaps_without_constraint > 0


def test_contended_attempts_leave_a_sound_book_that_holds_what_was_acknowledged(
    any_url: str,
) -> None:
    found = contend(any_url, 160, SEED, workers=3)
    assert found.holds, found
    assert sum(found.succeeded.values()) + sum(found.refused.values()) == 160
    assert found.succeeded["book"]
    assert found.refused["book"]


def test_a_kill_at_each_fault_point_loses_nothing_and_leaves_nothing_half_done(
    any_url: str,
) -> None:
    found = kill(any_url, 2 * len(FAULT_POINTS), SEED)
    assert found.holds, found
    assert set(found.at_fault_points) == set(FAULT_POINTS)
    assert found.in_doubt_committed >= 2
    assert found.in_doubt_resolved == found.in_doubt


def test_moving_onto_a_taken_time_keeps_the_old_one(any_url: str) -> None:
    assert move_onto_taken(any_url, 10, SEED).holds


def test_a_search_finds_what_a_plain_scan_finds(any_url: str) -> None:
    found = compare_searches(
        any_url, SEED, searches=8, scans=4, practitioners=3, days=5, appointments=200
    )
    assert (found.scans, found.differing_results) == (4, 0)


def test_around_clock_changes_what_is_offered_is_real_and_nothing_else_can_be_booked(
    any_url: str,
) -> None:
    found = check_zones(any_url, SEED, examples=2)
    assert found.holds, found.failures
    assert found.changes == 16


def test_the_clock_changes_are_those_of_the_calendar() -> None:
    assert clock_changes(ZoneInfo("Asia/Kolkata"), 2026, 2027) == []
    london = [f"{day}" for day in clock_changes(ZoneInfo("Europe/London"), 2026, 2026)]
    assert london == ["2026-03-29", "2026-10-25"]


def test_overlaps_are_counted_for_each_person() -> None:
    spans = [("a", 1, 0, 10), ("b", 1, 5, 7), ("c", 1, 8, 12), ("d", 1, 12, 14), ("e", 2, 0, 10)]
    assert overlaps(spans) == 2


def test_a_percentile_is_a_measured_value() -> None:
    values = [float(number) for number in range(100, 0, -1)]
    assert (percentile(values, 0.99), percentile(values, 0.5)) == (99, 50)
    assert percentile([3.0], 0.99) == 3


def test_a_report_names_the_figures_that_do_not_hold() -> None:
    report = Report(seed=SEED, quick=True, databases={"sqlite": "SQLite"})
    for name, holds in (("race", True), ("kills", False), ("kills", True)):
        report.figures.append(Measured(name, "sqlite", "0 lost", {"lost": 0}, holds, 0.1))
    assert report.failing() == ["kills"]
    console = Console(width=120, record=True, file=io.StringIO())
    report.show(console)
    shown = console.export_text()
    assert "Does not hold: kills" in shown
    assert f"seed {SEED}" in shown
    assert json.loads(report.as_json())["failing"] == ["kills"]


def test_results_of_other_figures_are_kept_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "results" / "book.json"
    for name, commit in (("race", "old"), ("kills", "old"), ("race", "new")):
        figure = Measured(name, "sqlite", "0 lost", {"lost": 0}, True, 0.1, commit)
        Report(seed=SEED, quick=False, databases={}, figures=[figure]).write(path)
    kept = {each["figure"]: each["commit"] for each in json.loads(path.read_text())["figures"]}
    assert kept == {"race": "new", "kills": "old"}


@pytest.mark.heavy
@pytest.mark.timeout(3 * 3600)
@pytest.mark.parametrize("name", [figure.name for figure in FIGURES])
def test_the_figure_holds_in_its_full_size(name: str) -> None:
    done = _run("--only", name, "--json")
    assert done.returncode == 0, done.stdout


@pytest.mark.heavy
@pytest.mark.timeout(600)
def test_a_quick_run_prints_one_json_object_and_says_in_its_exit_code_what_holds() -> None:
    done = _run("--quick", "--json")
    content = json.loads(done.stdout)
    assert {each["figure"] for each in content["figures"]} == {each.name for each in FIGURES}
    assert content["holds"] == (not content["failing"])
    assert done.returncode == (0 if content["holds"] else 1)


def _run(*options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "benchmarks/book.py", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
