"""The receptionist's contract: pure, never lost, and able to take over from another brain."""

import copy
import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kavita.receptionist.receptionist import CallTool, Receptionist, Say
from kavita.scheduling.clinic import Clinic
from tests.conversations.prepared_books import MANY
from tests.fakes.scripted_book import (
    FOUND,
    SLOTS,
    agent,
    answer,
    identified,
    tool_messages,
    user,
)

NOW = datetime(2026, 2, 9, 8, 0, tzinfo=ZoneInfo("Asia/Kolkata"))
RECEPTIONIST = Receptionist(Clinic(name="Sunrise Clinic", timezone=ZoneInfo("Asia/Kolkata")))
TOOLS = (
    "identify_user",
    "register_user",
    "fetch_slots",
    "book_appointment",
    "retrieve_appointments",
    "cancel_appointment",
    "modify_appointment",
    "end_conversation",
)
PIECES = (
    "my ID is 1001", "1001", "one zero", "book", "book for Thursday", "Friday", "the twelfth",
    "at ten", "12 PM", "half past three", "anything later", "earlier", "no", "yes", "the second",
    "cancel", "cancel my appointment", "move it", "to Friday", "never mind", "what", "bye",
    "actually", "that's wrong", "I'm new", "my name is Test Patient", "it's for a blood test",
    "all of them", "chest pain", "weather", "another day", "next week", "thanks", "slower",
    "when is my appointment", "as soon as possible", "2045", "9999", "{name}", "%s", "",
    "with Dr. Rao", "with anybody", "a cleaning", "4711", "17 May 1990", "nineteen ninety",
    "put me on the waiting list", "who works there", "how long does it take", "another doctor",
)  # fmt: skip
RESULTS: list[object] = [
    {"status": "error", "code": code, "message": "No.", "next_open_date": "2026-02-13"}
    for code in (
        "not_identified", "wrong_user", "too_many_tries", "invalid_arguments", "invalid_name",
        "invalid_date", "invalid_time", "past_time", "too_far_ahead", "clinic_closed",
        "slot_taken", "already_booked", "appointment_not_found", "not_active",
        "book_unavailable", "a_new_code", "pin_needed", "wrong_pin", "no_pin", "locked",
        "too_soon", "not_working", "not_offered", "unknown_practitioner", "unknown_visit_type",
        "key_reused", "call_over", "no_free_id",
    )
] + [
    {"status": "closed", "date": "2026-02-15", "available_slots": [], "next_open_date": None},
    {"status": "ok", "date": "2026-02-13", "available_slots": [], "available_count": 0},
    {"status": "not_found", "message": "No.", "tries_left": 0},
    {"status": "away", "date": "2026-02-13", "available_slots": [], "next_open_date": "2026-02-16"},
    {"status": "date_of_birth_needed", "message": "To find the record I need it."},
    {"status": "waitlisted", "appointment_id": None},
    FOUND | {"waitlist_offers": [{"date": "2026-02-09", "time": "04:00 PM", "instead_of": None,
                                  "kept_until": "09:00 AM"}]},
    FOUND | {"waitlist_offers": [{"date": "2026-02-09", "instead_of": "a1b2c3d4"}]},
    {"status": "booked"}, {"status": "found", "user": None}, {}, [], None, "IN_PROGRESS", "{",
]  # fmt: skip


def reply(*messages: Any) -> Say | CallTool:
    return RECEPTIONIST.reply(list(messages), TOOLS, NOW)


def finish(messages: list[Any]) -> str:
    """Let the receptionist call tools until it speaks."""
    for number in range(6):
        step = RECEPTIONIST.reply(messages, TOOLS, NOW)
        if isinstance(step, Say):
            return step.text
        messages += tool_messages(step, answer(step), f"call_{len(messages)}_{number}")
    raise AssertionError("more than five tools in a turn")


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=4).map(" ".join),
                min_size=1, max_size=8))  # fmt: skip
