"""Who is calling: an unknown ID and wrong details are one and the same to whoever guesses."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.engine import Connection

from kavita.scheduling.clinic import Clinic
from kavita.scheduling.errors import Locked, NoPin, WrongPin
from kavita.scheduling.identity import MAX_FAILURES_A_DAY, wait_seconds
from kavita.store.appointments import book
from kavita.store.columns import Base
from kavita.store.database import Database
from kavita.store.identity import Identification, check_pin, identify, set_pin, unlock
from kavita.store.journal import NOBODY, Request
from kavita.store.record_tables import JournalEntry
from kavita.store.tables import IdentityFailure, Patient

BORN, WRONG = date(1990, 5, 17), date(1991, 5, 17)
KNOWN, UNKNOWN = "2045", "9999"
PIN = "739104"
ASKS = Request("c1", 1, "identify_user")


@pytest.fixture
def any_book(any_database: Database, clinic: Clinic, now: datetime) -> Database:
    """2045 has a date of birth and an appointment, 1001 neither."""
    with any_database.transaction() as session:
        session.add(Patient(id="1001", name="Archit Ojha"))
        session.add(Patient(id=KNOWN, name="Priya Sharma", birth_date=BORN))
    when = (date(2026, 2, 12), time(11))
    book(any_database, clinic, KNOWN, *when, "Dental cleaning", now)
    return any_database


def check(
    database: Database, clinic: Clinic, user_id: str, born: date | None, now: datetime
) -> Identification:
    return identify(database, clinic, user_id, born, now, ASKS)


def failures(database: Database, user_id: str) -> list[int]:
    with database.transaction() as session:
        counted = select(IdentityFailure.failures).where(IdentityFailure.claimed_id == user_id)
        return list(session.scalars(counted.order_by(IdentityFailure.day)))


@contextmanager
def statements() -> Iterator[list[str]]:
    """What is sent to the databases meanwhile."""
    seen: list[str] = []

    def note(_c: Connection, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_who_knows_id_and_date_of_birth_is_found_with_what_is_booked(
    any_book: Database, clinic: Clinic, now: datetime
) -> None:
    found = check(any_book, clinic, KNOWN, BORN, now)
    assert found.outcome == "found"
    assert found.patient is not None
    assert (found.patient.name, len(found.appointments)) == ("Priya Sharma", 1)


def test_a_patient_without_a_date_of_birth_is_found_by_the_id(
    any_book: Database, clinic: Clinic, now: datetime
) -> None:
    assert check(any_book, clinic, "1001", None, now).outcome == "found"
    assert check(any_book, clinic, "1001", WRONG, now).outcome == "found"


@pytest.mark.parametrize("born", [None, WRONG])
def test_unknown_id_and_wrong_details_are_answered_alike(
    any_book: Database, clinic: Clinic, now: datetime, born: date | None
) -> None:
    told = [check(any_book, clinic, each, born, now) for each in (KNOWN, UNKNOWN)]
    assert told[0] == told[1]
    assert told[0].outcome == ("birth_date_needed" if born is None else "not_found")
    assert (told[0].patient, told[0].appointments, told[0].offers) == (None, [], [])
    assert failures(any_book, KNOWN) == failures(any_book, UNKNOWN) == [0 if born is None else 1]


@pytest.mark.parametrize("born", [None, WRONG])
@pytest.mark.parametrize("earlier", [0, 1, MAX_FAILURES_A_DAY])
def test_unknown_id_and_wrong_details_take_the_same_statements(
    any_book: Database, clinic: Clinic, now: datetime, born: date | None, earlier: int
) -> None:
    sent = []
    for each in (KNOWN, UNKNOWN):
        for _ in range(earlier):
            check(any_book, clinic, each, WRONG, now)
        with statements() as seen:
            check(any_book, clinic, each, born, now)
        sent.append(seen)
    assert sent[0] == sent[1]
    assert len(sent[0]) >= 5


def test_a_book_without_dates_of_birth_does_not_ask_for_one(
    any_database: Database, clinic: Clinic, now: datetime
) -> None:
    with any_database.transaction() as session:
        session.add(Patient(id="1001", name="Archit Ojha"))
    assert check(any_database, clinic, UNKNOWN, None, now).outcome == "not_found"
    assert check(any_database, clinic, "1001", None, now).outcome == "found"


@pytest.mark.parametrize("user_id", [KNOWN, UNKNOWN])
def test_after_ten_failures_a_day_an_id_is_locked_whether_it_exists_or_not(
    any_url: str, any_book: Database, clinic: Clinic, now: datetime, user_id: str
) -> None:
    for number in range(MAX_FAILURES_A_DAY):
        told = check(any_book, clinic, user_id, WRONG, now)
        assert (told.outcome, told.failures_today) == ("not_found", number)
    restarted = Database(any_url)
    for born in (None, WRONG, BORN):
        told = check(restarted, clinic, user_id, born, now)
        assert (told.outcome, told.patient, told.failures_today) == ("locked", None, 10)
    restarted.close()
    assert failures(any_book, user_id) == [MAX_FAILURES_A_DAY]
    assert check(any_book, clinic, "1001", None, now).outcome == "found"


def test_a_new_day_of_the_clinic_begins_with_no_failures(
    any_book: Database, clinic: Clinic, now: datetime
) -> None:
    evening = now.replace(hour=23, minute=59)
    for _ in range(MAX_FAILURES_A_DAY):
        check(any_book, clinic, KNOWN, WRONG, evening)
    assert check(any_book, clinic, KNOWN, BORN, evening).outcome == "locked"
    assert check(any_book, clinic, KNOWN, BORN, evening + timedelta(minutes=1)).outcome == "found"


def test_the_desk_can_unlock_an_id(any_book: Database, clinic: Clinic, now: datetime) -> None:
    for _ in range(MAX_FAILURES_A_DAY):
        check(any_book, clinic, KNOWN, WRONG, now)
    assert unlock(any_book, KNOWN, now)
    assert not unlock(any_book, KNOWN, now)
    assert not unlock(any_book, UNKNOWN, now)
    assert check(any_book, clinic, KNOWN, BORN, now).outcome == "found"


def test_guesses_at_once_never_get_more_than_ten_looks(
    any_url: str, any_book: Database, clinic: Clinic, now: datetime
) -> None:
    books = [any_book, Database(any_url), Database(any_url)]

    def guess(number: int) -> tuple[str, int]:
        born = date(1950, 1, 1) + timedelta(days=number)
        told = check(books[number % 3], clinic, KNOWN, born, now)
        return told.outcome, told.failures_today

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(guess, range(40)))
    looks = sorted(number for outcome, number in told if outcome == "not_found")
    assert looks == list(range(MAX_FAILURES_A_DAY))
    assert sum(outcome == "locked" for outcome, _ in told) == 30
    for other in books[1:]:
        other.close()


def test_answers_are_kept_back_longer_and_longer() -> None:
    waits = [wait_seconds(number) for number in range(MAX_FAILURES_A_DAY + 1)]
    assert waits == [0, 0, 0, 1, 2, 4, 8, 8, 8, 8, 8]


def test_the_right_pin_is_right_and_a_wrong_one_counts_until_the_id_is_locked(
    any_book: Database, clinic: Clinic, now: datetime
) -> None:
    assert set_pin(any_book, KNOWN, PIN, now)
    check_pin(any_book, clinic, KNOWN, PIN, now, NOBODY)
    for number in range(MAX_FAILURES_A_DAY):
        with pytest.raises(WrongPin):
            check_pin(any_book, clinic, KNOWN, f"{number:06}", now, NOBODY)
    with pytest.raises(Locked):
        check_pin(any_book, clinic, KNOWN, PIN, now, NOBODY)
    assert check(any_book, clinic, KNOWN, BORN, now).outcome == "locked"
    unlock(any_book, KNOWN, now)
    check_pin(any_book, clinic, KNOWN, PIN, now, NOBODY)


def test_a_patient_may_have_no_pin_get_another_and_lose_it(
    any_book: Database, clinic: Clinic, now: datetime
) -> None:
    with pytest.raises(NoPin):
        check_pin(any_book, clinic, KNOWN, PIN, now, NOBODY)
    set_pin(any_book, KNOWN, PIN, now)
    set_pin(any_book, KNOWN, "111222", now)
    with pytest.raises(WrongPin):
        check_pin(any_book, clinic, KNOWN, PIN, now, NOBODY)
    check_pin(any_book, clinic, KNOWN, "111222", now, NOBODY)
    assert set_pin(any_book, KNOWN, None, now)
    with pytest.raises(NoPin):
        check_pin(any_book, clinic, KNOWN, "111222", now, NOBODY)
    assert not set_pin(any_book, UNKNOWN, PIN, now)


def test_equal_pins_of_two_patients_do_not_look_alike(
    any_book: Database, clinic: Clinic, now: datetime
) -> None:
    for patient in ("1001", KNOWN):
        set_pin(any_book, patient, PIN, now)
    with any_book.transaction() as session:
        rows = session.execute(select(Base.metadata.tables["patient_pin"])).all()
    assert len({row.digest for row in rows}) == len({row.salt for row in rows}) == 2


def test_the_journal_tells_of_every_look_at_a_patient_but_keeps_no_strangers_guess(
    any_book: Database, clinic: Clinic, now: datetime
) -> None:
    check(any_book, clinic, UNKNOWN, WRONG, now)
    check(any_book, clinic, KNOWN, WRONG, now)
    check(any_book, clinic, KNOWN, None, now)
    check(any_book, clinic, KNOWN, BORN, now)
    with pytest.raises(NoPin):
        check_pin(any_book, clinic, KNOWN, PIN, now, ASKS)
    set_pin(any_book, KNOWN, PIN, now)
    with pytest.raises(WrongPin):
        check_pin(any_book, clinic, KNOWN, "1", now, ASKS)
    unlock(any_book, KNOWN, now)
    with any_book.transaction() as session:
        columns = (JournalEntry.action, JournalEntry.patient_id, JournalEntry.result)
        rows = session.execute(select(*columns).order_by(JournalEntry.position)).all()
    assert [tuple(row) for row in rows][1:] == [
        ("identify", None, "not_found"),
        ("identify", KNOWN, "not_found"),
        ("identify", KNOWN, "birth_date_needed"),
        ("identify", KNOWN, "found"),
        ("pin", KNOWN, "none"),
        ("pin", KNOWN, "pin_set"),
        ("pin", KNOWN, "wrong"),
        ("identify", KNOWN, "unlocked"),
    ]
