"""The same request is carried out once, however often and from wherever it comes."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time, timedelta
from typing import TypeVar

import pytest
from sqlalchemy import func, select

from kavita.scheduling.clinic import Clinic
from kavita.scheduling.errors import KeyReused, NoFreeId, PastTime, SlotTaken
from kavita.store.appointments import book, cancel, move
from kavita.store.database import Database
from kavita.store.idempotency import request_key
from kavita.store.journal import Request
from kavita.store.patients import register_patient
from kavita.store.record_tables import Idempotency, JournalEntry
from kavita.store.snapshots import snapshot
from kavita.store.tables import Appointment, Patient

THURSDAY = date(2026, 2, 12)
FRIDAY = date(2026, 2, 13)
TIMES = 100
THREADS = 12

T = TypeVar("T")


@pytest.fixture
def books(any_url: str, any_database: Database) -> Iterator[list[Database]]:
    """Several programs on one book that has two patients."""
    with any_database.transaction() as session:
        session.add_all(
            [Patient(id="1001", name="Archit Ojha"), Patient(id="2045", name="Priya Sharma")]
        )
    others = [Database(any_url) for _ in range(3)]
    yield [any_database, *others]
    for other in others:
        other.close()


@pytest.fixture
def one_book(books: list[Database]) -> Database:
    return books[0]


def request(turn: int = 1, tool: str = "book_appointment", **arguments: str) -> Request:
    return Request("c1", turn, tool, request_key("c1", turn, tool, arguments))


def at_once(books: list[Database], work: Callable[[Database, int], T]) -> list[T]:
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(lambda n: work(books[n % len(books)], n), range(TIMES)))


def rows(database: Database, table: type[Appointment] | type[Idempotency] | type[Patient]) -> int:
    with database.transaction() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_the_same_key_a_hundred_times_at_once_books_once_and_answers_alike(
    books: list[Database], clinic: Clinic, now: datetime
) -> None:
    def ask(database: Database, _: int) -> Appointment:
        when = (THURSDAY, time(12))
        return book(database, clinic, "1001", *when, "Lab visit", now, request=request())

    answers = [snapshot(row) for row in at_once(books, ask)]
    assert answers == [answers[0]] * TIMES
    assert (rows(books[0], Appointment), rows(books[0], Idempotency)) == (1, 1)
    with books[0].transaction() as session:
        assert snapshot(session.scalars(select(Appointment)).one()) == answers[0]
        assert session.scalar(select(func.count()).select_from(JournalEntry)) == 1


def test_registering_with_the_same_key_a_hundred_times_makes_one_patient(
    books: list[Database], now: datetime
) -> None:
    def ask(database: Database, _: int) -> str:
        born = date(1990, 5, 17)
        return register_patient(database, "Test Patient", now, "9876543210", born, request()).id

    assert len(set(at_once(books, ask))) == 1
    assert rows(books[0], Patient) == 3


@pytest.mark.parametrize("other", ["time", "day", "purpose", "patient", "tool"])
def test_the_same_key_with_something_else_is_refused_every_time(
    books: list[Database], clinic: Clinic, now: datetime, other: str
) -> None:
    first = book(books[0], clinic, "1001", THURSDAY, time(12), "Lab visit", now, request=request())
    patient = "2045" if other == "patient" else "1001"
    day = FRIDAY if other == "day" else THURSDAY
    start = time(13) if other == "time" else time(12)
    purpose = "Follow-up" if other == "purpose" else "Lab visit"

    def ask(database: Database, _: int) -> bool:
        again = Request("c1", 1, "cancel_appointment", request().key)
        booking = Request("c1", 1, "book_appointment", request().key)
        try:
            if other == "tool":
                cancel(database, clinic, "1001", first.id, now, again)
            else:
                book(database, clinic, patient, day, start, purpose, now, request=booking)
        except KeyReused:
            return True
        return False

    assert sum(at_once(books, ask)) == TIMES
    assert (rows(books[0], Appointment), rows(books[0], Idempotency)) == (1, 1)


def test_of_a_key_used_at_once_for_two_things_one_is_done_and_the_other_refused(
    books: list[Database], clinic: Clinic, now: datetime
) -> None:
    def ask(database: Database, number: int) -> str:
        turn, start = divmod(number, 2)
        key = Request("c1", turn, "book_appointment", f"key-{turn}")
        day, at = THURSDAY + timedelta(days=7 * turn), time(12 + start)
        try:
            book(database, clinic, "1001", day, at, "Lab visit", now, request=key)
        except KeyReused:
            return "refused"
        return "done"

    assert sorted(at_once(books, ask)) == ["done"] * 50 + ["refused"] * 50
    assert rows(books[0], Appointment) == 50


def test_a_new_turn_may_book_again_what_was_cancelled(
    one_book: Database, clinic: Clinic, now: datetime
) -> None:
    seen = set()
    for turn in range(0, 2 * TIMES, 2):
        booking = request(turn, at="12:00 PM")
        booked = book(
            one_book, clinic, "1001", THURSDAY, time(12), "Lab visit", now, request=booking
        )
        assert booked.status == "booked"
        seen.add(booked.id)
        cancelling = request(turn + 1, "cancel_appointment", appointment=booked.id)
        cancel(one_book, clinic, "1001", booked.id, now, cancelling)
    assert len(seen) == TIMES
    assert rows(one_book, Idempotency) == 2 * TIMES


def test_an_old_key_gives_its_first_answer_after_the_appointment_was_cancelled(
    one_book: Database, clinic: Clinic, now: datetime
) -> None:
    def ask() -> Appointment:
        when = (THURSDAY, time(12))
        return book(one_book, clinic, "1001", *when, "Lab visit", now, request=request())

    first = snapshot(ask())
    cancel(one_book, clinic, "1001", first["id"], now)
    assert snapshot(ask()) == first
    with one_book.transaction() as session:
        assert session.scalars(select(Appointment.status)).all() == ["cancelled"]


def test_a_refused_request_leaves_no_key_and_can_succeed_later(
    one_book: Database, clinic: Clinic, now: datetime
) -> None:
    taken = book(one_book, clinic, "2045", THURSDAY, time(12), "Dental cleaning", now)

    def ask() -> Appointment:
        when = (THURSDAY, time(12))
        return book(one_book, clinic, "1001", *when, "Lab visit", now, request=request())

    with pytest.raises(SlotTaken):
        ask()
    with pytest.raises(PastTime):
        book(one_book, clinic, "1001", date(2026, 2, 6), time(12), "", now, request=request(2))
    assert rows(one_book, Idempotency) == 0
    cancel(one_book, clinic, "2045", taken.id, now)
    assert ask().status == "booked"
    assert rows(one_book, Idempotency) == 1


def test_a_refused_registration_leaves_no_key(one_book: Database, now: datetime) -> None:
    with one_book.transaction() as session:
        used = set(session.scalars(select(Patient.id)))
        free = [str(number) for number in range(1000, 10000) if str(number) not in used]
        session.add_all(Patient(id=each, name="Test Patient") for each in free)
    with pytest.raises(NoFreeId):
        register_patient(one_book, "Test Patient", now, request=request())
    assert rows(one_book, Idempotency) == 0


def test_a_move_that_comes_again_answers_alike_and_moves_once(
    books: list[Database], clinic: Clinic, now: datetime
) -> None:
    booked = book(books[0], clinic, "1001", THURSDAY, time(12), "Lab visit", now)

    def ask(database: Database, _: int) -> tuple[object, datetime]:
        moving = request(2, "modify_appointment")
        moved = move(database, clinic, "1001", booked.id, now, FRIDAY, time(9), request=moving)
        return snapshot(moved.appointment), moved.previously

    answers = at_once(books, ask)
    assert answers == [answers[0]] * TIMES
    assert answers[0][1] == booked.starts_at
    move(books[0], clinic, "1001", booked.id, now, THURSDAY, time(15))
    assert ask(books[0], 0) == answers[0]
    with pytest.raises(KeyReused):
        move(
            books[0],
            clinic,
            "1001",
            booked.id,
            now,
            FRIDAY,
            request=request(2, "modify_appointment"),
        )
    with books[0].transaction() as session:
        kept = session.scalars(select(Appointment)).one()
    assert kept.starts_at == booked.starts_at + timedelta(hours=3)


def test_a_cancellation_that_comes_again_answers_alike(
    books: list[Database], clinic: Clinic, now: datetime
) -> None:
    booked = book(books[0], clinic, "1001", THURSDAY, time(12), "Lab visit", now)

    def ask(database: Database, _: int) -> object:
        cancelling = request(2, "cancel_appointment")
        return snapshot(cancel(database, clinic, "1001", booked.id, now, cancelling))

    answers = at_once(books, ask)
    assert answers == [answers[0]] * TIMES
    assert answers[0] == snapshot(booked) | {
        "status": "cancelled",
        "modified_at": "2026-02-09T02:30:00+00:00",
    }


def test_without_a_key_everything_is_done_as_often_as_asked(
    one_book: Database, now: datetime
) -> None:
    first, second = (register_patient(one_book, "Test Patient", now) for _ in range(2))
    assert first.id != second.id
    assert rows(one_book, Idempotency) == 0


@pytest.mark.parametrize("odd", ["\ud800", "\x00", "😀", "x" * 100_000])
def test_whatever_was_said_makes_a_key(odd: str) -> None:
    key = request_key("c1", 1, "book_appointment", {"for": odd})
    assert len(key) == 64
    assert key != request_key("c1", 1, "book_appointment", {"for": ""})
