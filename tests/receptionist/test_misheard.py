"""Days and offered times that a recognizer garbled (as Moonshine tiny wrote them)."""

from dataclasses import replace
from datetime import date, time

import pytest

from kavita.receptionist.conversation import Conversation, DayTimes, Goal
from kavita.receptionist.hearing import hear
from kavita.receptionist.misheard import mend, sounds_like
from kavita.receptionist.understanding.clock_times import TimeWish
from kavita.scheduling.clinic import Clinic

MONDAY = date(2026, 2, 9)
THURSDAY = date(2026, 2, 12)
OFFERED = (time(9, 30), time(12), time(15, 30))
ASKED_DAY = Conversation(user_id="1001", name="Archit Ojha", goal=Goal.BOOK)
ASKED_TIME = replace(
    ASKED_DAY, day=THURSDAY, times=DayTimes(THURSDAY, OFFERED), offered=OFFERED, seen=OFFERED
)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Thirsty.", THURSDAY),
        ("Unthirsty.", THURSDAY),
        ("How about thirsty?", THURSDAY),
        ("To model please.", date(2026, 2, 10)),
        ("Mundy.", date(2026, 2, 16)),
        ("Next, Tuesy.", date(2026, 2, 17)),
        ("Let me think. Thirsty.", THURSDAY),
        ("Let me think, maybe thirsty.", THURSDAY),
        ("I think. Tamilo.", date(2026, 2, 10)),
        ("To my rope lease.", date(2026, 2, 10)),
        ("To the more you please.", date(2026, 2, 10)),
    ],
)
def test_a_garbled_day_is_taken_for_the_day_that_it_sounds_like(
    text: str, day: date, clinic: Clinic
) -> None:
    assert hear(ASKED_DAY, text, clinic, MONDAY).day == day


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Well, the clock.", "12 PM"),
        ("Half past time.", "9:30 AM"),
        ("Now in thirty.", "9:30 AM"),
        ("Then early list.", "the first one"),
    ],
)
def test_a_garbled_time_is_taken_for_the_offered_one_that_it_sounds_like(
    text: str, meant: str, clinic: Clinic
) -> None:
    assert sounds_like(ASKED_TIME, text, clinic, MONDAY) == meant


@pytest.mark.parametrize("talk", [ASKED_DAY, ASKED_TIME])
@pytest.mark.parametrize(
    "text",
    [
        *("Let me think.", "I don't know.", "What do you have?", "Hold on.", "One moment."),
        *("Cancel that.", "Never mind.", "Another day.", "None of them.", "Later.", "Next week."),
        *("Half past four.", "Two PM please.", "Friday.", "Can you repeat that?", "Any time."),
        *("One's the.", "He lay my look locked, please.", "Tell him.", ""),
    ],
)
def test_what_means_something_itself_or_sounds_like_nothing_asked_for_stays_as_it_is(
    talk: Conversation, text: str, clinic: Clinic
) -> None:
    assert sounds_like(talk, text, clinic, MONDAY) == ""


def test_a_word_that_sounds_like_two_answers_is_taken_for_neither(clinic: Clinic) -> None:
    assert mend(ASKED_DAY, "Next, Marie, please.", clinic, MONDAY) == "Next, Marie, please."


def test_where_any_answer_is_likely_nothing_is_mended(clinic: Clinic) -> None:
    talk = Conversation(user_id="1001", name="Archit Ojha")
    assert mend(talk, "Thirsty.", clinic, MONDAY) == "Thirsty."


@pytest.mark.parametrize("text", ["Well, the clock.", "At home."])
def test_on_a_garbled_time_nothing_is_booked(text: str, clinic: Clinic) -> None:
    after = hear(ASKED_TIME, text, clinic, MONDAY)
    assert after.puzzled == 1
    assert after.wish is None


@pytest.mark.parametrize(
    "talk",
    [
        replace(ASKED_DAY, wish=TimeWish(at=time(12))),
        replace(ASKED_DAY, soonest=True),
        replace(ASKED_DAY, goal=Goal.WAIT),
    ],
)
def test_a_garbled_day_that_would_be_booked_at_once_is_asked_for_again(
    talk: Conversation, clinic: Clinic
) -> None:
    assert mend(talk, "Thirsty.", clinic, MONDAY) == "Thirsty."
