"""Nobody is booked twice, however many try at once; and the test would notice if they were."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time
from itertools import pairwise

import pytest
from sqlalchemy import select, text

from kavita.scheduling.clinic import Clinic
from kavita.scheduling.errors import Conflict, NotActive
from kavita.store.appointments import book, cancel, move
from kavita.store.availability import slots_of_day
from kavita.store.database import Database
from kavita.store.tables import Appointment, Patient, PatientClaim, PractitionerClaim

THURSDAY = date(2026, 2, 12)
FRIDAY = date(2026, 2, 13)
WORKERS = 8


@pytest.fixture
def connections(any_url: str, any_database: Database) -> list[Database]:
    """Several programs on one book, which has a patient for each worker."""
    with any_database.transaction() as session:
        session.add_all([Patient(id=f"{n}", name="Test Patient") for n in range(WORKERS)])
    return [any_database, Database(any_url), Database(any_url)]


def test_of_many_who_want_the_same_time_exactly_one_gets_it(
    connections: list[Database], clinic: Clinic, now: datetime
) -> None:
    winners = _race(connections, clinic, now)
    assert winners == [1] * 18
    assert _overlaps(connections[0]) == 0
    assert _claims_match_appointments(connections[0])


def test_without_the_claim_constraint_the_same_race_double_books(
    connections: list[Database], clinic: Clinic, now: datetime
) -> None:
    _drop_claim_constraint(connections[0])
    winners = _race(connections, clinic, now)
    assert max(winners) > 1
    assert _overlaps(connections[0]) > 0


def test_appointments_that_swap_times_never_overlap_and_none_is_lost(
    connections: list[Database], clinic: Clinic, now: datetime
) -> None:
    one = book(connections[0], clinic, "0", THURSDAY, time(10), "Visit", now).id
    two = book(connections[0], clinic, "1", THURSDAY, time(11), "Visit", now).id

    def swap(worker: int) -> bool:
        patient, appointment = (("0", one), ("1", two))[worker % 2]
        start = (time(10), time(11), time(12))[worker % 3]
        database = connections[worker % len(connections)]
        return _succeeds(lambda: move(database, clinic, patient, appointment, now, new_start=start))

    for _ in range(8):
        _at_once(swap)
        assert _overlaps(connections[0]) == 0
        assert _claims_match_appointments(connections[0])


def test_cancelling_and_moving_at_once_leaves_one_clear_state(
    connections: list[Database], clinic: Clinic, now: datetime
) -> None:
    for start in slots_of_day(connections[0], clinic, THURSDAY, now).free[:8]:
        appointment = book(connections[0], clinic, "0", THURSDAY, start, "Visit", now).id

        def change(worker: int, appointment: str = appointment) -> bool:
            database = connections[worker % len(connections)]
            if worker % 2:
                return _succeeds(lambda: cancel(database, clinic, "0", appointment, now))
            return _succeeds(lambda: move(database, clinic, "0", appointment, now, FRIDAY))

        _at_once(change)
        assert _claims_match_appointments(connections[0])
        with connections[0].transaction() as session:
            status = select(Appointment.status).where(Appointment.id == appointment)
            assert session.scalar(status) == "cancelled"


def _race(connections: list[Database], clinic: Clinic, now: datetime) -> list[int]:
    """Let every worker try every slot of a day, all at the same slot at once; count the winners."""
    winners = []
    for start in slots_of_day(connections[0], clinic, THURSDAY, now).free:

        def attempt(worker: int, start: time = start) -> bool:
            database = connections[worker % len(connections)]
            return _succeeds(
                lambda: book(database, clinic, f"{worker}", THURSDAY, start, "Race", now)
            )

        winners.append(sum(_at_once(attempt)))
    return winners


def _at_once(work: Callable[[int], bool]) -> list[bool]:
    ready = threading.Barrier(WORKERS)

    def wait_and_work(worker: int) -> bool:
        ready.wait(timeout=10)
        return work(worker)

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(wait_and_work, range(WORKERS)))


def _succeeds(work: Callable[[], object]) -> bool:
    try:
        work()
    except (Conflict, NotActive):
        return False
    return True


def _overlaps(database: Database) -> int:
    query = select(Appointment).where(Appointment.status == "booked")
    with database.transaction() as session:
        rows = session.scalars(query.order_by(Appointment.starts_at)).all()
    return sum(later.starts_at < earlier.ends_at for earlier, later in pairwise(rows))


def _claims_match_appointments(database: Database) -> bool:
    """Tell whether exactly the booked appointments own six cells each, in both claim tables."""
    with database.transaction() as session:
        booked = session.scalars(select(Appointment).where(Appointment.status == "booked"))
        expected = sorted(
            (int(row.starts_at.timestamp()) + 300 * cell, row.id)
            for row in booked
            for cell in range(6)
        )
        for table in (PatientClaim, PractitionerClaim):
            rows = session.execute(select(table.cell_start, table.appointment_id))
            if sorted(tuple(row) for row in rows) != expected:
                return False
    return True


def _drop_claim_constraint(database: Database) -> None:
    with database.transaction() as session:
        session.execute(text("DROP TABLE practitioner_claim"))
        session.execute(
            text(
                "CREATE TABLE practitioner_claim "
                "(practitioner_id INTEGER, cell_start BIGINT, appointment_id VARCHAR(64), "
                "hold_id INTEGER)"
            )
        )
