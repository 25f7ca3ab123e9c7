"""Holds: a time that was offered aloud is kept for the caller while they decide."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from kavita.scheduling.clinic import Clinic, Practitioner, VisitType
from kavita.scheduling.errors import SlotTaken
from kavita.scheduling.slots import TimeRange
from kavita.store import journal, waitlist_offers
from kavita.store.claims import claim_hold, make_way, occupied, release_holds
from kavita.store.database import Database
from kavita.store.journal import Entry, Request
from kavita.store.tables import Hold

MAX_HOLDS = 3
"""Times that a call may keep at once: as many as are offered in one breath."""


def hold_times(
    database: Database,
    clinic: Clinic,
    visit: VisitType,
    times: Iterable[tuple[Practitioner, TimeRange]],
    call_id: str,
    now: datetime,
) -> int:
    """Keep some times for a call instead of those that it had; return how many could be kept.

    A time that somebody else has taken meanwhile is left out. Of times that overlap, the later one
    keeps what the earlier one leaves of it.
    """
    wanted = sorted(list(times)[:MAX_HOLDS], key=lambda each: each[1])
    expires_at = now + timedelta(minutes=clinic.hold_minutes)

    def work(session: Session) -> int:
        release_holds(session, _of_call(session, call_id))
        held: dict[int, int] = {}
        entries: list[Entry] = []
        kept = 0
        for one, slot in wanted:
            first, until = occupied(visit, slot)
            first = max(first, held.get(one.id, first))
            hold = Hold(practitioner_id=one.id, call_id=call_id, expires_at=expires_at)
            hold.occupied_from, hold.occupied_until = first, until
            if first >= until or _keep(session, clinic, hold, now, entries):
                held[one.id] = until
                kept += 1
        journal.append(session, Request(call_id, tool="hold"), now, entries)
        return kept

    # The offer is being read aloud, and can be answered when the caller has heard some of it.
    return database.run(work, gives_way=True)


def release_call(database: Database, clinic: Clinic, call_id: str, now: datetime) -> None:
    """Give back what a call kept, at its end; what was offered to it goes to the next in line."""

    def work(session: Session) -> None:
        release_holds(session, _of_call(session, call_id))
        entries = waitlist_offers.decline_given(session, clinic, call_id, now)
        journal.append(session, Request(call_id, tool="hang_up"), now, entries)

    database.run(work)


def _of_call(session: Session, call_id: str) -> list[int]:
    return list(session.scalars(select(Hold.id).where(Hold.call_id == call_id).order_by(Hold.id)))


def _keep(
    session: Session, clinic: Clinic, hold: Hold, now: datetime, entries: list[Entry]
) -> bool:
    """Take the hold's cells, if nobody has them; what lapsed for it is added to `entries`."""
    span = (hold.occupied_from, hold.occupied_until)
    try:
        with session.begin_nested():
            gone = make_way(session, hold.practitioner_id, span, now)
            session.add(hold)
            session.flush()
            claim_hold(session, hold)
            lapsed = waitlist_offers.lapse(session, clinic, now, gone) if gone else []
    except SlotTaken:
        return False
    entries += lapsed
    return True
