"""How much of an answer a turn so far is."""

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kavita.receptionist.expectation import Answer, read_answer
from kavita.receptionist.receptionist import Receptionist
from kavita.receptionist.understanding.understanding import Question
from kavita.settings import Settings

CLINIC = Settings(_env_file=None).clinic()
RECEPTIONIST = Receptionist(CLINIC)
NOW = datetime(2026, 2, 9, 10, 0, tzinfo=ZoneInfo("UTC"))
Messages = list[dict[str, Any]]


def said(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "content": text}


def ran(name: str, arguments: dict[str, Any], result: dict[str, Any]) -> Messages:
    call = {"name": name, "arguments": json.dumps(arguments)}
    return [
        {"role": "assistant", "tool_calls": [{"id": name, "type": "function", "function": call}]},
        {"role": "tool", "tool_call_id": name, "content": json.dumps(result)},
    ]


ASKED_ID: Messages = [said("assistant", "Could you please share your 4-digit user ID?")]
IDENTIFIED: Messages = [
    *ASKED_ID,
    said("user", "1001"),
    *ran(
        "identify_user",
        {"user_id": "1001"},
        {
            "status": "found",
            "user": {"user_id": "1001", "name": "Archit Ojha"},
            "active_appointments": [],
        },
    ),
    said("assistant", "Welcome back, Archit! How can I help?"),
]
ASKED_DAY: Messages = [
    *IDENTIFIED,
    said("user", "I would like to book an appointment"),
    said("assistant", "Which day would you like?"),
]


def asked_time(*free: str) -> Messages:
    return [
        *IDENTIFIED,
        said("user", "book on Thursday"),
        *ran(
            "fetch_slots",
            {"date": "2026-02-12"},
            {"status": "ok", "date": "2026-02-12", "available_slots": free, "booked_slots": []},
        ),
        said("assistant", "On Thursday I have those. Which works?"),
    ]


ASKED_TIME = asked_time("09:30 AM", "12:00 PM", "03:30 PM")


@pytest.mark.parametrize(
    ("messages", "text", "answer"),
    [
        (ASKED_ID, "Two zero four five.", Answer.COMPLETE),
        (ASKED_ID, "My ID is one, double zero, one.", Answer.COMPLETE),
        (ASKED_ID, "Twenty forty-five.", Answer.COMPLETE),
        (ASKED_ID, "Two zero.", Answer.UNFINISHED),
        (ASKED_ID, "Bye.", Answer.UNFINISHED),
        (ASKED_ID, "Thanks.", Answer.UNFINISHED),
        (ASKED_ID, "To the ninth.", Answer.UNFINISHED),
        (ASKED_ID, "Goodbye.", Answer.ENOUGH),
        (ASKED_ID, "No thanks, bye.", Answer.ENOUGH),
        (ASKED_DAY, "To my rope lease.", Answer.COMPLETE),
        (ASKED_DAY, "To the", Answer.UNFINISHED),
        (ASKED_TIME, "Well, the clock.", Answer.COMPLETE),
        (ASKED_ID, "Twenty", Answer.UNFINISHED),
        (ASKED_ID, "My ID is", Answer.UNFINISHED),
        (ASKED_ID, "I don't have an ID.", Answer.OPEN),
        (ASKED_ID, "Um...", Answer.UNFINISHED),
        (ASKED_ID, "", Answer.NOTHING),
        (IDENTIFIED, "I would like to book an appointment", Answer.ENOUGH),
        (IDENTIFIED, "I would like to work on a point", Answer.OPEN),
        (IDENTIFIED, "I would like to book an appointment and", Answer.UNFINISHED),
        (IDENTIFIED, "I would like to", Answer.UNFINISHED),
        (ASKED_DAY, "next Tuesday", Answer.COMPLETE),
        (ASKED_DAY, "well, that happens", Answer.ASTRAY),
        (ASKED_DAY, "for thank you", Answer.OPEN),
        (ASKED_DAY, "the twelfth of", Answer.UNFINISHED),
        (ASKED_DAY, "Let me see, um", Answer.UNFINISHED),
        (ASKED_DAY, "maybe on", Answer.UNFINISHED),
        (ASKED_DAY, "every little wealth", Answer.ASTRAY),
        (ASKED_TIME, "half past nine", Answer.COMPLETE),
        (ASKED_TIME, "11:30 AM.", Answer.COMPLETE),
        (asked_time("10:00 AM", "12:00 PM"), "At half-past time.", Answer.OPEN),
        (asked_time("10:00 AM", "12:00 PM"), "half past", Answer.ASTRAY),
        (asked_time("10:00 AM", "11:30 AM"), "Well, the clock.", Answer.OPEN),
        (ASKED_TIME, "At nine thirty a.m.", Answer.COMPLETE),
        (ASKED_TIME, "I am", Answer.UNFINISHED),
        (ASKED_TIME, "the first one please", Answer.COMPLETE),
        (ASKED_TIME, "ten", Answer.ENOUGH),
        (ASKED_TIME, "at", Answer.UNFINISHED),
        (ASKED_TIME, "no", Answer.ENOUGH),
        (asked_time("09:30 AM"), "yes", Answer.COMPLETE),
        (asked_time("09:30 AM"), "no thank you", Answer.COMPLETE),
    ],
)
def test_a_turn_so_far_is_weighed_by_what_was_asked(
    messages: Messages, text: str, answer: Answer
) -> None:
    assert read_answer(RECEPTIONIST, messages, text, CLINIC, NOW).answer is answer


def test_a_single_time_offered_asks_for_a_yes_or_a_no() -> None:
    for text in ("no", "And all,"):
        assert read_answer(RECEPTIONIST, asked_time("09:30 AM"), text, CLINIC, NOW).yes_or_no
        assert not read_answer(RECEPTIONIST, ASKED_TIME, text, CLINIC, NOW).yes_or_no


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Nice one.", 2),
        ("Two, nine. Year on board.", 5),
        ("They're eight.", 2),
        ("My ID is two zero four", 3),
        ("It's too near or far from.", 5),
    ],
)
def test_a_misheard_digit_counts_as_a_digit(text: str, words: int) -> None:
    reading = read_answer(RECEPTIONIST, ASKED_ID, text, CLINIC, NOW)
    assert reading.answer is Answer.UNFINISHED
    assert reading.dictation is not None
    assert reading.dictation.words == words


def test_what_is_no_dictation_is_not_counted() -> None:
    for text in ("I don't have an ID.", "Can I come on Thursday?", "two zero four five"):
        assert read_answer(RECEPTIONIST, ASKED_ID, text, CLINIC, NOW).dictation is None


def test_digits_of_the_turn_before_count() -> None:
    messages = [*ASKED_ID, said("user", "two zero"), said("assistant", "What are the other two?")]
    assert read_answer(RECEPTIONIST, messages, "four five", CLINIC, NOW).answer is Answer.COMPLETE


def test_a_cry_for_help_is_answered_at_once_whatever_was_asked() -> None:
    reading = read_answer(RECEPTIONIST, ASKED_ID, "I can't breathe", CLINIC, NOW)
    assert reading.answer is Answer.COMPLETE
    assert reading.question is Question.USER_ID
