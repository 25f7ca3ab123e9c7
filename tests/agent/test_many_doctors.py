"""The tools in a clinic with three practitioners and four kinds of visit."""

from datetime import datetime
from typing import Any

import pytest

from kavita import wire
from kavita.agent.call_state import CallState
from kavita.agent.text_call import TextCall
from kavita.agent.tools import AppointmentTools
from kavita.receptionist.understanding.understanding import times_said
from kavita.scheduling.times import format_time
from kavita.store.database import Database
from tests.fakes.three_doctors import (
    AWAY,
    CHECKUP,
    CLOSED,
    FRIDAY,
    IYER,
    MEHTA,
    RAO,
    THREE_DOCTORS,
    THURSDAY,
    write_clinic,
)

DAY = THURSDAY.isoformat()


async def no_wait(_seconds: float) -> None:
    """Answers are not kept back."""


@pytest.fixture
def book(database: Database) -> Database:
    write_clinic(database, THREE_DOCTORS, ["1001", "2045"])
    return database


@pytest.fixture
async def archit(book: Database, now: datetime) -> AppointmentTools:
    return await caller(book, now, "1001", "c1")


@pytest.fixture
async def priya(book: Database, now: datetime) -> AppointmentTools:
    return await caller(book, now, "2045", "c2")


async def caller(book: Database, now: datetime, user_id: str, call_id: str) -> AppointmentTools:
    tools = AppointmentTools(book, CallState(call_id), THREE_DOCTORS, lambda: now, sleep=no_wait)
    assert (await tools.identify_user(user_id))["status"] == "found"
    return tools


async def book_at(tools: AppointmentTools, start: str, **more: str) -> dict[str, Any]:
    patient = tools.call_state.patient
    assert patient is not None
    tools.begin_turn()
    asked = {"user_id": patient.user_id, "name": "", "purpose": "Visit", "date": DAY}
    return await tools.run("book_appointment", asked | {"time_slot": start} | more)


async def test_without_a_wish_the_times_of_all_who_offer_a_checkup_are_shown(
    archit: AppointmentTools,
) -> None:
    slots = await archit.fetch_slots(DAY)
    assert (slots["practitioner"], slots["visit_type"], slots["minutes"]) == ("any", "Check-up", 30)
    assert slots["free_with"]["09:00 AM"] == [RAO.name, MEHTA.name, IYER.name]
    assert slots["free_with"]["01:00 PM"] == [MEHTA.name, IYER.name]


@pytest.mark.parametrize(
    "said", ["Dr. Rao", "rao", "Doctor Rao", "RAO", "dermatology", "the dermatology"]
)
async def test_one_practitioner_is_meant_by_name_key_or_specialty(
    archit: AppointmentTools, said: str
) -> None:
    slots = await archit.fetch_slots(DAY, practitioner=said)
    assert slots["practitioner"] == "Dr. Rao"
    assert "01:00 PM" not in slots["available_slots"]


@pytest.mark.parametrize("said", ["any", "Anyone", "anybody", "", " "])
async def test_any_practitioner_will_do(archit: AppointmentTools, said: str) -> None:
    assert (await archit.fetch_slots(DAY, practitioner=said))["practitioner"] == "any"


async def test_a_specialty_of_two_means_both(archit: AppointmentTools) -> None:
    slots = await archit.fetch_slots(DAY, practitioner="general practice")
    assert slots["free_with"]["09:00 AM"] == [MEHTA.name, IYER.name]


async def test_a_kind_of_visit_has_its_length_and_its_practitioners(
    archit: AppointmentTools,
) -> None:
    slots = await archit.fetch_slots(DAY, visit_type="skin")
    assert (slots["practitioner"], slots["minutes"]) == ("Dr. Rao", 60)
    assert "12:00 PM" in slots["available_slots"]
    assert "12:30 PM" not in slots["available_slots"]
    refused = await archit.fetch_slots(DAY, practitioner="Dr. Iyer", visit_type="skin")
    assert (refused["code"], refused["practitioners"]) == ("not_offered", ["Dr. Rao"])


@pytest.mark.parametrize(
    ("part", "first", "last"),
    [
        ("morning", "09:00 AM", "11:30 AM"),
        ("Afternoon", "12:00 PM", "04:30 PM"),
        ("evening", "05:00 PM", "05:30 PM"),
        ("", "09:00 AM", "05:30 PM"),
    ],
)
async def test_a_part_of_the_day_has_only_its_times(
    archit: AppointmentTools, part: str, first: str, last: str
) -> None:
    slots = await archit.fetch_slots(DAY, part_of_day=part)
    assert (slots["available_slots"][0], slots["available_slots"][-1]) == (first, last)
    assert slots["available_count"] == len(slots["available_slots"])


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"practitioner": "Dr. Nobody"}, "unknown_practitioner"),
        ({"visit_type": "surgery"}, "unknown_visit_type"),
        ({"part_of_day": "night"}, "invalid_arguments"),
    ],
)
async def test_unknown_names_come_back_with_those_there_are(
    archit: AppointmentTools, arguments: dict[str, str], code: str
) -> None:
    refused = await archit.run("fetch_slots", {"date": DAY} | arguments)
    assert refused["code"] == code
    known = refused.get("practitioners") or refused.get("visit_types") or []
    assert len(known) == {"invalid_arguments": 0, "unknown_practitioner": 3}.get(code, 4)


