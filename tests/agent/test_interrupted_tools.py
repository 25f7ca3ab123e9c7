"""A caller who cuts in stops the waiting, never the work: nothing is half done or unrecorded."""

import asyncio
import inspect
from datetime import datetime
from typing import Any

import pytest

from kavita.agent.call_state import CallState
from kavita.agent.tools import AppointmentTools
from kavita.scheduling.clinic import Clinic
from kavita.store.appointments import upcoming
from kavita.store.database import Database, StoreUnavailable
from kavita.store.demo import seed_demo


@pytest.fixture
def seen() -> list[dict[str, Any]]:
    return []


@pytest.fixture
async def tools(
    database: Database, clinic: Clinic, now: datetime, seen: list[dict[str, Any]]
) -> AppointmentTools:
    seed_demo(database, clinic, now)
    tools = AppointmentTools(database, CallState("daa2916a"), clinic, lambda: now)
    await tools.identify_user("1001")
    tools.on_result = lambda _name, _arguments, result: seen.append(result)
    return tools


def _booking(tools: AppointmentTools, start: str) -> "asyncio.Task[dict[str, Any]]":
    booking = tools.book_appointment("1001", "Archit Ojha", "2026-02-12", start, "Lab visit")
    assert inspect.iscoroutine(booking)
    return asyncio.create_task(booking)


async def test_a_booking_whose_waiter_is_cancelled_is_finished_and_recorded(
    tools: AppointmentTools, database: Database, now: datetime, seen: list[dict[str, Any]]
) -> None:
    with database.transaction():  # the booking waits for the connection
        waiting = _booking(tools, "12:00 PM")
        await asyncio.sleep(0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert seen == []
    await tools.settle()
    assert [result["status"] for result in seen] == ["booked"]
    booked = {row.id for row in upcoming(database, "1001", now)}
    assert seen[0]["appointment_id"] in booked


async def test_wherever_the_waiter_is_cancelled_book_and_record_agree(
    tools: AppointmentTools, database: Database, now: datetime, seen: list[dict[str, Any]]
) -> None:
    starts = [f"{hour:02d}:{minute:02d} PM" for hour in range(1, 6) for minute in (0, 30)]
    for steps, start in enumerate(starts):
        waiting = _booking(tools, start)
        for _ in range(steps):
            await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        await tools.settle()
    recorded = {result["appointment_id"] for result in seen if result["status"] == "booked"}
    in_book = {row.id for row in upcoming(database, "1001", now) if row.purpose == "Lab visit"}
    assert recorded == in_book
    assert (
        len(seen) == len(in_book) >= len(starts) - 1
    )  # cancelled before its first step: never ran


async def test_the_next_tool_sees_what_an_interrupted_one_did(
    tools: AppointmentTools, database: Database
) -> None:
    with database.transaction():
        waiting = _booking(tools, "12:00 PM")
        await asyncio.sleep(0.05)
        waiting.cancel()
        listing = asyncio.create_task(tools.run("retrieve_appointments", {"user_id": "1001"}))
        await asyncio.sleep(0.05)
    assert (await listing)["count"] == 3
    tools.begin_turn()
    assert (await _booking(tools, "12:00 PM"))["code"] == "already_booked"


async def test_tools_asked_for_at_once_run_one_after_the_other(
    tools: AppointmentTools, seen: list[dict[str, Any]]
) -> None:
    results = await asyncio.gather(*(_booking(tools, "12:00 PM") for _ in range(4)))
    assert [result["status"] for result in results] == ["booked"] * 4
    assert len({result["appointment_id"] for result in results}) == 1
    assert seen == results


async def test_a_record_that_cannot_be_written_does_not_undo_the_booking(
    tools: AppointmentTools,
) -> None:
    def fail(_name: str, _arguments: dict[str, Any], _result: dict[str, Any]) -> None:
        raise StoreUnavailable("the disk is full")

    tools.on_result = fail
    assert (await _booking(tools, "12:00 PM"))["status"] == "booked"


async def test_settling_with_nothing_to_do_returns_at_once(tools: AppointmentTools) -> None:
    await asyncio.wait_for(tools.settle(), timeout=1)