def test_whatever_is_said_there_is_a_new_answer(turns: list[str]) -> None:
    messages: list[Any] = [agent("Hello! Welcome to our clinic.")]
    last = messages[0]["content"]
    for text in turns:
        messages.append(user(text))
        said = finish(messages)
        assert said.strip()
        assert said != last
        assert "{" not in said.replace("{name}", "")
        messages.append(agent(said))
        last = said


@pytest.mark.parametrize("receptionist", [RECEPTIONIST, Receptionist(MANY)], ids=["plain", "many"])
@settings(max_examples=150, deadline=None)
@given(
    turns=st.lists(
        st.lists(st.sampled_from(PIECES), max_size=3).map(" ".join), min_size=1, max_size=5
    ),
    data=st.data(),
)
def test_whatever_the_tools_answer_the_turn_ends_in_words(
    receptionist: Receptionist, turns: list[str], data: st.DataObject
) -> None:
    messages: list[Any] = identified()
    for text in turns:
        messages.append(user(text))
        for number in range(6):
            step = receptionist.reply(messages, TOOLS, NOW)
            if isinstance(step, Say):
                break
            good = data.draw(st.booleans())
            result = answer(step) if good else data.draw(st.sampled_from(RESULTS))
            messages += tool_messages(step, result, f"call_{len(messages)}_{number}")
        assert isinstance(step, Say)
        assert step.text.strip()
        if not any(json.dumps(part).count('\\"booked\\"') for part in messages):
            assert "Booked" not in step.text
        messages.append(agent(step.text))


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=6))
def test_the_same_conversation_gives_the_same_answer(turns: list[str]) -> None:
    messages = [*identified(), *(user(text) for text in turns)]
    kept = copy.deepcopy(messages)
    first = reply(*messages)
    assert messages == kept
    assert reply(*messages) == first
    assert Receptionist(RECEPTIONIST._clinic).reply(kept, TOOLS, NOW) == first


def test_a_tool_that_is_not_offered_is_not_called() -> None:
    messages = [*identified(), user("Book for Thursday")]
    step = RECEPTIONIST.reply(messages, ["identify_user"], NOW)
    assert isinstance(step, Say)
    assert "can't do that right now" in step.text


def test_without_end_conversation_there_is_still_a_goodbye() -> None:
    step = RECEPTIONIST.reply([*identified(), user("bye")], [], NOW)
    assert step == Say("Thank you, Archit! Have a great day. Goodbye!")


def test_the_first_answer_of_a_call_asks_for_the_id() -> None:
    step = reply(user("hello"))
    assert isinstance(step, Say)
    assert "4-digit user ID" in step.text


def slots(day: str = "2026-02-12") -> list[dict[str, Any]]:
    call = CallTool("fetch_slots", {"date": day})
    return tool_messages(call, answer(call) | {"date": day}, f"slots_{day}")


def test_it_takes_over_after_times_offered_in_other_words() -> None:
    step = reply(
        *identified(),
        user("Book for Thursday"),
        *slots(),
        agent("Sure thing! We could do ten in the morning, or 2:30 in the afternoon. Preference?"),
        user("the second one"),
    )
    assert isinstance(step, CallTool)
    assert (step.name, step.arguments["time_slot"]) == ("book_appointment", "02:30 PM")
    assert step.arguments["date"] == "2026-02-12"


def test_it_takes_over_after_a_single_time_was_proposed() -> None:
    step = reply(
        *identified(),
        user("could I come at some point around Thursday"),
        *slots(),
        agent("How about Thursday, February 12 at 4:30 PM?"),
        user("yes, lovely"),
    )
    assert isinstance(step, CallTool)
    assert (step.name, step.arguments["time_slot"]) == ("book_appointment", "04:30 PM")


def test_a_day_that_only_the_other_brain_understood_is_kept() -> None:
    step = reply(
        *identified(),
        user("on my wife's birthday"),
        *slots("2026-02-18"),
        agent("Happy birthday to her! 9 AM or 11 AM?"),
        user("eleven"),
    )
    assert isinstance(step, CallTool)
    assert step.arguments["date"] == "2026-02-18"
    assert step.arguments["time_slot"] == "11:00 AM"


