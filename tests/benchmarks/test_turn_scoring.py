"""The bench of turns scores what an ear would hear."""

from datetime import date

import numpy as np
import pytest
from turntaking.call import Trial
from turntaking.callers import Utterance, synthetic_callers
from turntaking.figures import Run, goals
from turntaking.playout import JITTER_SECONDS, Playout, onset

RATE = 16_000


def sound(ms: int, level: int = 3_000) -> bytes:
    return np.full(RATE * ms // 1000, level, np.int16).tobytes()


def test_sound_is_heard_after_the_jitter_buffer_and_its_own_silence() -> None:
    ear = Playout(RATE)
    ear.receive(sound(40, level=0) + sound(40), now=5.0)
    assert ear.audible_at == pytest.approx(5.0 + JITTER_SECONDS + 0.04)


def test_sound_that_follows_sound_is_not_delayed_again() -> None:
    ear = Playout(RATE)
    ear.receive(sound(50, level=0), now=1.0)
    ear.receive(sound(50), now=1.045)
    assert ear.audible_at == pytest.approx(1.0 + JITTER_SECONDS + 0.05)


def test_a_click_is_no_speech() -> None:
    click = np.frombuffer(sound(5) + sound(100, level=0) + sound(60), np.int16)
    assert onset(click, RATE) == RATE * 105 // 1000


def test_speech_too_quiet_to_hear_has_no_beginning() -> None:
    assert onset(np.frombuffer(sound(200, level=150), np.int16), RATE) is None


def run(ours: list[float], theirs: list[float]) -> Run:
    turn = Utterance("x", "ID", (), b"", 1.0, True)
    rows = [
        (turn, {"kavita": Trial(a, False), "P0": Trial(9 * b, False), "P1": Trial(b, False)})
        for a, b in zip(ours, theirs, strict=True)
    ]
    return Run("at once", rows)


def test_a_figure_that_does_not_hold_is_named() -> None:
    measured = run([300.0, 310.0, 900.0], [1500.0, 1600.0, 4000.0])
    missed = [goal.name for goal in goals(measured, measured) if not goal.holds]
    assert missed == ["at once: p95 gap, ms"]


def test_a_cut_off_turn_has_no_gap_and_counts_against_us() -> None:
    measured = run([300.0] * 3, [1500.0] * 3)
    turn, trials = measured.rows[0]
    measured.rows[0] = (turn, {**trials, "kavita": Trial(None, True)})
    assert measured.gaps("kavita") == [300.0, 300.0]
    missed = [goal.name for goal in goals(measured, measured) if not goal.holds]
    assert "at once: cut-offs of 3, against the better peer" in missed


def test_the_callers_pause_as_long_as_they_say() -> None:
    turn = next(one for one in synthetic_callers(date(2026, 2, 9)) if one.has_pauses)
    samples = np.abs(np.frombuffer(turn.pcm, np.int16).astype(np.int32))
    (loud,) = np.nonzero(samples >= 184)
    assert np.diff(loud).max() >= 0.3 * RATE
    assert turn.end_seconds == (loud[-1] + 1) / RATE
