"""The summary of a call, made by rule: it says only what the results of the tools prove."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from kavita import wire
from kavita.scheduling.clinic import Clinic
from kavita.scheduling.times import format_day, format_time, to_clinic
from kavita.store.calls import CallRecord, ToolCallRecord

WISHES = {
    "register_user": "register as a new patient",
    "book_appointment": "book an appointment",
    "modify_appointment": "move an appointment",
    "cancel_appointment": "cancel an appointment",
    "retrieve_appointments": "hear their appointments",
    "fetch_slots": "ask for free times",
}
ATTEMPTS = {
    "identify_user": "identify the caller",
    "register_user": "register the caller",
    "fetch_slots": "look up free times",
    "book_appointment": "book",
    "retrieve_appointments": "list appointments",
    "cancel_appointment": "cancel",
    "modify_appointment": "move the appointment",
    "end_conversation": "end the call",
}
REFUSALS = {
    "not_identified": "nobody was identified yet",
    "wrong_user": "the ID was not that of the identified patient",
    "registered_already": "a new patient had been registered in this call",
    "too_many_tries": "three tries had failed already",
    "locked": "there were too many failed tries with that ID today",
    "pin_needed": "the PIN was not given",
    "wrong_pin": "the PIN was wrong",
    "no_pin": "the patient has no PIN yet",
    "call_over": "the call was over",
    "invalid_name": "there was no clear name",
    "invalid_date": "the date was not clear",
    "invalid_time": "appointments do not start at that time",
    "unknown_practitioner": "no practitioner of that name works there",
    "unknown_visit_type": "there is no such kind of visit",
    "not_offered": "the practitioner does not offer that kind of visit",
    "not_working": "the practitioner does not work that day",
    "too_soon": "the clinic needs more notice",
    "key_reused": "the request had been made in another form",
    "past_time": "the time had passed",
    "too_far_ahead": "the day is too far ahead",
    "clinic_closed": "the clinic is closed that day",
    "no_free_id": "every ID is in use",
    "slot_taken": "the time was taken",
    "already_booked": "the patient has an appointment then",
    "appointment_not_found": "there is no such appointment",
    "not_active": "it was cancelled or past already",
    "book_unavailable": "the appointment book could not be reached",
}
ENDINGS = {
    "goodbye": "The call ended with a goodbye.",
    "inactivity": "The call ended after the caller had been silent.",
    "page": "The caller ended the call.",
    "server": "The call ended because the server was stopping.",
    "error": "The call ended because of a fault.",
}
CHANGES = {"booked": "booked", "modified": "moved", "cancelled": "cancelled"}


@dataclass(frozen=True)
class CallSummary:
    """The five parts of a summary; `text` has all of them under their headings."""

    caller_intent: str
    actions_taken: tuple[str, ...]
    key_details: tuple[str, ...]
    outcome: str
    duration_seconds: int

    @property
    def text(self) -> str:
        """Return the summary as it is shown and printed."""
        parts = (
            ("CALLER INTENT", self.caller_intent),
            ("ACTIONS TAKEN", _bullets(self.actions_taken)),
            ("KEY DETAILS", _bullets(self.key_details)),
            ("OUTCOME", self.outcome),
            ("DURATION", format_duration(self.duration_seconds)),
        )
        return "\n\n".join(f"{heading}\n{content}" for heading, content in parts)

    def event(self) -> wire.Summary:
        """Return the summary as the page gets it."""
        return wire.Summary(
            text=self.text,
            caller_intent=self.caller_intent,
            actions_taken=list(self.actions_taken),
            key_details=list(self.key_details),
            outcome=self.outcome,
            duration_seconds=self.duration_seconds,
        )


def summarize(record: CallRecord, clinic: Clinic, notes: Sequence[str] = ()) -> CallSummary:
    """Summarise a call; of one that has not been finished, up to what was last recorded.

    `notes` are further details, for the clinic.
    """
    actions = [action for call in record.tool_calls for action in _action(call)]
    return CallSummary(
        caller_intent=_intent(record),
        actions_taken=tuple(dict.fromkeys(actions)),
        key_details=(*_details(record, clinic), *notes),
        outcome=_outcome(record),
        duration_seconds=max(0, round((_end(record) - record.started_at).total_seconds())),
    )


def format_duration(seconds: int) -> str:
    """Write "42 s", "1 min 42 s" or "1 h 2 min"."""
    minutes, rest = divmod(seconds, 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _intent(record: CallRecord) -> str:
    who = " and ".join(_patients(record).values()) or "An unidentified caller"
    asked = {call.name for call in record.tool_calls if call.name in WISHES}
    if len(asked) > 1:
        asked.discard("fetch_slots")  # on the way to something else
    wishes = [wish for name, wish in WISHES.items() if name in asked]
    if wishes:
        return f"{who} called to {_listed(wishes)}."
    spoken = [turn.text for turn in record.turns if turn.speaker == "caller"]
    if not spoken:
        return f"{who} called and said nothing."
    if not spoken[0]:
        return f"{who} called. No request was recorded."
    return f'{who} called. No request was recorded; their first words were: "{spoken[0]}"'


def _action(call: ToolCallRecord) -> Iterator[str]:
    result = call.result
    match call.name, result["status"]:
        case "identify_user", "found":
            yield f"Identified {_patient(result['user'])}"
        case "identify_user", "not_found":
            yield "Was given details that fit no patient"
        case "identify_user", "date_of_birth_needed":
            yield "Asked for the date of birth"
        case "register_user", "registered":
            yield f"Registered {_patient(result['user'])} as a new patient"
        case "fetch_slots", "ok":
            yield f"Looked up {_day(result)}: {_counted(result['available_count'], 'free time')}"
        case "fetch_slots", "closed":
            yield f"Looked up {_day(result)}: closed"
        case "retrieve_appointments", "found":
            yield f"Listed {_counted(result['count'], 'coming appointment')}"
        case "fetch_slots", "away":
            yield f"Looked up {_day(result)}: nobody asked for works then"
        case _, "waitlisted":
            yield f"Put on the waiting list until {_when(result['until'])}"
        case _, "off_waitlist":
            yield "Taken off the waiting list" if result["count"] else "Was on no waiting list"
        case _, "booked":
            yield f"Booked {_visit(result)}"
        case _, "cancelled":
            yield f"Cancelled {_visit(result)}"
        case _, "modified":
            previously = {"date": result["previous_date"], "time": result["previous_time"]}
            yield f"Moved {_visit(result)}, from {_when(previously)}"
        case name, "error":
            reason = REFUSALS.get(result["code"], "the request was not clear")
            yield f"Could not {ATTEMPTS.get(name, name)}: {reason}"


def _details(record: CallRecord, clinic: Clinic) -> Iterator[str]:
    began = to_clinic(record.started_at, clinic.timezone)
    yield f"Call {record.call_id}, {format_day(began.date())} at {format_time(began.time())}"
    for patient in _patients(record).values():
        yield f"Patient: {patient}"
    latest: dict[str, dict[str, Any]] = {}
    for result in _changes(record):
        latest[result["appointment_id"]] = result
    for result in latest.values():
        status = "cancelled" if result["status"] == "cancelled" else "booked"
        yield f"Appointment {_visit(result)}: {status}"


def _outcome(record: CallRecord) -> str:
    statuses = [result["status"] for result in _changes(record)]
    counts = [
        f"{_counted(statuses.count(status), 'appointment')} {change}"
        for status, change in CHANGES.items()
        if status in statuses
    ]
    changed = _listed(counts) if counts else "No appointment was booked, moved or cancelled"
    return " ".join(filter(None, (f"{changed}.", ENDINGS.get(record.reason or "", ""))))


def _changes(record: CallRecord) -> Iterator[dict[str, Any]]:
    """The changes of the book; a request that came twice in a turn changed it once."""
    seen: list[dict[str, Any]] = []
    for call in record.tool_calls:
        if call.result["status"] in CHANGES and call.result not in seen:
            seen.append(call.result)
    return iter(seen)


def _patients(record: CallRecord) -> dict[str, str]:
    users = (call.result.get("user") for call in record.tool_calls)
    return {user["user_id"]: _patient(user) for user in users if user}


def _end(record: CallRecord) -> datetime:
    moments = [turn.at for turn in record.turns] + [call.at for call in record.tool_calls]
    return record.ended_at or max(moments, default=record.started_at)


def _patient(user: dict[str, str]) -> str:
    return f"{user['name']} (ID {user['user_id']})"


def _visit(result: dict[str, Any]) -> str:
    return f'{result["appointment_id"]}, "{result["purpose"]}", on {_when(result)}'


def _when(result: dict[str, Any]) -> str:
    return f"{_day(result)} at {result['time']}"


def _day(result: dict[str, Any]) -> str:
    return format_day(date.fromisoformat(result["date"]))


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _listed(parts: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def _bullets(lines: tuple[str, ...]) -> str:
    return "\n".join(f"- {line}" for line in lines) or "- None"
