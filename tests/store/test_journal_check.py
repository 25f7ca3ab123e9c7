"""The journal's verification: a book as it was left is sound, and every tampering is found."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Row, Table, bindparam, delete, func, insert, select, text, update
from sqlalchemy.orm import Session

from kavita.scheduling.clinic import Clinic
from kavita.store.columns import Base
from kavita.store.database import Database
from kavita.store.journal import Entry, Request, append
from kavita.store.patients import register_patient
from kavita.store.tables import Patient
from kavita.store.upkeep.journal_check import MAX_PROBLEMS, check_journal, examine
from tests.fakes.lived_in_book import live_in

SEED = 20260209
TAMPERINGS = 100

TABLES = Base.metadata.tables
FOLDED = ("patient", "appointment")
CLAIMS = ("patient_claim", "practitioner_claim")


def test_an_empty_book_is_sound(any_database: Database) -> None:
    assert check_journal(any_database).problems == ()


def test_a_book_in_which_much_happened_is_sound(
    any_database: Database, clinic: Clinic, now: datetime
) -> None:
    live_in(any_database, clinic, now)
    checked = check_journal(any_database)
    assert checked.problems == ()
    with any_database.transaction() as session:
        assert checked.entries == session.scalar(
            select(func.count()).select_from(TABLES["journal"])
        )


def test_every_tampering_is_found(any_database: Database, clinic: Clinic, now: datetime) -> None:
    live_in(any_database, clinic, now)
    with any_database.transaction() as session:
        unprotect(session)
    chance = random.Random(SEED)
    missed = []
    for number in range(TAMPERINGS):
        tamper = chance.choice(WAYS)
        with undone(any_database) as session:
            told = tamper(session, chance)
            if not examine(session).problems:
                missed.append(f"{number} (seed {SEED}): {told}")
    assert missed == []
    assert check_journal(any_database).problems == ()


def test_a_problem_names_the_row_but_no_person(
    any_database: Database, clinic: Clinic, now: datetime
) -> None:
    patient = live_in(any_database, clinic, now)[0]
    with any_database.transaction() as session:
        session.execute(update(Patient).where(Patient.id == patient).values(name="Archit Ojha"))
    (problem,) = check_journal(any_database).problems
    assert f"The patient {patient} is not what journal entry" in problem
    assert problem.endswith(": name differ.")
    assert "Archit" not in problem


def test_many_problems_are_counted_and_not_all_told(any_database: Database) -> None:
    with any_database.transaction() as session:
        session.add_all([Patient(id=f"{n}", name="Test Patient") for n in range(50)])
    problems = check_journal(any_database).problems
    assert len(problems) == MAX_PROBLEMS + 1
    assert problems[-1] == "There are 30 more problems."


def test_a_value_of_the_wrong_kind_is_found_in_every_column(
    database: Database, clinic: Clinic, now: datetime
) -> None:
    live_in(database, clinic, now)
    with database.transaction() as session:
        unprotect(session)
    columns = [(name, column.name) for name in (*FOLDED, "journal") for column in TABLES[name].c]
    keys = ("position",)  # SQLite itself refuses anything but a number there
    for table, column in columns:
        if column in keys:
            continue
        with undone(database) as session:
            first = f"(SELECT min(position) FROM {table})"
            session.execute(text(f"UPDATE {table} SET {column} = x'00ff' WHERE position = {first}"))
            assert examine(session).problems, (table, column)
    assert check_journal(database).problems == ()


@pytest.mark.parametrize("any_url", ["postgresql"], indirect=True)
def test_the_book_may_be_written_while_it_is_checked(
    any_database: Database, clinic: Clinic, now: datetime
) -> None:
    """The check sees one moment: what comes later does not confuse it.

    With SQLite the writers wait.
    """
    live_in(any_database, clinic, now)
    with any_database.snapshot() as session:
        before = examine(session)
        register_patient(any_database, "Test Patient", now)
        assert examine(session) == before
    assert check_journal(any_database).entries > before.entries


@pytest.mark.heavy
def test_a_journal_of_a_million_entries_is_checked_in_little_memory(
    any_database: Database, now: datetime
) -> None:
    import resource

    for _ in range(1000):
        with any_database.transaction() as session:
            entry = Entry("read", "1001", "listed", {"appointments": ["1a2b3c4d"]})
            append(session, Request("call", 1, "retrieve"), now, [entry] * 1000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert check_journal(any_database).entries == 1_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


@contextmanager
def undone(database: Database) -> Iterator[Session]:
    """A transaction of which nothing stays."""
    with database.transaction() as session:
        yield session
        session.rollback()


def unprotect(session: Session) -> None:
    """Do what somebody with the database's password could do first."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("ALTER TABLE journal DISABLE TRIGGER ALL"))
        names = [key for key in TABLES if TABLES[key].foreign_keys or key in FOLDED]
        for name in [*names, "practitioner", "hold"]:
            session.execute(text(f"ALTER TABLE {name} DISABLE TRIGGER ALL"))
        return
    connection: Any = session.connection().connection.driver_connection
    connection.execute("COMMIT")
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("PRAGMA ignore_check_constraints = ON")
    connection.execute("DROP TRIGGER journal_no_update")
    connection.execute("DROP TRIGGER journal_no_delete")
    connection.execute("BEGIN")


