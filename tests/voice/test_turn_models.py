"""One model, many calls."""

import numpy as np
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADState

from kavita.caller.voice import CallerVoice
from kavita.voice.turn_models import SharedSilero, TurnModels
from kavita.wire import MICROPHONE_RATE

FRAME = 640
WINDOW = 1024
"""Bytes that Silero hears at a time."""


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


async def test_a_voice_that_breaks_a_silence_is_heard_as_well_as_by_a_model_that_heard_it_all() -> (
    None
):
    models = TurnModels()
    said = CallerVoice("en-gb-scotland").speak("Yes.")
    for offset in range(0, WINDOW, WINDOW // 8):
        pcm = bytes(MICROPHONE_RATE + offset) + said + bytes(MICROPHONE_RATE)
        windows = [pcm[at : at + WINDOW] for at in range(0, len(pcm) - WINDOW, WINDOW)]
        vad, hears_all = models.vad(0.1), SileroVADAnalyzer()
        for each in (vad, hears_all):
            each.set_sample_rate(MICROPHONE_RATE)
        heard = sum(vad.voice_confidence(each) > 0.7 for each in windows)
        assert heard >= sum(np.max(hears_all.voice_confidence(each)) > 0.7 for each in windows) - 1
        await vad.cleanup()


async def test_smart_turn_gives_a_probability() -> None:
    judge = TurnModels().judge
    sound = np.frombuffer(CallerVoice().speak("Next Tuesday, please."), np.int16)
    assert 0.0 <= await judge.probability(sound.tobytes()) <= 1.0
    await judge.cleanup()
