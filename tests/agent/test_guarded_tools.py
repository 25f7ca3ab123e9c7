"""Identity, PIN and secrets through the tools; odd arguments; the end of a call."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from kavita.agent.call_state import CallState
from kavita.agent.tools import TOOL_NAMES, AppointmentTools
from kavita.scheduling.clinic import Clinic
from kavita.store import record_tables
from kavita.store.calls import add_tool_call, start_call
from kavita.store.columns import Base
from kavita.store.database import Database
from kavita.store.identity import set_pin
from kavita.store.tables import IdentityFailure, Patient

DAY = "2026-02-12"
PIN = "739104"
BORN = "1990-05-17"
ROW = {
    *("appointment_id", "user_id", "name", "date", "time", "purpose", "status"),
    *("created_at", "modified_at"),
}


class Waits:
    """Notes how long answers were kept back."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@pytest.fixture
def any_book(any_database: Database) -> Database:
    with any_database.transaction() as session:
        born = date.fromisoformat(BORN)
        session.add(Patient(id="1001", name="Archit Ojha"))
        session.add(Patient(id="2045", name="Priya Sharma", birth_date=born))
    return any_database


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def tools(any_book: Database, clinic: Clinic, now: datetime, waits: Waits) -> AppointmentTools:
    return AppointmentTools(any_book, CallState("c1"), clinic, lambda: now, sleep=waits)


async def booked(tools: AppointmentTools, user_id: str = "1001") -> str:
    result = await tools.book_appointment(user_id, "", DAY, "10:00 AM", "Check")
    return str(result["appointment_id"])


async def test_unknown_id_and_wrong_date_sound_and_cost_the_same(tools: AppointmentTools) -> None:
    known = [await tools.identify_user("2045"), await tools.identify_user("2045", "1990-05-18")]
    tools.call_state = CallState("c2")
    unknown = [await tools.identify_user("9999"), await tools.identify_user("9999", "1990-05-18")]
    assert known == unknown
    assert [each["status"] for each in known] == ["date_of_birth_needed", "not_found"]
    assert known[1]["tries_left"] == 2


async def test_id_and_date_of_birth_together_find_the_patient(tools: AppointmentTools) -> None:
    assert (await tools.identify_user("2045", BORN))["user"]["name"] == "Priya Sharma"


async def test_giving_one_id_up_for_another_is_a_wrong_try(tools: AppointmentTools) -> None:
    for user_id in ("8001", "8001", "8002", "8003"):
        assert (await tools.identify_user(user_id))["status"] == "date_of_birth_needed"
    assert tools.call_state.tries_left == 1
    assert (await tools.identify_user("1001"))["code"] == "too_many_tries"
    assert (await tools.identify_user("1001"))["code"] == "too_many_tries"


async def test_answers_come_later_and_later_and_then_not_at_all(
    any_book: Database, clinic: Clinic, now: datetime, waits: Waits
) -> None:
    results = []
    for number in range(12):
        state = CallState(f"call-{number}")
        tools = AppointmentTools(any_book, state, clinic, lambda: now, sleep=waits)
        results.append(await tools.identify_user("2045", "1990-05-18"))
    assert waits.seconds == [0, 0, 0, 1, 2, 4, 8, 8, 8, 8, 8, 8]
    assert [each.get("code") for each in results] == [None] * 10 + ["locked"] * 2
    assert (await tools.identify_user("2045", BORN))["code"] == "locked"
    assert tools.call_state.patient is None


async def test_another_patient_needs_every_factor_and_voids_what_was_proven(
    any_book: Database, clinic: Clinic, now: datetime, waits: Waits
) -> None:
    set_pin(any_book, "1001", PIN, now)
    guarded = replace(clinic, pin_for_changes=True)
    tools = AppointmentTools(any_book, CallState("c1"), guarded, lambda: now, sleep=waits)
    await tools.identify_user("1001")
    mine = await booked(tools)
    assert (await tools.modify_appointment("1001", mine, "", "11 AM", pin=PIN))["status"] == (
        "modified"
    )
    await tools.fetch_slots(DAY)
    assert (await tools.identify_user("2045"))["status"] == "date_of_birth_needed"
    assert (await tools.cancel_appointment("2045", mine))["code"] == "wrong_user"
    await tools.identify_user("2045", BORN)
    assert (tools.call_state.pin_checked, tools.call_state.shown) == (False, None)
    for user_id, code in (("1001", "wrong_user"), ("2045", "pin_needed")):
        assert (await tools.cancel_appointment(user_id, mine))["code"] == code
    assert (await tools.cancel_appointment("2045", mine, PIN))["code"] == "no_pin"


