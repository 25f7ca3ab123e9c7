"""A time that becomes free is kept for the first who waits for such a one."""

from datetime import datetime, time, timedelta

import pytest

from kavita.scheduling.clinic import Practitioner, VisitType
from kavita.scheduling.errors import SlotTaken
from kavita.scheduling.slots import TimeRange
from kavita.store.appointments import move
from kavita.store.database import Database
from kavita.store.holds import hold_times
from kavita.store.journal import Request
from kavita.store.waitlist import leave
from kavita.store.waitlist_offers import Offer
from tests.fakes.three_doctors import (
    CHECKUP,
    FRIDAY,
    IYER,
    LONG,
    MEHTA,
    QUICK,
    RAO,
    SKIN,
    THREE_DOCTORS,
    THURSDAY,
    at,
    write_clinic,
)
from tests.fakes.waiting_patients import (
    FIRST,
    HOLDER,
    HOUR,
    LATER,
    SECOND,
    THIRD,
    book_at,
    call_in,
    check_holds,
    give_away,
    hang_up,
    is_free,
    statuses,
    wait,
)


@pytest.fixture
def any_book(any_database: Database) -> Database:
    write_clinic(any_database, THREE_DOCTORS, [HOLDER, FIRST, SECOND, THIRD])
    return any_database


def test_first_come_is_first_served(any_book: Database, now: datetime) -> None:
    freed = book_at(any_book, HOLDER, time(10), now)
    second = wait(any_book, SECOND, now + timedelta(seconds=2))
    first = wait(any_book, FIRST, now + timedelta(seconds=1))
    give_away(any_book, freed, now + HOUR)
    assert statuses(any_book, first) == ("waiting", ["open"])
    assert statuses(any_book, second) == ("waiting", [])
    assert call_in(any_book, SECOND, now + HOUR) == []
    assert call_in(any_book, FIRST, now + HOUR) == [
        Offer(MEHTA.id, at(THURSDAY, 10), now + 2 * HOUR, None, CHECKUP.id)
    ]
    check_holds(any_book)


def test_who_leaves_the_list_passes_on_what_was_kept_for_them(
    any_book: Database, now: datetime
) -> None:
    freed = book_at(any_book, HOLDER, time(10), now)
    first = wait(any_book, FIRST, now)
    second = wait(any_book, SECOND, now + timedelta(seconds=1))
    give_away(any_book, freed, now)
    assert leave(any_book, THREE_DOCTORS, FIRST, now, Request("c1", 1, "waitlist")) == 1
    assert statuses(any_book, first) == ("withdrawn", ["declined"])
    assert statuses(any_book, second) == ("waiting", ["open"])
    assert leave(any_book, THREE_DOCTORS, FIRST, now, Request("c1", 2, "waitlist")) == 0
    assert statuses(any_book, second) == ("waiting", ["open"])
    check_holds(any_book)


def test_a_freed_time_goes_to_nobody_else_while_it_is_kept(
    any_book: Database, now: datetime
) -> None:
    freed = book_at(any_book, HOLDER, time(10), now)
    wait(any_book, FIRST, now)
    give_away(any_book, freed, now)
    assert not is_free(any_book, time(10), now)
    assert not is_free(any_book, time(10), now, SECOND)
    assert is_free(any_book, time(10), now, FIRST)
    for patient in (HOLDER, SECOND):
        with pytest.raises(SlotTaken):
            book_at(any_book, patient, time(10), now)
    mine = book_at(any_book, SECOND, time(15), now)
    with pytest.raises(SlotTaken):
        move(any_book, THREE_DOCTORS, SECOND, mine, now, new_start=time(10))
    slot = TimeRange(at(THURSDAY, 10), at(THURSDAY, 10, 30))
    assert hold_times(any_book, THREE_DOCTORS, CHECKUP, [(MEHTA, slot)], "c9", now) == 0


