"""What a turn costs beyond its vendors' delays, from the moments of the turn."""

import pytest

from benchmarks.overhead import summary
from benchmarks.voice.turn_times import TurnTimes, measure


def turn(late: float = 0.0) -> TurnTimes:
    """A turn of 8 ms, and so much more before the model is asked; seconds."""
    over = 10.45
    return TurnTimes(
        spoken=10.0,
        phrase=10.25,
        words=10.252,
        over=over,
        asked=over + late + 0.002,
        token=over + late + 0.302,
        text=over + late + 0.304,
        byte=over + late + 0.404,
        heard=over + late + 0.406,
    )


def test_the_delays_of_vendors_and_the_decision_are_nobodys_overhead() -> None:
    found = summary(1, [turn()], bound=60.0)
    assert found.overhead == pytest.approx(8.0)
    assert found.parts == pytest.approx(
        {"recognition": 2.0, "question": 2.0, "sentence": 2.0, "sound": 2.0}
    )
    assert (found.turn_end, found.gap) == (450.0, 856.0)
    assert found.holds


def test_a_median_over_the_bound_is_a_miss_and_a_peer_has_no_bound() -> None:
    times = [turn(), turn(0.06), turn(0.06)]
    assert not summary(3, times, bound=60.0).holds
    assert summary(3, times, bound=None).holds


def test_a_system_that_answers_nothing_misses() -> None:
    assert not summary(3, [], bound=60.0).holds


@pytest.mark.heavy
@pytest.mark.timeout(180)
async def test_both_systems_are_timed_on_the_same_vendors() -> None:
    times = await measure(2)
    assert set(times) == {"kavita", "example"}
    for found in times.values():
        assert found
        assert all(one.spoken < one.over <= one.asked < one.token < one.heard for one in found)