async def test_the_same_request_for_two_patients_in_one_turn_is_two_requests(
    tools: AppointmentTools,
) -> None:
    await tools.identify_user("1001")
    first = await tools.book_appointment("1001", "", DAY, "10:00 AM", "Check")
    await tools.identify_user("2045", BORN)
    second = await tools.book_appointment("2045", "", DAY, "10:00 AM", "Check")
    assert (first["status"], second["code"]) == ("booked", "slot_taken")


async def test_the_pin_is_asked_for_once_a_call_and_three_wrong_ones_are_enough(
    any_book: Database, clinic: Clinic, now: datetime, waits: Waits
) -> None:
    set_pin(any_book, "1001", PIN, now)
    guarded = replace(clinic, pin_for_changes=True)
    tools = AppointmentTools(any_book, CallState("c1"), guarded, lambda: now, sleep=waits)
    await tools.identify_user("1001")
    mine = await booked(tools)
    assert (await tools.cancel_appointment("1001", mine))["code"] == "pin_needed"
    wrong = [await tools.cancel_appointment("1001", mine, f"{n}") for n in range(3)]
    assert [each["code"] for each in wrong] == ["wrong_pin"] * 3
    assert [each["tries_left"] for each in wrong] == [2, 1, 0]
    assert (await tools.cancel_appointment("1001", mine, PIN))["code"] == "too_many_tries"
    tools = AppointmentTools(any_book, CallState("c2"), guarded, lambda: now, sleep=waits)
    await tools.identify_user("1001")
    spelt = await tools.modify_appointment("1001", mine, "", "11 AM", pin=" ".join(PIN))
    assert spelt["status"] == "modified"
    assert (await tools.cancel_appointment("1001", mine))["status"] == "cancelled"


async def test_secrets_are_in_no_record_file_or_journal(
    any_url: str, any_book: Database, clinic: Clinic, now: datetime, waits: Waits
) -> None:
    set_pin(any_book, "2045", PIN, now)
    start_call(any_book, "c1", now)

    def record(name: str, arguments: dict[str, Any], result: dict[str, Any]) -> None:
        add_tool_call(any_book, "c1", name, arguments, result, now)
        seen.append(arguments)

    seen: list[dict[str, Any]] = []
    guarded = replace(clinic, pin_for_changes=True)
    tools = AppointmentTools(any_book, CallState("c1"), guarded, lambda: now, record, waits)
    await tools.identify_user("2045", BORN)
    mine = await booked(tools, "2045")
    await tools.modify_appointment("2045", mine, "", "11 AM", pin=PIN)
    await tools.run("cancel_appointment", {"pin": PIN, "odd": "1"})
    await tools.cancel_appointment("2045", mine, PIN)
    assert PIN not in json.dumps(seen)
    assert BORN not in json.dumps(seen)
    assert sum("(not shown)" in each.values() for each in seen) == 4
    assert not [text for text in _everything(any_book) if PIN in text]
    if any_url.startswith("sqlite"):
        for path in Path(any_url.removeprefix("sqlite:///")).parent.iterdir():
            assert PIN.encode() not in path.read_bytes()


def _everything(database: Database) -> Iterator[str]:
    """Every row of every table, as text."""
    assert record_tables.Idempotency.metadata is Base.metadata
    with database.transaction() as session:
        for table in Base.metadata.sorted_tables:
            yield from (str(tuple(row)) for row in session.execute(select(table)))


