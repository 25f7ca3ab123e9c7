"""What begins a caller's turn."""

import numpy as np
import pytest
from pipecat.audio.vad.vad_analyzer import VADState

from kavita.caller.voice import CallerVoice
from kavita.voice.turn_models import SharedSilero, TurnModels
from kavita.wire import MICROPHONE_RATE

WINDOW = 1024


@pytest.fixture(scope="module")
def models() -> TurnModels:
    return TurnModels()


def ear(models: TurnModels) -> SharedSilero:
    vad = models.vad(0.1)
    vad.set_sample_rate(MICROPHONE_RATE)
    return vad


async def begins_turn(vad: SharedSilero, sound: bytes) -> bool:
    pieces = (sound[at : at + WINDOW] for at in range(0, len(sound), WINDOW))
    states = [await vad.analyze_audio(piece) for piece in pieces]
    await vad.cleanup()
    return VADState.SPEAKING in states


@pytest.mark.parametrize("loudness", [1.0, 0.2])
@pytest.mark.parametrize("word", ["no", "yeah", "two"])
async def test_a_short_word_begins_a_turn_wherever_it_falls(
    models: TurnModels, word: str, loudness: float
) -> None:
    said = (np.frombuffer(CallerVoice().speak(word), np.int16) * loudness).astype(np.int16)
    for shift in range(0, 512, 64):
        assert await begins_turn(ear(models), bytes(2 * (MICROPHONE_RATE + shift)) + said.tobytes())
