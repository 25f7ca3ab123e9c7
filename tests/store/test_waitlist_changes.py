"""Whoever waits and changes something else meanwhile; many changes at once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import delete, select

from kavita.scheduling.clinic import Clinic, Closure
from kavita.scheduling.errors import AppointmentNotFound, SchedulingError
from kavita.scheduling.slots import TimeRange
from kavita.store import journal
from kavita.store.appointments import cancel, move
from kavita.store.database import Database
from kavita.store.holds import hold_times
from kavita.store.record_tables import JournalEntry
from kavita.store.tables import Appointment, WaitlistEntry
from tests.fakes.three_doctors import (
    CHECKUP,
    FRIDAY,
    IYER,
    MEHTA,
    RAO,
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
    waiting,
)


@pytest.fixture
def any_book(any_database: Database) -> Database:
    write_clinic(any_database, THREE_DOCTORS, [HOLDER, FIRST, SECOND, THIRD])
    return any_database


def test_who_gives_a_time_away_is_not_offered_it(any_book: Database, now: datetime) -> None:
    freed = book_at(any_book, HOLDER, time(10), now)
    moved = book_at(any_book, HOLDER, time(11), now)
    own = wait(any_book, HOLDER, now)
    give_away(any_book, freed, now)
    move(any_book, THREE_DOCTORS, HOLDER, moved, now, FRIDAY)
    assert statuses(any_book, own) == ("waiting", [])
    assert is_free(any_book, time(10), now)


def test_an_offer_beside_which_another_appointment_was_booked_goes_to_the_next(
    any_book: Database, now: datetime
) -> None:
    freed = book_at(any_book, HOLDER, time(10), now)
    first = wait(any_book, FIRST, now)
    second = wait(any_book, SECOND, now + timedelta(seconds=1))
    give_away(any_book, freed, now)
    book_at(any_book, FIRST, time(10), now, who=IYER)
    assert statuses(any_book, first) == ("waiting", ["declined"])
    assert statuses(any_book, second) == ("waiting", ["open"])
    check_holds(any_book)


def test_a_cancelled_appointment_is_waited_for_no_longer_and_its_offer_goes_on(
    any_book: Database, now: datetime
) -> None:
    freed = book_at(any_book, HOLDER, time(10), now)
    mine = book_at(any_book, FIRST, time(15), now)
    first = wait(any_book, FIRST, now, latest=at(THURSDAY, 15), appointment=mine)
    second = wait(any_book, SECOND, now + timedelta(seconds=1), latest=at(THURSDAY, 12))
    give_away(any_book, freed, now)
    give_away(any_book, mine, now, FIRST)
    assert statuses(any_book, first) == ("withdrawn", ["declined"])
    assert statuses(any_book, second) == ("waiting", ["open"])
    assert call_in(any_book, FIRST, now) == []
    check_holds(any_book)


def test_a_new_wish_replaces_the_old_one_and_gives_up_its_offer(
    any_book: Database, now: datetime
) -> None:
    freed = book_at(any_book, HOLDER, time(10), now)
    first = wait(any_book, FIRST, now)
    second = wait(any_book, SECOND, now + timedelta(seconds=1))
    give_away(any_book, freed, now)
    again = wait(any_book, FIRST, now + HOUR / 2, earliest=at(FRIDAY, 0), latest=at(FRIDAY, 23))
    assert statuses(any_book, first) == ("withdrawn", ["declined"])
    assert statuses(any_book, again) == ("waiting", [])
    assert statuses(any_book, second) == ("waiting", ["open"])
    check_holds(any_book)


def test_an_appointment_that_is_moved_earlier_waits_for_still_earlier_times_only(
    any_book: Database, now: datetime
) -> None:
    early = book_at(any_book, HOLDER, time(9), now)
    late = book_at(any_book, HOLDER, time(14), now)
    mine = book_at(any_book, FIRST, time(16), now)
    entry = wait(any_book, FIRST, now, latest=at(THURSDAY, 16), appointment=mine)
    move(any_book, THREE_DOCTORS, FIRST, mine, now, new_start=time(12))
    give_away(any_book, late, now)
    assert statuses(any_book, entry) == ("waiting", [])
    give_away(any_book, early, now)
    assert statuses(any_book, entry) == ("waiting", ["open"])
    assert [offer.starts_at for offer in call_in(any_book, FIRST, now)] == [at(THURSDAY, 9)]


def test_an_offer_that_is_no_longer_earlier_goes_to_the_next(
    any_book: Database, now: datetime
) -> None:
    freed = book_at(any_book, HOLDER, time(14), now)
    mine = book_at(any_book, FIRST, time(16), now)
    first = wait(any_book, FIRST, now, latest=at(THURSDAY, 16), appointment=mine)
    second = wait(any_book, SECOND, now + timedelta(seconds=1))
    give_away(any_book, freed, now)
    move(any_book, THREE_DOCTORS, FIRST, mine, now, new_start=time(9))
    assert statuses(any_book, first)[1] == ["declined"]
    assert statuses(any_book, second) == ("waiting", ["open"])
    check_holds(any_book)


def test_a_wish_with_nothing_left_to_wait_for_is_withdrawn(
    any_book: Database, now: datetime
) -> None:
    mine = book_at(any_book, FIRST, time(16), now)
    earliest, latest = at(THURSDAY, 12), at(THURSDAY, 16)
    entry = wait(any_book, FIRST, now, earliest=earliest, latest=latest, appointment=mine)
    move(any_book, THREE_DOCTORS, FIRST, mine, now, new_start=time(12))
    assert statuses(any_book, entry) == ("withdrawn", [])


def test_an_appointment_that_is_moved_later_waits_for_what_it_waited_for(
    any_book: Database, now: datetime
) -> None:
    early = book_at(any_book, HOLDER, time(10), now)
    mine = book_at(any_book, FIRST, time(12), now)
    entry = wait(any_book, FIRST, now, latest=at(THURSDAY, 12), appointment=mine)
    move(any_book, THREE_DOCTORS, FIRST, mine, now, new_start=time(16))
    assert statuses(any_book, entry) == ("waiting", [])
    give_away(any_book, early, now)
    assert statuses(any_book, entry) == ("waiting", ["open"])


def test_nobody_waits_to_move_what_is_not_theirs_or_not_there_any_more(
    any_book: Database, now: datetime
) -> None:
    others = book_at(any_book, HOLDER, time(16), now)
    gone = book_at(any_book, FIRST, time(12), now)
    give_away(any_book, gone, now, FIRST)
    for appointment in (others, gone, "00000000"):
        with pytest.raises(AppointmentNotFound):
            wait(any_book, FIRST, now, latest=at(THURSDAY, 12), appointment=appointment)
    with any_book.transaction() as session:
        assert session.scalars(select(WaitlistEntry.id)).all() == []


@pytest.mark.parametrize(
    "changed",
    [
        replace(THREE_DOCTORS, closures=(Closure(THURSDAY, THURSDAY),)),
        replace(THREE_DOCTORS, practitioners=(RAO, IYER)),
        replace(THREE_DOCTORS, notice_minutes=5 * 24 * 60),
        replace(THREE_DOCTORS, horizon_days=1),
        replace(THREE_DOCTORS, practitioners=(RAO, replace(MEHTA, exceptions=((THURSDAY, ()),)))),
    ],
    ids=["closed", "left", "notice", "horizon", "away"],
)
def test_a_freed_time_that_could_not_be_booked_is_not_offered(
    any_book: Database, now: datetime, changed: Clinic
) -> None:
    freed = book_at(any_book, HOLDER, time(10), now)
    entry = wait(any_book, FIRST, now)
    cancel(any_book, changed, HOLDER, freed, now)
    assert statuses(any_book, entry) == ("waiting", [])


def test_an_offer_is_kept_no_longer_than_it_can_be_booked(
    any_book: Database, now: datetime
) -> None:
    freed = book_at(any_book, HOLDER, time(10), now)
    wait(any_book, FIRST, now)
    notice = replace(THREE_DOCTORS, notice_minutes=120)
    cancel(any_book, notice, HOLDER, freed, at(THURSDAY, 7, 30))
    (offer,) = call_in(any_book, FIRST, at(THURSDAY, 7, 30))
    assert offer.expires_at == at(THURSDAY, 8)


def test_a_moved_appointment_offers_its_old_time(any_book: Database, now: datetime) -> None:
    freed = book_at(any_book, HOLDER, time(10), now)
    entry = wait(any_book, FIRST, now)
    move(any_book, THREE_DOCTORS, HOLDER, freed, now, FRIDAY, who=(IYER,))
    assert statuses(any_book, entry) == ("waiting", ["open"])
    assert [offer.practitioner_id for offer in call_in(any_book, FIRST, now)] == [MEHTA.id]


@pytest.mark.parametrize("what", ["cancel", "move", "hang_up", "take"])
def test_the_offer_comes_in_one_transaction_with_what_freed_the_time(
    any_book: Database, now: datetime, what: str
) -> None:
    """Without the journal's head the last step fails: nothing before it may be left."""
    freed = book_at(any_book, HOLDER, time(10), now)
    first = wait(any_book, FIRST, now)
    second = wait(any_book, SECOND, now + timedelta(seconds=1))
    if what in ("hang_up", "take"):
        give_away(any_book, freed, now)
        call_in(any_book, FIRST, now)
    before = [statuses(any_book, entry) for entry in (first, second)]
    with any_book.transaction() as session:
        session.execute(delete(journal.JournalHead))
    work = {
        "cancel": lambda: give_away(any_book, freed, now),
        "move": lambda: move(any_book, THREE_DOCTORS, HOLDER, freed, now, FRIDAY, time(15)),
        "hang_up": lambda: hang_up(any_book, now),
        "take": lambda: book_at(any_book, FIRST, time(10), now),
    }[what]
    with pytest.raises(Exception, match="No row was found"):
        work()
    assert [statuses(any_book, entry) for entry in (first, second)] == before
    with any_book.transaction() as session:
        booked = select(Appointment.status, Appointment.starts_at).where(Appointment.id == freed)
        status = "cancelled" if what in ("hang_up", "take") else "booked"
        assert session.execute(booked).one() == (status, at(THURSDAY, 10))
    check_holds(any_book)


