from itertools import pairwise

import numpy as np
import pytest

from kavita.satellite.echo import EchoCanceller
from kavita.satellite.playout import Samples
from kavita.satellite.resampling import Frames, Resampler

RATE = 22_050
SECONDS = 20


def speech_like(seconds: float, seed: int) -> Samples:
    """Noise in bursts, as syllables are."""
    generator = np.random.default_rng(seed)
    t = np.arange(int(seconds * RATE)) / RATE
    envelope = np.clip(np.sin(2 * np.pi * 3 * t) + np.sin(2 * np.pi * 0.7 * t), 0, 1)
    noise = np.convolve(generator.standard_normal(t.size), np.ones(8) / 8, "same")
    return (9000 * envelope * noise).astype(np.int16)


def loudness(samples: Samples) -> float:
    return float(10 * np.log10(np.mean(samples.astype(float) ** 2) + 1))


def left_of_the_echo(canceller: EchoCanceller, delay_ms: int) -> float:
    """dB that the echo, 6 dB down, loses in the second half."""
    voice = speech_like(SECONDS, 1)
    echo = Resampler(RATE, 16_000).push(voice, last=True) // 2
    echo = np.concatenate([np.zeros(16 * delay_ms, np.int16), echo])
    heard = []
    canceller.set_delay(delay_ms / 1000)
    edges = [frame * RATE // 100 for frame in range(100 * SECONDS + 1)]
    blocks = [voice[start:end] for start, end in pairwise(edges)]
    for block, frame in zip(blocks, Frames(160).push(echo), strict=False):
        canceller.played(block)
        heard.append(np.frombuffer(canceller.cleaned(frame), np.int16))
    half = 160 * len(heard) // 2
    return loudness(echo[half : 2 * half]) - loudness(np.concatenate(heard)[half:])


@pytest.mark.parametrize("delay_ms", [40, 200])
def test_the_voice_of_the_loudspeaker_is_taken_out_of_the_microphone(delay_ms: int) -> None:
    assert left_of_the_echo(EchoCanceller(RATE, True, False, False), delay_ms) > 25


def test_without_the_canceller_it_stays() -> None:
    assert abs(left_of_the_echo(EchoCanceller(RATE, False, False, False), 40)) < 0.1


def test_a_caller_is_heard_while_the_loudspeaker_is_silent() -> None:
    canceller = EchoCanceller(RATE, True, False, False)
    caller = Resampler(RATE, 16_000).push(speech_like(3, 2), last=True)
    out = []
    for frame in Frames(160).push(caller):
        canceller.played(np.zeros(220, np.int16))
        out.append(np.frombuffer(canceller.cleaned(frame), np.int16))
    assert abs(loudness(np.concatenate(out)) - loudness(caller)) < 3


def test_a_resampled_stream_has_the_length_and_the_tone_of_the_original() -> None:
    t = np.arange(RATE) / RATE
    tone = (8000 * np.sin(2 * np.pi * 440 * t)).astype(np.int16)
    resampler = Resampler(RATE, 16_000)
    pieces = [resampler.push(tone[at : at + 220]) for at in range(0, RATE, 220)]
    whole = np.concatenate([*pieces, resampler.push(tone[:0], last=True)])
    assert abs(whole.size - 16_000) <= 2
    assert np.argmax(np.abs(np.fft.rfft(whole[:16_000]))) == 440
