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


def test_sound_leaves_in_real_time_a_little_ahead() -> None:
    left = leave(Pacing(0.1), 6, 100.0, hold_ups={})
    assert left == pytest.approx([100.0, 100.0, 100.0, 100.0, 100.05, 100.1])


def test_the_last_of_what_is_there_at_once_leaves_longest_before_it_is_heard() -> None:
    pacing, leads = Pacing(0.1), []
    now = 100.0
    for _ in range(6):
        leads.append(pacing.lead(now))
        now += pacing.wait(now, PIECE)
    assert leads == pytest.approx([0.0, 0.05, 0.1, 0.15, 0.15, 0.15])


def test_after_a_hold_up_the_old_schedule_is_met_again() -> None:
    left = leave(Pacing(0.1), 9, 100.0, hold_ups={5: 0.07})
    assert left[4:] == pytest.approx([100.05, 100.17, 100.17, 100.2, 100.25])


def test_after_a_voice_that_was_late_no_more_leaves_at_once_than_at_the_beginning() -> None:
    left = leave(Pacing(0.1), 11, 100.0, hold_ups={5: 5.0})
    assert left[5:] == pytest.approx([105.1, 105.1, 105.1, 105.1, 105.15, 105.2])


def test_what_follows_an_interruption_has_the_whole_start_again() -> None:
    pacing = Pacing(0.1)
    leave(pacing, 5, 100.0, hold_ups={})
    pacing.begin_anew()
    assert leave(pacing, 5, 100.1, hold_ups={}) == pytest.approx([*[100.1] * 4, 100.15])
