"""A clinic with three practitioners and four kinds of visit, and its rows in the book."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from kavita.scheduling.clinic import Clinic, Closure, Hours, Practitioner, VisitType
from kavita.store import tables
from kavita.store.database import Database

ZONE = ZoneInfo("Asia/Kolkata")
THURSDAY = date(2026, 2, 12)
FRIDAY = date(2026, 2, 13)
CLOSED = date(2026, 2, 16)
"""A Monday on which the whole clinic is closed."""
AWAY = date(2026, 2, 17)
"""A Tuesday on which Dr. Rao is away."""

CHECKUP = VisitType("checkup", "Check-up", 30, id=1)
SKIN = VisitType("skin", "Skin visit", 60, id=2, buffer_after_minutes=10)
QUICK = VisitType("quick", "Quick question", 15, id=3)
LONG = VisitType("long", "Long visit", 120, id=4)

WHOLE, MORNING, AFTERNOON = (
    Hours(time(9), time(18)),
    Hours(time(9), time(13)),
    Hours(time(14), time(18)),
)
WEEK = ((WHOLE,),) * 5 + ((), ())
WITH_BREAK = ((MORNING, AFTERNOON),) * 6 + ((),)

RAO = Practitioner(
    "rao", "Dr. Rao", WITH_BREAK, 11, "Dermatology", ("English", "Hindi"),
    frozenset({"checkup", "skin"}), ((AWAY, ()), (FRIDAY, (AFTERNOON,))),
)  # fmt: skip
MEHTA = Practitioner(
    "mehta", "Dr. Mehta", WEEK, 12, "General practice", ("English",),
    frozenset({"checkup", "quick", "long"}),
)  # fmt: skip
IYER = Practitioner(
    "iyer", "Dr. Iyer", WEEK, 13, "General practice", ("Tamil",), frozenset({"checkup"}),
)  # fmt: skip

THREE_DOCTORS = Clinic(
    name="Sunrise Clinic",
    timezone=ZONE,
    practitioners=(RAO, MEHTA, IYER),
    visit_types=(CHECKUP, SKIN, QUICK, LONG),
    closures=(Closure(CLOSED, CLOSED, "Festival"),),
)


def only(*who: Practitioner, **changes: Any) -> Clinic:
    """The same clinic with some of its practitioners."""
    return replace(THREE_DOCTORS, practitioners=who, **changes)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """A time on the clinic's wall clock."""
    return datetime.combine(day, time(hour, minute), ZONE)


def write_clinic(database: Database, clinic: Clinic, patients: Sequence[str] = ()) -> None:
    """Write the clinic's rows into the book, and some patients."""
    with database.transaction() as session:
        session.add_all(
            tables.Practitioner(
                id=one.id,
                key=one.key,
                name=one.name,
                specialty=one.specialty,
                languages=list(one.languages),
                is_active=True,
            )
            for one in clinic.practitioners
        )
        session.add_all(
            tables.VisitType(
                id=each.id, key=each.key, name=each.name, minutes=each.minutes, is_active=True
            )
            for each in clinic.visit_types
        )
        session.add_all(tables.Patient(id=each, name=name_of(each)) for each in patients)


def name_of(patient_id: str) -> str:
    """The two people of the demo have names of their own."""
    return {"1001": "Archit Ojha", "2045": "Priya Sharma"}.get(patient_id, "Test Patient")
