"""A time that becomes free is kept for the first who waits for such a one."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import delete, select

from kavita.scheduling.clinic import Clinic, Closure, Practitioner, VisitType
from kavita.scheduling.errors import AppointmentNotFound, SchedulingError, SlotTaken
from kavita.scheduling.slots import TimeRange
from kavita.store import journal
from kavita.store.appointments import book, cancel, move
from kavita.store.availability import slots_of_day
from kavita.store.database import Database
from kavita.store.holds import hold_times, release_call
from kavita.store.identity import Identification, identify
from kavita.store.journal import NOBODY, Request
from kavita.store.record_tables import JournalEntry
from kavita.store.tables import Appointment, Hold, PractitionerClaim, WaitlistEntry, WaitlistOffer
from kavita.store.waitlist import Offer, Wish, join
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

HOLDER, FIRST, SECOND, THIRD = "1001", "2045", "3000", "3001"
HOUR = timedelta(hours=1)
MIDNIGHT, NIGHT = at(THURSDAY, 0), at(THURSDAY, 23)
LATER = date(2026, 2, 19)
"""A Thursday, a week later."""


@pytest.fixture
def any_book(any_database: Database) -> Database:
    write_clinic(any_database, THREE_DOCTORS, [HOLDER, FIRST, SECOND, THIRD])
    return any_database


def book_at(
    database: Database,
    patient: str,
    start: time,
    now: datetime,
    *,
    day: date = THURSDAY,
    who: Practitioner = MEHTA,
    visit: VisitType = CHECKUP,
    call: str = "",
) -> str:
    asks = Request(call, 1, "book_appointment")
    arguments = (database, THREE_DOCTORS, patient, day, start, "Visit", now)
    return book(*arguments, who=(who,), visit=visit, request=asks).id


def wait(
    database: Database,
    patient: str,
    now: datetime,
    *,
    earliest: datetime = MIDNIGHT,
    latest: datetime = NIGHT,
    visit: VisitType = CHECKUP,
    who: Practitioner | None = None,
    appointment: str | None = None,
) -> int:
    wish = Wish(earliest, latest, visit, who.id if who else None, appointment)
    return join(database, THREE_DOCTORS, patient, wish, now, NOBODY).id


def call_in(database: Database, patient: str, now: datetime, call: str = "c1") -> list[Offer]:
    return identified(database, patient, now, call).offers


def identified(database: Database, patient: str, now: datetime, call: str) -> Identification:
    asks = Request(call, 1, "identify_user")
    return identify(database, THREE_DOCTORS, patient, None, now, asks)


def hang_up(database: Database, now: datetime, call: str = "c1") -> None:
    release_call(database, THREE_DOCTORS, call, now)


def give_away(database: Database, appointment: str, now: datetime, patient: str = HOLDER) -> None:
    cancel(database, THREE_DOCTORS, patient, appointment, now)


def statuses(database: Database, entry: int) -> tuple[str, list[str]]:
    """The entry's status, and those of its offers."""
    with database.transaction() as session:
        status = session.get_one(WaitlistEntry, entry).status
        offers = select(WaitlistOffer.status).where(WaitlistOffer.entry_id == entry)
        return status, list(session.scalars(offers.order_by(WaitlistOffer.id)))


def is_free(database: Database, start: time, now: datetime, patient: str = "") -> bool:
    slots = slots_of_day(database, THREE_DOCTORS, THURSDAY, now, (MEHTA,), CHECKUP, "", patient)
    return start in slots.free


def check_holds(database: Database) -> None:
    """Each open offer has its hold, each hold its cells, and no cell is an orphan's."""
    with database.transaction() as session:
        holds = set(session.scalars(select(Hold.id).where(Hold.patient_id.is_not(None))))
        cells = set(session.scalars(select(PractitionerClaim.hold_id))) - {None}
        status = WaitlistOffer.status == "open"
        offered = session.scalars(select(WaitlistOffer.hold_id).where(status)).all()
        closed = session.scalars(select(WaitlistOffer.hold_id).where(~status)).all()
    assert sorted(holds) == sorted(cells) == sorted(each for each in offered if each)
    assert set(closed) <= {None}


def test_first_come_is_first_served(any_book: Database, now: datetime) -> None:
    freed = book_at(any_book, HOLDER, time(10), now)
    second = wait(any_book, SECOND, now + timedelta(seconds=2))
    first = wait(any_book, FIRST, now + timedelta(seconds=1))
    give_away(any_book, freed, now + HOUR)
    assert statuses(any_book, first) == ("waiting", ["open"])
    assert statuses(any_book, second) == ("waiting", [])
    assert call_in(any_book, SECOND, now + HOUR) == []
    assert call_in(any_book, FIRST, now + HOUR) == [
        Offer(MEHTA.id, at(THURSDAY, 10), now + 2 * HOUR, None)
    ]
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


def waiting(database: Database, patient: str) -> list[int]:
    with database.transaction() as session:
        mine = (WaitlistEntry.patient_id == patient, WaitlistEntry.status == "waiting")
        return list(session.scalars(select(WaitlistEntry.id).where(*mine)))
