"""The caller's end of the wire, against a small server with a real WebSocket."""

import asyncio
import json
from dataclasses import replace
from datetime import date, time, timedelta
from itertools import pairwise

import numpy as np
import pytest

from kavita import wire
from kavita.caller.demo import Manners, demo_agenda, demo_day, run_demo_call
from kavita.caller.line import LineError
from kavita.caller.report import DemoResult, ToolRun, Turn, booked_by, percentile
from kavita.caller.voice import CallerVoice
from kavita.scheduling.clinic import Clinic
from tests.fakes.wire_server import Answer, WireServer, booking, wire_server

pytestmark = pytest.mark.live

TODAY = date(2026, 2, 9)
AGENDA = demo_agenda(TODAY, date(2026, 2, 12))
QUICK = Manners(pauses=(0.05,), start=2.0, answer=1.5, patience=1)
GREETING = Answer("Hello! Could you please share your 4-digit user ID?")
CALL = (
    GREETING,
    Answer("Welcome back, Archit! You have 2 appointments. How can I help?", delay=0.4),
    Answer("On Thursday, February 12, I have 9:30 AM, 12 PM, and 3:30 PM. Which works?"),
    Answer("Done! Booked Thursday, Feb 12 at 12 PM. Anything else?", tool=booking()),
    Answer("Thank you, Archit! Have a great day. Goodbye!", ends=True),
)


async def call(server: WireServer) -> tuple[DemoResult, list[Turn]]:
    voice = await asyncio.to_thread(CallerVoice, words_per_minute=320)
    turns: list[Turn] = []
    return await run_demo_call(server.url, AGENDA, turns.append, QUICK, voice), turns


Held = tuple[WireServer, DemoResult, list[Turn]]


@pytest.fixture(scope="module")
def held() -> Held:
    """A whole call, while another one is held beside it."""

    async def both() -> Held:
        async with wire_server(CALL) as server, wire_server(CALL) as beside:
            (result, turns), other = await asyncio.gather(call(server), call(beside))
            assert other[0].fulfilled
            return server, result, turns

    return asyncio.run(both())


def test_a_whole_call_ends_with_the_appointment_that_was_wanted(held: Held) -> None:
    server, result, turns = held
    assert result.fulfilled
    assert result.ended == "goodbye"
    assert result.summary.startswith("CALLER INTENT")
    assert result.turns == tuple(turns)
    assert [turn.number for turn in turns] == [0, 1, 2, 3, 4]
    assert turns[0].caller == ""
    assert turns[1].caller == "My user ID is one, zero, zero, one."
    assert turns[1].heard == "(heard)"
    assert turns[4].agent.endswith("Goodbye!")
    assert isinstance(server.actions[0], wire.Start)


def test_the_report_is_one_json_object_a_turn_and_one_with_what_was_booked(held: Held) -> None:
    _, result, turns = held
    lines = [json.loads(json.dumps(part.as_json())) for part in (*turns, result)]
    assert [line["type"] for line in lines] == ["turn"] * 5 + ["result"]
    assert lines[3]["tool_calls"][0]["function"] == "book_appointment"
    assert lines[-1]["booked"] == {
        "appointment_id": "f3g4h5i6",
        "user_id": "1001",
        "date": "2026-02-12",
        "time": "12:00 PM",
        "purpose": "Lab visit",
    }


def test_the_microphone_sends_a_frame_every_20_ms_silence_included(held: Held) -> None:
    server, _, _ = held
    assert {len(frame) for frame in server.frames} == {640}
    elapsed = server.frame_times[-1] - server.frame_times[0]
    assert len(server.frames) == pytest.approx(elapsed / 0.02, rel=0.03)
    gaps = [after - before for before, after in pairwise(server.frame_times)]
    assert max(gaps) < 0.3
    assert any(not any(frame) for frame in server.frames)


