"""Which tool a conversation calls for now, and with what arguments."""

from kavita.receptionist import replies
from kavita.receptionist.actions import CallTool
from kavita.receptionist.conversation import Conversation, Goal
from kavita.scheduling.clinic import Clinic
from kavita.scheduling.times import format_time

MOST_CALLS = 5
"""Tools called in one turn, at most."""


def wanted_call(talk: Conversation, clinic: Clinic) -> CallTool | None:
    """The tool to run now; None where the caller has to say something first."""
    if talk.claim and not talk.tries_over:
        return CallTool("identify_user", {"user_id": talk.claim} | _birth_date(talk))
    if not talk.user_id:
        if talk.new_name:
            return CallTool("register_user", {"name": talk.new_name} | _birth_date(talk))
        return CallTool("end_conversation", {}) if talk.leaving else None
    if talk.leaves_waitlist:
        nothing = {"user_id": talk.user_id, "appointment_id": ""}
        left = CallTool("cancel_appointment", nothing | {"waitlist": "yes"})
        if not was_called(talk, left):
            return left
    if talk.listing:
        listed = CallTool("retrieve_appointments", {"user_id": talk.user_id})
        if not was_called(talk, listed):
            return listed
    if talk.pin_asked and not talk.pin:
        return _ending_call(talk)
    return _goal_call(talk, clinic) or _ending_call(talk)


def was_called(talk: Conversation, call: CallTool) -> bool:
    """Whether this turn has run the call already, or has run enough of them."""
    return (call.name, call.arguments) in talk.calls or len(talk.calls) >= MOST_CALLS


def _birth_date(talk: Conversation) -> dict[str, str]:
    return {"date_of_birth": talk.birth_date.isoformat()} if talk.birth_date else {}


def _goal_call(talk: Conversation, clinic: Clinic) -> CallTool | None:
    match talk.goal:
        case Goal.CANCEL if talk.target is not None and (talk.confirmed or talk.pin):
            target = {"user_id": talk.user_id, "appointment_id": talk.target.appointment_id}
            return CallTool("cancel_appointment", target | _given(pin=talk.pin))
        case Goal.BOOK:
            return _booking_call(talk, clinic)
        case Goal.MOVE if talk.target is not None:
            return _moving_call(talk)
        case Goal.WAIT:
            return _waiting_call(talk, clinic)
    return None


def _booking_call(talk: Conversation, clinic: Clinic) -> CallTool | None:
    """Book once day and time are known, else look at the day."""
    if talk.day is None:
        return None
    day = talk.day.isoformat()
    choice = _given(practitioner=talk.practitioner, visit_type=_visit_type(talk, clinic))
    if talk.wish is None or talk.wish.at is None:
        return CallTool("fetch_slots", {"date": day} | choice) if talk.times is None else None
    booking = {"date": day, "time_slot": format_time(talk.wish.at)}
    return CallTool("book_appointment", _patient(talk) | booking | _purpose(talk, clinic) | choice)


def _moving_call(talk: Conversation) -> CallTool | None:
    """Move once day and time are known, else look at the day for the same practitioner."""
    if talk.day is None or talk.target is None:
        return None
    day, same = talk.day.isoformat(), talk.target
    if talk.wish is None or talk.wish.at is None:
        who = talk.practitioner or same.practitioner
        choice = _given(practitioner=who, visit_type=same.visit_type)
        return CallTool("fetch_slots", {"date": day} | choice) if talk.times is None else None
    target = {"user_id": talk.user_id, "appointment_id": same.appointment_id}
    moving = {"new_date": day, "new_time_slot": format_time(talk.wish.at)}
    another = _given(practitioner=talk.practitioner, pin=talk.pin)
    return CallTool("modify_appointment", target | moving | another)


def _waiting_call(talk: Conversation, clinic: Clinic) -> CallTool | None:
    """Wait for a time before an appointment, or for one on a day."""
    first = talk.day.isoformat() if talk.day else ""
    if talk.target is not None:
        target = {"user_id": talk.user_id, "appointment_id": talk.target.appointment_id}
        wish = _given(new_date=first, practitioner=talk.practitioner)
        return CallTool("modify_appointment", target | wish | {"waitlist": "yes"})
    if not first:
        return None
    choice = _given(practitioner=talk.practitioner, visit_type=_visit_type(talk, clinic))
    wish = {"date": first, "time_slot": ""} | _purpose(talk, clinic) | choice
    return CallTool("book_appointment", _patient(talk) | wish | {"waitlist": "yes"})


def _ending_call(talk: Conversation) -> CallTool | None:
    """End the call when the caller takes leave and nothing is half done."""
    half_done = talk.goal is not None and bool(talk.calls)
    return CallTool("end_conversation", {}) if talk.leaving and not half_done else None


def _patient(talk: Conversation) -> dict[str, str]:
    return {"user_id": talk.user_id, "name": talk.name}


def _purpose(talk: Conversation, clinic: Clinic) -> dict[str, str]:
    """What the visit is for: as it was said, else the name of its kind."""
    named = _visit_type(talk, clinic) or clinic.visit_types[0].name
    default = named if clinic.visit_types[0].key else replies.DEFAULT_PURPOSE
    return {"purpose": talk.purpose or default}


def _visit_type(talk: Conversation, clinic: Clinic) -> str:
    """The kind of visit: as it was said, else the first that the practitioner offers.

    "" where that is the clinic's first one, as for the tools.
    """
    if talk.visit_type:
        return talk.visit_type
    wanted = [
        one
        for one in clinic.practitioners
        if talk.practitioner and talk.practitioner in (one.name, one.specialty)
    ]
    first = next(
        (
            visit
            for visit in clinic.visit_types
            if not wanted or any(one.offers(visit) for one in wanted)
        ),
        clinic.visit_types[0],
    )
    return "" if first is clinic.visit_types[0] else first.name


def _given(**values: str) -> dict[str, str]:
    """Only the arguments that have a value: in a plain clinic there are no others."""
    return {name: value for name, value in values.items() if value}