def test_taking_the_offer_serves_the_wish(any_book: Database, now: datetime) -> None:
    freed = book_at(any_book, HOLDER, time(10), now)
    entry = wait(any_book, FIRST, now)
    give_away(any_book, freed, now)
    call_in(any_book, FIRST, now)
    book_at(any_book, FIRST, time(10), now, call="c1")
    hang_up(any_book, now)
    assert statuses(any_book, entry) == ("served", ["taken"])
    check_holds(any_book)


def test_an_appointment_is_moved_onto_its_offer(any_book: Database, now: datetime) -> None:
    freed = book_at(any_book, HOLDER, time(10), now)
    mine = book_at(any_book, FIRST, time(15), now, day=LATER)
    latest = at(LATER, 15)
    entry = wait(any_book, FIRST, now, earliest=now, latest=latest, who=MEHTA, appointment=mine)
    give_away(any_book, freed, now)
    (offer,) = call_in(any_book, FIRST, now)
    assert offer.appointment_id == mine
    asks = Request("c1", 2, "modify_appointment")
    move(any_book, THREE_DOCTORS, FIRST, mine, now, THURSDAY, time(10), request=asks)
    assert statuses(any_book, entry) == ("served", ["taken"])
    check_holds(any_book)


def test_an_offer_that_lapses_goes_to_the_next(any_book: Database, now: datetime) -> None:
    freed = book_at(any_book, HOLDER, time(10), now)
    first = wait(any_book, FIRST, now)
    second = wait(any_book, SECOND, now + timedelta(seconds=1))
    give_away(any_book, freed, now)
    after = now + HOUR
    assert call_in(any_book, THIRD, after) == []
    assert statuses(any_book, first) == ("waiting", ["lapsed"])
    assert statuses(any_book, second) == ("waiting", ["open"])
    assert call_in(any_book, FIRST, after) == []
    assert len(call_in(any_book, SECOND, after)) == 1
    check_holds(any_book)


def test_an_offer_declined_at_hang_up_goes_to_the_next_and_then_to_everybody(
    any_book: Database, now: datetime
) -> None:
    freed = book_at(any_book, HOLDER, time(10), now)
    first = wait(any_book, FIRST, now)
    second = wait(any_book, SECOND, now + timedelta(seconds=1))
    give_away(any_book, freed, now)
    call_in(any_book, FIRST, now)
    hang_up(any_book, now)
    assert statuses(any_book, first) == ("waiting", ["declined"])
    assert statuses(any_book, second) == ("waiting", ["open"])
    call_in(any_book, SECOND, now, "c2")
    hang_up(any_book, now)
    assert statuses(any_book, second) == ("waiting", ["open"])
    hang_up(any_book, now, "c2")
    assert is_free(any_book, time(10), now)
    check_holds(any_book)


def test_what_lapsed_and_nobody_else_waits_for_is_free_at_once(
    any_book: Database, now: datetime
) -> None:
    freed = book_at(any_book, HOLDER, time(10), now)
    entry = wait(any_book, FIRST, now)
    give_away(any_book, freed, now)
    after = now + HOUR
    assert is_free(any_book, time(10), after)
    book_at(any_book, SECOND, time(10), after)
    assert statuses(any_book, entry) == ("waiting", ["lapsed"])
    check_holds(any_book)


def test_an_offer_whose_hold_gave_way_to_a_call_is_closed_with_it(
    any_book: Database, now: datetime
) -> None:
    """Or its hold's ID, which SQLite gives out again, would name the call's hold."""
    freed = book_at(any_book, HOLDER, time(10), now)
    entry = wait(any_book, FIRST, now)
    give_away(any_book, freed, now)
    after = now + HOUR
    slot = TimeRange(at(THURSDAY, 10), at(THURSDAY, 10, 30))
    assert hold_times(any_book, THREE_DOCTORS, CHECKUP, [(MEHTA, slot)], "c9", after) == 1
    assert statuses(any_book, entry) == ("waiting", ["lapsed"])
    call_in(any_book, FIRST, after)
    hang_up(any_book, after)
    assert not is_free(any_book, time(10), after)


