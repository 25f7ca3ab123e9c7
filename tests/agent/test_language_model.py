"""Whole calls by text through the real OpenAI client, against a server of OpenAI's wire format."""

import json
from contextlib import aclosing
from datetime import datetime

import pytest

from kavita import wire
from kavita.agent.answering import RULES
from kavita.agent.chat_model import ChatModel
from kavita.agent.history import MAX_HISTORY_CHARS, MessageList, for_model
from kavita.agent.text_call import TextCall
from kavita.receptionist.receptionist import CallTool
from kavita.scheduling.clinic import Clinic
from kavita.store.calls import read_call
from kavita.store.database import Database
from kavita.store.demo import seed_demo
from tests.fakes.model_calls import BOOKING, booked, failures, hold, ran, said, tool
from tests.fakes.openai_server import (
    FAULTS,
    KEY,
    Fault,
    OpenAIServer,
    Reply,
    openai_server,
    receptionist_brain,
    scripted,
)
from tests.fakes.scripted_book import FOUND, tool_messages


@pytest.mark.live
async def test_a_caller_books_through_the_model(
    call: TextCall, server: OpenAIServer, database: Database, clinic: Clinic, now: datetime
) -> None:
    events = await hold(call, *BOOKING)
    assert "2026-02-12 12:00 PM Lab visit" in booked(database, clinic, now)
    assert ran(events)[-1] == "end_conversation: ended"
    assert "Done! Booked Thursday, Feb 12 at 12 PM." in said(events)
    assert said(events).count("Done!") == 1
    assert failures(events) == []
    assert call.ended
    assert len(server.turns) >= len(BOOKING)


@pytest.mark.live
async def test_a_caller_moves_an_appointment_through_the_model(
    call: TextCall, database: Database, clinic: Clinic, now: datetime
) -> None:
    before = booked(database, clinic, now)
    events = await hold(
        call, "My ID is 1001", "Move my general checkup to Thursday", "12 PM", "bye"
    )
    moved = booked(database, clinic, now) - before
    assert [visit.startswith("2026-02-12 12:00 PM") for visit in moved] == [True]
    assert len(booked(database, clinic, now)) == len(before)
    assert failures(events) == []


@pytest.mark.live
async def test_a_caller_cancels_an_appointment_through_the_model(
    call: TextCall, database: Database, clinic: Clinic, now: datetime
) -> None:
    before = booked(database, clinic, now)
    events = await hold(call, "My ID is 1001", "Cancel my general checkup", "Yes", "bye")
    assert len(before - booked(database, clinic, now)) == 1
    assert "Done! I cancelled your general checkup" in said(events)
    assert failures(events) == []


@pytest.mark.parametrize("fault", FAULTS)
async def test_the_call_is_held_and_booked_whatever_fails(
    call: TextCall,
    server: OpenAIServer,
    database: Database,
    clinic: Clinic,
    now: datetime,
    fault: Fault,
) -> None:
    events = await hold(call, *BOOKING[:2])
    server.fault = fault
    for turn in BOOKING[2:]:
        answer = await call.hear(turn)
        assert said(answer), "a silent turn"
        events += answer
    assert "2026-02-12 12:00 PM Lab visit" in booked(database, clinic, now)
    assert ran(events).count("book_appointment: booked") == 1
    assert said(events).count("Done!") == 1
    harmless: tuple[Fault, ...] = ("cut_in_call", "truncated", "flapping")
    assert failures(events) or fault in harmless


async def test_who_answered_instead_and_why_is_in_the_events_of_the_turn(
    call: TextCall, server: OpenAIServer
) -> None:
    await call.start()
    server.fault = "402"
    events = await call.hear("My ID is 1001")
    notes = [event for event in events if isinstance(event, wire.Metrics)]
    assert [(note.turn, note.llm, note.llm_failures) for note in notes] == [
        (1, RULES, ["openai: no_credit"])
    ]
    events = await call.hear("bye")
    assert failures(events) == ["openai: left_alone"]