async def test_the_gap_is_from_the_callers_last_sound_to_the_agents_first_one() -> None:
    quick, slow = Answer("How can I help?", delay=0.3), Answer("Which day?", delay=0.7)
    late = Answer("Goodbye!", delay=0.3, silence=0.5, ends=True)
    async with wire_server([GREETING, quick, slow, late]) as server:
        result, _ = await call(server)
    assert result.turns[0].gap_ms is None
    gaps = [turn.gap_ms for turn in result.turns[1:]]
    assert gaps == [
        pytest.approx(340, abs=90),
        pytest.approx(740, abs=90),
        pytest.approx(840, abs=90),
    ]


async def test_the_caller_waits_until_the_agent_has_been_heard_out() -> None:
    long = Answer("Hello! Could you please share your 4-digit user ID?", silence=1.0)
    async with wire_server([long, Answer("Goodbye!", ends=True)]) as server:
        await call(server)
    loud = [bool(np.abs(np.frombuffer(f, np.int16).astype(int)).max() > 184) for f in server.frames]
    assert loud.index(True) * 0.02 >= 1.3


async def test_what_the_loudspeaker_has_played_is_told_with_rising_milliseconds() -> None:
    long = Answer("Hello! Could you please share your 4-digit user ID?", silence=1.0)
    async with wire_server([long, Answer("Goodbye!", ends=True)]) as server:
        await call(server)
    of_greeting = [played.ms for played in server.played() if played.utterance == "u1"]
    assert of_greeting == sorted(of_greeting)
    assert len(of_greeting) >= 3
    assert of_greeting[-1] == pytest.approx(1300, abs=20)


async def test_a_sentence_that_is_not_answered_is_said_another_way() -> None:
    deaf = Answer("", mute=True)
    async with wire_server([GREETING, deaf, Answer("Goodbye!", ends=True)]) as server:
        result, _ = await call(server)
    assert result.turns[1].caller == "It is one, zero, zero, one."


@pytest.mark.parametrize(
    ("answers", "busy", "words"),
    [
        (CALL, True, "all lines are busy; try again in 20 seconds"),
        ([GREETING, Answer("", cut=True)], False, "closed the line in the middle of the call"),
        ([GREETING, *[Answer("", mute=True)] * 9], False, "nothing came from the agent"),
    ],
)
async def test_a_call_that_cannot_go_on_says_why(
    answers: list[Answer], busy: bool, words: str
) -> None:
    async with wire_server(answers, busy) as server:
        with pytest.raises(LineError, match=words):
            await call(server)


async def test_no_server_is_said_with_its_address() -> None:
    with pytest.raises(LineError, match=r"no server answers at ws://127\.0\.0\.1:1/ws"):
        await run_demo_call("ws://127.0.0.1:1/ws", AGENDA, manners=QUICK)


@pytest.mark.parametrize(
    "changes", [{"date": "2026-02-13"}, {"time": "01:00 PM"}, {"purpose": "Checkup"}]
)
def test_another_appointment_than_wanted_is_not_a_success(
    held: Held, changes: dict[str, str]
) -> None:
    _, result, _ = held
    row = booking(**changes).result
    turn = Turn(3, "", "", "", (ToolRun("book_appointment", {}, row),), None)
    other = replace(result, booked=booked_by([turn], "1001"))
    assert other.booked is not None
    assert not other.fulfilled


def test_the_demo_calls_for_the_coming_thursday_or_the_next_open_day(clinic: Clinic) -> None:
    assert demo_day(clinic, TODAY) == date(2026, 2, 12)
    assert demo_day(clinic, date(2026, 2, 12)) == date(2026, 2, 19)
    no_thursdays = Clinic("Sunrise Clinic", clinic.timezone, closed_weekdays=frozenset({3, 4}))
    assert demo_day(no_thursdays, TODAY) == date(2026, 2, 14)
    assert demo_agenda(TODAY, demo_day(clinic, TODAY)).time == time(12, 0)
    assert demo_day(clinic, TODAY) - TODAY <= timedelta(days=7)


def test_percentiles_are_of_the_nearest_rank() -> None:
    assert percentile([100, 200, 300, 400], 50) == 200
    assert percentile([100, 200, 300, 400], 95) == 400
    assert percentile([], 50) is None