@pytest.mark.parametrize(
    ("earliest", "latest", "is_offered"),
    [
        (at(THURSDAY, 10), at(THURSDAY, 11), True),
        (at(THURSDAY, 10, 1), at(THURSDAY, 11), False),
        (at(THURSDAY, 9), at(THURSDAY, 10), False),
        (at(THURSDAY, 9), at(THURSDAY, 10, 1), True),
        (at(FRIDAY, 0), at(FRIDAY, 23), False),
    ],
)
def test_only_what_begins_within_the_window_is_offered(
    any_book: Database, now: datetime, earliest: datetime, latest: datetime, is_offered: bool
) -> None:
    freed = book_at(any_book, HOLDER, time(10), now)
    wait(any_book, FIRST, now, earliest=earliest, latest=latest)
    give_away(any_book, freed, now)
    assert bool(call_in(any_book, FIRST, now)) == is_offered


@pytest.mark.parametrize(
    ("visit", "who", "is_offered"),
    [
        (CHECKUP, None, True),
        (CHECKUP, MEHTA, True),
        (CHECKUP, RAO, False),
        (QUICK, None, True),
        (LONG, None, False),
        (SKIN, None, False),
    ],
)
def test_practitioner_and_kind_of_visit_must_suit(
    any_book: Database,
    now: datetime,
    visit: VisitType,
    who: Practitioner | None,
    is_offered: bool,
) -> None:
    freed = book_at(any_book, HOLDER, time(10), now)
    wait(any_book, FIRST, now, visit=visit, who=who)
    give_away(any_book, freed, now)
    assert bool(call_in(any_book, FIRST, now)) == is_offered


def test_a_shorter_visit_keeps_only_what_it_needs(any_book: Database, now: datetime) -> None:
    freed = book_at(any_book, HOLDER, time(10), now, visit=LONG)
    wait(any_book, FIRST, now)
    give_away(any_book, freed, now)
    assert not is_free(any_book, time(10), now)
    assert is_free(any_book, time(10, 30), now)


def test_a_freed_time_without_room_for_the_buffers_is_not_offered(
    any_book: Database, now: datetime
) -> None:
    freed = book_at(any_book, HOLDER, time(10), now, who=RAO, visit=CHECKUP)
    again = book_at(any_book, HOLDER, time(10, 30), now, who=RAO, visit=CHECKUP)
    book_at(any_book, SECOND, time(11), now, who=RAO)
    entry = wait(any_book, FIRST, now, visit=SKIN, who=RAO)
    give_away(any_book, again, now)
    give_away(any_book, freed, now)
    assert statuses(any_book, entry) == ("waiting", [])


def test_a_patient_who_is_elsewhere_then_is_passed_over(any_book: Database, now: datetime) -> None:
    freed = book_at(any_book, HOLDER, time(10), now)
    busy = wait(any_book, FIRST, now)
    book_at(any_book, FIRST, time(10), now, who=IYER)
    second = wait(any_book, SECOND, now + timedelta(seconds=1))
    give_away(any_book, freed, now)
    assert statuses(any_book, busy) == ("waiting", [])
    assert statuses(any_book, second) == ("waiting", ["open"])


def test_the_appointment_to_be_moved_does_not_count_as_being_elsewhere(
    any_book: Database, now: datetime
) -> None:
    freed = book_at(any_book, HOLDER, time(10), now)
    mine = book_at(any_book, FIRST, time(10, 30), now, who=IYER, visit=CHECKUP)
    latest = at(THURSDAY, 10, 30)
    entry = wait(any_book, FIRST, now, latest=latest, appointment=mine)
    give_away(any_book, freed, now)
    assert statuses(any_book, entry) == ("waiting", ["open"])
