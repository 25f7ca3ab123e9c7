"""A hand-written stand-in for the tools: answers as the book would, without a book."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from kavita.receptionist.receptionist import CallTool

SLOTS = [f"{hour:02d}:{minute} AM" for hour in (9, 10, 11) for minute in ("00", "30")] + [
    f"{hour % 12 or 12:02d}:{minute} PM" for hour in range(12, 18) for minute in ("00", "30")
]
CHECKUP = {
    "appointment_id": "a1b2c3d4",
    "user_id": "1001",
    "name": "Archit Ojha",
    "date": "2026-02-10",
    "time": "10:00 AM",
    "purpose": "General checkup",
    "status": "booked",
    "created_at": "2026-02-07T10:00:00",
    "modified_at": None,
}
FOUND = {
    "status": "found",
    "user": {"user_id": "1001", "name": "Archit Ojha"},
    "active_appointments": [CHECKUP],
}


def answer(call: CallTool) -> dict[str, Any]:
    """The result that a friendly book would give."""
    arguments = call.arguments
    if arguments.get("waitlist"):
        return {"status": "waitlisted", "appointment_id": arguments.get("appointment_id")}
    match call.name:
        case "identify_user":
            return FOUND
        case "register_user":
            user = {"user_id": "3017", "name": arguments["name"]}
            return {"status": "registered", "user": user, "active_appointments": []}
        case "fetch_slots":
            return {
                "status": "ok",
                "date": arguments["date"],
                "weekday": "Thursday",
                "available_slots": SLOTS,
                "booked_slots": [],
                "available_count": len(SLOTS),
            }
        case "book_appointment":
            made = {"date": arguments["date"], "time": arguments["time_slot"]}
            return CHECKUP | made | {"appointment_id": "f3g4h5i6", "purpose": arguments["purpose"]}
        case "retrieve_appointments":
            return {"status": "found", "user_id": "1001", "count": 1, "appointments": [CHECKUP]}
        case "cancel_appointment":
            return CHECKUP | {"status": "cancelled"}
        case "modify_appointment":
            was = {"previous_date": CHECKUP["date"], "previous_time": CHECKUP["time"]}
            now = {"date": arguments["new_date"], "time": arguments["new_time_slot"]}
            return CHECKUP | was | now | {"status": "modified"}
    return {"status": "ended", "message": "The call ends after your goodbye."}


def tool_messages(call: CallTool, result: object, call_id: str = "call_1") -> list[dict[str, Any]]:
    """A tool call and its result as chat messages."""
    function = {"name": call.name, "arguments": json.dumps(call.arguments)}
    request = {"id": call_id, "type": "function", "function": function}
    content = result if isinstance(result, str) else json.dumps(result)
    return [
        {"role": "assistant", "content": None, "tool_calls": [request]},
        {"role": "tool", "tool_call_id": call_id, "content": content},
    ]


def user(text: str) -> dict[str, Any]:
    """A turn of the caller."""
    return {"role": "user", "content": text}


def agent(text: str) -> dict[str, Any]:
    """A turn of the agent, whichever brain worded it."""
    return {"role": "assistant", "content": text}


def identified(user_id: str = "1001") -> list[Mapping[str, Any]]:
    """The beginning of a call up to the identified patient."""
    call = CallTool("identify_user", {"user_id": user_id})
    opening: Sequence[Mapping[str, Any]] = [
        agent("Hello! Welcome to our clinic. Could you please share your 4-digit user ID?"),
        user("My ID is 1001"),
        *tool_messages(call, FOUND),
    ]
    return [*opening, agent("Hi there Archit, what can I do for you today?")]
