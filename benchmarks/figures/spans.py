"""Time that is taken in a book, counted from its tables: overlaps, and claims that do not fit."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, select

from kavita.store.database import Database
from kavita.store.tables import BOOKED, Appointment, Hold, PatientClaim, PractitionerClaim

CELL_SECONDS = 300

Span = tuple[Any, Any, int, int]
"""The appointment or hold, whose time, first second, and the one after the last."""


def practitioner_spans(database: Database) -> list[Span]:
    """Return the time that booked appointments take of their practitioners."""
    rows = _rows(
        database,
        select(
            Appointment.id,
            Appointment.practitioner_id,
            Appointment.occupied_from,
            Appointment.occupied_until,
        ).where(Appointment.status == BOOKED),
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def patient_spans(database: Database) -> list[Span]:
    """Return the time that booked appointments take of their patients."""
    rows = _rows(
        database,
        select(
            Appointment.id, Appointment.patient_id, Appointment.starts_at, Appointment.ends_at
        ).where(Appointment.status == BOOKED),
    )
    return [(row[0], row[1], int(row[2].timestamp()), int(row[3].timestamp())) for row in rows]


def overlaps(spans: Iterable[Span]) -> int:
    """Count the spans that begin before an earlier one of the same person is over."""
    found, whose, until = 0, None, 0
    for _, person, start, end in sorted(spans, key=lambda span: (span[1], span[2])):
        if person == whose and start < until:
            found += 1
        until = max(until, end) if person == whose else end
        whose = person
    return found


def claim_faults(database: Database) -> int:
    """Count the cells of booked appointments and holds that are not claimed, and stray claims."""
    holds = _rows(
        database,
        select(Hold.id, Hold.practitioner_id, Hold.occupied_from, Hold.occupied_until),
    )
    occupied = practitioner_spans(database) + [(row[0], row[1], row[2], row[3]) for row in holds]
    practitioner_claims = _rows(
        database,
        select(
            PractitionerClaim.appointment_id,
            PractitionerClaim.hold_id,
            PractitionerClaim.practitioner_id,
            PractitionerClaim.cell_start,
        ),
    )
    patient_claims = _rows(
        database,
        select(PatientClaim.appointment_id, PatientClaim.patient_id, PatientClaim.cell_start),
    )
    return _difference(
        occupied, [(row[0] or row[1], row[2], row[3]) for row in practitioner_claims]
    ) + _difference(patient_spans(database), patient_claims)


def _difference(spans: Iterable[Span], claims: Iterable[tuple[Any, ...]]) -> int:
    """Count what is only in one of the two; a cell that is claimed twice counts, too."""
    expected = Counter(
        (owner, person, cell)
        for owner, person, first, end in spans
        for cell in range(first, end, CELL_SECONDS)
    )
    found = Counter(tuple(claim) for claim in claims)
    return (expected - found).total() + (found - expected).total()


def _rows(database: Database, query: Select[*tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    with database.transaction() as session:
        return [tuple(row) for row in session.execute(query)]
