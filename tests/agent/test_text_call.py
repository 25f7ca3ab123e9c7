"""A call by text: the events of a voice call, without the voice."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from kavita import wire
from kavita.agent.phrases import LOST, greeting
from kavita.agent.text_call import MOST_TOOL_ROUNDS, TextCall
from kavita.receptionist.receptionist import CallTool, Say
from kavita.scheduling.clinic import Clinic
from kavita.scheduling.times import parse_date
from kavita.store.appointments import book
from kavita.store.calls import read_call
from kavita.store.database import Database
from kavita.store.patients import add_patient
from kavita.store.tables import Patient


@pytest.fixture
def known(database: Database, clinic: Clinic, now: datetime) -> Database:
    """A book with one patient who has one appointment."""
    with database.transaction() as session:
        add_patient(session, Patient(id="1001", name="Archit Ojha"))
    book(database, clinic, "1001", parse_date("2026-02-10"), time(10), "General checkup", now)
    return database


@pytest.fixture
def ticking(now: datetime) -> Callable[[], datetime]:
    """A clock that goes on by a second each time it is read."""
    seconds = iter(range(1_000))
    return lambda: now + timedelta(seconds=next(seconds))


def types(events: Sequence[Any]) -> list[str]:
    return [event.type for event in events]


async def test_the_call_begins_with_the_greeting(
    known: Database, clinic: Clinic, ticking: Callable[[], datetime]
) -> None:
    call = TextCall(known, clinic, "c0ffee00", ticking)
    events = await call.start()
    assert types(events) == ["conversation_started", "speaking_start", "speaking_end", "listening"]
    assert isinstance(events[1], wire.SpeakingStart)
    assert (events[1].text, events[1].turn_id) == (greeting(clinic.name), 0)


async def test_without_a_transcript_the_summary_still_knows_what_was_done(
    known: Database, clinic: Clinic, ticking: Callable[[], datetime]
) -> None:
    call = TextCall(known, clinic, "c0ffee00", ticking, keep_transcript=False)
    await call.start()
    await call.hear("My ID is 1001")
    await call.hear("Bye")
    record = read_call(known, "c0ffee00")
    assert record is not None
    assert record.turns == ()
    assert record.summary is not None
    assert "Archit Ojha" in record.summary


async def test_a_whole_call_gives_the_events_of_the_wire_in_order(
    known: Database, clinic: Clinic, ticking: Callable[[], datetime]
) -> None:
    call = TextCall(known, clinic, "c0ffee00", ticking)
    await call.start()
    events = await call.hear("My ID is 1001")
    assert types(events) == [
        "user_speaking", "thinking", "tool_call", "speaking_start", "speaking_end", "listening",
    ]  # fmt: skip
    assert isinstance(events[2], wire.ToolCall)
    assert events[2].function == "identify_user"
    assert events[2].result["user"] == {"user_id": "1001", "name": "Archit Ojha"}
    await call.hear("Thursday at noon, it's a lab visit")
    events = await call.hear("That's all, bye")
    assert types(events) == [
        "user_speaking", "thinking", "tool_call", "speaking_start", "speaking_end", "summary",
        "shutdown",
    ]  # fmt: skip
    assert isinstance(events[-2], wire.Summary)
    assert "Lab visit" in events[-2].text
    assert call.ended
    for event in events:
        assert wire.SERVER_MESSAGE.validate_json(event.model_dump_json()) == event


async def test_the_call_is_recorded_as_it_happens(
    known: Database, clinic: Clinic, ticking: Callable[[], datetime]
) -> None:
    call = TextCall(known, clinic, "c0ffee00", ticking)
    await call.start()
    await call.hear("My ID is 1001")
    record = read_call(known, "c0ffee00")
    assert record is not None
    assert [turn.speaker for turn in record.turns] == ["agent", "caller", "agent"]
    assert [tool.name for tool in record.tool_calls] == ["identify_user"]
    assert record.ended_at is None
    await call.hear("bye")
    record = read_call(known, "c0ffee00")
    assert record is not None
    assert record.reason == "goodbye"
    assert record.summary


async def test_the_page_can_end_the_call_once(
    known: Database, clinic: Clinic, ticking: Callable[[], datetime]
) -> None:
    call = TextCall(known, clinic, "c0ffee00", ticking)
    await call.start()
    events = await call.end("page")
    assert types(events) == ["summary", "shutdown"]
    assert await call.end("page") == []


async def test_a_brain_that_never_speaks_is_stopped_with_an_apology(
    known: Database, clinic: Clinic, ticking: Callable[[], datetime]
) -> None:
    class Restless:
        def reply(
            self, messages: Sequence[Mapping[str, Any]], tools: Collection[str], now: datetime
        ) -> Say | CallTool:
            return CallTool("fetch_slots", {"date": "2026-02-12"})

    call = TextCall(known, clinic, "c0ffee00", ticking, brain=Restless())
    await call.start()
    events = await call.hear("hello")
    assert types(events).count("tool_call") == MOST_TOOL_ROUNDS
    assert [event.text for event in events if isinstance(event, wire.SpeakingStart)] == [LOST]
