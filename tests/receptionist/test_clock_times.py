"""Times of day as people say them; the clinic is open from nine to six."""

from datetime import time

import pytest

from kavita.receptionist.understanding.clock_times import TimeWish, find_shift, find_times
from kavita.receptionist.understanding.words import split_words
from kavita.scheduling.clinic import Clinic

TIMES = {
    "12 PM please": (12, 0),
    "12 p.m. please.": (12, 0),
    "Twelve PM, please": (12, 0),
    "twelve p m": (12, 0),
    "Twelve p. M. please.": (12, 0),
    "Twelve dm please.": (12, 0),
    "Twelve, G, N. please.": (12, 0),
    "You Well, P. M. please": (12, 0),
    "Twelve o'clock": (12, 0),
    "noon": (12, 0),
    "twelve": (12, 0),
    "ten": (10, 0),
    "at ten": (10, 0),
    "I'll take ten": (10, 0),
    "ten works": (10, 0),
    "10 a.m.": (10, 0),
    "10am": (10, 0),
    "half past three": (15, 30),
    "I have passed three.": (15, 30),
    "You Have passed free.": (15, 30),
    "half three": (15, 30),
    "three thirty": (15, 30),
    "the three thirty one": (15, 30),
    "Free-30pm please": (15, 30),
    "330": (15, 30),
    "1530": (15, 30),
    "3.30": (15, 30),
    "15:30": (15, 30),
    "3:30 PM": (15, 30),
    "quarter to ten": (9, 45),
    "a quarter past two": (14, 15),
    "ten past nine": (9, 10),
    "twenty to four": (15, 40),
    "nine thirty in the morning": (9, 30),
    "nine oh five": (9, 5),
    "3 o'clock": (15, 0),
    "three in the afternoon": (15, 0),
    "5": (17, 0),
    "9": (9, 0),
    "7": (7, 0),
    "6": (18, 0),
    "3 AM": (3, 0),
}


@pytest.mark.parametrize(("text", "moment"), TIMES.items())
def test_asked_for_a_time_it_is_found(text: str, moment: tuple[int, int], clinic: Clinic) -> None:
    found = find_times(split_words(text), clinic, "always")
    assert [mention.wish for mention in found] == [TimeWish(at=time(*moment))]


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("in the morning", TimeWish(before=time(12))),
        ("in the afternoon", TimeWish(after=time(12))),
        ("after lunch", TimeWish(after=time(13))),
        ("evening", TimeWish(after=time(17))),
        ("after three", TimeWish(after=time(15))),
        ("before noon", TimeWish(before=time(12))),
        ("between two and four", TimeWish(after=time(14), before=time(16))),
        ("around ten", TimeWish(near=time(10))),
        ("at two ish", TimeWish(near=time(14))),
        ("not before three", TimeWish(after=time(15))),
        ("no later than three", TimeWish(before=time(15))),
        ("at three or later", TimeWish(after=time(15))),
        ("before lunch", TimeWish(before=time(12))),
        ("after work", TimeWish(after=time(17))),
        ("late morning", TimeWish(after=time(10, 30), before=time(12))),
        ("not in the morning", TimeWish(after=time(12))),
        ("push my appointment back to three", TimeWish(at=time(15))),
    ],
)
def test_a_part_of_the_day_is_a_wish(text: str, wish: TimeWish, clinic: Clinic) -> None:
    assert [mention.wish for mention in find_times(split_words(text), clinic)] == [wish]


@pytest.mark.parametrize(
    "text",
    ["the second one", "that one", "good morning", "The fag and one.", "in two weeks", "I am well"],
)
def test_other_words_are_no_time(text: str, clinic: Clinic) -> None:
    assert find_times(split_words(text), clinic, "always") == []


def test_a_bare_number_is_a_time_only_where_one_was_asked_for(clinic: Clinic) -> None:
    assert find_times(split_words("ten"), clinic) == []
    assert find_times(split_words("ten thirty"), clinic, "never") == []
    assert find_times(split_words("at ten thirty"), clinic, "never") != []


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("an hour later", 60),
        ("push it back by half an hour", 30),
        ("thirty minutes earlier", -30),
        ("two hours sooner", -120),
        ("half an hour", 0),
        ("later", 0),
    ],
)
def test_how_much_later_is_understood(text: str, minutes: int) -> None:
    assert find_shift(split_words(text)) == minutes
