import asyncio
import json
import struct
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from kavita.scheduling.times import weekday_name
from kavita.store.calls import read_call
from tests.fakes.running_server import Page, RunningServer, coming_open_day, page, running_server

pytestmark = pytest.mark.live


async def test_hello_comes_first_and_the_call_waits_for_start(server: RunningServer) -> None:
    async with page(server) as socket:
        mine = Page(socket)
        hello = await mine.until("hello")
        assert len(hello["call_id"]) == 8
        assert (hello["sample_rate"], hello["demo"]) == (22_050, True)
        with pytest.raises(TimeoutError):
            await mine.until("conversation_started", seconds=0.5)
        await mine.send(action="start")
        await mine.until("conversation_started")


async def test_the_events_of_a_spoken_answer_come_in_the_order_of_the_flow(
    server: RunningServer,
) -> None:
    async with page(server) as socket:
        mine = Page(socket)
        await mine.send(action="start")
        start = await mine.until("speaking_start")
        assert start["text"].startswith("Hello! Welcome to our clinic.")
        await mine.until("listening")
        await mine.send(action="text", text="My ID is 1001")
        await mine.until("listening")
    assert mine.kinds() == [
        *("hello", "conversation_started", "speaking_start", "speaking_end", "listening"),
        *("user_speaking", "thinking", "tool_call", "speaking_start", "speaking_end", "listening"),
    ]
    energies = [event["energy"] for event in mine.events if event["type"] == "audio_energy"]
    seconds = len(mine.sound) / 2 / 22_050
    assert 18 <= len(energies) / seconds <= 21
    assert max(energies) > 0.1
    assert all(0 <= energy <= 1 for energy in energies)


async def test_a_whole_booking_can_be_typed(server: RunningServer) -> None:
    async with page(server) as socket:
        mine = Page(socket)
        call_id = (await mine.until("hello"))["call_id"]
        await mine.send(action="start", mode="text")
        await mine.until("speaking_start")
        day = weekday_name(coming_open_day())
        for text in ("My ID is 1001", f"Book for {day}", "3 PM please"):
            await mine.send(action="text", text=text)
            booked = await mine.until("tool_call")
        await mine.send(action="text", text="That's all, bye")
        summary = await mine.until("summary", seconds=30)
        shutdown = await mine.until("shutdown")
        with pytest.raises(ConnectionClosed):
            await mine.until("nothing")
    assert (booked["function"], booked["result"]["status"]) == ("book_appointment", "booked")
    assert shutdown["reason"] == "goodbye"
    for heading in ("CALLER INTENT", "ACTIONS TAKEN", "KEY DETAILS", "OUTCOME", "DURATION"):
        assert heading in summary["text"]
    record = read_call(server.database, call_id)
    assert record is not None
    assert next(turn.text for turn in record.turns if turn.speaker == "caller") == "My ID is 1001"
    assert record.tool_calls[0].name == "identify_user"
    assert record.summary == summary["text"]


async def test_interrupted_words_are_not_in_the_conversation(server: RunningServer) -> None:
    async with page(server) as socket:
        mine = Page(socket)
        call_id = (await mine.until("hello"))["call_id"]
        await mine.send(action="start")
        await mine.until("speaking_start")
        await asyncio.sleep(1.5)
        await mine.send(action="stop_speaking")
        cut = await mine.until("interrupted")
        heard = len(mine.sound)
        await mine.until("listening")
        await asyncio.sleep(0.3)
        await mine.send(action="ping")
        await mine.until("pong")
        assert len(mine.sound) == heard, "sound after the interruption"
        await mine.send(action="end")
        await mine.until("shutdown")
    assert cut["text"].startswith("Hello!")
    assert "user ID" not in cut["text"]
    assert 1000 <= cut["heard_ms"] <= 1700
    record = read_call(server.database, call_id)
    assert record is not None
    assert [(turn.text, turn.interrupted) for turn in record.turns] == [(cut["text"], True)]


async def test_ending_in_the_page_gives_the_summary(server: RunningServer) -> None:
    async with page(server) as socket:
        mine = Page(socket)
        await mine.send(action="start")
        call_id = (await mine.until("hello"))["call_id"]
        await mine.until("speaking_start")
        await asyncio.sleep(1)
        await mine.send(action="end")
        await mine.until("summary")
        assert (await mine.until("shutdown"))["reason"] == "page"
    record = read_call(server.database, call_id)
    assert record is not None
    assert [turn.interrupted for turn in record.turns] == [True]
    assert record.turns[0].text.startswith("Hello!")
    assert "user ID" not in record.turns[0].text


async def test_a_socket_that_drops_in_a_turn_leaves_a_closed_record(server: RunningServer) -> None:
    async with page(server) as socket:
        mine = Page(socket)
        call_id = (await mine.until("hello"))["call_id"]
        await mine.send(action="start")
        await mine.until("speaking_start")
        await mine.send(action="text", text="My ID is 1001")
        socket.transport.abort()
    for _ in range(50):
        await asyncio.sleep(0.1)
        record = await asyncio.to_thread(read_call, server.database, call_id)
        if record is not None and record.ended_at is not None:
            break
    assert record is not None
    assert record.reason == "page"
    assert record.summary


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("{not json", "bad_json"),
        ('{"action":"dance"}', "unknown_action"),
        (struct.pack("<3h", 1, 2, 3)[:5], "bad_audio"),
        (b"", "bad_audio"),
        (json.dumps({"action": "start"}), "already_started"),
    ],
)
async def test_a_bad_message_in_a_call_is_answered_and_the_call_goes_on(
    server: RunningServer, message: str | bytes, code: str
) -> None:
    async with page(server) as socket:
        mine = Page(socket)
        await mine.send(action="start")
        await mine.until("speaking_start")
        await socket.send(message)
        assert (await mine.until("error"))["code"] == code
        await mine.send(action="ping")
        await mine.until("pong")


