"""Whole conversations by text, judged on the appointment book first, on the words second."""

import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from kavita import wire
from kavita.agent.text_call import TextCall
from kavita.scheduling.clinic import Clinic
from kavita.scheduling.times import format_time, parse_date, to_clinic
from kavita.store.appointments import book
from kavita.store.availability import slots_of_day
from kavita.store.database import Database
from kavita.store.patients import add_patient
from kavita.store.tables import Appointment, Patient

HERE = Path(__file__).parent
FULL_DAY = parse_date("2026-02-20")
PATIENTS = {"1001": "Archit Ojha", "2045": "Priya Sharma", "3000": "Test Patient"}
VISITS = (
    ("1001", "2026-02-10", time(10), "General checkup"),
    ("1001", "2026-02-16", time(14, 30), "Follow-up visit"),
    ("2045", "2026-02-12", time(11), "Dental cleaning"),
)


@dataclass(frozen=True)
class Script:
    """A conversation of the TOML files."""

    name: str
    turns: list[tuple[str, str]]
    booked: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    ended: bool = False


def read_scripts() -> list[Script]:
    files = [tomllib.loads(path.read_text("utf-8")) for path in sorted(HERE.glob("*.toml"))]
    return [Script(**script) for content in files for script in content["conversation"]]


SCRIPTS = read_scripts()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book in a file, made once."""
    from tests.conftest import ZONE

    path = tmp_path_factory.mktemp("prepared") / "book.db"
    clinic = Clinic(name="Sunrise Clinic", timezone=ZONE)
    now = datetime(2026, 2, 9, 8, 0, tzinfo=ZONE)
    database = Database(f"sqlite:///{path}")
    database.open()
    with database.transaction() as session:
        for user_id, name in PATIENTS.items():
            add_patient(session, Patient(id=user_id, name=name))
    for user_id, day, at, purpose in VISITS:
        book(database, clinic, user_id, parse_date(day), at, purpose, now)
    for at in slots_of_day(database, clinic, FULL_DAY, now).free:
        book(database, clinic, "3000", FULL_DAY, at, "Checkup", now)
    database.close()
    return path


@pytest.fixture
def book_of_today(prepared: Path, tmp_path: Path) -> Iterator[Database]:
    path = shutil.copy(prepared, tmp_path / "book.db")
    database = Database(f"sqlite:///{path}")
    database.open()
    yield database
    database.close()


def rows(database: Database, clinic: Clinic) -> set[str]:
    """Every booked appointment as "1001 2026-02-12 12:00 PM Lab visit"."""
    with database.transaction() as session:
        booked = list(session.scalars(select(Appointment).where(Appointment.status == "booked")))
    found = set()
    for row in booked:
        starts_at = to_clinic(row.starts_at, clinic.timezone)
        who = row.patient_id if row.patient_id in PATIENTS else "new"
        found.add(f"{who} {starts_at.date()} {format_time(starts_at.time())} {row.purpose}")
    return found


def spoken(events: list[Any]) -> str:
    return next(event.text for event in events if isinstance(event, wire.SpeakingStart))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
async def test_the_conversation_comes_out_right(
    script: Script, book_of_today: Database, clinic: Clinic, now: datetime
) -> None:
    before = rows(book_of_today, clinic)
    call = TextCall(book_of_today, clinic, "c0ffee00", lambda: now)
    last = spoken(await call.start())
    identified = False
    for said, fragment in script.turns:
        assert not call.ended, f"the call was over before {said!r}"
        events = await call.hear(said)
        answer = spoken(events)
        identified |= any(
            isinstance(event, wire.ToolCall) and event.result["status"] in ("found", "registered")
            for event in events
        )
        assert fragment in answer, f"{said!r} was answered {answer!r}"
        assert answer != last, f"said twice in a row: {answer!r}"
        assert identified or not any(name.split()[0] in answer for name in PATIENTS.values())
        last = answer
    after = rows(book_of_today, clinic)
    assert after - before == set(script.booked)
    assert before - after == set(script.gone)
    assert call.ended is script.ended


def test_there_are_many_conversations_and_no_two_of_a_name() -> None:
    names = [script.name for script in SCRIPTS]
    assert len(names) >= 60
    assert len(set(names)) == len(names)
