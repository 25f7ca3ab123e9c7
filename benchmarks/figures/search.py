"""Slot search in a full book, and beside it the plain way: a scan for every slot."""

import time as clock
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import product
from random import Random
from statistics import median
from typing import Any

from sqlalchemy import insert, text

from benchmarks.figures.books import fill, vacuum
from benchmarks.figures.clinics import KOLKATA, new_clinic, patients
from benchmarks.figures.percentiles import percentile
from kavita.scheduling.clinic import Clinic, VisitType
from kavita.scheduling.slots import TimeRange
from kavita.store.availability import search_slots
from kavita.store.claims import cells, occupied
from kavita.store.database import Database
from kavita.store.tables import BOOKED, Appointment, PatientClaim, PractitionerClaim

MAX_P99_MS = 10.0
MIN_TIMES_FASTER = 20.0
NOW = datetime(2026, 2, 9, 8, 0, tzinfo=KOLKATA)
FIRST_DAY = date(2026, 2, 10)
OPENS, CLOSES, STEP_MINUTES = time(8), time(20), 15
LENGTHS = (15, 30, 45, 60)
WEIGHTS = (6, 5, 2, 1)
STEPS = 60 * (CLOSES.hour - OPENS.hour) // STEP_MINUTES
PATIENTS = 2000
"""More than are seen on a day."""

Found = dict[int, list[tuple[date, time]]]
"""The free starts of each practitioner."""


@dataclass(frozen=True)
class Search:
    """The times of both ways through the same book, in milliseconds."""

    practitioners: int
    days: int
    appointments: int
    searches: int
    searches_not_timed: int
    """Before those, one for each kind of visit: the first lays out the days."""
    p50_ms: float
    p99_ms: float
    max_ms: float
    scans: int
    scan_p50_ms: float
    times_faster: float
    differing_results: int
    holds: bool