async def test_before_start_only_start_is_taken(server: RunningServer) -> None:
    async with page(server) as socket:
        mine = Page(socket)
        await mine.send(action="text", text="hello")
        assert (await mine.until("error"))["code"] == "not_started"
        await socket.send("garbage")
        assert (await mine.until("error"))["code"] == "bad_json"
        await mine.send(action="start")
        await mine.until("conversation_started")


async def test_a_page_that_only_sends_garbage_is_hung_up_on(server: RunningServer) -> None:
    async with page(server) as socket:
        for _ in range(20):
            await socket.send("garbage")
        with pytest.raises(ConnectionClosed) as closed:
            await Page(socket).until("nothing")
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008


@pytest.mark.parametrize("message", ["x" * 70_000, b"\0" * 70_000, "x" * 1_048_576])
async def test_a_message_over_64_kib_closes_the_socket_and_no_other(
    server: RunningServer, message: str | bytes
) -> None:
    async with page(server) as other, page(server) as socket:
        bystander = Page(other)
        await bystander.send(action="start")
        await bystander.until("speaking_start")
        await socket.send(message)
        with pytest.raises(ConnectionClosed) as closed:
            await Page(socket).until("nothing")
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009
        await bystander.until("speaking_end")


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1.evil.example", "https://127.0.0.1"]
)
async def test_a_foreign_origin_is_refused(server: RunningServer, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with page(server, origin=origin):
            pass
    assert refused.value.response.status_code == 403


async def test_our_own_page_is_let_in(server: RunningServer) -> None:
    async with page(server, origin=server.url) as socket:
        await Page(socket).until("hello")


async def test_more_calls_than_the_limit_hear_busy(server: RunningServer) -> None:
    async with (
        page(server) as one,
        page(server) as two,
        page(server) as three,
        page(server) as four,
    ):
        for socket in (one, two, three):
            mine = Page(socket)
            await mine.send(action="start")
            await mine.until("speaking_start")
        late = Page(four)
        await late.send(action="start")
        assert (await late.until("busy"))["retry_after"] > 0
        with pytest.raises(ConnectionClosed) as closed:
            await late.until("nothing")
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1013


async def test_more_sockets_than_the_limit_hear_busy(server: RunningServer) -> None:
    async with asyncio.timeout(20):
        while server.lines.sockets:  # noqa: ASYNC110  another thread's counter
            await asyncio.sleep(0.05)
        sockets = [await page(server) for _ in range(6)]
        for socket in sockets:
            await Page(socket).until("hello")
        async with page(server) as socket:
            await Page(socket).until("busy")
        for socket in sockets:
            await socket.close()


async def test_a_silent_caller_is_nudged_and_then_said_goodbye_to(tmp_path: Path) -> None:
    with running_server(tmp_path, inactivity_seconds=8) as server:
        async with page(server) as socket:
            mine = Page(socket)
            await mine.send(action="start")
            greeting = await mine.until("speaking_end")
            nudge = await mine.until("speaking_start")
            goodbye = await mine.until("speaking_start")
            await mine.until("summary")
            assert (await mine.until("shutdown"))["reason"] == "inactivity"
    assert greeting["utterance"] == "u1"
    assert nudge["text"].startswith("Are you still there?")
    assert "Goodbye" in goodbye["text"]
    assert any(line.endswith(goodbye["text"]) for line in server.shown)


async def test_a_tapped_slot_is_booked(server: RunningServer) -> None:
    async with page(server) as socket:
        mine = Page(socket)
        await mine.send(action="start", mode="text")
        await mine.until("speaking_start")
        for text in ("My ID is 1001", f"Book for {weekday_name(coming_open_day())}"):
            await mine.send(action="text", text=text)
            offer = await mine.until("tool_call")
        day, time = offer["result"]["date"], offer["result"]["available_slots"][-1]
        await mine.send(action="select_slot", date=day, time=time)
        booked = await mine.until("tool_call")
    assert booked["function"] == "book_appointment"
    assert (booked["result"]["date"], booked["result"]["time"]) == (day, time)


async def test_what_an_interrupted_agent_said_stands_before_what_interrupted_it(
    server: RunningServer,
) -> None:
    async with page(server) as socket:
        mine = Page(socket)
        call_id = (await mine.until("hello"))["call_id"]
        await mine.send(action="start")
        await mine.until("speaking_start")
        await asyncio.sleep(1.5)
        await mine.send(action="text", text="My ID is 1001")
        await mine.until("tool_call")
        await mine.send(action="end")
        await mine.until("shutdown")
    assert mine.kinds()[2:8] == [
        *("speaking_start", "interrupted", "speaking_end", "listening"),
        *("user_speaking", "thinking"),
    ]
    record = read_call(server.database, call_id)
    assert record is not None
    assert [turn.speaker for turn in record.turns][:2] == ["agent", "caller"]
