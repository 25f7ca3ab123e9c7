"""A book in which something happened: visits booked, moved and cancelled, a hold, a wish."""

from datetime import date, datetime, time, timedelta

from kavita.scheduling.clinic import Clinic
from kavita.scheduling.slots import TimeRange
from kavita.scheduling.times import to_utc
from kavita.store.appointments import book, cancel, list_upcoming, move
from kavita.store.database import Database
from kavita.store.holds import hold_times
from kavita.store.identity import set_pin
from kavita.store.journal import Request
from kavita.store.patients import register_patient, set_birth_date
from kavita.store.waitlist import Wish, join

DAY = date(2026, 2, 12)


def live_in(database: Database, clinic: Clinic, now: datetime) -> list[str]:
    """Let things happen in an open, empty book; return the patients' IDs."""
    patients = [register_patient(database, "Test Patient", now).id for _ in range(4)]
    booked = [
        book(database, clinic, patient, DAY, time(hour), "Checkup", now).id
        for patient, hour in zip(patients, (9, 10, 11, 12), strict=True)
    ]
    early = to_utc(DAY, time(9), clinic.timezone)
    wish = Wish(early, early + timedelta(hours=2), clinic.visit_types[0], None, booked[3])
    join(database, clinic, patients[3], wish, now, Request("call", 1, "wait"))
    move(database, clinic, patients[1], booked[1], now, new_start=time(15))
    cancel(database, clinic, patients[2], booked[2], now)
    set_birth_date(database, patients[0], date(1990, 5, 1), now)
    set_pin(database, patients[0], "2468", now)
    list_upcoming(database, patients[0], now, Request("call", 2, "retrieve_appointments"))
    at = to_utc(DAY, time(16), clinic.timezone)
    slot = TimeRange(at, at + timedelta(minutes=30))
    one, visit = clinic.practitioners[0], clinic.visit_types[0]
    hold_times(database, clinic, visit, [(one, slot)], "call", now)
    return patients
