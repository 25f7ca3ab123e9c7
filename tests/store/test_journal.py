"""The journal: an entry for every read and write, in its transaction, sealed, never changed."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time
from itertools import count

import pytest
from sqlalchemy import delete, select, text
from sqlalchemy.exc import IntegrityError, NoResultFound
from sqlalchemy.orm import Session

from kavita.scheduling.clinic import Clinic
from kavita.scheduling.errors import PastTime, SchedulingError
from kavita.store.appointments import book, cancel, list_upcoming, move
from kavita.store.database import Database, StoreUnavailable
from kavita.store.identity import identify, set_pin, unlock
from kavita.store.journal import NO_SEAL, Entry, Request, append, seal
from kavita.store.patients import register_patient, set_birth_date
from kavita.store.record_tables import JournalEntry, JournalHead
from kavita.store.tables import Appointment, IdentityFailure, Patient, PatientPin
from kavita.store.waitlist import Wish, join

ASKS = Request("c1", 3, "some_tool", "a-key")
THURSDAY = date(2026, 2, 12)
BORN = date(1990, 5, 17)


@pytest.fixture
def any_book(any_database: Database, clinic: Clinic, now: datetime) -> Database:
    with any_database.transaction() as session:
        session.add(Patient(id="1001", name="Archit Ojha", birth_date=BORN))
    made = iter(["a1b2c3d4"])
    book(any_database, clinic, "1001", THURSDAY, time(10), "Check", now, made.__next__)
    return any_database


Work = Callable[[Database, Clinic, datetime], object]


def _join(database: Database, clinic: Clinic, now: datetime) -> object:
    latest = datetime.combine(THURSDAY, time(10), clinic.timezone)
    wish = Wish(now, latest, clinic.visit_types[0], None, "a1b2c3d4")
    return join(database, clinic, "1001", wish, now, ASKS)


WORKS: dict[str, tuple[Work, list[tuple[str, str]]]] = {
    "book": (
        lambda d, c, now: book(d, c, "1001", THURSDAY, time(12), "Lab", now, request=ASKS),
        [("appointment", "booked")],
    ),
    "move": (
        lambda d, c, now: move(d, c, "1001", "a1b2c3d4", now, None, time(15), request=ASKS),
        [("appointment", "modified")],
    ),
    "cancel": (
        lambda d, c, now: cancel(d, c, "1001", "a1b2c3d4", now, ASKS),
        [("appointment", "cancelled")],
    ),
    "list": (lambda d, c, now: list_upcoming(d, "1001", now, ASKS), [("read", "listed")]),
    "identify": (
        lambda d, c, now: identify(d, c, "1001", BORN, now, ASKS),
        [("identify", "found")],
    ),
    "fail to identify": (
        lambda d, c, now: identify(d, c, "1001", date(2000, 1, 1), now, ASKS),
        [("identify", "not_found")],
    ),
    "register": (
        lambda d, c, now: register_patient(d, "Test Patient", now, None, None, ASKS),
        [("patient", "registered")],
    ),
    "set a date of birth": (
        lambda d, c, now: set_birth_date(d, "1001", date(1991, 1, 1), now),
        [("patient", "changed")],
    ),
    "set a PIN": (lambda d, c, now: set_pin(d, "1001", "739104", now), [("pin", "pin_set")]),
    "unlock": (lambda d, c, now: unlock(d, "1001", now), [("identify", "unlocked")]),
    "wait": (_join, [("waitlist", "waiting")]),
}


def entries(database: Database) -> list[JournalEntry]:
    with database.transaction() as session:
        return list(session.scalars(select(JournalEntry).order_by(JournalEntry.position)))


def tables(database: Database) -> list[object]:
    """What the book holds of patients, apart from the journal."""
    with database.transaction() as session:
        return [
            [tuple(row) for row in session.execute(select(kind.__table__))]
            for kind in (Patient, Appointment, IdentityFailure, PatientPin)
        ]


@pytest.mark.parametrize("name", WORKS)
def test_every_read_and_write_leaves_its_entry(
    any_book: Database, clinic: Clinic, now: datetime, name: str
) -> None:
    work, expected = WORKS[name]
    before = len(entries(any_book))
    work(any_book, clinic, now)
    new = entries(any_book)[before:]
    assert [(entry.action, entry.result) for entry in new] == expected
    assert all(entry.patient_id for entry in new)
    assert {entry.at for entry in new} == {now}
    if name not in ("set a date of birth", "set a PIN", "unlock"):
        told = {(entry.call_id, entry.turn, entry.tool) for entry in new}
        assert told == {("c1", 3, "some_tool")}


@pytest.mark.parametrize("name", WORKS)
def test_what_cannot_be_written_in_the_journal_is_not_done(
    any_book: Database, clinic: Clinic, now: datetime, name: str
) -> None:
    with any_book.transaction() as session:
        session.execute(delete(JournalHead))
    before, known = tables(any_book), len(entries(any_book))
    with pytest.raises(NoResultFound):
        WORKS[name][0](any_book, clinic, now)
    assert tables(any_book) == before
    assert len(entries(any_book)) == known


def test_what_is_undone_leaves_no_entry(any_book: Database, clinic: Clinic, now: datetime) -> None:
    before = entries(any_book)
    with pytest.raises(SchedulingError):
        book(any_book, clinic, "1001", THURSDAY, time(10), "Check", now, request=ASKS)
    with pytest.raises(SchedulingError):
        cancel(any_book, clinic, "1001", "00000000", now, ASKS)

    def regret(session: Session) -> None:
        append(session, ASKS, now, [Entry("read", "1001", "listed")])
        raise PastTime

    with pytest.raises(PastTime):
        any_book.run(regret)
    assert len(entries(any_book)) == len(before)


def test_a_request_that_is_answered_from_its_key_is_not_told_twice(
    any_book: Database, clinic: Clinic, now: datetime
) -> None:
    for _ in range(3):
        WORKS["book"][0](any_book, clinic, now)
    assert [entry.result for entry in entries(any_book)] == ["booked", "booked"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE journal SET result = 'nothing'",
        "UPDATE journal SET position = position + 100",
        "DELETE FROM journal",
        "DELETE FROM journal WHERE position = 1",
    ],
)
def test_the_database_refuses_to_change_or_delete_an_entry(any_book: Database, change: str) -> None:
    before = [entry.seal for entry in entries(any_book)]
    with pytest.raises((StoreUnavailable, IntegrityError), match="append-only"):
        with any_book.transaction() as session:
            session.execute(text(change))
    assert [entry.seal for entry in entries(any_book)] == before


def test_each_entry_is_sealed_with_the_one_before(
    any_book: Database, clinic: Clinic, now: datetime
) -> None:
    for name in ("book", "list", "identify"):
        WORKS[name][0](any_book, clinic, now)
    append_many(any_book, 5, now)
    assert len(assert_chain(any_book)) == 9


def test_the_seal_covers_every_column(any_book: Database) -> None:
    (entry,) = entries(any_book)
    row = {column.name: getattr(entry, column.name) for column in JournalEntry.__table__.columns}
    right = seal(NO_SEAL, row)
    assert right == entry.seal
    others = {
        "position": 2,
        "at": datetime(2026, 1, 1, tzinfo=UTC),
        "call_id": "other",
        "turn": 9,
        "tool": "other",
        "action": "other",
        "patient_id": None,
        "result": "other",
        "content": "{}",
    }
    assert {*others, "seal"} == {*row}
    for name, value in others.items():
        assert seal(NO_SEAL, row | {name: value}) != right
    assert seal("1" * 64, row) != right


def test_writers_at_once_keep_a_chain_without_a_gap(
    any_url: str, any_book: Database, now: datetime
) -> None:
    books = [any_book, Database(any_url)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: append_many(books[n % 2], 50, now, f"call-{n}"), range(8)))
    assert len(assert_chain(any_book)) == 1 + 8 * 50
    for number in range(8):
        mine = [entry.turn for entry in entries(any_book) if entry.call_id == f"call-{number}"]
        assert mine == list(range(50))
    books[1].close()


def append_many(database: Database, times: int, now: datetime, call: str = "c9") -> None:
    for turn in range(times):

        def work(session: Session, turn: int = turn) -> None:
            append(session, Request(call, turn, "tool"), now, [Entry("read", "1001", "listed")])

        database.run(work)


def assert_chain(database: Database) -> list[JournalEntry]:
    """The positions have no gap, every seal fits, and the head names the last one."""
    previous, rows = NO_SEAL, entries(database)
    for position, entry in zip(count(1), rows, strict=False):
        row = {each.name: getattr(entry, each.name) for each in JournalEntry.__table__.columns}
        assert entry.position == position
        assert entry.seal == seal(previous, row)
        previous = entry.seal
    with database.transaction() as session:
        head = session.get_one(JournalHead, 1)
    assert (head.position, head.seal) == (len(rows), previous)
    return rows
