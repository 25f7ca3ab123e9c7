"""Moving onto a taken time: refused, and the old time kept, every single time."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from sqlalchemy import select

from benchmarks.figures.books import fill
from benchmarks.figures.clinics import KOLKATA, new_clinic, patients
from benchmarks.figures.judging import Verdict, judge
from kavita.scheduling.clinic import Clinic
from kavita.scheduling.errors import SlotTaken
from kavita.store.appointments import book, move
from kavita.store.database import Database
from kavita.store.journal import Request
from kavita.store.snapshots import snapshot
from kavita.store.tables import Appointment, PatientClaim, PractitionerClaim, Reschedule

NOW = datetime(2026, 2, 9, 8, 0, tzinfo=KOLKATA)
FIRST_DAY = date(2026, 2, 10)
DAYS = 300
MOVER, OTHER = patients(2)


@dataclass(frozen=True)
class Moves:
    """How many of the moves were refused, and after how many the old time was kept."""

    moves: int
    refused: int
    kept: int
    verdict: Verdict
    holds: bool


def move_onto_taken(url: str, moves: int, seed: int) -> Moves:
    """Try as many moves in a new book, each onto a time that is taken in part or as a whole."""
    clinic, random = new_clinic(2, time(8), time(20), buffers=True), Random(seed)
    database = fill(url, clinic, (MOVER, OTHER), NOW)
    refused = kept = 0
    for number in range(moves):
        was_refused, was_kept = _try(database, clinic, number, random)
        refused += was_refused
        kept += was_kept
    verdict = judge(database)
    database.close()
    return Moves(moves, refused, kept, verdict, refused == kept == moves and verdict.is_sound)


def _try(database: Database, clinic: Clinic, number: int, random: Random) -> tuple[bool, bool]:
    """Move an appointment of the morning onto somebody else's of the afternoon."""
    mine = number % DAYS
    day = FIRST_DAY + timedelta(days=mine)
    if number < DAYS:
        _book_both(database, clinic, day, random)
    before = _kept(database, day)
    taken_from, taken_until, other = before["taken"]
    minutes = before["minutes"]
    earliest = datetime.combine(day, taken_from) - timedelta(minutes=minutes - 5)
    span = datetime.combine(day, taken_until) - earliest
    start = earliest + timedelta(minutes=5 * random.randrange(span // timedelta(minutes=5)))
    who = [one for one in clinic.practitioners if one.id == other]
    try:
        move(
            database,
            clinic,
            MOVER,
            before["id"],
            NOW,
            day,
            start.time(),
            who=who,
            request=Request("call", number, "modify", f"move-{number}"),
        )
    except SlotTaken:
        return True, _kept(database, day) == before
    return False, False


def _book_both(database: Database, clinic: Clinic, day: date, random: Random) -> None:
    for patient, start in ((MOVER, time(9)), (OTHER, time(15))):
        who, visit = random.choice(clinic.practitioners), random.choice(clinic.visit_types)
        request = Request("call", 0, "book", f"{patient} {day}")
        book(
            database,
            clinic,
            patient,
            day,
            start,
            "Visit",
            NOW,
            who=(who,),
            visit=visit,
            request=request,
        )


def _kept(database: Database, day: date) -> dict[str, Any]:
    """Return all that must stay: the row, its claims and its chain; and the time that is taken."""
    begins = datetime.combine(day, time(), KOLKATA)
    of_day = Appointment.starts_at.between(begins, begins + timedelta(days=1))
    with database.transaction() as session:
        rows = {row.patient_id: row for row in session.scalars(select(Appointment).where(of_day))}
        own, other = rows[MOVER], rows[OTHER]
        claims = [
            session.scalars(
                select(table.cell_start)
                .where(table.appointment_id == own.id)
                .order_by(table.cell_start)
            ).all()
            for table in (PatientClaim, PractitionerClaim)
        ]
        links = select(Reschedule.position).where(Reschedule.appointment_id == own.id)
        return {
            "id": own.id,
            "minutes": (own.ends_at - own.starts_at) // timedelta(minutes=1),
            "row": snapshot(own),
            "claims": claims,
            "chain": session.scalars(links).all(),
            "taken": (
                other.starts_at.astimezone(KOLKATA).time(),
                other.ends_at.astimezone(KOLKATA).time(),
                other.practitioner_id,
            ),
        }
