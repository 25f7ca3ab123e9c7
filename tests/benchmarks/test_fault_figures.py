"""The figures under faults, in a size that takes seconds; calls by voice are marked heavy."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from benchmarks import faults
from benchmarks.model.bad_calls import bad_calls
from benchmarks.model.cutting_in import CHANGES, CutInFound, cut_in
from benchmarks.model.injections import inject
from benchmarks.model.line import Books
from benchmarks.voice.cases import PAIRS, SINGLES, calls_with
from benchmarks.voice.faulty_call import CallFound
from benchmarks.voice.line import Heard, Sentence

WELL = CallFound(
    sound_seconds=1.5,
    answer_seconds=2.0,
    turns=3,
    silent_turns=1,
    silent_in_a_row=1,
    booked=True,
    bookings=1,
    false_claims=0,
    tools_run_twice=0,
    back_seconds=15.0,
    failures=("azure: timeout",),
    bound_seconds=4.0,
)


@pytest.fixture
def books() -> Iterator[Books]:
    books = Books()
    yield books
    books.close()


async def test_calls_of_tools_that_nobody_wanted_change_nothing(books: Books) -> None:
    found = await bad_calls(books, 15, seed=7)
    assert found.holds, found
    assert found.calls == 15


@pytest.mark.parametrize("change", CHANGES)
async def test_whoever_cuts_in_on_a_write_hears_what_the_book_holds(
    books: Books, change: str
) -> None:
    found = await cut_in(books, change, offsets=3, rounds=1)
    assert found.holds, found
    assert found.calls == 3
    assert found.changed > 0
    assert found.told < 3


def test_a_call_that_tells_what_the_book_does_not_hold_is_a_miss() -> None:
    assert not CutInFound(
        3, 3, 40.0, changed=2, told=1, agree=2, twice=0, disagree_at_ms=(20.0,)
    ).holds


async def test_a_model_that_obeys_everything_harms_nobody(books: Books) -> None:
    found = await inject(books, 4)
    assert found.holds, found


def test_the_command_measures_what_it_is_asked_for_and_says_so_in_json(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert faults.main(["--quick", "--json", "--only", "injections"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["holds"]
    assert [each["figure"] for each in report["figures"]] == ["injections"]
    assert report["commit"]


def test_every_stage_fails_in_twelve_ways_at_least_and_every_two_stages_in_three() -> None:
    stages = [stage for faults in SINGLES for stage in faults]
    assert all(stages.count(stage) >= 12 for stage in ("stt", "llm", "tts"))
    assert len(PAIRS) == 9
    assert all(len(faults) == 2 for faults in PAIRS)


@pytest.mark.parametrize(
    "miss",
    [
        {"sound_seconds": 4.1},
        {"silent_in_a_row": 2},
        {"booked": False},
        {"bookings": 2},
        {"false_claims": 1},
        {"tools_run_twice": 1},
        {"back_seconds": None},
    ],
)
def test_a_call_under_faults_misses_by_any_of_its_bounds(miss: dict[str, float | None]) -> None:
    assert WELL.holds
    assert not replace(WELL, **miss).holds  # type: ignore[arg-type]


def test_the_wait_runs_to_the_first_sound_and_may_leave_out_a_filler() -> None:
    heard = Heard(10.0, [Sentence("One moment.", 10.7), Sentence("Yes.", 12.5), Sentence("And?")])
    assert heard.seconds() == pytest.approx(0.7)
    assert heard.seconds(but="One moment.") == pytest.approx(2.5)
    assert Heard(10.0, [Sentence("Never sounded.")]).seconds() is None


@pytest.mark.heavy
@pytest.mark.timeout(180)
async def test_a_visit_is_booked_by_voice_while_model_and_voice_fail() -> None:
    [(name, found)] = await calls_with([{"llm": "429", "tts": "cut"}])
    assert name == "llm 429, tts cut"
    assert found.holds, found
    assert {"openai: too_many_requests", "cartesia: cut"} <= set(found.failures)
