"""Patients who wait for an earlier time, and what the book holds of it."""

from datetime import date, datetime, time, timedelta

from sqlalchemy import select

from kavita.scheduling.clinic import Practitioner, VisitType
from kavita.store.appointments import book, cancel
from kavita.store.availability import slots_of_day
from kavita.store.database import Database
from kavita.store.holds import release_call
from kavita.store.identity import Identification, identify
from kavita.store.journal import NOBODY, Request
from kavita.store.tables import Hold, PractitionerClaim, WaitlistEntry, WaitlistOffer
from kavita.store.waitlist import Wish, join
from kavita.store.waitlist_offers import Offer
from tests.fakes.three_doctors import (
    CHECKUP,
    MEHTA,
    THREE_DOCTORS,
    THURSDAY,
    at,
)

HOLDER, FIRST, SECOND, THIRD = "1001", "2045", "3000", "3001"
HOUR = timedelta(hours=1)
MIDNIGHT, NIGHT = at(THURSDAY, 0), at(THURSDAY, 23)
LATER = date(2026, 2, 19)
"""A Thursday, a week later."""


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


def waiting(database: Database, patient: str) -> list[int]:
    with database.transaction() as session:
        mine = (WaitlistEntry.patient_id == patient, WaitlistEntry.status == "waiting")
        return list(session.scalars(select(WaitlistEntry.id).where(*mine)))
