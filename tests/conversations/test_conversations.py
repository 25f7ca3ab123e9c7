"""Whole conversations by text, judged on the appointment book first, on the words second."""

import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from kavita import wire
from kavita.agent.text_call import TextCall
from kavita.scheduling.clinic import Clinic
from kavita.scheduling.times import format_time, to_clinic
from kavita.store.database import Database
from kavita.store.tables import Appointment, WaitlistEntry
from tests.conversations.prepared_books import MAKERS, PATIENTS, SECRETS, make_book

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Script:
    """A conversation of the TOML files; `book` is set for a whole file, or here."""

    name: str
    turns: list[tuple[str, str]]
    book: str = "plain"
    booked: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    """New on the waiting list, as "1001 2026-02-09 until 2026-02-16"."""
    unsaid: list[str] = field(default_factory=list)
    """What no answer may contain."""
    ended: bool = False


def read_scripts() -> list[Script]:
    files = [tomllib.loads(path.read_text("utf-8")) for path in sorted(HERE.glob("*.toml"))]
    return [
        Script(**{"book": content.get("book", "plain")} | script)
        for content in files
        for script in content["conversation"]
    ]


SCRIPTS = read_scripts()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every kind of book in a file, made once."""
    folder = tmp_path_factory.mktemp("prepared")
    return {name: make_book(folder / f"{name}.db", name) for name in MAKERS}


@pytest.fixture
def book_of_today(script: Script, prepared: dict[str, Path], tmp_path: Path) -> Iterator[Database]:
    path = shutil.copy(prepared[script.book], tmp_path / "book.db")
    database = Database(f"sqlite:///{path}")
    database.open()
    yield database
    database.close()


def rows(database: Database, clinic: Clinic) -> set[str]:
    """Every booked appointment as "1001 2026-02-12 12:00 PM Lab visit", and with whom."""
    with database.transaction() as session:
        booked = list(session.scalars(select(Appointment).where(Appointment.status == "booked")))
    found = set()
    for row in booked:
        starts_at = to_clinic(row.starts_at, clinic.timezone)
        who = row.patient_id if row.patient_id in PATIENTS else "new"
        one = None if clinic.is_plain else clinic.practitioner(row.practitioner_id)
        with_whom = f" {one.name}" if one else ""
        when = f"{starts_at.date()} {format_time(starts_at.time())}"
        found.add(f"{who} {when} {row.purpose}{with_whom}")
    return found


def waiting(database: Database, clinic: Clinic) -> set[str]:
    """Everybody on the waiting list, and for when."""
    with database.transaction() as session:
        entries = session.scalars(select(WaitlistEntry).where(WaitlistEntry.status == "waiting"))
        return {
            f"{entry.patient_id} {to_clinic(entry.earliest, clinic.timezone).date()} until "
            f"{to_clinic(entry.latest, clinic.timezone).date()}"
            for entry in entries
        }


def spoken(events: list[Any]) -> str:
    return next(event.text for event in events if isinstance(event, wire.SpeakingStart))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
async def test_the_conversation_comes_out_right(
    script: Script, book_of_today: Database, now: datetime
) -> None:
    clinic = MAKERS[script.book][0]
    before, waited = rows(book_of_today, clinic), waiting(book_of_today, clinic)
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
        secrets = () if clinic.is_plain else SECRETS
        assert not any(secret in answer for secret in (*secrets, *script.unsaid)), answer
        last = answer
    after = rows(book_of_today, clinic)
    assert after - before == set(script.booked)
    assert before - after == set(script.gone)
    assert waiting(book_of_today, clinic) - waited == set(script.waiting)
    assert call.ended is script.ended


def test_there_are_many_conversations_and_no_two_of_a_name() -> None:
    names = [script.name for script in SCRIPTS]
    assert len(names) >= 150
    assert sum(script.book != "plain" for script in SCRIPTS) >= 40
    assert len(set(names)) == len(names)