async def test_a_backup_model_answers_before_the_receptionist(
    database: Database, clinic: Clinic, now: datetime, server: OpenAIServer, model: ChatModel
) -> None:
    seed_demo(database, clinic, now)
    with openai_server(clinic, now) as second:
        backup = ChatModel("backup", second.model, KEY, second.base_url)
        call = TextCall(database, clinic, "c0ffee00", lambda: now, models=[model, backup])
        await call.start()
        server.fault = "500"
        events = await call.hear("My ID is 1001")
        await backup.close()
    notes = [event for event in events if isinstance(event, wire.Metrics)]
    assert [(note.llm, note.llm_failures) for note in notes] == [("backup", ["openai: status_500"])]


async def test_the_model_gets_eight_tools_the_day_and_no_name_in_its_instructions(
    call: TextCall, server: OpenAIServer
) -> None:
    await hold(call, "My ID is 1001", "What appointments do I have?")
    request = server.turns[-1]
    assert len(request["tools"]) == 8
    told = request["messages"][0]["content"]
    assert "Monday, February 9, 2026 (2026-02-09)" in told
    assert "Asia/Kolkata" in told
    assert "user_id 1001" in told
    assert "Archit" not in told


async def test_several_calls_in_one_response_are_run_in_their_order(
    call: TextCall, server: OpenAIServer
) -> None:
    both = Reply(calls=tool("identify_user", user_id="1001").calls)
    both.calls += tool("retrieve_appointments", user_id="1001").calls
    server.brain = scripted(both, "You have two appointments. Which one is it about?")
    events = await hold(call, "1001, what do I have?")
    assert ran(events) == ["identify_user: found", "retrieve_appointments: found"]


def test_history_is_cut_to_whole_turns_that_a_model_can_take() -> None:
    history = MessageList()
    for number in range(200):
        history.add_message({"role": "user", "content": f"{number}. " + 20 * "Well, I think so. "})
        ask = CallTool("identify_user", {"user_id": "1001"})
        for message in tool_messages(ask, FOUND, f"call_{number}"):
            history.add_message(message)
        history.add_message({"role": "assistant", "content": "Which day would you like?"})
    messages = for_model("You are Kavita.", history, ())
    assert len(json.dumps(messages)) < MAX_HISTORY_CHARS * 1.1
    assert [message["role"] for message in messages[:2]] == ["system", "user"]
    assert messages[-1] == history.get_messages()[-1]
    answered = {m["tool_call_id"] for m in messages if m["role"] == "tool"}
    asked = {c["id"] for m in messages for c in m.get("tool_calls") or ()}
    assert answered == asked


async def test_what_the_model_says_is_spoken_without_markup_sentence_by_sentence(
    call: TextCall, server: OpenAIServer
) -> None:
    server.brain = scripted("**Hello!** See [our page](http://x). \n- First, who are you?")
    events = await hold(call, "Hi")
    words = [event.text for event in events if isinstance(event, wire.SpeakingStart)][1:]
    assert words == ["Hello!", "See our page.", "First, who are you?"]


async def test_the_first_sentence_comes_before_the_model_has_finished(
    server: OpenAIServer, model: ChatModel
) -> None:
    server.brain = scripted("One. " + 40 * "Another sentence follows. ")
    server.chunk_seconds = 0.02
    async with aclosing(model.stream([{"role": "user", "content": "Hi"}], ())) as parts:
        assert await anext(parts) == "One."
    assert len(server.requests) == 1


async def test_the_record_keeps_what_was_said_and_done(call: TextCall, database: Database) -> None:
    await hold(call, *BOOKING)
    record = read_call(database, "c0ffee00")
    assert record is not None
    assert [one.name for one in record.tool_calls].count("book_appointment") == 1
    assert record.summary is not None
    assert "Lab visit" in record.summary


def test_the_fake_answers_as_the_receptionist(clinic: Clinic, now: datetime) -> None:
    brain = receptionist_brain(clinic, now)
    body = {
        "messages": [{"role": "user", "content": "My ID is 1001"}],
        "tools": [{"type": "function", "function": {"name": "identify_user"}}],
    }
    assert brain(body).calls == [("identify_user", '{"user_id": "1001"}')]
