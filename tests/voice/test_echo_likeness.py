"""Whether a sound is another one that came back."""

import numpy as np
import pytest

from kavita.caller.voice import CallerVoice
from kavita.voice.echo_likeness import ALIKE, RATE, Playback, Sound, latest_sound, likeness
from kavita.voice.espeak import Espeak

AGENT = "On Thursday I have nine thirty AM, twelve PM, and three thirty PM. Which works for you?"


def agents() -> tuple[bytes, int]:
    speech = Espeak("en-us+f3").synthesize(AGENT)
    return speech.pcm, speech.sample_rate


def heard_again(delay: float, begin: float, seconds: float = 0.3) -> tuple[Sound, Sound]:
    """What a microphone hears of her from `begin` on, and what she said until then."""
    playback = Playback()
    playback.add(10.0, *agents())
    rng = np.random.default_rng(1)
    tail = rng.standard_normal(RATE // 4) * np.exp(-np.arange(RATE // 4) / (RATE * 0.05)) * 0.05
    tail[0] = 1.0
    said = playback.between(10.0, 13.0)
    echo = 0.3 * np.convolve(said, tail)[: said.size]
    first = round((begin - delay - 10.0) * RATE)
    until = begin + seconds
    return echo[first : first + round(seconds * RATE)], playback.between(until - 1.1, until)


@pytest.mark.parametrize("delay", [0.05, 0.3, 0.7])
def test_an_echo_is_known_whatever_its_delay_and_room(delay: float) -> None:
    for begin in (11.0, 11.2, 11.7):
        assert likeness(*heard_again(delay, begin)) > 1.5 * ALIKE


def test_an_echo_is_known_behind_a_canceller_that_changes_its_colour() -> None:
    heard, played = heard_again(0.2, 11.5)
    fades = heard * np.linspace(1.0, 0.2, heard.size)
    muffled = np.convolve(fades, np.full(8, 1 / 8), "same")
    assert likeness(muffled, played) > ALIKE


def test_a_callers_voice_is_not_hers() -> None:
    _, played = heard_again(0.2, 11.5)
    said = np.frombuffer(CallerVoice().speak("Wait, I have a question about it."), np.int16)
    pieces = [said[at : at + 4800] / 32768 for at in range(1600, said.size - 4800, 1600)]
    assert max(likeness(piece, played) for piece in pieces) < 0.8 * ALIKE


def test_nothing_is_like_silence() -> None:
    heard, played = heard_again(0.2, 11.5)
    assert likeness(np.zeros(4800), played) == 0.0
    assert likeness(heard, np.zeros(played.size)) == 0.0


def test_sound_that_is_held_is_played_later() -> None:
    pcm, rate = agents()
    size = rate // 10 * 2
    playback = Playback()
    for at in range(6):
        playback.add(10.0 + at / 10, pcm[size * at : size * (at + 1)], rate)
    before = playback.between(10.3, 10.6)
    playback.hold(10.25, 0.7)
    assert np.allclose(playback.between(11.0, 11.3), before, atol=0.02)
    assert not playback.between(10.35, 10.95).any()


def test_pieces_that_leave_in_bursts_are_heard_without_a_gap() -> None:
    pcm, rate = agents()
    size = rate // 20 * 2
    playback = Playback()
    for at in range(8):
        playback.add(10.0 + at / 20 + 0.03 * (at % 2), pcm[size * at : size * (at + 1)], rate)
    whole = Playback()
    whole.add(10.0, pcm[: 8 * size], rate)
    assert np.allclose(playback.between(10.0, 10.4), whole.between(10.0, 10.4), atol=1e-3)


def test_the_latest_sound_ends_where_it_was_last_loud() -> None:
    voice = (3000 * np.sin(np.arange(RATE))).astype(np.int16)
    heard, ago = latest_sound(np.concatenate([voice, np.zeros(RATE // 5, np.int16)]).tobytes())
    assert np.array_equal(heard, voice[-4800:] / 32768)
    assert ago == 0.2


def test_a_sound_too_short_to_be_compared_is_none() -> None:
    voice = (3000 * np.sin(np.arange(RATE // 5))).astype(np.int16)
    assert latest_sound(voice.tobytes())[0].size == 0
    assert latest_sound(np.zeros(RATE, np.int16).tobytes())[0].size == 0
