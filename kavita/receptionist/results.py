"""What a tool's result changes in the conversation; results are the only ground for claims."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, time
from typing import Any

from kavita.receptionist import replies
from kavita.receptionist.conversation import Appointment, Conversation, DayTimes, Goal
from kavita.receptionist.understanding.clock_times import TimeWish
from kavita.receptionist.wishes import take_next_wish, take_wishes
from kavita.scheduling.errors import SchedulingError
from kavita.scheduling.times import parse_date, parse_time

Result = Mapping[str, Any]


def learn(
    talk: Conversation, tool: str, arguments: dict[str, Any], result: Result, today: date
) -> Conversation:
    """Take in the result of a tool, whichever brain called it."""
    talk = replace(talk, calls=(*talk.calls, (tool, arguments)), claim="", new_name="")
    talk = replace(talk, confirmed=False)
    status = result.get("status")
    try:
        if status == "error":
            return _refused(talk, tool, arguments, result, today)
        if status in ("found", "registered", "not_found") and tool in _IDENTIFYING:
            return _identified(talk, result, today)
        if tool == "fetch_slots" and status in ("ok", "closed"):
            return _day_seen(talk, result, today)
        if status in ("booked", "modified", "cancelled"):
            return _changed(talk, str(status), result, today)
        if tool == "retrieve_appointments" and status == "found":
            return _listed(talk, result, today)
    except (KeyError, TypeError, ValueError, AttributeError, SchedulingError):
        return _unclear(talk)
    return replace(talk, ended=True) if status == "ended" else _unclear(talk)


_IDENTIFYING = ("identify_user", "register_user")


def _unclear(talk: Conversation) -> Conversation:
    """A result that says nothing: claim nothing, try nothing again."""
    return replace(_soften(talk), leaving=False).tell(replies.TROUBLE)


def _soften(talk: Conversation) -> Conversation:
    """Keep the wished time as a preference only, so that it is offered and not tried again."""
    if talk.wish is None or talk.wish.at is None:
        return talk
    return replace(talk, wish=TimeWish(near=talk.wish.at))


def _identified(talk: Conversation, result: Result, today: date) -> Conversation:
    if result["status"] == "not_found":
        talk = replace(talk, suggestion="register", digits="")
        wrong = str(talk.calls[-1][1].get("user_id", ""))
        talk = replace(talk, tries_over=result.get("tries_left") == 0)
        return talk.tell(replies.unknown_id(wrong))
    user = result["user"]
    appointments = tuple(_appointment(row) for row in result.get("active_appointments", ()))
    held = talk.held
    if talk.user_id not in ("", user["user_id"]):
        talk = replace(talk.begin(None), last=None, done=None)
    talk = replace(
        talk,
        user_id=str(user["user_id"]),
        name=str(user["name"]),
        appointments=appointments,
        registering=False,
        held=None,
        puzzled=0,
    )
    if result["status"] == "registered":
        talk = talk.tell(replies.registered(talk.name, talk.user_id))
    else:
        busy = talk.goal is not None or held is not None or talk.leaving
        talk = talk.tell(replies.welcome(talk.name, None if busy else len(appointments)))
    return take_next_wish(take_wishes(talk, held, today) if held is not None else talk, today)


def _day_seen(talk: Conversation, result: Result, today: date) -> Conversation:
    day = parse_date(str(result["date"]))
    if talk.goal not in (Goal.BOOK, Goal.MOVE):
        talk = talk.begin(Goal.BOOK)
    talk = talk.on_day(day)
    free = tuple(parse_time(str(slot)) for slot in result.get("available_slots", ()))
    booked = tuple(parse_time(str(slot)) for slot in result.get("booked_slots", ()))
    if free:
        return replace(talk, times=DayTimes(day, free, booked))
    news = replies.no_room(day, today, closed=result["status"] == "closed")
    return _go_to(talk, result.get("next_open_date")).tell(news)


def _go_to(talk: Conversation, next_open: object) -> Conversation:
    """Look at the next day that the tool named; a time that was wished becomes a preference."""
    soonest = talk.soonest
    day = parse_date(next_open) if isinstance(next_open, str) else None
    return replace(_soften(talk).on_day(day), soonest=soonest)


def _changed(talk: Conversation, status: str, result: Result, today: date) -> Conversation:
    """An appointment was booked, moved or cancelled; say so from the committed row."""
    one = _appointment(result)
    others = tuple(
        other for other in talk.appointments if other.appointment_id != one.appointment_id
    )
    if status == "cancelled":
        talk = replace(talk, appointments=others, served=True).tell(replies.cancelled(one, today))
        following = talk.cancel_all and bool(others)
        talk = replace(talk.begin(Goal.CANCEL if following else None), last=None)
        if following:
            return replace(talk, cancel_all=following, target=others[0])
        return take_next_wish(replace(talk, done=Goal.CANCEL), today)
    said = replies.booked(one) if status == "booked" else replies.moved(one)
    kept = tuple(sorted((*others, one), key=lambda other: (other.day, other.at)))
    talk = replace(talk.begin(None), appointments=kept, last=one, served=True).tell(said)
    done = Goal.BOOK if status == "booked" else Goal.MOVE
    return take_next_wish(replace(talk, done=done), today)


def _listed(talk: Conversation, result: Result, today: date) -> Conversation:
    rows = tuple(_appointment(row) for row in result["appointments"])
    talk = replace(talk, appointments=rows, served=True)
    if not talk.listing:
        return talk
    day = talk.listing_day
    shown = rows[:1] if talk.listing == "next" else rows
    if day is not None:
        shown = tuple(one for one in rows if one.day == day)
    said = replies.listed_on(day, shown, today) if day else replies.listed(shown, len(rows), today)
    return replace(talk, last=shown[0] if len(shown) == 1 else talk.last).tell(said)


def _refused(
    talk: Conversation, tool: str, arguments: dict[str, Any], result: Result, today: date
) -> Conversation:
    """A rule says no: say it kindly, and make sure that the next step is another one."""
    code = str(result.get("code", ""))
    if code == "too_many_tries":
        return replace(talk, tries_over=True, suggestion="register", digits="").tell(
            replies.TRIES_OVER
        )
    if code in ("not_identified", "wrong_user"):
        return replace(talk, user_id="", name="", appointments=()).tell(replies.REFUSED[code])
    if code == "invalid_name":
        return replace(talk, registering=True).tell(replies.REFUSED[code])
    if tool in ("book_appointment", "modify_appointment"):
        talk = _with_arguments(talk, tool, arguments)
    if code == "clinic_closed" and talk.day is not None:
        news = replies.no_room(talk.day, today, closed=True)
        return _go_to(talk, result.get("next_open_date")).tell(news)
    if code in ("slot_taken", "invalid_time", "past_time") and tool != "fetch_slots":
        at = talk.wish.at if talk.wish else None
        return replace(_soften(talk), times=None, offered=()).tell(replies.refused_time(code, at))
    if code == "already_booked":
        unwanted = (talk.wish.at,) if talk.wish and talk.wish.at else ()
        talk = replace(talk, wish=None, avoid=(*talk.avoid, *unwanted), offered=())
        return talk.tell(replies.REFUSED[code])
    if code in ("past_time", "too_far_ahead", "invalid_date"):
        return replace(talk.on_day(None), wish=talk.wish).tell(replies.REFUSED[code])
    if code in ("appointment_not_found", "not_active"):
        gone = talk.target
        left = tuple(one for one in talk.appointments if one != gone)
        return replace(talk.begin(None), appointments=left).tell(replies.REFUSED[code])
    return replace(_soften(talk), leaving=False).tell(replies.REFUSED.get(code, replies.TROUBLE))


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


def _appointment(row: Result) -> Appointment:
    return Appointment(
        str(row["appointment_id"]),
        parse_date(str(row["date"])),
        parse_time(str(row["time"])),
        str(row.get("purpose", "")),
    )