@pytest.mark.parametrize("odd", ["x" * 65, "9" * 100_000, "\x00", "\ud800", "'; DROP TABLE x"])
async def test_odd_ids_are_answered_and_leave_nothing_odd_behind(
    any_book: Database, tools: AppointmentTools, odd: str
) -> None:
    result = await tools.identify_user(odd)
    assert result.get("code", "not_found") in ("not_found", "invalid_arguments")
    with any_book.transaction() as session:
        claimed = session.scalars(select(IdentityFailure.claimed_id)).all()
    assert all(len(each) <= 64 and each.isalnum() for each in claimed)


ODD = ("\ud800", "\x00", "\u202e", "x" * 100_000, "😀", "a\ud800")


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
async def test_odd_words_in_any_argument_are_an_answer_not_a_crash(
    tools: AppointmentTools, odd: str
) -> None:
    await tools.identify_user("1001")
    mine = await booked(tools)
    whole = {"user_id": "1001", "name": "Archit Ojha", "date": DAY, "time_slot": "11:00 AM"}
    whole |= {"purpose": "Visit", "practitioner": "", "visit_type": "", "waitlist": ""}
    moving = {"user_id": "1001", "appointment_id": mine, "new_date": DAY, "pin": ""}
    moving |= {"new_time_slot": "02:00 PM", "practitioner": "any", "waitlist": ""}
    calls = [("book_appointment", whole), ("modify_appointment", moving)]
    calls.append(("cancel_appointment", {"user_id": "1001", "appointment_id": mine, "pin": ""}))
    calls.append(("register_user", {"name": "Test", "phone": "", "date_of_birth": ""}))
    for name, arguments in calls:
        for key, value in arguments.items():
            tools.begin_turn()
            for text in (odd, value + odd):
                result = await tools.run(name, arguments | {key: text})
                assert result["status"] != "error" or result["code"] != "book_unavailable"
                json.dumps(result).encode()
        if name == "register_user":
            return
        await tools.identify_user("1001")


async def test_after_the_end_every_tool_says_so_and_does_nothing(
    any_book: Database, tools: AppointmentTools
) -> None:
    await tools.identify_user("1001")
    mine = await booked(tools)
    await tools.close()
    await tools.close()
    arguments: dict[str, dict[str, str]] = {
        "identify_user": {"user_id": "1001"},
        "register_user": {"name": "Test Patient"},
        "fetch_slots": {"date": DAY},
        "book_appointment": {
            **{"user_id": "1001", "name": "", "date": DAY},
            **{"time_slot": "11:00 AM", "purpose": "Visit"},
        },
        "retrieve_appointments": {"user_id": "1001"},
        "cancel_appointment": {"user_id": "1001", "appointment_id": mine},
        "modify_appointment": {"user_id": "1001", "appointment_id": mine, "new_date": "2026-02-13"},
        "end_conversation": {},
    }
    for name in TOOL_NAMES:
        assert (await tools.run(name, arguments[name]))["code"] == "call_over"


async def test_a_plain_clinics_results_have_the_keys_that_pages_know(
    tools: AppointmentTools,
) -> None:
    found = await tools.identify_user("1001")
    assert {*found} == {"status", "user", "active_appointments"}
    slots = await tools.fetch_slots(DAY)
    assert {*slots} == {
        *("status", "date", "weekday", "available_slots", "booked_slots", "available_count"),
    }
    made = await tools.book_appointment("1001", "", DAY, "10:00 AM", "Check")
    assert {*made} == ROW
    listed = await tools.retrieve_appointments("1001")
    assert {*listed} == {"status", "user_id", "count", "appointments"}
    assert {*listed["appointments"][0]} == ROW
    moved = await tools.modify_appointment("1001", made["appointment_id"], "", "11:00 AM")
    assert {*moved} == ROW | {"previous_date", "previous_time"}
    assert {*await tools.cancel_appointment("1001", made["appointment_id"])} == ROW
    assert {*await tools.end_conversation()} == {"status", "message"}
    registered = await tools.register_user("Test Patient")
    assert {*registered} == {"status", "user", "active_appointments"}
