"""Turns that are spoken, over the wire, in real time."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from loguru import logger
from websockets.exceptions import ConnectionClosed

from kavita.caller.voice import CallerVoice
from tests.fakes.running_server import Page, RunningServer, page, running_server

pytestmark = pytest.mark.live

FRAME = 640
SECOND = 32_000


@pytest.fixture(scope="module")
def voice() -> CallerVoice:
    return CallerVoice()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(Path(tmp_path_factory.mktemp("spoken"))) as running:
        yield running


class Microphone:
    """Sends what is said, and silence when nothing is."""

    def __init__(self, caller: Page) -> None:
        self._caller = caller
        self._said = bytearray()

    def say(self, *pieces: bytes | float) -> None:
        """Sound, and seconds of silence."""
        for piece in pieces:
            self._said += (
                bytes(round(piece * SECOND / 2) * 2) if isinstance(piece, float) else piece
            )

    async def run(self) -> None:
        clock = asyncio.get_running_loop()
        due = clock.time()
        while True:
            frame = bytes(self._said[:FRAME])
            del self._said[:FRAME]
            await self._caller.socket.send(frame.ljust(FRAME, b"\0"))
            due += 0.02
            await asyncio.sleep(due - clock.time())


@asynccontextmanager
async def call(server: RunningServer) -> AsyncIterator[tuple[Page, Microphone]]:
    """A call in which the greeting has been stopped."""
    async with page(server) as socket:
        caller = Page(socket)
        microphone = Microphone(caller)
        streaming = asyncio.create_task(microphone.run())
        await caller.send(action="start")
        await caller.until("speaking_start")
        await caller.send(action="stop_speaking")
        try:
            yield caller, microphone
        finally:
            streaming.cancel()
            with suppress(asyncio.CancelledError):
                await streaming
            await hang_up(caller)


async def hang_up(caller: Page) -> None:
    """End the call, so that none of its turns is ruled to be over in the next one's log."""
    with suppress(ConnectionClosed):  # it has ended by itself
        await caller.send(action="end")
        await caller.until("shutdown")


async def heard_turns(caller: Page, seconds: float) -> list[str]:
    with suppress(TimeoutError):
        await caller.until("never", seconds)
    return [event["text"] for event in caller.events if event["type"] == "user_speaking"]


@pytest.fixture
def log() -> Iterator[list[str]]:
    lines: list[Any] = []
    sink = logger.add(lines.append, level="DEBUG", format="{message}", filter="kavita")
    yield lines
    logger.remove(sink)


async def test_nothing_of_her_sentence_follows_a_voice_that_has_cut_in(
    server: RunningServer, voice: CallerVoice
) -> None:
    async with page(server) as socket:
        caller = Page(socket)
        microphone = Microphone(caller)
        streaming = asyncio.create_task(microphone.run())
        await caller.send(action="start")
        await caller.until("speaking_start")
        microphone.say(1.0, voice.speak("Stop."))
        await caller.until("interrupted")
        heard = len(caller.sound)
        await asyncio.sleep(0.1)
        await caller.send(action="ping")
        await caller.until("pong")
        streaming.cancel()
        assert len(caller.sound) == heard
        await hang_up(caller)


async def test_an_id_said_in_pairs_is_one_turn(
    server: RunningServer, voice: CallerVoice, log: list[str]
) -> None:
    async with call(server) as (caller, microphone):
        # Digits that are heard well: "one, zero" is "one hero" or the like in one of four.
        microphone.say(0.5, voice.speak("six, seven"), 1.0, voice.speak("two, six"))
        said = await caller.until("user_speaking")
        assert "six" in said["text"].lower() or "6" in said["text"]
        assert await heard_turns(caller, 1.0) == [said["text"]]
    rulings = [line for line in log if line.startswith("turn over")]
    assert len(rulings) == 1
    assert "USER_ID" in rulings[0]
    assert said["text"] not in "".join(log)


async def test_a_complete_answer_ends_the_turn(
    server: RunningServer, voice: CallerVoice, log: list[str]
) -> None:
    async with call(server) as (caller, microphone):
        microphone.say(0.5, voice.speak("two, zero, four, five"))
        await caller.until("user_speaking")
        await caller.until("speaking_start")
        metrics = await caller.until("metrics")
    assert metrics["transcript_ms"] <= metrics["turn_end_ms"] <= metrics["first_audio_ms"]
    (ruling,) = [line for line in log if line.startswith("turn over")]
    assert "answer complete, asked USER_ID" in ruling


async def test_words_after_a_long_stretch_are_added_once(
    server: RunningServer, voice: CallerVoice
) -> None:
    long = voice.speak("my name is Test Patient and I have been a patient here for many years and")
    async with call(server) as (caller, microphone):
        microphone.say(0.5, long, 0.4, voice.speak("I want to cancel my appointment please"))
        text = (await caller.until("user_speaking", 20))["text"].lower()
        assert len(await heard_turns(caller, 1.0)) == 1
    assert text.count("patient here") == 1
    assert "cancel" in text
