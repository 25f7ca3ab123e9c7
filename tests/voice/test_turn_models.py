"""One model, many calls."""

import numpy as np
from pipecat.audio.vad.vad_analyzer import VADState

from kavita.caller.voice import CallerVoice
from kavita.voice.turn_models import SharedSilero, TurnModels
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


async def test_smart_turn_gives_a_probability() -> None:
    judge = TurnModels().judge
    sound = np.frombuffer(CallerVoice().speak("Next Tuesday, please."), np.int16)
    assert 0.0 <= await judge.probability(sound.tobytes()) <= 1.0
    await judge.cleanup()
