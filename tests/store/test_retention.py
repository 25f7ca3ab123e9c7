"""What is over goes, what is not stays, and the journal stays whole."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kavita.scheduling.clinic import Clinic
from kavita.scheduling.errors import SlotTaken
from kavita.scheduling.slots import TimeRange
from kavita.scheduling.times import to_utc
from kavita.store.appointments import book, cancel
from kavita.store.calls import add_tool_call, add_turn, read_call, start_call
from kavita.store.database import Database, insert_new
from kavita.store.holds import hold_times
from kavita.store.idempotency import request_key
from kavita.store.identity import identify
from kavita.store.journal import Request
from kavita.store.journal_check import check_journal
from kavita.store.patients import register_patient
from kavita.store.record_tables import CallToolCall, CallTurn, Idempotency
from kavita.store.retention import CHUNK, Tidied, tidy
from kavita.store.tables import Hold, IdentityFailure, PractitionerClaim, WaitlistOffer
from kavita.store.waitlist import Wish, join

THURSDAY = date(2026, 2, 12)


def count(database: Database, table: type) -> int:
    with database.transaction() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def keep(database: Database, clinic: Clinic, hour: int, call_id: str, now: datetime) -> int:
    at = to_utc(THURSDAY, time(hour), clinic.timezone)
    slot = (clinic.practitioners[0], TimeRange(at, at + timedelta(minutes=30)))
    return hold_times(database, clinic, clinic.visit_types[0], [slot], call_id, now)


def test_in_an_empty_book_there_is_nothing_to_do(
    any_database: Database, clinic: Clinic, now: datetime
) -> None:
    assert tidy(any_database, clinic, now, 365) == Tidied(0, 0, 0, 0, 0)


def test_holds_that_are_over_go_with_their_claims_and_others_stay(
    any_database: Database, clinic: Clinic, now: datetime
) -> None:
    later = now + timedelta(minutes=clinic.hold_minutes)
    assert keep(any_database, clinic, 10, "one", now)
    assert keep(any_database, clinic, 11, "two", later)
    assert tidy(any_database, clinic, later, 0).holds == 1
    assert count(any_database, Hold) == 1
    assert count(any_database, PractitionerClaim) == 6
    assert check_journal(any_database).problems == ()


def test_an_offer_that_nobody_took_goes_to_the_next_in_line(
    any_database: Database, clinic: Clinic, now: datetime
) -> None:
    patients = [register_patient(any_database, "Test Patient", now).id for _ in range(3)]
    freed = book(any_database, clinic, patients[0], THURSDAY, time(10), "Checkup", now).id
    early = to_utc(THURSDAY, time(9), clinic.timezone)
    wish = Wish(early, early + timedelta(hours=3), clinic.visit_types[0])
    for patient in patients[1:]:
        join(any_database, clinic, patient, wish, now, Request("call", 1, "wait"))
    cancel(any_database, clinic, patients[0], freed, now)
    later = now + timedelta(minutes=clinic.waitlist_claim_minutes)
    tidied = tidy(any_database, clinic, later, 0)
    assert (tidied.offers, tidied.holds) == (1, 0)
    with any_database.transaction() as session:
        offers = session.scalars(select(WaitlistOffer.status).order_by(WaitlistOffer.id)).all()
    assert offers == ["lapsed", "open"]
    with pytest.raises(SlotTaken):
        book(any_database, clinic, patients[0], THURSDAY, time(10), "Checkup", later)
    last = later + timedelta(minutes=clinic.waitlist_claim_minutes)
    assert tidy(any_database, clinic, last, 0).offers == 1
    book(any_database, clinic, patients[0], THURSDAY, time(10), "Checkup", last)
    assert check_journal(any_database).problems == ()


def test_wrong_tries_are_forgotten_after_yesterday(
    any_database: Database, clinic: Clinic, now: datetime
) -> None:
    for days in range(4):
        at = now - timedelta(days=days)
        identify(any_database, clinic, "9999", None, at, Request("call", 1, "identify_user"))
    assert tidy(any_database, clinic, now, 0).failures == 2
    with any_database.transaction() as session:
        days_left = session.scalars(select(IdentityFailure.day).order_by(IdentityFailure.day)).all()
    assert days_left == [now.date() - timedelta(days=1), now.date()]


def test_answered_requests_are_forgotten_after_two_days(
    any_database: Database, clinic: Clinic, now: datetime
) -> None:
    for hours in (0, 47, 48, 49, 72):
        request = Request("call", hours, "register", request_key("call", hours, "register", {}))
        at = now - timedelta(hours=hours)
        register_patient(any_database, "Test Patient", at, request=request)
    assert tidy(any_database, clinic, now, 0).requests == 2
    assert count(any_database, Idempotency) == 3


def test_calls_are_kept_as_long_as_the_setting_says(
    any_database: Database, clinic: Clinic, now: datetime
) -> None:
    for days in (0, 29, 31, 400):
        at = now - timedelta(days=days)
        start_call(any_database, f"c{days}", at)
        add_turn(any_database, f"c{days}", "caller", "Hello", False, at)
        add_tool_call(any_database, f"c{days}", "fetch_slots", {}, {"status": "found"}, at)
    assert tidy(any_database, clinic, now, 0).calls == 0
    assert tidy(any_database, clinic, now, 30).calls == 2
    assert [read_call(any_database, f"c{days}") is None for days in (0, 29, 31, 400)] == [
        *(False, False),
        *(True, True),
    ]
    assert count(any_database, CallTurn) == count(any_database, CallToolCall) == 2


def test_more_than_a_transactions_worth_goes_too(
    any_database: Database, clinic: Clinic, now: datetime
) -> None:
    with any_database.transaction() as session:
        add_many(session, lambda n: {"id": n, "expires_at": now - timedelta(minutes=n)})
    assert tidy(any_database, clinic, now, 0).holds == 2 * CHUNK + 1


def add_many(session: Session, of: Callable[[int], dict[str, object]]) -> None:
    fixed = {"practitioner_id": 1, "occupied_from": 0, "occupied_until": 300, "call_id": "c"}
    for number in range(1, 2 * CHUNK + 2):
        insert_new(session, Hold, fixed | of(number))
