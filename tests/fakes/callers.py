"""Callers on the wire: one who speaks at the pace of a microphone, and one who types."""

import asyncio
from typing import Any

import numpy as np

from kavita.voice.espeak import Espeak
from tests.fakes.running_server import Page, RunningServer, page

FRAME_BYTES = 640
SECOND = 32_000
"""Bytes of 16 kHz PCM16."""


def recorded(text: str, silence_seconds: float = 0.0) -> bytes:
    """Speech in 16 kHz PCM16, and silence after it."""
    spoken = Espeak("en-us+f3").synthesize(text)
    samples = np.frombuffer(spoken.pcm, np.int16).astype(float)
    at = np.arange(0, len(samples) - 1, spoken.sample_rate / 16_000)
    pcm = np.interp(at, np.arange(len(samples)), samples).astype(np.int16).tobytes()
    return bytes(pcm) + bytes(round(silence_seconds * SECOND / 2) * 2)


async def speak(mine: Page, pcm: bytes) -> None:
    """Send sound at the pace of a microphone."""
    for start in range(0, len(pcm), FRAME_BYTES):
        await mine.socket.send(pcm[start : start + FRAME_BYTES].ljust(FRAME_BYTES, b"\0"))
        await asyncio.sleep(0.019)


async def heard_in(server: RunningServer, speech: bytes, times: int = 1) -> tuple[Page, list[str]]:
    """Say it in a call, and be silent for two seconds; what the agent took it for, each time."""
    async with page(server) as socket:
        mine = Page(socket)
        await mine.send(action="start")
        await mine.until("speaking_start")
        for _ in range(times):
            talking = asyncio.create_task(speak(mine, speech + bytes(2 * SECOND)))
            await mine.until("user_speaking")
            await talking
        await mine.send(action="end")
        await mine.until("shutdown")
    return mine, [event["text"] for event in mine.events if event["type"] == "user_speaking"]


async def begin_typing(mine: Page) -> None:
    """Start a call without a microphone, and hear the greeting begin."""
    await mine.send(action="start", mode="text")
    await mine.until("speaking_start")


async def turn(mine: Page, text: str) -> list[dict[str, Any]]:
    """Type a turn; the events up to the first word of the answer, which the next turn cuts off."""
    seen = len(mine.events)
    await mine.send(action="text", text=text)
    await mine.answer(seconds=20)
    return mine.events[seen:]


def spoken(events: list[dict[str, Any]]) -> str:
    """What the agent began to say."""
    return " ".join(event["text"] for event in events if event["type"] == "speaking_start")


def failures(mine: Page, stage: str) -> list[str]:
    """Of which engine of a stage ("stt", "llm", "tts") the metrics tell that it failed, and why."""
    notes = [event for event in mine.events if event["type"] == "metrics"]
    return [failure for note in notes for failure in note[f"{stage}_failures"]]
