import numpy as np
import numpy.typing as npt

from kavita.satellite.adaptive_filter import FRAME, AdaptiveFilter

Sound = npt.NDArray[np.float64]
RATE = 16_000
SECONDS = 6


def syllables(seconds: float, seed: int, pace: float) -> Sound:
    """Noise in bursts, `pace` of them in a second."""
    generator = np.random.default_rng(seed)
    at = np.arange(int(seconds * RATE)) / RATE
    noise = np.convolve(generator.standard_normal(at.size), np.ones(8) / 8, "same")
    return np.rint(6000 * np.clip(np.sin(2 * np.pi * pace * at), 0, 1) * noise)


def room(seconds: float = 0.2) -> Sound:
    """A response that dies away by 60 dB in so long, and comes back 6 dB softer."""
    at = np.arange(int(seconds * RATE)) / RATE
    response = np.random.default_rng(3).standard_normal(at.size) * 10 ** (-3 * at / seconds)
    return 0.5 * response / np.sqrt((response**2).sum())


def echo_of(sound: Sound, delay: int) -> Sound:
    """What comes back, `delay` samples later."""
    delayed = np.concatenate([np.zeros(delay), room()])
    return np.rint(np.convolve(sound, delayed)[: sound.size])


def left(filtered: AdaptiveFilter, played: Sound, heard: Sound) -> Sound:
    out = []
    for at in range(0, heard.size - FRAME + 1, FRAME):
        filtered.played(played[at : at + FRAME].astype(np.int16))
        out.append(filtered.without_echo(heard[at : at + FRAME].astype(np.int16)))
    return np.concatenate(out).astype(np.float64)


def decibels(sound: Sound) -> float:
    return float(10 * np.log10(np.mean(sound**2) + 1))


PLAYED = syllables(SECONDS, 1, 3)
HEARD = echo_of(PLAYED, 1600)
SECOND_HALF = slice(SECONDS * RATE // 2, None)


def test_who_speaks_over_the_loudspeaker_keeps_every_sound() -> None:
    learned = AdaptiveFilter()
    left(learned, PLAYED, HEARD)
    caller = syllables(SECONDS, 2, 2)
    changed = left(learned, PLAYED, HEARD + caller) - caller
    assert decibels(changed) < decibels(caller) - 15


def test_what_counts_as_older_is_known_as_before() -> None:
    learned = AdaptiveFilter()
    left(learned, PLAYED, HEARD)
    known = decibels(left(learned, PLAYED, HEARD)[SECOND_HALF])
    learned.returns_later(3)
    later = left(learned, PLAYED, echo_of(PLAYED, 1600 + 3 * FRAME))
    learned.returns_later(-3)
    sooner = left(learned, PLAYED, HEARD)
    for moved in (later, sooner):
        assert decibels(moved[RATE : 2 * RATE]) < known + 4


def test_a_pause_of_the_loudspeaker_spoils_nothing() -> None:
    learned = AdaptiveFilter()
    left(learned, PLAYED, HEARD)
    known = decibels(left(learned, PLAYED, HEARD)[SECOND_HALF])
    left(learned, np.zeros(3 * RATE), np.zeros(3 * RATE))
    assert learned.is_sure
    assert decibels(left(learned, PLAYED[:RATE], HEARD[:RATE])) < known + 4


def test_it_is_sure_of_a_room_that_it_has_learned_until_that_has_changed() -> None:
    learned = AdaptiveFilter()
    left(learned, PLAYED[:RATE], HEARD[:RATE])
    assert not learned.is_sure
    left(learned, PLAYED, HEARD)
    left(learned, PLAYED, HEARD + syllables(SECONDS, 2, 2))
    assert learned.is_sure
    left(learned, PLAYED[:RATE], echo_of(PLAYED, 1600 + 40)[:RATE])
    assert not learned.is_sure


def test_a_room_that_has_become_another_is_learned_anew() -> None:
    learned = AdaptiveFilter()
    left(learned, PLAYED, HEARD)
    moved = echo_of(PLAYED, 1600 + 40)
    anew = left(learned, PLAYED, moved)[SECOND_HALF]
    assert decibels(anew) < decibels(moved[SECOND_HALF]) - 15


def test_without_an_echo_it_changes_a_caller_little_and_is_never_sure() -> None:
    caller, learned = syllables(SECONDS, 2, 2), AdaptiveFilter()
    changed = left(learned, PLAYED, caller) - caller
    assert decibels(changed) < decibels(caller) - 6
    assert not learned.is_sure
