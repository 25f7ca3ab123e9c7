"""The figures of the language model under faults, in a size that takes seconds."""

import json
from collections.abc import Iterator

import pytest

from benchmarks import faults
from benchmarks.model.bad_calls import bad_calls
from benchmarks.model.cutting_in import CHANGES, CutInFound, cut_in
from benchmarks.model.injections import inject
from benchmarks.model.line import Books


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
    assert 0 < found.told < 3


def test_a_call_that_tells_what_the_book_does_not_hold_is_a_miss() -> None:
    assert not CutInFound(3, 3, 40.0, changed=2, told=1, agree=2, twice=0).holds


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