async def test_a_closed_clinic_and_an_absent_practitioner_name_the_next_day(
    archit: AppointmentTools,
) -> None:
    closed = await archit.fetch_slots(CLOSED.isoformat())
    assert (closed["status"], closed["next_open_date"]) == ("closed", AWAY.isoformat())
    away = await archit.fetch_slots(AWAY.isoformat(), practitioner="Dr. Rao")
    assert (away["status"], away["next_open_date"]) == ("away", "2026-02-18")
    assert (await archit.fetch_slots(AWAY.isoformat()))["status"] == "ok"
    refused = await book_at(archit, "10:00 AM", date=CLOSED.isoformat())
    assert (refused["code"], refused["next_open_date"]) == ("clinic_closed", AWAY.isoformat())
    refused = await book_at(archit, "10:00 AM", date=AWAY.isoformat(), practitioner="Dr. Rao")
    assert (refused["code"], refused["next_open_date"]) == ("not_working", "2026-02-18")


async def test_any_picks_the_least_busy_who_is_free(
    archit: AppointmentTools, priya: AppointmentTools
) -> None:
    seen = []
    for hour in (9, 10, 11, 2):
        half = "AM" if hour > 8 else "PM"
        seen.append((await book_at(archit, f"{hour}:00 {half}"))["practitioner"])
    assert seen == ["Dr. Rao", "Dr. Mehta", "Dr. Iyer", "Dr. Rao"]
    assert (await book_at(priya, "2:00 PM", practitioner="any"))["practitioner"] == "Dr. Mehta"


async def test_a_named_practitioner_is_booked_or_nobody(
    archit: AppointmentTools, priya: AppointmentTools
) -> None:
    booked = await book_at(archit, "10:00 AM", practitioner="Dr. Mehta")
    assert (booked["status"], booked["practitioner"]) == ("booked", "Dr. Mehta")
    refused = await book_at(priya, "10:00 AM", practitioner="Dr. Mehta")
    assert refused["code"] == "slot_taken"
    booked = await book_at(priya, "10:00 AM", practitioner="general practice")
    assert booked["practitioner"] == "Dr. Iyer"


async def test_moving_keeps_the_practitioner_unless_another_is_wanted(
    archit: AppointmentTools, priya: AppointmentTools
) -> None:
    mine = (await book_at(archit, "10:00 AM", practitioner="Dr. Mehta"))["appointment_id"]
    await book_at(priya, "11:00 AM", practitioner="Dr. Mehta")
    refused = await archit.modify_appointment("1001", mine, "", "11:00 AM")
    assert refused["code"] == "slot_taken"
    moved = await archit.modify_appointment("1001", mine, "", "11:30 AM")
    assert (moved["time"], moved["practitioner"]) == ("11:30 AM", "Dr. Mehta")
    moved = await archit.modify_appointment("1001", mine, practitioner="Dr. Iyer")
    assert (moved["time"], moved["practitioner"]) == ("11:30 AM", "Dr. Iyer")
    moved = await archit.modify_appointment("1001", mine, "", "11:00 AM", "any")
    assert (moved["time"], moved["practitioner"]) == ("11:00 AM", "Dr. Rao")


async def test_moving_to_anybody_may_stay_with_the_same_practitioner(
    archit: AppointmentTools, priya: AppointmentTools
) -> None:
    for start, who in (("3:00 PM", "Dr. Rao"), ("3:30 PM", "Dr. Iyer")):
        await book_at(priya, start, practitioner=who)
    mine = (await book_at(archit, "10:00 AM", practitioner="Dr. Mehta"))["appointment_id"]
    moved = await archit.modify_appointment("1001", mine, "", "10:30 AM", "any")
    assert moved["practitioner"] == "Dr. Mehta"