def test_it_takes_over_in_the_middle_of_a_cancellation() -> None:
    step = reply(
        *identified(),
        user("I want to cancel my appointment"),
        agent("You mean the check-up tomorrow? Are you quite sure?"),
        user("yes"),
    )
    assert step == CallTool("cancel_appointment", {"user_id": "1001", "appointment_id": "a1b2c3d4"})


def test_it_takes_over_right_after_a_tool_result() -> None:
    call = CallTool("identify_user", {"user_id": "1001"})
    step = reply(user("it's me, ten oh one"), *tool_messages(call, FOUND))
    assert step == Say("Welcome back, Archit! You have 1 appointment. How can I help?")


def test_of_an_interrupted_offer_only_what_was_heard_counts() -> None:
    heard = [*identified(), user("Book for Thursday"), *slots(), agent("On Thursday, I have 9:30")]
    step = reply(*heard, user("yes"))
    assert isinstance(step, CallTool)
    assert step.arguments["time_slot"] == "09:30 AM"


def test_a_booking_that_another_brain_made_is_known() -> None:
    call = CallTool(
        "book_appointment",
        {"user_id": "1001", "name": "Archit Ojha", "date": "2026-02-12", "time_slot": "12:00 PM",
         "purpose": "Lab visit"},
    )  # fmt: skip
    step = reply(
        *identified(),
        user("lab visit, the usual, you know"),
        *tool_messages(call, answer(call)),
        agent("All set."),
        user("actually, cancel that"),
    )
    assert isinstance(step, Say)
    assert "Shall I cancel your lab visit on Thursday, February 12 at 12 PM?" in step.text


def test_content_parts_and_system_messages_are_read() -> None:
    parts = [{"type": "text", "text": "My ID"}, {"type": "text", "text": "is 1001"}]
    step = reply({"role": "system", "content": "Be kind."}, {"role": "user", "content": parts})
    assert step == CallTool("identify_user", {"user_id": "1001"})


def test_two_turns_without_an_answer_between_are_both_heard() -> None:
    step = reply(*identified(), user("Book for Thursday"), user("at noon"))
    assert isinstance(step, CallTool)
    assert step.name == "book_appointment"
    assert step.arguments["date"] == "2026-02-12"


@pytest.mark.parametrize("result", ["IN_PROGRESS", "", "null", {"status": "wat"}])
def test_a_result_that_proves_nothing_is_not_claimed(result: object) -> None:
    call = CallTool(
        "book_appointment",
        {"user_id": "1001", "name": "Archit Ojha", "date": "2026-02-12", "time_slot": "12:00 PM",
         "purpose": "General visit"},
    )  # fmt: skip
    messages = [*identified(), user("Thursday at noon"), *tool_messages(call, result)]
    said = finish(messages)
    assert "Done" not in said
    assert "didn't work" in said


def test_the_clinics_zone_decides_what_today_is() -> None:
    late_in_utc = datetime(2026, 2, 9, 20, 0, tzinfo=ZoneInfo("UTC"))
    step = RECEPTIONIST.reply([*identified(), user("book for tomorrow")], TOOLS, late_in_utc)
    assert step == CallTool("fetch_slots", {"date": "2026-02-11"})


def test_the_later_one_of_nothing_offered_is_not_chosen() -> None:
    step = reply(user("book for Thursday"), user("anything later one"))
    assert isinstance(step, Say)


def test_at_most_three_times_are_offered_and_all_of_them_free() -> None:
    messages: list[Any] = [*identified(), user("Book for Thursday")]
    said = finish(messages)
    assert said == "On Thursday, February 12, I have 9:30 AM, 12 PM, and 3:30 PM. Which works?"
    assert {"09:30 AM", "12:00 PM", "03:30 PM"} <= set(SLOTS)