def some_row(session: Session, table: Table, chance: random.Random) -> Row[Any]:
    return chance.choice(session.execute(select(table).order_by(*table.primary_key)).all())


def is_row(table: Table, row: Row[Any]) -> Any:
    keys = [column == getattr(row, column.name) for column in table.primary_key]
    return keys[0] if len(keys) == 1 else keys[0] & keys[1]


def other(value: Any, column: str) -> Any:
    """A value of the same kind that is another."""
    if column == "status":
        return "cancelled" if value == "booked" else "booked"
    if isinstance(value, datetime):
        return value + timedelta(microseconds=1) if column == "at" else value + timedelta(seconds=1)
    if isinstance(value, date):
        return value + timedelta(days=1)
    if isinstance(value, int):
        return value + 100_000
    if value is None:
        return {"birth_date": date(2000, 1, 1), "visit_type_id": 7}.get(column, _late(column))
    return value[:-1] + ("1" if value[-1:] == "0" else "0")


def _late(column: str) -> Any:
    return datetime.fromisoformat("2026-02-09T00:00Z") if column == "modified_at" else "new"


def changing(name: str) -> Callable[[Session, random.Random], str]:
    table = TABLES[name]

    def tamper(session: Session, chance: random.Random) -> str:
        columns = [each.name for each in table.c if each.name != "id" or name != "journal_head"]
        row, column = some_row(session, table, chance), chance.choice(columns)
        if column == "ends_at":
            value = row.ends_at + timedelta(seconds=1)
        elif column == "starts_at":
            value = row.starts_at - timedelta(seconds=1)
        elif (column == "hold_id" and row.hold_id is None) or column == "appointment_id":
            value = "00000000"
            column = "appointment_id"
            if row.appointment_id is None:
                column, value = "hold_id", 77
        else:
            value = other(getattr(row, column), column)
        session.execute(update(table).where(is_row(table, row)).values({column: value}))
        return f"{name}.{column} of {tuple(row)}"

    return tamper


def deleting(name: str) -> Callable[[Session, random.Random], str]:
    table = TABLES[name]

    def tamper(session: Session, chance: random.Random) -> str:
        row = some_row(session, table, chance)
        session.execute(delete(table).where(is_row(table, row)))
        return f"{name}: {tuple(row)} deleted"

    return tamper


def inserting(name: str) -> Callable[[Session, random.Random], str]:
    table = TABLES[name]

    def tamper(session: Session, chance: random.Random) -> str:
        row = dict(some_row(session, table, chance)._mapping)
        for key in [column.name for column in table.primary_key]:
            row[key] = other(row[key], key)
        if "id" in row:
            row["id"] = "new"
        session.execute(insert(table).values(row))
        return f"{name}: {row} inserted"

    return tamper


def swapping(session: Session, chance: random.Random) -> str:
    """Two entries of the journal change places."""
    table = TABLES["journal"]
    last = session.scalar(select(func.max(table.c.position)))
    one, two = sorted(chance.sample(range(1, last + 1), 2))
    move = update(table).where(table.c.position == bindparam("old"))
    for old, new in ((one, 0), (two, one), (0, two)):
        session.execute(move.values(position=new), {"old": old})
    return f"journal: {one} and {two} change places"


def putting_between(session: Session, chance: random.Random) -> str:
    """An entry is put between two others, and those after it get new positions."""
    table = TABLES["journal"]
    row = dict(some_row(session, table, chance)._mapping)
    for position in range(session.scalar(select(func.max(table.c.position))), row["position"], -1):
        move = update(table).where(table.c.position == position)
        session.execute(move.values(position=position + 1))
    session.execute(insert(table).values(row | {"position": row["position"] + 1}))
    return f"journal: a copy of {row['position']} after it"


def cutting_off(session: Session, chance: random.Random) -> str:
    """The journal's last entries are gone."""
    table = TABLES["journal"]
    last = session.scalar(select(func.max(table.c.position)))
    kept = chance.randrange(0, last)
    session.execute(delete(table).where(table.c.position > kept))
    return f"journal: cut off after {kept}"


WAYS = (
    *(changing("journal"), changing("journal"), changing("journal_head"), deleting("journal")),
    *(inserting("journal"), swapping, putting_between, cutting_off, deleting("journal_head")),
    *(way(name) for way in (changing, deleting, inserting) for name in (*FOLDED, *CLAIMS)),
    *(changing("appointment"), changing("patient"), deleting("hold")),
)
