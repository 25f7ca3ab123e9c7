"""The agent's speech standing still, and the clock of what was heard of it."""

import asyncio

import numpy as np

from kavita.voice.speech_pause import SpeechPause, ramped


async def test_the_clock_of_the_speech_stands_while_it_pauses() -> None:
    now = 10.0
    pause = SpeechPause(lambda: now)
    pause.begin()
    pause.begin()
    now = 12.0
    assert pause.clock() == 10.0
    assert pause.end() == 2.0
    assert pause.end() == 0.0
    now = 13.0
    assert pause.clock() == 11.0


async def test_a_word_is_heard_later_by_the_pauses_after_it_was_planned() -> None:
    now = 0.0
    pause = SpeechPause(lambda: now)
    pause.begin()
    now = 0.1
    pause.end()
    planned = pause.on_its_clock(500_000_000)
    pause.begin()
    now = 0.4
    waiting = asyncio.create_task(pause.until(planned, lambda: round(now * 1e9)))
    await asyncio.sleep(0.01)
    now = 0.6
    await asyncio.sleep(0.01)
    assert not waiting.done()
    pause.end()
    now = 0.99
    await asyncio.sleep(0.01)
    assert not waiting.done()
    now = 1.0
    async with asyncio.timeout(4):
        await waiting


async def test_who_waits_for_the_speech_is_told_when_it_does_not_go_on() -> None:
    pause = SpeechPause()
    assert await pause.is_over(0.01)
    pause.begin()
    assert not await pause.is_over(0.01)
    pause.end()
    assert await pause.is_over(0.01)


def test_loudness_changes_without_a_click() -> None:
    sound = np.full(1000, 10_000, np.int16).tobytes()
    assert ramped(sound, 1.0, 1.0) == sound
    lowered = np.frombuffer(ramped(sound, 1.0, 0.2), np.int16)
    assert lowered[0] == 10_000
    assert lowered[-1] == 2_000
    assert np.abs(np.diff(lowered)).max() < 50