def test_everything_about_an_offer_is_in_the_journal(any_book: Database, now: datetime) -> None:
    freed = book_at(any_book, HOLDER, time(10), now)
    wait(any_book, FIRST, now)
    wait(any_book, SECOND, now + timedelta(seconds=1))
    give_away(any_book, freed, now)
    call_in(any_book, FIRST, now)
    hang_up(any_book, now)
    call_in(any_book, SECOND, now, "c2")
    book_at(any_book, SECOND, time(10), now, call="c2")
    with any_book.transaction() as session:
        told = select(JournalEntry.patient_id, JournalEntry.result).where(
            JournalEntry.action == "waitlist"
        )
        rows = [tuple(row) for row in session.execute(told.order_by(JournalEntry.position))]
    assert rows == [
        *((FIRST, "waiting"), (SECOND, "waiting"), (FIRST, "offered"), (FIRST, "offer_given")),
        *((FIRST, "declined"), (SECOND, "offered"), (SECOND, "offer_given")),
        *((SECOND, "taken"), (SECOND, "served")),
    ]


def test_two_cancellations_at_once_offer_each_patient_one_time(
    any_url: str, any_book: Database, now: datetime
) -> None:
    other = Database(any_url)
    for week in range(8):
        day = LATER + timedelta(days=7 * week)
        window = {"earliest": at(day, 0), "latest": at(day, 23)}
        freed = [book_at(any_book, HOLDER, time(hour), now, day=day) for hour in (10, 11)]
        entries = [wait(any_book, each, now, **window) for each in (FIRST, SECOND)]
        with ThreadPoolExecutor(2) as pool:
            jobs = zip((any_book, other), freed, strict=True)
            list(pool.map(lambda job: give_away(job[0], job[1], now), jobs))
        assert [statuses(any_book, each) for each in entries] == [("waiting", ["open"])] * 2
        check_holds(any_book)
    other.close()


def test_a_storm_of_changes_leaves_every_hold_with_its_offer(
    any_url: str, any_book: Database, now: datetime
) -> None:
    """Locks are taken in many orders here; a deadlock is resolved by trying again."""
    other = Database(any_url)
    people = [HOLDER, FIRST, SECOND, THIRD]

    def live(number: int) -> None:
        database, patient = ((any_book, other)[number % 2], people[number % 4])
        for step in range(12):
            call, start = f"{number}-{step}", time(9 + (number + step) % 8)
            slot = TimeRange(at(THURSDAY, start.hour), at(THURSDAY, start.hour, 30))
            hold_times(database, THREE_DOCTORS, CHECKUP, [(MEHTA, slot)], call, now)
            wait(database, patient, now)
            call_in(database, patient, now, call)
            try:
                mine = book_at(database, patient, start, now, call=call)
                give_away(database, mine, now, patient)
            except SchedulingError:
                pass
            hang_up(database, now, call)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(live, range(4)))
    check_holds(any_book)
    for patient in people:
        assert len(waiting(any_book, patient)) == 1
    other.close()