async def test_a_patient_waits_for_a_day_and_is_told_when_calling_again(
    archit: AppointmentTools, book: Database, now: datetime
) -> None:
    mine = (await book_at(archit, "10:00 AM", practitioner="Dr. Mehta"))["appointment_id"]
    priya = await caller(book, now, "2045", "c2")
    waiting = await book_at(priya, "", practitioner="Dr. Mehta", waitlist="yes")
    assert (waiting["status"], waiting["appointment_id"]) == ("waitlisted", None)
    assert (waiting["from"], waiting["until"]["date"]) == (DAY, FRIDAY.isoformat())
    await archit.cancel_appointment("1001", mine)
    again = AppointmentTools(book, CallState("c3"), THREE_DOCTORS, lambda: now, sleep=no_wait)
    (offer,) = (await again.identify_user("2045"))["waitlist_offers"]
    assert (offer["date"], offer["time"], offer["practitioner"]) == (DAY, "10:00 AM", "Dr. Mehta")
    assert (offer["instead_of"], offer["kept_until"]) == (None, "09:00 AM")
    await again.close()
    last = AppointmentTools(book, CallState("c4"), THREE_DOCTORS, lambda: now, sleep=no_wait)
    assert "waitlist_offers" not in await last.identify_user("2045")


async def test_a_patient_waits_for_something_earlier_than_an_appointment(
    archit: AppointmentTools, priya: AppointmentTools
) -> None:
    mine = (await book_at(archit, "3:00 PM", practitioner="Dr. Mehta"))["appointment_id"]
    waiting = await archit.modify_appointment("1001", mine, waitlist="yes")
    assert (waiting["status"], waiting["appointment_id"]) == ("waitlisted", mine)
    assert waiting["until"] == {"date": DAY, "time": "03:00 PM"}
    late = await archit.modify_appointment("1001", mine, FRIDAY.isoformat(), waitlist="yes")
    assert late["code"] == "invalid_date"
    for key in (mine, "00000000"):
        others = await priya.modify_appointment("2045", key, waitlist="yes")
        assert others["code"] == "appointment_not_found"
    assert (await archit.modify_appointment("1001", mine, waitlist="maybe"))["code"] == (
        "invalid_arguments"
    )
    for far in ("0001-01-01", "9999-12-31"):
        answer = await archit.modify_appointment("1001", mine, far, waitlist="yes")
        assert answer["status"] in ("waitlisted", "error")


async def test_a_patient_leaves_the_waiting_list_and_keeps_the_appointment(
    archit: AppointmentTools, priya: AppointmentTools
) -> None:
    mine = (await book_at(archit, "3:00 PM", practitioner="Dr. Mehta"))["appointment_id"]
    await archit.modify_appointment("1001", mine, waitlist="yes")
    assert (await priya.cancel_appointment("1001", "", waitlist="yes"))["code"] == "wrong_user"
    assert (await priya.cancel_appointment("2045", "", waitlist="yes"))["count"] == 0
    left = await archit.cancel_appointment("1001", mine, waitlist="yes")
    assert left == {"status": "off_waitlist", "count": 1}
    assert (await archit.retrieve_appointments("1001"))["count"] == 1


@pytest.mark.parametrize("wish", ["Thursday with Dr. Mehta", "Thursday morning with Dr. Mehta"])
async def test_what_the_receptionist_offers_in_its_own_words_is_held(
    book: Database, now: datetime, wish: str
) -> None:
    call = TextCall(book, THREE_DOCTORS, "c1", lambda: now)
    await call.start()
    await call.hear("My ID is 1001")
    said = ""
    for words in (f"I need a check-up on {wish}", "it's for a cough"):
        events = await call.hear(words)
        said = "".join(each.text for each in events if isinstance(each, wire.SpeakingStart))
    offered = [format_time(at) for at in times_said(said, THREE_DOCTORS, now.date())]
    assert len(offered) == 3
    priya = await caller(book, now, "2045", "c2")
    taken = (await priya.fetch_slots(DAY, practitioner="Dr. Mehta"))["booked_slots"]
    assert taken == offered
    await call.end("page")
    assert (await priya.fetch_slots(DAY, practitioner="Dr. Mehta"))["booked_slots"] == []


async def test_nothing_is_held_for_a_stranger_after_the_call_or_for_times_not_shown(
    archit: AppointmentTools, priya: AppointmentTools, book: Database, now: datetime
) -> None:
    stranger = AppointmentTools(book, CallState("c9"), THREE_DOCTORS, lambda: now)
    await stranger.fetch_slots(DAY, practitioner="Dr. Mehta")
    await stranger.hold_offered("I have 10:00 AM.")
    await archit.fetch_slots(DAY, practitioner="Dr. Mehta")
    await archit.hold_offered("We close at 6:00 PM. Which day would you like?")
    await archit.fetch_slots(CLOSED.isoformat())
    await archit.hold_offered("I have 10:00 AM.")
    await archit.fetch_slots(DAY, practitioner="Dr. Mehta")
    await archit.close()
    await archit.hold_offered("I have 10:00 AM.")
    slots = await priya.fetch_slots(DAY, practitioner="Dr. Mehta", visit_type=CHECKUP.key)
    assert slots["booked_slots"] == []
