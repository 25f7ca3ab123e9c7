"""Waiting for an earlier time, and what became free for a patient who did."""

from dataclasses import replace
from datetime import date

from kavita.receptionist import replies
from kavita.receptionist.conversation import Appointment, Conversation, Goal
from kavita.receptionist.targets import find_matching
from kavita.receptionist.understanding.clock_times import TimeWish
from kavita.receptionist.understanding.intents import Intent
from kavita.receptionist.understanding.understanding import Heard, Question

_ELSE = (Intent.LIST, Intent.CANCEL, Intent.WAITLIST, Intent.OFF_WAITLIST)


def wants_to_wait(talk: Conversation, heard: Heard) -> bool:
    """Whether the turn asks for the waiting list, or agrees to be put there."""
    agrees = talk.suggested == "wait" and heard.means(Intent.YES) and len(talk.offered) != 1
    return heard.means(Intent.WAITLIST) or (agrees and not heard.has_content)


def begin_waiting(talk: Conversation, heard: Heard) -> Conversation:
    """Find out what the caller waits for: a time on a day, or one before an appointment."""
    named = heard.day.day if heard.day else None
    in_hand = talk.goal in (Goal.BOOK, Goal.MOVE)
    day = named or talk.full_day or (talk.day if in_hand else None)
    waiting = replace(
        talk.begin(Goal.WAIT),
        purpose=heard.purpose or talk.purpose,
        visit_type=heard.visit_type or talk.visit_type,
        practitioner=heard.practitioner or talk.practitioner,
    )
    if talk.goal is Goal.BOOK and day is not None:
        return replace(waiting, day=day)
    if talk.goal is Goal.MOVE and talk.target is not None:
        return _before(waiting, talk.target, day)
    later = [one for one in talk.appointments if day is None or one.day >= day]
    hinted = find_matching(talk, replace(heard, day=None, wish=None), use_destination=False)
    fitting = [one for one in later if one in hinted] or later
    if day is not None:
        return _before(waiting, fitting[0], day) if fitting else replace(waiting, day=day)
    if talk.last in fitting and heard.means(Intent.THAT_ONE):
        return _before(waiting, talk.last, None)
    if len(fitting) == 1:
        return _before(waiting, fitting[0], None)
    if fitting:
        return replace(waiting, choices=tuple(fitting))
    return waiting.tell(replies.WHICH_DAY_TO_WAIT_FOR)


def fill_waiting(talk: Conversation, heard: Heard) -> Conversation:
    """Take the answer to which appointment, or which day."""
    if heard.means(Intent.NO) and not heard.has_content:
        return replace(talk.begin(None), served=True).tell(replies.KEPT)
    if not talk.choices:
        day = heard.day.day if heard.day else None
        return replace(talk, day=day or talk.day)
    matching = find_matching(talk, heard, use_destination=True)
    if heard.position is not None and -1 <= heard.position < len(talk.choices):
        matching = (talk.choices[heard.position],)
    return _before(talk, matching[0], None) if len(matching) == 1 else talk


def _before(talk: Conversation, appointment: Appointment | None, day: date | None) -> Conversation:
    """Wait for a time before an appointment; not before the day, where one was named."""
    if appointment is None:
        return talk
    first = day if day is not None and day <= appointment.day else None
    return replace(talk, target=appointment, choices=(), day=first)


def answer_kept_time(talk: Conversation, heard: Heard) -> Conversation | None:
    """Take or leave what became free; None where something else is said."""
    if talk.kept is None or talk.question is not Question.KEPT_TIME:
        return None
    if heard.has_content or heard.means(*_ELSE):
        return None
    if heard.means(Intent.NO, Intent.NEVER_MIND):
        return replace(talk, kept=None, served=True).tell(replies.KEPT)
    agrees = heard.means(Intent.YES, Intent.MOVE if talk.kept.instead_of else Intent.BOOK)
    return _take(talk) if agrees else None


def _take(talk: Conversation) -> Conversation:
    kept = talk.kept
    if kept is None:
        return talk
    target = next((one for one in talk.appointments if one.appointment_id == kept.instead_of), None)
    if kept.instead_of and target is None:
        return replace(talk, kept=None).tell(replies.NO_SUCH_APPOINTMENT)
    return replace(
        talk.begin(Goal.MOVE if target else Goal.BOOK),
        kept=None,
        target=target,
        day=kept.day,
        wish=TimeWish(at=kept.at),
        practitioner=kept.practitioner,
        visit_type=kept.visit_type,
    )
