"""Dates of birth as callers say them, and as recognizers write them."""

from datetime import date

import pytest

from kavita.receptionist.understanding.birth_dates import find_birth_date, find_year
from kavita.receptionist.understanding.understanding import Question, understand
from kavita.receptionist.understanding.words import split_words
from kavita.scheduling.clinic import Clinic

TODAY = date(2026, 2, 9)
SAID = {
    date(1990, 5, 17): (
        "the seventeenth of May nineteen ninety", "May 17th 1990", "17 5 1990", "1990-05-17",
        "17/05/1990", "5/17/1990", "oh five seventeen nineteen ninety", "May seventeen, ninety",
        "17.05.1990", "17-5-1990", "17 May 1990", "May 17, 1990", "1990/05/17", "17/5/90",
        "May the seventeenth, nineteen ninety", "seventeen five nineteen ninety",
        "seventeen oh five nineteen ninety", "one seven oh five one nine nine zero",
        "zero five one seven one nine nine zero", "one seven five nineteen ninety",
        "seventeenth May ninety", "17th of May '90", "17051990", "05171990", "19900517", "170590",
        "nineteen ninety, May the seventeenth", "I was born on the 17th of May 1990",
        "it's May 17 1990", "seventeenth of may nineteen hundred and ninety", "17 05 90",
        "five seventeen nineteen ninety", "seventeen of May, 1990", "17th May, 19 90",
        "seventeenth of the fifth nineteen ninety", "day seventeen month five year nineteen ninety",
        "the 16th, no sorry, the 17th of May 1990", "17th of April 1990, no, 17th of May 1990",
    ),
    date(2005, 6, 22): (
        "june twenty two two thousand and five", "the twenty second of june two thousand five",
        "22 June oh five", "22/06/2005", "twenty second june two thousand and five",
        "june 22nd 2005", "june twenty-second, twenty oh five", "twenty two six two thousand five",
        "the 22nd of June to thousand and five", "two two zero six two zero zero five",
    ),
    date(2000, 6, 2): (
        "june second two thousand", "the second of june two thousand", "june two two thousand",
        "2/6/2000", "second june double zero",
    ),
    date(1985, 3, 1): (
        "first of march nineteen eighty five", "March first, nineteen eighty-five",
        "march 1st 85", "1st of March eighty five", "one three nineteen eighty five", "1 3 85",
    ),
    date(1909, 12, 31): (
        "december thirty first nineteen oh nine", "31 12 1909",
        "thirty first of december nineteen hundred and nine",
    ),
    date(2010, 1, 21): (
        "twenty one one twenty ten", "january twenty first twenty ten", "the 21st of January 2010",
    ),
}  # fmt: skip
NO_DATES = (
    "", "no", "May nineteen ninety", "the seventeenth of May", "1990", "nineteen ninety", "1001",
    "one zero zero one", "Thursday at noon", "31 February 1990", "17 May 2090", "my id is 2045",
    "17th of May 1790", "in the morning", "99/99/1990",
)  # fmt: skip


@pytest.mark.parametrize(("born", "text"), [(day, text) for day in SAID for text in SAID[day]])
def test_a_spoken_date_of_birth_is_understood(born: date, text: str) -> None:
    mention = find_birth_date(split_words(text), TODAY)
    assert mention is not None
    assert mention.day == born


@pytest.mark.parametrize("text", NO_DATES)
def test_half_a_date_and_other_numbers_are_none(text: str) -> None:
    assert find_birth_date(split_words(text), TODAY) is None


def test_there_are_more_than_sixty_ways() -> None:
    assert sum(len(texts) for texts in SAID.values()) >= 60


def test_the_day_comes_before_the_month_unless_that_cannot_be() -> None:
    def read(text: str) -> date | None:
        mention = find_birth_date(split_words(text), TODAY)
        return mention.day if mention else None

    assert read("05/06/1980") == read("5 6 1980") == date(1980, 6, 5)
    assert read("05/16/1980") == read("5 16 1980") == date(1980, 5, 16)


@pytest.mark.parametrize(
    ("text", "year"),
    [("sorry, 1990", 1990), ("nineteen ninety", 1990), ("two thousand and five", 2005),
     ("17 May 1990", 0), ("purple", 0), ("no", 0)],
)  # fmt: skip
def test_a_year_alone_is_understood(text: str, year: int) -> None:
    assert find_year(split_words(text), TODAY) == year


def test_asked_for_a_date_of_birth_a_day_is_no_wish_to_come_then(clinic: Clinic) -> None:
    heard = understand("seventeenth of May", Question.BIRTH_DATE, clinic, TODAY)
    assert heard.day is None
    assert heard.birth_part == "seventeenth of May"


def test_asked_for_a_date_of_birth_another_id_is_heard(clinic: Clinic) -> None:
    heard = understand("no, the ID is two zero four five", Question.BIRTH_DATE, clinic, TODAY)
    assert heard.digits == "2045"


def test_a_date_of_birth_beside_an_id_leaves_the_id(clinic: Clinic) -> None:
    text = "my ID is 1001 and I was born on May 17th, 1990"
    heard = understand(text, Question.USER_ID, clinic, TODAY)
    assert (heard.digits, heard.birth_date) == ("1001", date(1990, 5, 17))


def test_a_date_of_birth_beside_a_name_leaves_the_name(clinic: Clinic) -> None:
    heard = understand("Test Patient, born 5 March 1985", Question.NAME, clinic, TODAY)
    assert (heard.name, heard.birth_date) == ("Test Patient", date(1985, 3, 5))


def test_after_identification_no_date_of_birth_is_heard(clinic: Clinic) -> None:
    assert understand("17 May 1990", Question.NEED, clinic, TODAY).birth_date is None
