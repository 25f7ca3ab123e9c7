"""The summary of a call: five headings, and only what the tools proved."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from kavita.agent.call_state import CallState
from kavita.agent.summary import REFUSALS, format_duration, summarize
from kavita.agent.tools import TOOL_NAMES, AppointmentTools
from kavita.scheduling import errors
from kavita.scheduling.clinic import Clinic
from kavita.store.calls import CallRecord, ToolCallRecord, Turn
from kavita.store.database import Database
from kavita.store.demo import seed_demo


@pytest.fixture
def record(now: datetime) -> CallRecord:
    """A finished call of 102 seconds in which only the greeting was said."""
    greeting = Turn("agent", "Hello! Welcome to our clinic.", False, now)
    ended_at = now + timedelta(seconds=102)
    return CallRecord("daa2916a", now, ended_at, "goodbye", None, (greeting,), ())


class Recorder:
    """Runs real tools and keeps their calls as a record would."""

    def __init__(self, database: Database, clinic: Clinic, now: datetime) -> None:
        self.calls: list[ToolCallRecord] = []
        self.now = now
        state = CallState("daa2916a")
        self.tools = AppointmentTools(database, state, clinic, lambda: now, self.keep)

    def keep(self, name: str, arguments: dict[str, Any], result: dict[str, Any]) -> None:
        self.calls.append(ToolCallRecord(name, arguments, result, self.now))

    async def run(self, name: str, /, **arguments: str) -> dict[str, Any]:
        return await self.tools.run(name, arguments)


@pytest.fixture
def recorder(database: Database, clinic: Clinic, now: datetime) -> Recorder:
    seed_demo(database, clinic, now)
    return Recorder(database, clinic, now)


async def _book(recorder: Recorder, start: str = "12:00 PM") -> dict[str, Any]:
    return await recorder.run(
        "book_appointment",
        user_id="1001",
        name="Archit Ojha",
        date="2026-02-12",
        time_slot=start,
        purpose="Lab visit",
    )


async def test_the_example_conversation_is_summarised(
    recorder: Recorder, record: CallRecord, clinic: Clinic
) -> None:
    await recorder.run("identify_user", user_id="1001")
    await recorder.run("fetch_slots", date="2026-02-12")
    booked = await _book(recorder)
    await recorder.run("end_conversation")
    summary = summarize(replace(record, tool_calls=tuple(recorder.calls)), clinic)
    visit = f'{booked["appointment_id"]}, "Lab visit", on Thursday, February 12, 2026 at 12:00 PM'
    assert summary.text == "\n".join(
        [
            "CALLER INTENT",
            "Archit Ojha (ID 1001) called to book an appointment.",
            "",
            "ACTIONS TAKEN",
            "- Identified Archit Ojha (ID 1001)",
            "- Looked up Thursday, February 12, 2026: 17 free times",
            f"- Booked {visit}",
            "",
            "KEY DETAILS",
            "- Call daa2916a, Monday, February 9, 2026 at 08:00 AM",
            "- Patient: Archit Ojha (ID 1001)",
            f"- Appointment {visit}: booked",
            "",
            "OUTCOME",
            "1 appointment booked. The call ended with a goodbye.",
            "",
            "DURATION",
            "1 min 42 s",
        ]
    )
    assert summary.duration_seconds == 102


async def test_moving_and_cancelling_are_told_with_their_last_state(
    recorder: Recorder, record: CallRecord, clinic: Clinic
) -> None:
    found = await recorder.run("identify_user", user_id="1001")
    one, two = (row["appointment_id"] for row in found["active_appointments"])
    await recorder.run(
        "modify_appointment", user_id="1001", appointment_id=one, new_time_slot="3 PM"
    )
    await recorder.run("cancel_appointment", user_id="1001", appointment_id=one)
    await recorder.run("cancel_appointment", user_id="1001", appointment_id=two)
    summary = summarize(replace(record, tool_calls=tuple(recorder.calls)), clinic)
    assert summary.caller_intent == (
        "Archit Ojha (ID 1001) called to move an appointment and cancel an appointment."
    )
    assert summary.actions_taken[1] == (
        f'Moved {one}, "General checkup", on Tuesday, February 10, 2026 at 03:00 PM, '
        "from Tuesday, February 10, 2026 at 10:00 AM"
    )
    assert [detail[-9:] for detail in summary.key_details[2:]] == ["cancelled"] * 2
    assert summary.outcome.startswith("1 appointment moved and 2 appointments cancelled.")


async def test_a_refused_booking_is_not_told_as_one(
    recorder: Recorder, record: CallRecord, clinic: Clinic
) -> None:
    await _book(recorder)
    await recorder.run("identify_user", user_id="1001")
    await _book(recorder, "11:00 AM")
    summary = summarize(replace(record, tool_calls=tuple(recorder.calls)), clinic)
    assert summary.actions_taken == (
        "Could not book: nobody was identified yet",
        "Identified Archit Ojha (ID 1001)",
        "Could not book: the time was taken",
    )
    assert summary.outcome.startswith("No appointment was booked, moved or cancelled.")


async def test_a_new_patient_is_named_with_the_new_id(
    recorder: Recorder, record: CallRecord, clinic: Clinic
) -> None:
    await recorder.run("identify_user", user_id="9999")
    registered = await recorder.run("register_user", name="Test Patient")
    summary = summarize(replace(record, tool_calls=tuple(recorder.calls)), clinic)
    who = f"Test Patient (ID {registered['user']['user_id']})"
    assert summary.caller_intent == f"{who} called to register as a new patient."
    assert summary.actions_taken == (
        "Was given details that fit no patient",
        f"Registered {who} as a new patient",
    )


def test_a_call_without_a_request_repeats_the_first_words(
    record: CallRecord, clinic: Clinic, now: datetime
) -> None:
    asked = replace(
        record, turns=(*record.turns, Turn("caller", "What's the weather?", False, now))
    )
    assert summarize(asked, clinic).caller_intent == (
        "An unidentified caller called. No request was recorded; "
        'their first words were: "What\'s the weather?"'
    )
    silent = summarize(replace(record, reason="inactivity"), clinic)
    assert silent.caller_intent == "An unidentified caller called and said nothing."
    assert "ACTIONS TAKEN\n- None" in silent.text
    assert silent.outcome.endswith("The call ended after the caller had been silent.")


def test_a_call_that_was_never_finished_lasts_until_its_last_entry(
    record: CallRecord, clinic: Clinic, now: datetime
) -> None:
    said = Turn("caller", "Hello?", False, now + timedelta(seconds=7))
    broken = replace(record, ended_at=None, reason=None, turns=(said,))
    assert summarize(broken, clinic).duration_seconds == 7
    empty = replace(broken, turns=())
    assert summarize(empty, clinic).duration_seconds == 0


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59, "59 s"), (102, "1 min 42 s"), (3725, "1 h 2 min")]
)
def test_a_duration_is_written_for_people(seconds: int, text: str) -> None:
    assert format_duration(seconds) == text


def test_every_refusal_has_words_in_the_summary() -> None:
    codes = set(re.findall(r"── \w+ +([a-z_]+)", errors.__doc__ or ""))
    assert codes - set(REFUSALS) == {"invalid_arguments"}


async def test_every_tool_can_fail_in_a_summary(record: CallRecord, clinic: Clinic) -> None:
    refusal = {"status": "error", "code": "book_unavailable", "message": "Sorry."}
    calls = tuple(ToolCallRecord(name, {}, refusal, record.started_at) for name in TOOL_NAMES)
    summary = summarize(replace(record, tool_calls=calls), clinic)
    assert len(summary.actions_taken) == len(TOOL_NAMES)
    assert all("could not be reached" in action for action in summary.actions_taken)
