"""What a tool's result changes in the conversation; results are the only ground for claims."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from kavita.receptionist import replies
from kavita.receptionist.conversation import (
    Appointment,
    Conversation,
    DayTimes,
    Goal,
    KeptTime,
)
from kavita.receptionist.offers import within
from kavita.receptionist.refusals import CHANGES, go_to, refused, soften
from kavita.receptionist.understanding.practitioners import ANYBODY
from kavita.receptionist.wishes import take_next_wish, take_wishes
from kavita.scheduling.clinic import Clinic
from kavita.scheduling.errors import SchedulingError
from kavita.scheduling.times import parse_date, parse_time

Result = Mapping[str, Any]


def learn(
    talk: Conversation,
    tool: str,
    arguments: dict[str, Any],
    result: Result,
    clinic: Clinic,
    today: date,
) -> Conversation:
    """Take in the result of a tool, whichever brain called it."""
    talk = replace(talk, calls=(*talk.calls, (tool, arguments)), claim="", new_name="")
    talk = replace(talk, confirmed=False, pin="")
    talk = replace(talk, pin_asked=talk.pin_asked and tool not in CHANGES)
    status = result.get("status")
    try:
        if status == "error":
            return refused(talk, tool, arguments, result, today)
        if status == "date_of_birth_needed" and tool in _IDENTIFYING:
            return _asked_for_birth_date(talk, arguments)
        if status == "not_found" and tool in _IDENTIFYING:
            return _not_found(talk, arguments, result)
        if status in ("found", "registered") and tool in _IDENTIFYING:
            return _identified(talk, result, today)
        if tool == "fetch_slots" and status in ("ok", "closed", "away"):
            return _day_seen(talk, arguments, result, clinic, today)
        if status == "waitlisted":
            return _waitlisted(talk, today)
        if status == "off_waitlist":
            left = replace(talk, kept=None, leaves_waitlist=False, served=True)
            return left.tell(replies.off_waitlist(int(result["count"])))
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
    if talk.goal is Goal.WAIT:
        talk = talk.begin(None)
    return replace(soften(talk), leaving=False).tell(replies.TROUBLE)


def _asked_for_birth_date(talk: Conversation, arguments: dict[str, Any]) -> Conversation:
    """The ID alone does not do; one that was said with a date of birth is tried with it."""
    claimed = str(arguments.get("user_id", ""))
    untried = talk.birth_date is not None and not arguments.get("date_of_birth")
    return replace(talk, claimed_id=claimed, claim=claimed if untried else "", digits="")


def _not_found(talk: Conversation, arguments: dict[str, Any], result: Result) -> Conversation:
    talk = replace(talk, suggestion="register", digits="")
    over = result.get("tries_left") == 0
    claimed = str(arguments.get("user_id", ""))
    if arguments.get("date_of_birth"):
        gives_up = over or bool(talk.user_id)
        talk = replace(talk, tries_over=over, claimed_id="" if gives_up else claimed)
        return talk.tell(replies.WRONG_DETAILS)
    return replace(talk, tries_over=over, claimed_id="").tell(replies.unknown_id(claimed))


def _identified(talk: Conversation, result: Result, today: date) -> Conversation:
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
        claimed_id="",
        birth_date=None,
        birth_words="",
        kept=next((_kept_time(offer) for offer in result.get("waitlist_offers", ())), None),
        held=None,
        puzzled=0,
    )
    if result["status"] == "registered":
        talk = talk.tell(replies.registered(talk.name, talk.user_id))
    else:
        busy = talk.goal is not None or held is not None or talk.leaving
        talk = talk.tell(replies.welcome(talk.name, None if busy else len(appointments)))
    return take_next_wish(take_wishes(talk, held, today) if held is not None else talk, today)


def _day_seen(
    talk: Conversation, arguments: dict[str, Any], result: Result, clinic: Clinic, today: date
) -> Conversation:
    day = parse_date(str(result["date"]))
    if talk.goal not in (Goal.BOOK, Goal.MOVE):
        talk = talk.begin(Goal.BOOK)
    talk = talk.on_day(day)
    who = str(result.get("practitioner", ANYBODY)) if clinic.has_choice else ANYBODY
    if talk.goal is Goal.BOOK and who != ANYBODY and arguments.get("practitioner"):
        talk = replace(talk, practitioner=who)
    free = tuple(parse_time(str(slot)) for slot in result.get("available_slots", ()))
    booked = tuple(parse_time(str(slot)) for slot in result.get("booked_slots", ()))
    if free:
        named = "" if who == ANYBODY else who
        talk = replace(talk, times=DayTimes(day, free, booked, named))
        in_vain = talk.wish is not None and talk.wish.before and not within(free, talk.wish)
        return _offer_waitlist(talk, day) if in_vain and talk.goal is Goal.MOVE else talk
    if result["status"] == "away":
        news = replies.away(_name(arguments), day, today)
    else:
        news = replies.no_room(day, today, closed=result["status"] == "closed")
    talk = go_to(talk, result.get("next_open_date")).tell(news)
    return _offer_waitlist(talk, day) if result["status"] == "ok" else talk


def _name(arguments: dict[str, Any]) -> str:
    who = str(arguments.get("practitioner", ""))
    return "" if who == ANYBODY else who


def _offer_waitlist(talk: Conversation, day: date) -> Conversation:
    """Offer to wait for a time on a full day, once a call."""
    too_late = talk.goal is Goal.MOVE and talk.target is not None and day > talk.target.day
    if not talk.offers_waitlist or too_late:
        return talk
    return replace(talk, full_day=day, suggestion="wait", offers_waitlist=False)


def _waitlisted(talk: Conversation, today: date) -> Conversation:
    told = replace(talk.begin(None), served=True).tell(replies.ON_WAITLIST)
    return take_next_wish(told, today)


def _changed(talk: Conversation, status: str, result: Result, today: date) -> Conversation:
    """An appointment was booked, moved or cancelled; say so from the committed row."""
    one = _appointment(result)
    others = tuple(
        other for other in talk.appointments if other.appointment_id != one.appointment_id
    )
    if talk.kept and talk.kept.instead_of in ("", one.appointment_id):
        same = (talk.kept.day, talk.kept.at) == (one.day, one.at)
        talk = replace(talk, kept=None) if talk.kept.instead_of or same else talk
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
    day, who = talk.listing_day, talk.listing_with
    shown = rows[:1] if talk.listing == "next" else rows
    if day is not None:
        shown = tuple(one for one in rows if one.day == day)
    with_whom = tuple(one for one in shown if one.practitioner == who)
    if with_whom and day is None:
        shown = with_whom
        said = replies.listed(shown, len(shown), today, who)
    elif day is not None:
        said = replies.listed_on(day, shown, today)
    else:
        said = replies.listed(shown, len(rows), today)
    return replace(talk, last=shown[0] if len(shown) == 1 else talk.last).tell(said)


def _appointment(row: Result) -> Appointment:
    return Appointment(
        str(row["appointment_id"]),
        parse_date(str(row["date"])),
        parse_time(str(row["time"])),
        str(row.get("purpose", "")),
        str(row.get("practitioner", "")),
        str(row.get("visit_type", "")),
    )


def _kept_time(offer: Result) -> KeptTime:
    return KeptTime(
        parse_date(str(offer["date"])),
        parse_time(str(offer["time"])),
        str(offer.get("instead_of") or ""),
        str(offer.get("practitioner", "")),
        str(offer.get("visit_type", "")),
    )