def compare_searches(
    url: str,
    seed: int,
    searches: int = 2000,
    scans: int = 20,
    practitioners: int = 20,
    days: int = 30,
    appointments: int = 10_000,
) -> Search:
    """Search a new, full book, with a plain scan of it now and then in between."""
    clinic = new_clinic(practitioners, OPENS, CLOSES, lengths=LENGTHS, step_minutes=STEP_MINUTES)
    database = fill(url, clinic, patients(PATIENTS), NOW)
    _fill_days(database, clinic, days, appointments, Random(seed))
    vacuum(url)
    last = FIRST_DAY + timedelta(days=days - 1)
    took: list[float] = []
    scan_took: list[float] = []
    differing = 0
    for visit in clinic.visit_types:
        search_slots(database, clinic, FIRST_DAY, last, NOW, visit=visit)
    for number in range(searches):
        visit = clinic.visit_types[number % len(LENGTHS)]
        now = NOW + timedelta(minutes=number)
        began = clock.perf_counter()
        slots = search_slots(database, clinic, FIRST_DAY, last, now, visit=visit)
        took.append(1000 * (clock.perf_counter() - began))
        if number % -(-searches // scans) == 0:
            began = clock.perf_counter()
            scanned = scan(database, clinic, FIRST_DAY, days, now, visit)
            scan_took.append(1000 * (clock.perf_counter() - began))
            found = {key: [(start.day, start.at) for start in each] for key, each in slots.items()}
            differing += found != scanned
    database.close()
    p99, faster = percentile(took, 0.99), median(scan_took) / median(took)
    return Search(
        practitioners,
        days,
        appointments,
        searches,
        len(clinic.visit_types),
        round(median(took), 2),
        round(p99, 2),
        round(max(took), 2),
        len(scan_took),
        round(median(scan_took), 1),
        round(faster, 1),
        differing,
        holds=p99 <= MAX_P99_MS and faster >= MIN_TIMES_FASTER and not differing,
    )


def scan(
    database: Database, clinic: Clinic, first: date, days: int, now: datetime, visit: VisitType
) -> Found:
    """Find the same times the plain way: each one against each appointment of its practitioner."""
    with database.transaction() as session:
        rows = session.execute(
            text(
                "SELECT practitioner_id, occupied_from, occupied_until FROM appointment "
                "WHERE status = 'booked'"
            )
        ).all()
    found: Found = {}
    length = 60 * visit.minutes
    for one in clinic.practitioners:
        taken = [(begin, end) for owner, begin, end in rows if owner == one.id]
        found[one.id] = []
        for number in range(days):
            day = first + timedelta(days=number)
            closing = datetime.combine(day, CLOSES, clinic.timezone).timestamp()
            for minute in range(60 * OPENS.hour, 60 * CLOSES.hour, STEP_MINUTES):
                at = time(minute // 60, minute % 60)
                start = int(datetime.combine(day, at, clinic.timezone).timestamp())
                if start + length > closing or start <= now.timestamp():
                    continue
                if not any(begin < start + length and start < end for begin, end in taken):
                    found[one.id].append((day, at))
    return found


def _fill_days(
    database: Database, clinic: Clinic, days: int, appointments: int, random: Random
) -> None:
    """Write appointments and their claims as booking would, spread evenly over the days."""
    rows: list[dict[str, Any]] = []
    places = list(product(range(days), clinic.practitioners))
    for number, (day, one) in enumerate(places):
        count = appointments * (number + 1) // len(places) - appointments * number // len(places)
        opening = datetime.combine(FIRST_DAY + timedelta(days=day), OPENS, clinic.timezone)
        for visit, step in _laid_out(_drawn(clinic, count, random), random):
            slot = TimeRange(
                opening + timedelta(minutes=step * STEP_MINUTES),
                opening + timedelta(minutes=step * STEP_MINUTES + visit.minutes),
            )
            rows.append(_row(len(rows), one.id, visit, slot))
    by_patient = [
        {"patient_id": row["patient_id"], "cell_start": cell, "appointment_id": row["id"]}
        for row in rows
        for cell in cells(row["occupied_from"], row["occupied_until"])
    ]
    by_practitioner = [
        {
            "practitioner_id": row["practitioner_id"],
            "cell_start": cell,
            "appointment_id": row["id"],
            "hold_id": None,
        }
        for row in rows
        for cell in cells(row["occupied_from"], row["occupied_until"])
    ]
    with database.transaction() as session:
        session.execute(insert(Appointment), rows)
        session.execute(insert(PatientClaim), by_patient)
        session.execute(insert(PractitionerClaim), by_practitioner)


def _drawn(clinic: Clinic, count: int, random: Random) -> list[VisitType]:
    """Return visits that fit into a day together."""
    while True:
        visits = random.choices(clinic.visit_types, WEIGHTS, k=count)
        if sum(visit.minutes for visit in visits) <= STEPS * STEP_MINUTES:
            return visits


def _laid_out(visits: list[VisitType], random: Random) -> list[tuple[VisitType, int]]:
    """Put visits and the free steps of a day in a random order; return where each begins."""
    free = STEPS - sum(visit.minutes for visit in visits) // STEP_MINUTES
    order: list[VisitType | None] = [*visits, *[None] * free]
    random.shuffle(order)
    laid_out, step = [], 0
    for each in order:
        if each is not None:
            laid_out.append((each, step))
        step += each.minutes // STEP_MINUTES if each else 1
    return laid_out


def _row(number: int, practitioner_id: int, visit: VisitType, slot: TimeRange) -> dict[str, Any]:
    """Return an appointment; a patient has never two on a day."""
    occupied_from, occupied_until = occupied(visit, slot)
    return {
        "id": f"{number:08x}",
        "patient_id": str(1000 + number % PATIENTS),
        "practitioner_id": practitioner_id,
        "visit_type_id": visit.id,
        "patient_name": "Test Patient",
        "starts_at": slot.starts_at,
        "ends_at": slot.ends_at,
        "occupied_from": occupied_from,
        "occupied_until": occupied_until,
        "purpose": "Visit",
        "status": BOOKED,
        "created_at": NOW,
        "modified_at": None,
    }
