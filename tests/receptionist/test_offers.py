"""Which times are offered."""

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kavita.receptionist.offers import MOST, choose_offers, nearest, spread
from kavita.receptionist.understanding.clock_times import TimeWish

DAY = [time(hour, minute) for hour in range(9, 18) for minute in (0, 30)]
FLOW_DAY = [at for at in DAY if at != time(11)]


def test_the_day_of_the_flow_is_offered_as_in_the_flow() -> None:
    assert spread(FLOW_DAY) == (time(9, 30), time(12), time(15, 30))


@pytest.mark.parametrize("count", range(4))
def test_few_times_are_all_offered(count: int) -> None:
    assert spread(DAY[:count]) == tuple(DAY[:count])


@given(st.sets(st.sampled_from(DAY)).map(sorted))
def test_at_most_three_free_times_are_offered_in_order(free: list[time]) -> None:
    offers = spread(free)
    assert len(offers) == min(len(free), MOST)
    assert list(offers) == sorted(set(offers) & set(free))


def test_a_free_time_that_was_wished_is_offered_alone() -> None:
    assert nearest(FLOW_DAY, time(10)) == (time(10),)


def test_for_a_taken_time_the_nearest_ones_are_offered() -> None:
    assert nearest(FLOW_DAY, time(11)) == (time(10), time(10, 30), time(11, 30))


def test_three_in_the_night_is_meant_as_three_in_the_afternoon() -> None:
    assert nearest(FLOW_DAY, time(3)) == (time(15),)


def test_a_part_of_the_day_limits_the_offers() -> None:
    assert choose_offers(FLOW_DAY, TimeWish(after=time(17))) == (time(17), time(17, 30))
    assert choose_offers(FLOW_DAY, TimeWish(after=time(19))) == ()


def test_times_that_were_not_wanted_are_not_offered_again() -> None:
    again = choose_offers(FLOW_DAY, None, avoid=spread(FLOW_DAY))
    assert not set(again) & set(spread(FLOW_DAY))
