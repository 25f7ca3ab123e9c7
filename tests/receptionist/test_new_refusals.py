"""Each new refusal has kind words and a way on, whichever brain has run into it."""

from typing import Any

import pytest

from kavita.receptionist.receptionist import CallTool, Receptionist, Say
from tests.conversations.prepared_books import MANY, NOW
from tests.fakes.scripted_book import CHECKUP, agent, answer, identified, tool_messages, user
from tests.receptionist.test_receptionist import TOOLS

RECEPTIONIST = Receptionist(MANY)
BOOKING = {
    "user_id": "1001", "name": "Archit Ojha", "date": "2026-02-12", "time_slot": "12:00 PM",
    "purpose": "Consultation",
}  # fmt: skip
CANCELLING = {"user_id": "1001", "appointment_id": str(CHECKUP["appointment_id"])}
MOVING = CANCELLING | {"new_date": "2026-02-12", "new_time_slot": "10:00 AM"}


def error(code: str, **details: Any) -> dict[str, Any]:
    return {"status": "error", "code": code, "message": "No."} | details


def reply(*messages: Any) -> Say | CallTool:
    return RECEPTIONIST.reply(list(messages), TOOLS, NOW)


def after(name: str, arguments: dict[str, str], result: dict[str, Any], said: str) -> Any:
    return [*identified(), user(said), *tool_messages(CallTool(name, arguments), result)]


@pytest.mark.parametrize(
    ("code", "details", "next_call"),
    [
        ("not_working", {"next_open_date": "2026-02-16"}, {"date": "2026-02-16"}),
        ("clinic_closed", {"next_open_date": "2026-02-16"}, {"date": "2026-02-16"}),
        ("too_soon", {}, {"date": "2026-02-12"}),
        ("not_offered", {"practitioners": ["Dr. Iyer"]}, {"date": "2026-02-12"}),
        ("unknown_practitioner", {"practitioners": ["Dr. Rao"]}, {"date": "2026-02-12"}),
        ("unknown_visit_type", {"visit_types": ["Consultation"]}, {"date": "2026-02-12"}),
    ],
)
def test_a_refused_time_leads_to_others(
    code: str, details: dict[str, Any], next_call: dict[str, str]
) -> None:
    messages = after("book_appointment", BOOKING, error(code, **details), "Thursday at noon")
    step = reply(*messages)
    assert step == CallTool("fetch_slots", next_call)
    said = reply(*messages, *tool_messages(step, answer(step), "call_2"))
    assert isinstance(said, Say)
    assert "Which works?" in said.text or "Shall I book it?" in said.text


def test_a_call_that_is_over_ends_with_a_goodbye() -> None:
    said = reply(*after("book_appointment", BOOKING, error("call_over"), "Thursday at noon"))
    assert isinstance(said, Say)
    assert "Goodbye!" in said.text


def test_a_pin_is_asked_for_after_another_brain_tried_to_cancel() -> None:
    messages = after("cancel_appointment", CANCELLING, error("pin_needed"), "yes, cancel it")
    said = reply(*messages)
    assert isinstance(said, Say)
    assert said.text.endswith("Please say your PIN, digit by digit.")
    step = reply(*messages, agent("Your PIN please?"), user("four seven one one"))
    assert step == CallTool("cancel_appointment", CANCELLING | {"pin": "4711"})


def test_a_pin_is_asked_for_after_another_brain_tried_to_move() -> None:
    messages = after("modify_appointment", MOVING, error("pin_needed"), "Thursday at ten")
    step = reply(*messages, agent("Your PIN please?"), user("4711"))
    assert step == CallTool("modify_appointment", MOVING | {"pin": "4711"})


@pytest.mark.parametrize(
    "result",
    [error("wrong_pin", tries_left=0), error("no_pin"), error("locked"), error("too_many_tries")],
    ids=lambda result: str(result["code"]),
)
def test_without_a_right_pin_the_change_is_dropped(result: dict[str, Any]) -> None:
    messages = after("cancel_appointment", CANCELLING, result, "yes, cancel it")
    said = reply(*messages)
    assert isinstance(said, Say)
    assert "front desk" in said.text
    assert "Anything else?" in said.text
    assert isinstance(reply(*messages, agent(said.text), user("4711")), Say)


def test_a_wrong_pin_is_asked_for_again_and_never_said() -> None:
    wrong = error("wrong_pin", tries_left=2)
    messages = after("cancel_appointment", CANCELLING | {"pin": "4711"}, wrong, "4711")
    said = reply(*messages)
    assert isinstance(said, Say)
    assert "not right" in said.text
    assert "4" not in said.text


@pytest.mark.parametrize("code", ["key_reused", "invalid_arguments", "a_new_code"])
def test_a_refusal_beyond_its_rules_is_owned_up_to(code: str) -> None:
    said = reply(*after("cancel_appointment", CANCELLING, error(code), "cancel it"))
    assert isinstance(said, Say)
    assert "didn't work" in said.text


def test_a_locked_id_leads_to_the_front_desk() -> None:
    call = CallTool("identify_user", {"user_id": "1001"})
    said = reply(user("1001"), *tool_messages(call, error("locked")))
    assert isinstance(said, Say)
    assert "The front desk can help you." in said.text


def test_a_date_of_birth_that_another_brain_was_asked_for_is_taken() -> None:
    call = CallTool("identify_user", {"user_id": "1001"})
    needed = {"status": "date_of_birth_needed", "message": "I need it."}
    step = reply(
        user("ten oh one"),
        *tool_messages(call, needed),
        agent("When were you born?"),
        user("on the 17th of May 1990"),
    )
    arguments = {"user_id": "1001", "date_of_birth": "1990-05-17"}
    assert step == CallTool("identify_user", arguments)


def test_a_waiting_list_that_is_not_possible_is_not_asked_for_again() -> None:
    arguments = CANCELLING | {"waitlist": "yes"}
    said = reply(*after("modify_appointment", arguments, error("invalid_date"), "waiting list"))
    assert isinstance(said, Say)
    assert said.text.startswith("There is no earlier time than that")
