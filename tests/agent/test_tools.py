"""The eight tools over a real book: what they return, and to whom."""

import inspect
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from loguru import logger

from kavita.agent.call_state import CallState, IdentifiedPatient
from kavita.agent.tools import TOOL_NAMES, AppointmentTools
from kavita.scheduling.clinic import Clinic
from kavita.store.appointments import upcoming
from kavita.store.database import Database
from kavita.store.demo import seed_demo
from kavita.store.exchange.appointments_json import export_text

OWN = ("retrieve_appointments", "book_appointment", "cancel_appointment", "modify_appointment")
THURSDAY = "2026-02-12"


class Clock:
    """A clock that the test moves."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def demo(database: Database, clinic: Clinic, now: datetime) -> Database:
    seed_demo(database, clinic, now)
    return database


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def tools(demo: Database, clinic: Clinic, clock: Clock) -> AppointmentTools:
    return AppointmentTools(demo, CallState("daa2916a"), clinic, clock)


@pytest.fixture
async def archit(tools: AppointmentTools) -> AppointmentTools:
    """The tools of a call in which 1001 is identified."""
    await tools.identify_user("1001")
    return tools


def booking(**changes: str) -> dict[str, str]:
    wanted = {
        "user_id": "1001",
        "name": "Archit Ojha",
        "date": THURSDAY,
        "time_slot": "12:00 PM",
        "purpose": "Lab visit",
    }
    return wanted | changes


async def test_the_example_conversation(tools: AppointmentTools) -> None:
    found = await tools.identify_user("1001")
    assert found["status"] == "found"
    assert found["user"] == {"user_id": "1001", "name": "Archit Ojha"}
    checkup = found["active_appointments"][0]
    assert len(found["active_appointments"]) == 2
    assert checkup == {
        "appointment_id": checkup["appointment_id"],
        "user_id": "1001",
        "name": "Archit Ojha",
        "date": "2026-02-10",
        "time": "10:00 AM",
        "purpose": "General checkup",
        "status": "booked",
        "created_at": "2026-02-09T08:00:00",
        "modified_at": None,
    }
    slots = await tools.fetch_slots(THURSDAY)
    assert slots["status"] == "ok"
    assert slots["weekday"] == "Thursday"
    assert slots["available_count"] == len(slots["available_slots"]) == 17
    assert slots["booked_slots"] == ["11:00 AM"]
    booked = await tools.book_appointment("1001", "Archit Ojha", THURSDAY, "12 PM", "Lab visit")
    assert booked["status"] == "booked"
    assert (booked["date"], booked["time"], booked["purpose"]) == (
        *(THURSDAY, "12:00 PM", "Lab visit"),
    )
    listed = await tools.retrieve_appointments("1001")
    assert (listed["status"], listed["user_id"], listed["count"]) == ("found", "1001", 3)
    assert listed["appointments"][1] == booked
    assert await tools.end_conversation() == {
        "status": "ended",
        "message": "The call ends after your goodbye.",
    }
    assert tools.call_state.ended


async def test_moving_says_when_it_was_before(archit: AppointmentTools) -> None:
    first = (await archit.retrieve_appointments("1001"))["appointments"][0]
    moved = await archit.modify_appointment("1001", first["appointment_id"], "", "3 PM")
    assert moved == first | {
        "status": "modified",
        "time": "03:00 PM",
        "modified_at": "2026-02-09T08:00:00",
        "previous_date": "2026-02-10",
        "previous_time": "10:00 AM",
    }
    moved = await archit.modify_appointment("1001", first["appointment_id"], THURSDAY)
    assert (moved["date"], moved["time"]) == (THURSDAY, "03:00 PM")


async def test_cancelling_returns_the_row_and_frees_the_time(archit: AppointmentTools) -> None:
    first = (await archit.retrieve_appointments("1001"))["appointments"][0]
    cancelled = await archit.cancel_appointment("1001", first["appointment_id"])
    assert cancelled == first | {"status": "cancelled", "modified_at": "2026-02-09T08:00:00"}
    assert "10:00 AM" in (await archit.fetch_slots("2026-02-10"))["available_slots"]


async def test_a_new_patient_is_registered_and_identified(tools: AppointmentTools) -> None:
    registered = await tools.register_user("  Test  Patient ", "+91 98765 43210")
    user_id = registered["user"]["user_id"]
    assert registered == {
        "status": "registered",
        "user": {"user_id": user_id, "name": "Test Patient"},
        "active_appointments": [],
    }
    booked = await tools.run("book_appointment", booking(user_id=user_id))
    assert (booked["status"], booked["name"]) == ("booked", "Test Patient")


async def test_a_call_registers_one_new_patient(tools: AppointmentTools) -> None:
    first = await tools.register_user("Test Patient")
    tools.call_state.turn += 1
    second = await tools.register_user("Test Patient")
    assert (first["status"], second["code"]) == ("registered", "registered_already")


async def test_days_without_a_free_time_name_the_next_that_has_one(
    archit: AppointmentTools, clock: Clock
) -> None:
    assert await archit.fetch_slots("2026-02-15") == {
        "status": "closed",
        "date": "2026-02-15",
        "weekday": "Sunday",
        "available_slots": [],
        "booked_slots": [],
        "available_count": 0,
        "next_open_date": "2026-02-16",
    }
    clock.now = clock.now.replace(hour=17, minute=45)
    today = await archit.fetch_slots("2026-02-09")
    assert (today["status"], today["available_count"]) == ("ok", 0)
    assert today["next_open_date"] == "2026-02-10"


@pytest.mark.parametrize("name", OWN)
async def test_nothing_is_done_before_somebody_is_identified(
    demo: Database, clinic: Clinic, tools: AppointmentTools, now: datetime, name: str
) -> None:
    before = export_text(demo, clinic)
    result = await tools.run(name, _claims(demo, name, "1001", now))
    assert (result["status"], result["code"]) == ("error", "not_identified")
    assert export_text(demo, clinic) == before


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("claimed", ["2045", "", "10011", "0000", "*", "1001' OR '1'='1"])
async def test_another_patients_id_is_refused(
    demo: Database, clinic: Clinic, archit: AppointmentTools, now: datetime, name: str, claimed: str
) -> None:
    before = export_text(demo, clinic)
    result = await archit.run(name, _claims(demo, name, claimed, now))
    assert (result["status"], result["code"]) == ("error", "wrong_user")
    assert export_text(demo, clinic) == before
    assert "Priya" not in json.dumps(result)


@pytest.mark.parametrize("name", OWN)
async def test_the_refusal_comes_before_the_database_is_touched(
    demo: Database, archit: AppointmentTools, now: datetime, name: str
) -> None:
    claims = _claims(demo, name, "2045", now)
    with demo.transaction():  # holds the only connection: touching the book would time out
        assert (await archit.run(name, claims))["code"] == "wrong_user"


@pytest.mark.parametrize("name", ["cancel_appointment", "modify_appointment"])
async def test_another_patients_appointment_is_not_found_under_ones_own_id(
    demo: Database, clinic: Clinic, archit: AppointmentTools, now: datetime, name: str
) -> None:
    before = export_text(demo, clinic)
    result = await archit.run(name, _claims(demo, name, "2045", now) | {"user_id": "1001"})
    assert result["code"] == "appointment_not_found"
    assert export_text(demo, clinic) == before


async def test_three_unknown_ids_are_all_that_a_call_may_try(tools: AppointmentTools) -> None:
    results = [await tools.identify_user(wrong) for wrong in ("1002", "1003", "1004")]
    assert [result["status"] for result in results] == ["not_found"] * 3
    assert [result["tries_left"] for result in results] == [2, 1, 0]
    assert (await tools.identify_user("1001"))["code"] == "too_many_tries"
    assert tools.call_state.patient is None


async def test_another_known_id_changes_the_patient_and_an_unknown_one_does_not(
    archit: AppointmentTools,
) -> None:
    await archit.identify_user("9999")
    assert archit.call_state.patient == IdentifiedPatient("1001", "Archit Ojha")
    await archit.identify_user("2 0 4 5")
    assert archit.call_state.patient == IdentifiedPatient("2045", "Priya Sharma")
    assert (await archit.retrieve_appointments("1001"))["code"] == "wrong_user"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"date": "tomorrow"}, "invalid_date"),
        ({"date": "2026-02-30"}, "invalid_date"),
        ({"time_slot": "noon"}, "invalid_time"),
        ({"time_slot": "12:10 PM"}, "invalid_time"),
        ({"date": "2026-02-06"}, "past_time"),
        ({"date": "2027-12-01"}, "too_far_ahead"),
        ({"date": "9999-12-31"}, "too_far_ahead"),
        ({"date": "2026-02-15"}, "clinic_closed"),
        ({"time_slot": "11:00 AM"}, "slot_taken"),
        ({"date": "2026-02-10", "time_slot": "10:00 AM"}, "already_booked"),
        ({"purpose": " \n"}, "invalid_arguments"),
    ],
)
async def test_what_cannot_be_booked_comes_back_with_a_code_and_kind_words(
    demo: Database, clinic: Clinic, archit: AppointmentTools, changes: dict[str, str], code: str
) -> None:
    before = export_text(demo, clinic)
    result = await archit.run("book_appointment", booking(**changes))
    assert (result["status"], result["code"]) == ("error", code)
    assert result["message"]
    assert ("alternatives" in result) == (code == "slot_taken")
    assert ("next_open_date" in result) == (code == "clinic_closed")
    assert export_text(demo, clinic) == before


@pytest.mark.parametrize(
    ("name", "arguments", "code"),
    [
        ("register_user", {"name": "12"}, "invalid_name"),
        ("register_user", {"name": "x" * 81}, "invalid_name"),
        ("register_user", {"name": "Test Patient", "phone": "12"}, "invalid_arguments"),
        ("fetch_slots", {"date": "2026-02-08"}, "past_time"),
        ("identify_user", {"user_id": "?"}, "invalid_arguments"),
        ("modify_appointment", {"user_id": "1001", "appointment_id": "x"}, "invalid_arguments"),
        (
            "cancel_appointment",
            {"user_id": "1001", "appointment_id": "\0"},
            "appointment_not_found",
        ),
    ],
)
async def test_what_cannot_be_understood_comes_back_with_a_code(
    archit: AppointmentTools, name: str, arguments: dict[str, str], code: str
) -> None:
    assert (await archit.run(name, arguments))["code"] == code
    assert archit.call_state.failed_tries == 0


async def test_arguments_of_the_wrong_kind_are_an_answer_not_a_crash(
    tools: AppointmentTools,
) -> None:
    wrong = [None, [], "1001", 7, {"self": "x"}, {"extra": "x"}, {7: "x"}, {"user_id": 1001}]
    for name in TOOL_NAMES:
        for arguments in wrong:
            result = await tools.run(name, arguments)
            assert (result["status"], result["code"]) == ("error", "invalid_arguments")


async def test_an_unknown_tool_is_an_answer_not_a_crash(tools: AppointmentTools) -> None:
    for name in ("drop_table", "", "run", "__init__", "settle", "_clock"):
        assert (await tools.run(name, {}))["code"] == "unknown_tool"


async def test_a_direct_call_with_a_wrong_type_is_an_answer_too(tools: AppointmentTools) -> None:
    assert (await tools.identify_user(1001))["code"] == "invalid_arguments"


async def test_long_and_hostile_text_is_kept_short_and_clean(archit: AppointmentTools) -> None:
    result = await archit.run("book_appointment", booking(purpose="Lab\0 visit\u202e\n" * 99))
    assert result["purpose"].startswith("Lab visit Lab visit")
    assert len(result["purpose"]) <= 200
    assert archit.call_state.patient == IdentifiedPatient("1001", "Archit Ojha")


async def test_a_name_that_the_model_made_up_is_not_written_down(archit: AppointmentTools) -> None:
    result = await archit.run("book_appointment", booking(name="Somebody Else"))
    assert result["name"] == "Archit Ojha"


async def test_every_run_is_seen_once_with_its_arguments_and_result(
    archit: AppointmentTools,
) -> None:
    seen: list[tuple[str, dict[str, Any], dict[str, Any]]] = []

    async def observe(name: str, arguments: dict[str, Any], result: dict[str, Any]) -> None:
        seen.append((name, arguments, result))

    archit.on_result = observe
    direct = await archit.fetch_slots(THURSDAY)
    by_name = await archit.run("modify_appointment", {"user_id": "1001", "appointment_id": "x"})
    refused = await archit.run("fetch_slots", {"extra": "x"})
    archit.on_result = lambda name, arguments, result: seen.append((name, arguments, result))
    ended = await archit.end_conversation()
    assert seen == [
        ("fetch_slots", {"date": THURSDAY}, direct),
        ("modify_appointment", {"user_id": "1001", "appointment_id": "x"}, by_name),
        ("fetch_slots", {"extra": "x"}, refused),
        ("end_conversation", {}, ended),
    ]


async def test_results_are_json(archit: AppointmentTools) -> None:
    results = [
        await archit.run("book_appointment", booking()),
        await archit.fetch_slots("2026-02-15"),
        await archit.identify_user("2045"),
    ]
    assert json.loads(json.dumps(results)) == results


@pytest.fixture
def log() -> Iterator[list[str]]:
    lines: list[str] = []
    sink = logger.add(lines.append, level="DEBUG")
    yield lines
    logger.remove(sink)


async def test_a_book_out_of_reach_is_said_kindly_and_logged_once_without_names(
    tmp_path: Path, clinic: Clinic, clock: Clock, log: list[str]
) -> None:
    database = Database(f"sqlite:///{tmp_path}")  # a folder: it cannot be opened
    state = CallState("daa2916a", IdentifiedPatient("1001", "Archit Ojha"))
    tools = AppointmentTools(database, state, clinic, clock)
    result = await tools.run("book_appointment", booking())
    assert (result["status"], result["code"]) == ("error", "book_unavailable")
    assert str(tmp_path) not in result["message"]
    assert len(log) == 1
    assert str(tmp_path) in log[0]
    assert "daa2916a" in log[0]
    assert not any(word in log[0] for word in ("1001", "Archit", "Lab visit"))


def test_every_tool_tells_the_model_what_it_is_for() -> None:
    public = [
        name
        for name, member in vars(AppointmentTools).items()
        if inspect.iscoroutinefunction(member) and not name.startswith("_") and name != "run"
    ]
    assert sorted(public) == sorted(TOOL_NAMES)
    for name in TOOL_NAMES:
        tool = getattr(AppointmentTools, name)
        parameters = [key for key in inspect.signature(tool).parameters if key != "self"]
        documented = inspect.getdoc(tool) or ""
        assert all(f"    {parameter}: " in documented for parameter in parameters)
        assert bool(parameters) == ("Args:" in documented)


def _claims(database: Database, name: str, user_id: str, now: datetime) -> dict[str, str]:
    """Return arguments that would work for Priya Sharma, under the ID claimed."""
    (cleaning,) = upcoming(database, "2045", now)
    return {
        "retrieve_appointments": {"user_id": user_id},
        "book_appointment": booking(user_id=user_id),
        "cancel_appointment": {"user_id": user_id, "appointment_id": cleaning.id},
        "modify_appointment": {
            "user_id": user_id,
            "appointment_id": cleaning.id,
            "new_time_slot": "12:00 PM",
        },
    }[name]
