"""What was offered aloud is kept for the caller, and for nobody else."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import select

from kavita.scheduling.clinic import Practitioner, VisitType
from kavita.scheduling.errors import SlotTaken
from kavita.scheduling.slots import TimeRange, slot_range
from kavita.store.appointments import book, cancel, move
from kavita.store.availability import slots_of_day
from kavita.store.database import Database
from kavita.store.holds import hold_times, release_call
from kavita.store.journal import Request
from kavita.store.tables import Hold, PractitionerClaim
from tests.fakes.three_doctors import (
    CHECKUP,
    FRIDAY,
    IYER,
    LONG,
    MEHTA,
    RAO,
    SKIN,
    THREE_DOCTORS,
    THURSDAY,
    write_clinic,
)

FIVE_MINUTES = timedelta(minutes=5)
CALL, OTHER_CALL = "c1", "c2"


@pytest.fixture
def any_book(any_database: Database) -> Database:
    write_clinic(any_database, THREE_DOCTORS, ["1001", "2045", "3000"])
    return any_database


def times(
    *starts: time, who: Practitioner = MEHTA, visit: VisitType = CHECKUP
) -> list[tuple[Practitioner, TimeRange]]:
    return [(who, slot_range(THREE_DOCTORS, visit, THURSDAY, start)) for start in starts]


def hold(
    database: Database,
    wanted: Iterable[tuple[Practitioner, TimeRange]],
    now: datetime,
    call: str = CALL,
    visit: VisitType = CHECKUP,
) -> int:
    return hold_times(database, THREE_DOCTORS, visit, wanted, call, now)


def is_free(
    database: Database, start: time, now: datetime, call: str = "", who: Practitioner = MEHTA
) -> bool:
    slots = slots_of_day(database, THREE_DOCTORS, THURSDAY, now, (who,), CHECKUP, call)
    assert start in {*slots.free, *slots.booked}
    return start in slots.free


def book_at(
    database: Database,
    start: time,
    now: datetime,
    call: str = "",
    patient: str = "1001",
    who: Practitioner = MEHTA,
    visit: VisitType = CHECKUP,
) -> str:
    request = Request(call, 1, "book_appointment")
    arguments = (database, THREE_DOCTORS, patient, THURSDAY, start, "Visit", now)
    return book(*arguments, who=(who,), visit=visit, request=request).id


def held(database: Database) -> int:
    """How many cells are held; each belongs to a hold."""
    with database.transaction() as session:
        cells = session.scalars(select(PractitionerClaim.hold_id)).all()
        holds = set(session.scalars(select(Hold.id)))
    assert {each for each in cells if each is not None} == holds
    return sum(each is not None for each in cells)


def test_a_held_time_is_taken_for_others_and_free_for_its_own_call(
    any_book: Database, now: datetime
) -> None:
    assert hold(any_book, times(time(10)), now) == 1
    assert not is_free(any_book, time(10), now)
    assert not is_free(any_book, time(10), now, OTHER_CALL)
    assert is_free(any_book, time(10), now, CALL)
    assert is_free(any_book, time(10), now, who=IYER)
    with pytest.raises(SlotTaken) as refused:
        book_at(any_book, time(10), now, OTHER_CALL, "2045")
    assert "10:00 AM" not in refused.value.details["alternatives"]
    book_at(any_book, time(10), now, CALL)
    assert held(any_book) == 0


def test_nobody_moves_onto_a_held_time_either(any_book: Database, now: datetime) -> None:
    hold(any_book, times(time(10)), now)
    mine = book_at(any_book, time(15), now, OTHER_CALL, "2045")
    with pytest.raises(SlotTaken):
        move(any_book, THREE_DOCTORS, "2045", mine, now, new_start=time(10))


def test_a_hold_is_over_after_its_minutes_without_anybody_cleaning_up(
    any_book: Database, now: datetime
) -> None:
    hold(any_book, times(time(10)), now)
    before, after = now + FIVE_MINUTES - timedelta(seconds=1), now + FIVE_MINUTES
    assert not is_free(any_book, time(10), before)
    with pytest.raises(SlotTaken):
        book_at(any_book, time(10), before, OTHER_CALL)
    assert is_free(any_book, time(10), after)
    assert held(any_book) == 6
    book_at(any_book, time(10), after, OTHER_CALL)
    assert held(any_book) == 0


def test_an_expired_hold_gives_way_to_a_new_one_and_to_a_move(
    any_book: Database, now: datetime
) -> None:
    hold(any_book, times(time(10), time(11)), now)
    later = now + FIVE_MINUTES
    assert hold(any_book, times(time(10)), later, OTHER_CALL) == 1
    mine = book_at(any_book, time(15), later, "c3", "2045")
    move(any_book, THREE_DOCTORS, "2045", mine, later, new_start=time(11))
    assert held(any_book) == 6


def test_what_a_lost_call_held_does_not_stay_taken(any_book: Database, now: datetime) -> None:
    hold(any_book, times(time(10), time(10, 30), time(11)), now)
    later = now + FIVE_MINUTES
    for start in (time(10), time(10, 30), time(11)):
        book_at(any_book, start, later, OTHER_CALL)
    assert held(any_book) == 0


def test_hanging_up_gives_everything_back(any_book: Database, now: datetime) -> None:
    hold(any_book, times(time(10), time(11)), now)
    hold(any_book, times(time(12)), now, OTHER_CALL)
    release_call(any_book, THREE_DOCTORS, CALL, now)
    assert is_free(any_book, time(10), now)
    assert not is_free(any_book, time(12), now)
    release_call(any_book, THREE_DOCTORS, CALL, now)
    release_call(any_book, THREE_DOCTORS, "never-held", now)
    assert held(any_book) == 6


def test_the_next_offer_replaces_the_last(any_book: Database, now: datetime) -> None:
    hold(any_book, times(time(10), time(11)), now)
    assert hold(any_book, times(time(11), time(12)), now) == 2
    assert is_free(any_book, time(10), now)
    assert not is_free(any_book, time(11), now)
    assert hold(any_book, [], now) == 0
    assert held(any_book) == 0


def test_a_call_keeps_three_times_at_most(any_book: Database, now: datetime) -> None:
    assert hold(any_book, times(*(time(hour) for hour in range(9, 17))), now) == 3
    assert held(any_book) == 18


def test_what_somebody_else_has_is_left_out_of_an_offer(any_book: Database, now: datetime) -> None:
    book_at(any_book, time(10), now)
    hold(any_book, times(time(11)), now, OTHER_CALL)
    assert hold(any_book, times(time(10), time(11), time(12)), now) == 1
    assert is_free(any_book, time(12), now, CALL)
    assert not is_free(any_book, time(12), now)


def test_of_two_calls_that_hold_a_time_at_once_one_gets_it(
    any_url: str, any_book: Database, now: datetime
) -> None:
    other = Database(any_url)
    starts = [time(hour, minute) for hour in range(9, 18) for minute in (0, 30)]
    with ThreadPoolExecutor(2) as pool:
        for start in starts:
            wanted = times(start)
            calls = ((any_book, f"a{start}"), (other, f"b{start}"))
            kept = pool.map(lambda one, wanted=wanted: hold(one[0], wanted, now, one[1]), calls)
            assert sorted(kept) == [0, 1]
    assert held(any_book) == 6 * len(starts)
    other.close()


def test_booking_one_of_three_gives_back_the_other_two(any_book: Database, now: datetime) -> None:
    hold(any_book, times(time(10), time(11), time(12)), now)
    book_at(any_book, time(11), now, CALL)
    assert held(any_book) == 0
    assert is_free(any_book, time(10), now)
    assert is_free(any_book, time(12), now)
    assert not is_free(any_book, time(11), now)


def test_moving_gives_back_the_other_times_too(any_book: Database, now: datetime) -> None:
    mine = book_at(any_book, time(15), now)
    hold(any_book, times(time(10), time(11), time(12)), now)
    request = Request(CALL, 2, "modify_appointment")
    move(any_book, THREE_DOCTORS, "1001", mine, now, new_start=time(11), request=request)
    assert held(any_book) == 0


def test_a_booking_that_fails_keeps_the_held_times(any_book: Database, now: datetime) -> None:
    book_at(any_book, time(15), now, patient="2045")
    hold(any_book, times(time(10), time(11)), now)
    with pytest.raises(SlotTaken):
        book_at(any_book, time(15), now, CALL)
    assert not is_free(any_book, time(10), now, OTHER_CALL)
    assert held(any_book) == 12


def test_a_hold_on_ones_own_appointment_never_blocks_its_move(
    any_book: Database, now: datetime
) -> None:
    mine = book_at(any_book, time(9), now, visit=LONG)
    hold(any_book, times(time(11, 0), time(12), visit=LONG), now, visit=LONG)
    request = Request(CALL, 2, "modify_appointment")
    moved = move(any_book, THREE_DOCTORS, "1001", mine, now, new_start=time(10), request=request)
    assert (
        moved.appointment.starts_at == slot_range(THREE_DOCTORS, LONG, THURSDAY, time(10)).starts_at
    )
    assert held(any_book) == 0


def test_offered_times_that_overlap_are_kept_as_a_whole(any_book: Database, now: datetime) -> None:
    wanted = times(time(9, 30), time(9), who=RAO, visit=SKIN)
    assert hold(any_book, wanted, now, visit=SKIN) == 2
    assert held(any_book) == (30 + 60 + 10) // 5
    with pytest.raises(SlotTaken):
        book_at(any_book, time(10), now, OTHER_CALL, "2045", who=RAO)
    book_at(any_book, time(9, 30), now, CALL, who=RAO, visit=SKIN)
    assert held(any_book) == 0


def test_buffers_are_held_with_the_time(any_book: Database, now: datetime) -> None:
    hold(any_book, times(time(10), who=RAO, visit=SKIN), now, visit=SKIN)
    assert not is_free(any_book, time(11), now, who=RAO)
    assert is_free(any_book, time(11, 30), now, who=RAO)


def test_the_practitioner_may_change_between_hold_and_booking(
    any_book: Database, now: datetime
) -> None:
    hold(any_book, times(time(10)), now)
    book_at(any_book, time(10), now, CALL, who=IYER)
    assert is_free(any_book, time(10), now)
    assert held(any_book) == 0


def test_anybody_who_is_free_is_booked_when_one_is_held(any_book: Database, now: datetime) -> None:
    hold(any_book, times(time(10)), now)
    taken = set()
    for patient in ("1001", "2045"):
        booked = book(any_book, THREE_DOCTORS, patient, THURSDAY, time(10), "Visit", now)
        taken.add(booked.practitioner_id)
    assert taken == {RAO.id, IYER.id}
    with pytest.raises(SlotTaken):
        book(any_book, THREE_DOCTORS, "3000", THURSDAY, time(10), "Visit", now)


def test_a_clinic_may_keep_times_longer_or_not_at_all(any_book: Database, now: datetime) -> None:
    patient = replace(THREE_DOCTORS, hold_minutes=30)
    hold_times(any_book, patient, CHECKUP, times(time(10)), CALL, now)
    assert not is_free(any_book, time(10), now + timedelta(minutes=29))
    hasty = replace(THREE_DOCTORS, hold_minutes=0)
    hold_times(any_book, hasty, CHECKUP, times(time(11)), CALL, now)
    assert is_free(any_book, time(11), now)


def test_ids_of_holds_that_are_gone_never_release_another_calls_hold(
    any_book: Database, now: datetime
) -> None:
    """SQLite gives the ID of a deleted row to the next one."""
    for start in (time(9), time(10), time(11)):
        hold(any_book, times(start), now)
    hold(any_book, times(time(12)), now, OTHER_CALL)
    hold(any_book, [], now)
    mine = book_at(any_book, time(15), now, CALL)
    cancel(any_book, THREE_DOCTORS, "1001", mine, now)
    assert not is_free(any_book, time(12), now)
    assert slots_of_day(any_book, THREE_DOCTORS, FRIDAY, now, (MEHTA,), CHECKUP).booked == ()
