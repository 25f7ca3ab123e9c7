"""When practitioners work, and what can be booked with several of them."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kavita.scheduling.clinic import Clinic, Closure, Hours, Practitioner, VisitType
from kavita.scheduling.errors import (
    ClinicClosed,
    NotOfferedThere,
    NotWorking,
    SchedulingError,
    TooFarAhead,
    TooSoon,
)
from kavita.scheduling.rules import bookable
from kavita.scheduling.slots import (
    SPAN_WIDTH,
    Busy,
    DaySlots,
    day_slots,
    slot_range,
    who_offers,
    with_buffers,
)
from kavita.scheduling.working_time import AWAY as NO_WORK
from kavita.scheduling.working_time import cell_of, cell_start, hours_of, working_day
from tests.fakes.three_doctors import (
    AWAY,
    CHECKUP,
    CLOSED,
    FRIDAY,
    IYER,
    LONG,
    MEHTA,
    QUICK,
    RAO,
    SKIN,
    THREE_DOCTORS,
    THURSDAY,
    ZONE,
    at,
)

NOW = datetime(2026, 2, 9, 8, 0, tzinfo=ZONE)
SATURDAY = date(2026, 2, 14)


def slots(
    clinic: Clinic,
    who: tuple[Practitioner, ...],
    visit: VisitType,
    day: date,
    now: datetime = NOW,
    busy: Busy | None = None,
) -> DaySlots:
    return day_slots(clinic, who, visit, day, busy or Busy(day, day), now)


def test_breaks_lie_between_the_hours_and_no_visit_runs_into_one() -> None:
    free = slots(THREE_DOCTORS, (RAO,), SKIN, THURSDAY).free
    assert time(12) in free
    assert not {time(12, 30), time(13), time(13, 30)} & {*free}
    assert time(14) in free
    assert free[-1] == time(17)


def test_an_exception_replaces_the_weeks_hours() -> None:
    assert slots(THREE_DOCTORS, (RAO,), CHECKUP, FRIDAY).free[0] == time(14)
    assert slots(THREE_DOCTORS, (RAO,), CHECKUP, AWAY).free == ()
    assert working_day(THREE_DOCTORS, RAO, AWAY) == NO_WORK
    sunday = replace(MEHTA, exceptions=((date(2026, 2, 15), (Hours(time(10), time(11)),)),))
    assert slots(THREE_DOCTORS, (sunday,), CHECKUP, date(2026, 2, 15)).free == (
        *(time(10), time(10, 30)),
    )


def test_a_closure_is_stronger_than_everything() -> None:
    works_anyway = replace(MEHTA, exceptions=((CLOSED, (Hours(time(9), time(18)),)),))
    clinic = replace(THREE_DOCTORS, practitioners=(works_anyway,))
    assert hours_of(clinic, works_anyway, CLOSED) == ()
    assert slots(clinic, (works_anyway,), CHECKUP, CLOSED) == DaySlots(CLOSED, (), (), {})
    with pytest.raises(ClinicClosed) as refused:
        bookable(clinic, CHECKUP, (works_anyway,), CLOSED, time(10), NOW)
    assert "February 16" in refused.value.message
    assert refused.value.details["next_open_date"] == "2026-02-17"


def test_a_closure_has_all_its_days() -> None:
    clinic = replace(THREE_DOCTORS, closures=(Closure(THURSDAY, SATURDAY),))
    assert [bool(clinic.closure(THURSDAY + timedelta(days=n))) for n in range(-1, 4)] == (
        [False, True, True, True, False]
    )


def test_a_day_on_which_all_are_away_is_not_called_a_weekday_on_which_it_is_closed() -> None:
    away = tuple(replace(one, exceptions=((THURSDAY, ()),)) for one in THREE_DOCTORS.practitioners)
    clinic = replace(THREE_DOCTORS, practitioners=away)
    with pytest.raises(ClinicClosed) as refused:
        bookable(clinic, CHECKUP, away, THURSDAY, time(10), NOW)
    assert refused.value.message == "The clinic is closed on Thursday, February 12, 2026."


def test_who_does_not_work_that_day_names_their_next() -> None:
    with pytest.raises(NotWorking) as refused:
        bookable(THREE_DOCTORS, CHECKUP, (RAO,), AWAY, time(10), NOW)
    assert refused.value.details["next_open_date"] == "2026-02-18"
    assert refused.value.message == "Dr. Rao does not see patients on that day."


def test_only_those_who_offer_a_visit_are_asked() -> None:
    assert who_offers(THREE_DOCTORS, CHECKUP) == (RAO, MEHTA, IYER)
    assert who_offers(THREE_DOCTORS, SKIN) == (RAO,)
    assert who_offers(THREE_DOCTORS, SKIN, THREE_DOCTORS.practitioners) == (RAO,)
    with pytest.raises(NotOfferedThere) as refused:
        who_offers(THREE_DOCTORS, LONG, (RAO, IYER))
    assert refused.value.details["practitioners"] == ["Dr. Mehta"]


@pytest.mark.parametrize("minutes", [15, 20, 30, 45, 60, 90, 120])
def test_a_visit_of_any_length_ends_by_closing_time_and_fits_around_what_is_taken(
    minutes: int,
) -> None:
    visit = VisitType("v", "Visit", minutes, 9)
    one = replace(MEHTA, visit_types=frozenset())
    clinic = replace(THREE_DOCTORS, slot_minutes=15, practitioners=(one,))
    busy = Busy(THURSDAY, THURSDAY)
    take(busy, one, at(THURSDAY, 12), 60)
    found = slots(clinic, (one,), visit, THURSDAY, busy=busy)
    last = datetime.combine(THURSDAY, found.free[-1]) + timedelta(minutes=minutes)
    assert last <= datetime.combine(THURSDAY, time(18)) < last + timedelta(minutes=15)
    before = [start for start in found.free if start < time(12)][-1]
    assert datetime.combine(THURSDAY, before) + timedelta(minutes=minutes) <= (
        datetime.combine(THURSDAY, time(12))
    )
    assert time(13) in found.free


def test_buffers_keep_their_distance_on_both_sides_but_may_lie_outside_the_hours() -> None:
    visit = VisitType("b", "Buffered", 30, 9, buffer_before_minutes=15, buffer_after_minutes=30)
    busy = Busy(THURSDAY, THURSDAY)
    take(busy, MEHTA, at(THURSDAY, 12), 30)
    one = replace(MEHTA, visit_types=frozenset())
    clinic = replace(THREE_DOCTORS, practitioners=(one,))
    free = slots(clinic, (one,), visit, THURSDAY, busy=busy).free
    assert {time(9), time(11), time(13), time(17, 30)} <= {*free}
    assert not {time(11, 30), time(12), time(12, 30)} & {*free}


def test_notice_and_horizon_are_the_same_for_offering_and_for_booking() -> None:
    clinic = replace(THREE_DOCTORS, notice_minutes=120, horizon_days=3)
    monday = NOW.date()
    assert slots(clinic, (MEHTA,), CHECKUP, monday).free[0] == time(10, 30)
    with pytest.raises(TooSoon):
        bookable(clinic, CHECKUP, (MEHTA,), monday, time(10), NOW)
    bookable(clinic, CHECKUP, (MEHTA,), monday, time(10, 30), NOW)
    bookable(clinic, CHECKUP, (MEHTA,), THURSDAY, time(9), NOW)
    with pytest.raises(TooFarAhead):
        bookable(clinic, CHECKUP, (MEHTA,), FRIDAY, time(14), NOW)


def test_a_time_is_booked_only_if_free_with_nobody() -> None:
    busy = Busy(THURSDAY, THURSDAY)
    for one in (RAO, MEHTA):
        take(busy, one, at(THURSDAY, 10), 30)
    found = slots(THREE_DOCTORS, THREE_DOCTORS.practitioners, CHECKUP, THURSDAY, busy=busy)
    assert found.free_with[time(10)] == (IYER,)
    assert found.booked == ()
    take(busy, IYER, at(THURSDAY, 10), 30)
    found = slots(THREE_DOCTORS, THREE_DOCTORS.practitioners, CHECKUP, THURSDAY, busy=busy)
    assert found.booked == (time(10),)


def test_taken_cells_are_counted_within_a_stretch() -> None:
    busy = Busy(THURSDAY, THURSDAY)
    take(busy, MEHTA, at(THURSDAY, 10), 30)
    take(busy, MEHTA, at(FRIDAY, 10), 30)
    day = (cell_of(at(THURSDAY, 0)), cell_of(at(FRIDAY, 0)))
    assert busy.count(MEHTA.id, *day) == 6
    assert busy.count(MEHTA.id, cell_of(at(THURSDAY, 10, 20)), day[1]) == 2
    assert busy.count(RAO.id, *day) == 0


def test_cells_begin_every_five_minutes() -> None:
    assert cell_start(cell_of(at(THURSDAY, 10, 4))) == at(THURSDAY, 10)


def take(busy: Busy, one: Practitioner, start: datetime, minutes: int) -> None:
    busy.take(one.id, [(cell_of(start) - busy.first_cell) * SPAN_WIDTH + minutes // 5])


ALL = (QUICK, CHECKUP, LONG, SKIN, VisitType("b", "Buffered", 45, 5, 10, 15))
TAKEN = st.lists(
    st.tuples(
        st.sampled_from(THREE_DOCTORS.practitioners), st.integers(0, 120), st.integers(1, 24)
    ),
    max_size=8,
)


@settings(deadline=None)
@given(
    visit=st.sampled_from(ALL),
    day=st.dates(date(2026, 2, 9), date(2026, 2, 22)),
    taken=TAKEN,
    notice=st.sampled_from([0, 45, 600]),
    hour=st.integers(0, 23),
)
def test_what_is_offered_is_exactly_what_may_be_booked_and_is_not_taken(
    visit: VisitType,
    day: date,
    taken: list[tuple[Practitioner, int, int]],
    notice: int,
    hour: int,
) -> None:
    clinic = replace(THREE_DOCTORS, notice_minutes=notice)
    now = NOW.replace(hour=hour, minute=2)
    who = tuple(one for one in clinic.practitioners if one.offers(visit))
    assume(who)
    busy = Busy(day, day)
    cells = set()
    for one, first, length in taken:
        mine = {(one, cell_of(at(day, 8)) + first + n) for n in range(length)}
        if not mine & cells:
            take(busy, one, at(day, 8) + timedelta(minutes=5 * first), 5 * length)
            cells |= mine
    found = slots(clinic, who, visit, day, now, busy)
    for minute in range(0, 24 * 60, 15):
        start = time(minute // 60, minute % 60)
        could = ()
        try:
            slot, could = bookable(clinic, visit, who, day, start, now)
        except SchedulingError:
            slot = slot_range(clinic, visit, day, start)
        around = with_buffers(visit, slot)
        wanted = range(cell_of(around.starts_at), cell_of(around.ends_at))
        free = [one for one in could if not any((one, cell) in cells for cell in wanted)]
        assert found.free_with.get(start, ()) == tuple(free)
        assert (start in found.free) == bool(free)
        assert (start in found.booked) == (bool(could) and not free)
