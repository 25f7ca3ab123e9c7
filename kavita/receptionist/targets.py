"""Which appointment of the book is meant, to be cancelled or moved."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from kavita.receptionist import replies
from kavita.receptionist.conversation import Appointment, Conversation
from kavita.receptionist.understanding.clock_times import TimeWish
from kavita.receptionist.understanding.intents import Intent
from kavita.receptionist.understanding.practitioners import ANYBODY
from kavita.receptionist.understanding.understanding import Heard
from kavita.receptionist.when import fill_when


def fill_cancelling(talk: Conversation, heard: Heard, fresh: bool) -> Conversation:
    """Find what to cancel, then take the yes or no; `fresh` is the turn that asked for it."""
    if not talk.appointments:
        return talk.begin(None).tell(replies.NOTHING_TO_CANCEL)
    named = [one for one in talk.appointments if _is_named(one, heard)]
    describes = heard.has_content or bool(named)
    if talk.target is not None and not fresh:
        answered = _answer_confirmation(talk, heard, named == [talk.target] or not describes)
        if answered is not None:
            return answered
    if talk.target is None and not fresh and heard.means(Intent.NO) and not describes:
        return _keep(talk)
    each_named = "and" in heard.words and len(named) == len(talk.appointments)
    if heard.means(Intent.ALL) or each_named:
        first = talk.appointments[0]
        return replace(talk, cancel_all=len(talk.appointments) > 1, target=first)
    if fresh and talk.target is not None and not describes:
        return talk
    return _pick_target(talk, heard, use_destination=True)


def _answer_confirmation(talk: Conversation, heard: Heard, about_it: bool) -> Conversation | None:
    """Take the answer to "Shall I cancel it?"; None where it names another appointment."""
    others = tuple(one for one in talk.appointments if one != talk.target)
    agrees = heard.means(Intent.YES, Intent.CANCEL) and not heard.means(Intent.NO)
    if heard.means(Intent.TOO) and others:
        if agrees:
            return replace(talk, confirmed=True, cancel_all=True)
        return replace(talk, target=others[0] if len(others) == 1 else None, choices=others)
    if not about_it:
        return None
    if agrees:
        return replace(talk, confirmed=True)
    return _keep(talk) if heard.means(Intent.NO) else talk


def _keep(talk: Conversation) -> Conversation:
    return replace(talk.begin(None), served=True).tell(replies.KEPT)


def fill_moving(talk: Conversation, heard: Heard, today: date) -> Conversation:
    """Find what to move, and where to."""
    if not talk.appointments:
        return talk.begin(None).tell(replies.NOTHING_TO_MOVE)
    if talk.target is None and talk.choices and heard.means(Intent.NO) and not heard.has_content:
        return _keep(talk)
    if talk.target is None:
        fits = bool(find_matching(talk, heard, use_destination=True))
        use_destination = not heard.has_target and fits
        talk = _pick_target(talk, heard, use_destination)
        if use_destination:
            heard = replace(heard, day=None, wish=None)
    talk = fill_when(_with_another(talk, heard), heard, today)
    if talk.target is None or talk.day is not None:
        return talk
    if talk.practitioner and heard.practitioner:
        own_time = (talk.target.at,) if talk.practitioner == ANYBODY else ()
        return replace(talk.on_day(talk.target.day), avoid=own_time)
    if heard.shift_minutes and heard.wish is None:
        return _shift(talk, talk.target, heard.shift_minutes)
    if heard.means(Intent.LATER) and heard.wish is None:
        after = TimeWish(after=talk.target.at)
        return replace(talk.on_day(talk.target.day), wish=after, avoid=(talk.target.at,))
    if heard.means(Intent.EARLIER) and heard.wish is None:
        return replace(talk.on_day(talk.target.day), wish=TimeWish(before=talk.target.at))
    return talk.on_day(talk.target.day) if talk.wish is not None else talk


def _with_another(talk: Conversation, heard: Heard) -> Conversation:
    """Note with whom the appointment shall be, unless that only says which one is meant."""
    known = {one.practitioner for one in ((talk.target,) if talk.target else talk.appointments)}
    if not heard.practitioner or (heard.practitioner in known and not heard.to_practitioner):
        return talk
    if heard.practitioner == talk.practitioner:
        return talk
    return replace(talk.forget_times(), practitioner=heard.practitioner)


def _shift(talk: Conversation, target: Appointment, minutes: int) -> Conversation:
    """ "An hour later" on the same day: offered, not booked at once."""
    moment = datetime.combine(target.day, target.at) + timedelta(minutes=minutes)
    if moment.date() != target.day:
        return talk
    near = TimeWish(near=moment.time())
    return replace(talk.on_day(target.day), wish=near, avoid=(target.at,))


def _pick_target(talk: Conversation, heard: Heard, use_destination: bool) -> Conversation:
    """Find the appointment that is meant, or keep the choices to ask about."""
    pool = talk.choices or talk.appointments
    matching = find_matching(talk, heard, use_destination)
    if len(matching) == 1:
        return replace(talk, target=matching[0], choices=())
    if not matching:
        single = talk.appointments[0] if len(talk.appointments) == 1 else None
        missing = talk.tell(replies.NO_SUCH_APPOINTMENT)
        return replace(missing, target=single, choices=talk.appointments)
    if heard.position is not None and -1 <= heard.position < len(pool):
        return replace(talk, target=pool[heard.position], choices=())
    return replace(talk, target=None, choices=matching)


def find_matching(
    talk: Conversation, heard: Heard, use_destination: bool
) -> tuple[Appointment, ...]:
    """The appointments that fit every hint of the turn: day, time, purpose."""
    day, at = heard.from_day, heard.from_time
    if use_destination:
        day = day or (heard.day.day if heard.day else None)
        at = at or (heard.wish.at if heard.wish else None)
    fitting = [
        one
        for one in talk.choices or talk.appointments
        if (day is None or one.day == day) and (at is None or one.at == at)
    ]
    named = [one for one in fitting if _is_named(one, heard)]
    if heard.practitioner and not heard.to_practitioner and not named:
        fitting = [one for one in fitting if one.practitioner == heard.practitioner] or fitting
    if heard.purpose and not named and heard.means(Intent.CANCEL, Intent.MOVE):
        return ()
    return tuple(named or fitting)


def names_one(talk: Conversation, heard: Heard) -> bool:
    """Whether the turn names the purpose of an appointment in the book."""
    return any(_is_named(one, heard) for one in talk.appointments)


def _is_named(appointment: Appointment, heard: Heard) -> bool:
    """Whether the turn says a telling word of the appointment's purpose."""
    telling = {
        word for word in appointment.purpose.lower().replace("-", "").split() if len(word) > 3
    }
    return appointment.purpose == heard.purpose or bool(
        (telling - {"visit", "general", "test"}) & set(heard.words)
    )
