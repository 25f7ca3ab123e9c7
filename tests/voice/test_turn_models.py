"""One model, many calls."""

import asyncio
import os
import sys
import threading
import time

import numpy as np
import pytest
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADParams, VADState

from kavita.caller.voice import CallerVoice
from kavita.voice.silero import WINDOW, Ear, Silero
from kavita.voice.turn_models import WINDOW_BYTES, SharedSilero, TurnModels
from kavita.wire import MICROPHONE_RATE

FRAME = 640


async def states(vad: SharedSilero, pcm: bytes) -> list[VADState]:
    return [await vad.analyze_audio(pcm[at : at + FRAME]) for at in range(0, len(pcm), FRAME)]


async def test_calls_that_share_a_model_do_not_hear_each_other() -> None:
    models = TurnModels()
    talking, silent, alone = (models.vad(0.1) for _ in range(3))
    for vad in (talking, silent, alone):
        vad.set_sample_rate(MICROPHONE_RATE)
    speech = CallerVoice().speak("I would like to book an appointment")
    speech = speech[: len(speech) // FRAME * FRAME]
    expected = await states(alone, speech)
    heard = []
    for at in range(0, len(speech), FRAME):
        heard += await states(talking, speech[at : at + FRAME])
        assert await states(silent, bytes(FRAME)) == [VADState.QUIET]
    assert heard == expected
    assert VADState.SPEAKING in heard
    assert not silent.hears_voice
    for vad in (talking, silent, alone):
        await vad.cleanup()


async def voiced(vad: SharedSilero, windows: list[bytes]) -> int:
    """Windows that hold a voice for sure."""
    sure = 0
    for window in windows:
        await vad.analyze_audio(window)
        sure += vad.voice_confidence(window) > 0.7
    return sure


async def test_a_voice_that_breaks_a_silence_is_heard_as_well_as_by_a_model_that_heard_it_all() -> (
    None
):
    models = TurnModels()
    said = CallerVoice("en-gb-scotland").speak("Yes.")
    for offset in range(0, WINDOW_BYTES, WINDOW_BYTES // 8):
        pcm = bytes(MICROPHONE_RATE + offset) + said + bytes(MICROPHONE_RATE)
        starts = range(0, len(pcm) - WINDOW_BYTES, WINDOW_BYTES)
        windows = [pcm[at : at + WINDOW_BYTES] for at in starts]
        vad, hears_all = models.vad(0.1), SileroVADAnalyzer()
        for each in (vad, hears_all):
            each.set_sample_rate(MICROPHONE_RATE)
        all_heard = sum(np.max(hears_all.voice_confidence(each)) > 0.7 for each in windows)
        assert await voiced(vad, windows) >= all_heard - 1
        await vad.cleanup()


class Certain(Silero):
    """A model that calls so many windows a voice, and nothing after them."""

    def __init__(self, voiced: int) -> None:
        self.voiced = voiced

    async def probability(self, ear: Ear, window: bytes, at_once: bool = False) -> float:
        self.voiced -= 1
        return 1.0 if self.voiced >= 0 else 0.1


def noise(decibels: float, windows: int) -> bytes:
    """Noise of so many dBFS."""
    level = 32768 * 10 ** (decibels / 20)
    samples = level * np.random.default_rng(1).standard_normal(windows * WINDOW)
    return np.clip(samples, -32768, 32767).astype(np.int16).tobytes()


async def fading(after: bytes) -> float:
    """Seconds for which a word of -20 dBFS fades, when the model hears it no more."""
    vad = SharedSilero(Certain(10), VADParams())
    vad.set_sample_rate(MICROPHONE_RATE)
    await vad.analyze_audio(noise(-20, 10) + after + bytes(20 * WINDOW_BYTES))
    await vad.cleanup()
    return vad.fading_seconds


async def test_a_word_may_fade_but_steady_noise_is_no_word() -> None:
    assert await fading(b"") == 0
    assert await fading(noise(-28, 3)) == pytest.approx(0.096)
    assert await fading(noise(-28, 40)) == pytest.approx(0.16)
    assert await fading(noise(-40, 40)) == 0
    assert await fading(bytes(WINDOW_BYTES) + noise(-28, 3)) == 0


async def test_calls_that_are_heard_in_one_run_are_heard_as_if_alone() -> None:
    silero = Silero()
    texts = ("Next Tuesday, please.", "Yes.", "I would like to book an appointment.")
    calls = []
    for text in texts:
        pcm = CallerVoice().speak(text).ljust(40 * WINDOW_BYTES, b"\0")
        calls.append(
            [pcm[at : at + WINDOW_BYTES] for at in range(0, 40 * WINDOW_BYTES, WINDOW_BYTES)]
        )
    alone = []
    for windows in calls:
        ear = Ear()
        alone.append([await silero.probability(ear, window) for window in windows])
    ears = [Ear() for _ in calls]
    together = [
        await asyncio.gather(*map(silero.probability, ears, windows))
        for windows in zip(*calls, strict=True)
    ]
    assert np.allclose(np.transpose(together), alone, atol=1e-4)


async def test_windows_gather_but_who_is_in_a_hurry_waits_for_no_other_call() -> None:
    silero, window = Silero(), bytes(WINDOW_BYTES)
    await silero.probability(Ear(), window)
    gathers = asyncio.create_task(silero.probability(Ear(), window))
    await asyncio.sleep(0)
    await silero.probability(Ear(), window, at_once=True)
    assert gathers.done()


async def test_a_call_that_ends_takes_nobody_elses_answer_along() -> None:
    silero, window = Silero(), bytes(WINDOW_BYTES)
    first = asyncio.create_task(silero.probability(Ear(), window))
    others = [asyncio.create_task(silero.probability(Ear(), window)) for _ in range(3)]
    await asyncio.sleep(0)
    first.cancel()
    async with asyncio.timeout(5):
        assert len(await asyncio.gather(*others)) == 3


async def test_smart_turn_gives_a_probability() -> None:
    judge = TurnModels().judge
    sound = np.frombuffer(CallerVoice().speak("Next Tuesday, please."), np.int16)
    assert 0.0 <= await judge.probability(sound.tobytes()) <= 1.0
    await judge.cleanup()


async def test_smart_turn_computes_in_one_thread_and_no_other_spins_beside_it() -> None:
    judge, sound = TurnModels().judge, bytes(2 * MICROPHONE_RATE)
    judge._judge(sound)
    of_process, of_thread = time.process_time(), time.thread_time()
    for _ in range(5):
        judge._judge(sound)
    of_thread = time.thread_time() - of_thread
    assert time.process_time() - of_process < 1.5 * of_thread
    await judge.cleanup()


@pytest.mark.skipif(sys.platform != "linux", reason="only there has a thread its own niceness")
async def test_smart_turn_gives_way_to_the_event_loop() -> None:
    judge = TurnModels().judge
    await judge.probability(bytes(2 * MICROPHONE_RATE))
    thread = judge._model_executor.submit(threading.get_native_id).result()
    here = os.getpriority(os.PRIO_PROCESS, 0)
    assert os.getpriority(os.PRIO_PROCESS, thread) == min(19, here + 10)
    await judge.cleanup()
