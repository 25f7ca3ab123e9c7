"""What the caller is told of a change, made from the result of the tool and not by a model."""

from datetime import date
from typing import Any

from kavita.agent.call_state import CallState
from kavita.receptionist import replies
from kavita.receptionist.conversation import Appointment
from kavita.scheduling.times import parse_date, parse_time

WAITLISTED = "I've put you on the waiting list. When a time becomes free, I keep it for you."


def confirmation(result: dict[str, Any], today: date) -> str:
    """Return the sentence that tells of a committed change; empty when nothing was changed."""
    match result["status"]:
        case "booked":
            return replies.booked(_appointment(result))
        case "modified":
            return replies.moved(_appointment(result))
        case "cancelled":
            return replies.cancelled(_appointment(result), today)
        case "registered":
            return replies.registered(result["user"]["name"], result["user"]["user_id"])
        case "waitlisted":
            return WAITLISTED
        case "off_waitlist":
            return replies.off_waitlist(result["count"])
    return ""


def goodbye(state: CallState) -> str:
    """Return the last words of a call."""
    return replies.goodbyes(state.patient.name if state.patient else "")[0]


def _appointment(row: dict[str, Any]) -> Appointment:
    return Appointment(
        row["appointment_id"],
        parse_date(row["date"]),
        parse_time(row["time"]),
        row["purpose"],
    )
