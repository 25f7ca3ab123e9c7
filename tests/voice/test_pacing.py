"""The schedule of the agent's sound."""

import pytest

from kavita.voice.pacing import Pacing

PIECE = 0.05


def leave(pacing: Pacing, pieces: int, now: float, *, hold_ups: dict[int, float]) -> list[float]:
    """When each of some pieces leaves that are there at once; `hold_ups` come before pieces."""
    left = []
    for number in range(pieces):
        now += hold_ups.get(number, 0.0)
        left.append(now)
        now += pacing.wait(now, PIECE)
    return left


def test_sound_leaves_in_real_time_from_one_piece_ahead() -> None:
    left = leave(Pacing(), 5, 100.0, hold_ups={})
    assert left == pytest.approx([100.0, 100.0, 100.05, 100.1, 100.15])


def test_after_a_hold_up_the_old_schedule_is_met_again() -> None:
    left = leave(Pacing(), 8, 100.0, hold_ups={3: 0.12})
    assert left[3:] == pytest.approx([100.22, 100.22, 100.22, 100.25, 100.3])


def test_a_sentence_after_a_silence_and_sound_after_a_pause_come_in_no_burst() -> None:
    pacing = Pacing()
    leave(pacing, 5, 100.0, hold_ups={})
    pacing.begin_anew()
    left = leave(pacing, 4, 100.9, hold_ups={})
    assert left == pytest.approx([100.9, 100.9, 100.95, 101.0])


def test_a_sentence_that_follows_at_once_keeps_the_schedule() -> None:
    pacing = Pacing()
    leave(pacing, 3, 100.0, hold_ups={})
    pacing.begin_anew()
    assert leave(pacing, 2, 100.1, hold_ups={}) == pytest.approx([100.1, 100.15])


def test_a_standstill_of_seconds_is_not_made_up_for() -> None:
    left = leave(Pacing(), 4, 100.0, hold_ups={2: 5.0})
    assert left[2:] == pytest.approx([105.05, 105.05])
