"""A rule says no: say it kindly, and make sure that the next step is another one."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, time
from typing import Any

from kavita.receptionist import replies
from kavita.receptionist.conversation import Conversation, Goal
from kavita.receptionist.pins import drop_change
from kavita.receptionist.understanding.clock_times import TimeWish
from kavita.receptionist.understanding.practitioners import ANYBODY
from kavita.receptionist.written import write_list
from kavita.scheduling.errors import SchedulingError
from kavita.scheduling.times import parse_date, parse_time

Result = Mapping[str, Any]

CHANGES = ("modify_appointment", "cancel_appointment")
_OF_PIN = ("pin_needed", "wrong_pin", "no_pin", "locked", "too_many_tries")
_OF_CHOICE = ("unknown_practitioner", "unknown_visit_type", "not_offered")


def refused(
    talk: Conversation, tool: str, arguments: dict[str, Any], result: Result, today: date
) -> Conversation:
    """Take in a refusal, whichever brain has run into it."""
    code = str(result.get("code", ""))
    if code == "call_over":
        return replace(talk, ended=True)
    if tool in CHANGES and code in _OF_PIN:
        return _pin_refused(talk, tool, arguments, code, result)
    if code in ("not_identified", "wrong_user", "too_many_tries", "locked", "invalid_name"):
        return _not_identified(talk, code)
    if tool in ("identify_user", "register_user") and code == "invalid_date":
        return replace(talk, birth_date=None).tell(replies.WRONG_BIRTH_DATE)
    if arguments.get("waitlist"):
        news = replies.NOTHING_EARLIER if code == "invalid_date" else replies.REFUSED.get(code)
        return talk.begin(None).tell(news or replies.TROUBLE)
    if tool in ("book_appointment", "modify_appointment"):
        talk = _with_arguments(talk, tool, arguments)
    if code in _OF_CHOICE and tool in ("fetch_slots", "book_appointment", "modify_appointment"):
        return _not_to_choose(talk, arguments, code, result)
    if code in ("appointment_not_found", "not_active"):
        gone = talk.target
        left = tuple(one for one in talk.appointments if one != gone)
        return replace(talk.begin(None), appointments=left).tell(replies.REFUSED[code])
    return _not_then(talk, tool, arguments, code, result, today)


def soften(talk: Conversation) -> Conversation:
    """Keep the wished time as a preference only, so that it is offered and not tried again."""
    if talk.wish is None or talk.wish.at is None:
        return talk
    return replace(talk, wish=TimeWish(near=talk.wish.at))


def go_to(talk: Conversation, next_open: object) -> Conversation:
    """Look at the next day that the tool named; a time that was wished becomes a preference."""
    soonest = talk.soonest
    day = parse_date(next_open) if isinstance(next_open, str) else None
    return replace(soften(talk).on_day(day), soonest=soonest)


def _not_identified(talk: Conversation, code: str) -> Conversation:
    if code == "too_many_tries":
        over = replace(talk, tries_over=True, suggestion="register", digits="", claimed_id="")
        return over.tell(replies.TRIES_OVER)
    if code == "locked":
        locked = replace(talk, suggestion="register", digits="", claimed_id="", birth_date=None)
        return locked.tell(replies.LOCKED)
    if code == "invalid_name":
        return replace(talk, registering=True).tell(replies.REFUSED[code])
    return replace(talk, user_id="", name="", appointments=()).tell(replies.REFUSED[code])


def _pin_refused(
    talk: Conversation, tool: str, arguments: dict[str, Any], code: str, result: Result
) -> Conversation:
    """Ask for the PIN, or for another one, while there are tries; else drop the change."""
    asks = code == "pin_needed" or (code == "wrong_pin" and result.get("tries_left") != 0)
    if not asks:
        reasons = {"no_pin": replies.NO_PIN, "locked": replies.PIN_OVER}
        return drop_change(talk, reasons.get(code, replies.PIN_OVER))
    talk = _with_target(talk, tool, arguments)
    if talk.goal is None or talk.target is None:
        return drop_change(talk, replies.PIN_OVER)
    news = replies.PIN_NEEDED if code == "pin_needed" else replies.PIN_WRONG
    return replace(talk, pin_asked=True).tell(news)


def _with_target(talk: Conversation, tool: str, arguments: dict[str, Any]) -> Conversation:
    """Take up the change that was tried, whichever brain chose it."""
    goal = Goal.CANCEL if tool == "cancel_appointment" else Goal.MOVE
    wanted = str(arguments.get("appointment_id", ""))
    target = next((one for one in talk.appointments if one.appointment_id == wanted), None)
    talk = talk if talk.goal is goal else talk.begin(goal)
    talk = replace(talk, target=target or talk.target)
    return _with_arguments(talk, tool, arguments) if goal is Goal.MOVE else talk


def _not_to_choose(
    talk: Conversation, arguments: dict[str, Any], code: str, result: Result
) -> Conversation:
    """Whom or what the clinic does not offer is not asked for again."""
    who = str(arguments.get("practitioner", ""))
    names = [str(name) for name in result.get("practitioners") or ()]
    talk = soften(talk).forget_times()
    if code == "unknown_visit_type":
        target = replace(talk.target, visit_type="") if talk.target else None
        return replace(talk, visit_type="", target=target).tell(replies.REFUSED[code])
    own = talk.target.practitioner if talk.target else ""
    instead = ANYBODY if talk.goal is Goal.MOVE and who == own else ""
    talk = replace(talk, practitioner=instead)
    if code == "not_offered":
        return talk.tell(replies.not_offered(who, names))
    return talk.tell(replies.unknown_practitioner(write_list(names[:4], "or")))


def _not_then(
    talk: Conversation,
    tool: str,
    arguments: dict[str, Any],
    code: str,
    result: Result,
    today: date,
) -> Conversation:
    """A day or a time that cannot be had."""
    if code in ("clinic_closed", "not_working") and talk.day is not None:
        closed = code == "clinic_closed"
        who = talk.practitioner or (talk.target.practitioner if talk.target else "")
        news = replies.no_room(talk.day, today, closed=True)
        if not closed:
            news = replies.away("" if who == ANYBODY else who, talk.day, today)
        return go_to(talk, result.get("next_open_date")).tell(news)
    if code in ("slot_taken", "invalid_time", "past_time", "too_soon") and tool != "fetch_slots":
        at = talk.wish.at if talk.wish else None
        return replace(soften(talk), times=None, offered=()).tell(replies.refused_time(code, at))
    if code == "already_booked":
        unwanted = (talk.wish.at,) if talk.wish and talk.wish.at else ()
        talk = replace(talk, wish=None, avoid=(*talk.avoid, *unwanted), offered=())
        return talk.tell(replies.REFUSED[code])
    if code in ("past_time", "too_far_ahead", "invalid_date"):
        return replace(talk.on_day(None), wish=talk.wish).tell(replies.REFUSED[code])
    return replace(soften(talk), leaving=False).tell(replies.REFUSED.get(code, replies.TROUBLE))


def _with_arguments(talk: Conversation, tool: str, arguments: dict[str, Any]) -> Conversation:
    """Take the day and the time that were tried, whichever brain chose them."""
    prefix = "" if tool == "book_appointment" else "new_"
    if talk.goal not in (Goal.BOOK, Goal.MOVE):
        talk = talk.begin(Goal.BOOK if tool == "book_appointment" else Goal.MOVE)
    try:
        day = parse_date(str(arguments.get(f"{prefix}date", "")))
        at: time | None = parse_time(str(arguments.get(f"{prefix}time_slot", "")))
    except SchedulingError:
        return talk
    return replace(talk.on_day(day), wish=TimeWish(at=at))
