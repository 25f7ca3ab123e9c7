"""Days as people say them, on Monday, February 9, 2026."""

from datetime import date

import pytest

from kavita.receptionist.understanding.dates import find_days
from kavita.receptionist.understanding.words import split_words

TODAY = date(2026, 2, 9)
FEBRUARY = {
    "today": 9,
    "this afternoon": 9,
    "tonight": 9,
    "tomorrow please": 10,
    "tomorrow morning": 10,
    "The day after to-morrow.": 11,
    "Book for Thursday": 12,
    "Look for thirsty.": 12,
    "this Thursday": 12,
    "Thursday the twelfth": 12,
    "Thursday, February 12th": 12,
    "February 12": 12,
    "February twelfth": 12,
    "Look at the acquaintment for February, wealth.": 12,
    "the 12th of February": 12,
    "12 February 2026": 12,
    "feb 12": 12,
    "the twelfth": 12,
    "The twelve.": 12,
    "2026-02-12": 12,
    "in three days": 12,
    "Friday": 13,
    "Friday the thirteenth": 13,
    "Monday": 16,
    "next Monday": 16,
    "next week": 16,
    "a week from today": 16,
    "Monday the sixteenth": 16,
    "next Tuesday": 17,
    "Tuesday next week": 17,
    "a week from Tuesday": 17,
    "Tuesday week": 17,
    "the week after next": 23,
    "in two weeks": 23,
    "And two weeks.": 23,
    "twenty first": 21,
    "on the 28th": 28,
    "tomorrow's appointment": 10,
    "13/02/2026": 13,
    "later this week": 12,
    "the end of this week": 13,
    "this weekend": 14,
    "end of next week": 20,
    "the second Tuesday in February": 10,
    "the last Friday of February": 27,
}


@pytest.mark.parametrize(("text", "day"), FEBRUARY.items())
def test_a_day_of_this_february_is_found(text: str, day: int) -> None:
    assert [found.day for found in find_days(split_words(text), TODAY)] == [date(2026, 2, day)]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("the third", date(2026, 3, 3)),
        ("the 31st", date(2026, 3, 31)),
        ("May 3rd", date(2026, 5, 3)),
        ("October 1st", date(2026, 10, 1)),
        ("the 1st of October", date(2026, 10, 1)),
        ("January 5th 2027", date(2027, 1, 5)),
        ("the first Monday in March", date(2026, 3, 2)),
    ],
)
def test_later_days_are_in_later_months(text: str, day: date) -> None:
    assert [found.day for found in find_days(split_words(text), TODAY)] == [day]


def test_a_date_long_gone_is_next_years() -> None:
    found = find_days(split_words("January 5th"), date(2026, 11, 2))
    assert [mention.day for mention in found] == [date(2027, 1, 5)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Thursday the eleventh", "mismatch"),
        ("Friday, February 12th", "mismatch"),
        ("February 2nd", "past"),
        ("yesterday", "past"),
        ("February 30th", "no_such_day"),
        ("2026-13-45", "no_such_day"),
        ("9999-01-01", "no_such_day"),
        ("last Friday", "past"),
        ("12/02/2026", "either"),
        ("12.02.2026", "either"),
        ("next month", "month"),
        ("in March", "month"),
        ("in two months", "month"),
        ("December 2027", "far"),
        ("in two years", "far"),
        ("the fifth Monday in February", "no_such_day"),
    ],
)
def test_a_day_that_cannot_be_right_is_a_problem(text: str, problem: str) -> None:
    found = find_days(split_words(text), TODAY)
    assert [(mention.day, mention.problem) for mention in found] == [(None, problem)]


def test_a_mismatch_names_both_days_that_may_be_meant() -> None:
    found = find_days(split_words("Thursday the eleventh"), TODAY)
    assert found[0].nearby == (date(2026, 2, 12), date(2026, 2, 11))


def test_the_day_after_is_after_the_day_being_talked_about() -> None:
    found = find_days(split_words("what about the day after?"), TODAY, date(2026, 2, 12))
    assert [mention.day for mention in found] == [date(2026, 2, 13)]


def test_a_month_alone_names_its_first_day() -> None:
    assert find_days(split_words("sometime in March"), TODAY)[0].nearby == (date(2026, 3, 1),)


def test_in_talk_of_a_later_month_a_number_is_a_day_of_that_month() -> None:
    found = find_days(split_words("the 5th"), TODAY, current=date(2026, 3, 12))
    assert [mention.day for mention in found] == [date(2026, 3, 5)]


def test_in_talk_of_a_later_week_a_weekday_is_in_that_week() -> None:
    found = find_days(split_words("Tuesday"), TODAY, current=date(2026, 2, 16))
    assert [mention.day for mention in found] == [date(2026, 2, 17)]


def test_todays_weekday_means_the_one_in_a_week() -> None:
    thursday = date(2026, 2, 12)
    assert find_days(split_words("Thursday"), thursday)[0].day == date(2026, 2, 19)
    assert find_days(split_words("this Thursday"), thursday)[0].day == thursday


@pytest.mark.parametrize(
    "text", ["the second one", "may I come", "at ten", "first thing", "I march on", "12:30", "1001"]
)
def test_other_words_are_no_day(text: str) -> None:
    assert find_days(split_words(text), TODAY) == []


def test_where_times_were_offered_the_second_is_a_choice() -> None:
    assert find_days(split_words("the second"), TODAY, positions=True) == []
    assert find_days(split_words("the second"), TODAY)[0].day == date(2026, 3, 2)
