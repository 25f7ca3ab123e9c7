"""What a turn wants done with the book, given what is being talked about already."""

from dataclasses import replace
from datetime import date

from kavita.receptionist import replies
from kavita.receptionist.conversation import Conversation, Goal
from kavita.receptionist.targets import fill_cancelling, fill_moving, find_matching, names_one
from kavita.receptionist.understanding.clock_times import TimeWish
from kavita.receptionist.understanding.intents import Intent
from kavita.receptionist.understanding.practitioners import ANYBODY
from kavita.receptionist.understanding.understanding import Heard
from kavita.receptionist.understanding.words import word_set
from kavita.receptionist.waiting import (
    answer_kept_time,
    begin_waiting,
    fill_waiting,
    wants_to_wait,
)
from kavita.receptionist.when import fill_when

_SHORT = 4
_WANTS = word_set("with see want like need prefer rather book get have")


def take_wishes(talk: Conversation, heard: Heard, today: date) -> Conversation:
    """Take up or drop a goal, then fill in what the turn says about it."""
    answered = answer_kept_time(talk, heard)
    if answered is not None:
        return answered
    if heard.means(Intent.NEVER_MIND) or _drops_what_is_in_hand(talk, heard):
        dropped = talk.goal is not None or talk.held is not None
        news = replies.NEVER_MIND if dropped else replies.NO_PROBLEM
        return replace(talk.begin(None), later=(), served=bool(talk.user_id)).tell(news)
    if heard.means(Intent.NO) and talk.suggested in ("book", "change") and not heard.has_content:
        return replace(talk, served=True).tell(replies.ALL_RIGHT)
    needs_record = heard.means(
        Intent.CANCEL, Intent.MOVE, Intent.LIST, Intent.WAITLIST, Intent.OFF_WAITLIST
    )
    if not talk.user_id and needs_record:
        return replace(talk.begin(None), held=heard)
    if heard.means(Intent.OFF_WAITLIST):
        return replace(talk.begin(None), leaves_waitlist=True)
    if wants_to_wait(talk, heard):
        return begin_waiting(talk, heard)
    if heard.means(Intent.LIST):
        day = heard.day.day if heard.day else None
        talk = replace(talk, listing_day=day, listing_with=heard.practitioner)
        return replace(talk, listing="next" if heard.position == 0 else "all")
    changes = heard.means(Intent.BOOK, Intent.CANCEL, Intent.MOVE) or heard.day or heard.wish
    if heard.means(Intent.DETAILS) and not changes:
        return _tell_details(talk, heard, today)
    if heard.means(Intent.CANNOT_COME) and talk.goal is None and talk.appointments:
        return _cannot_come(talk, heard)
    if talk.suggested == "change" and heard.means(Intent.YES) and not heard.has_content:
        return replace(talk, suggestion="change").tell(replies.MOVE_OR_CANCEL)
    if talk.goal is None and talk.last and _finds_fault(heard):
        return replace(talk, suggestion="change").tell(replies.WHAT_TO_CHANGE)
    if talk.goal is Goal.WAIT and not heard.means(Intent.BOOK, Intent.CANCEL, Intent.MOVE):
        return fill_waiting(talk, heard)
    talk, fresh = _choose_goal(talk, heard)
    if talk.goal is Goal.BOOK:
        return _fill_booking(talk, heard, today)
    if talk.goal is Goal.CANCEL:
        return fill_cancelling(talk, heard, fresh)
    if talk.goal is Goal.MOVE:
        return fill_moving(talk, heard, today)
    return talk


def take_next_wish(talk: Conversation, today: date) -> Conversation:
    """Take up the next wish of a turn that had several, once the one before is settled."""
    if talk.goal is not None or talk.held is not None or not talk.later:
        return talk
    following = replace(talk, later=talk.later[1:])
    return take_next_wish(take_wishes(following, talk.later[0], today), today)


def _tell_details(talk: Conversation, heard: Heard, today: date) -> Conversation:
    """Say again what is being talked about: the appointment in hand, the last one, or the ID."""
    one = talk.target or (talk.last if talk.goal is None else None)
    own = {"my", "id"} <= set(heard.words) and not {"appointment", "booking"} & set(heard.words)
    if one is not None and not own:
        return talk.tell(replies.details(one, today))
    return talk.tell(replies.your_id(talk.user_id)) if talk.user_id else talk


def _drops_what_is_in_hand(talk: Conversation, heard: Heard) -> bool:
    """ "Actually, cancel that" before anything was booked."""
    in_hand = talk.goal in (Goal.BOOK, Goal.MOVE)
    about_that = heard.means(Intent.THAT_ONE) or not heard.means(Intent.MY_APPOINTMENT)
    return in_hand and heard.means(Intent.CANCEL) and about_that and not heard.purpose


def _finds_fault(heard: Heard) -> bool:
    """ "That's wrong", with nothing said about what would be right."""
    changes = heard.means(Intent.CANCEL, Intent.MOVE, Intent.BOOK, Intent.GOODBYE)
    return heard.means(Intent.WRONG) and not (heard.has_content or changes)


def _cannot_come(talk: Conversation, heard: Heard) -> Conversation:
    talk = replace(talk, suggestion="change")
    fitting = find_matching(talk, heard, use_destination=True) or talk.appointments
    if len(fitting) > 1:
        return talk.tell(replies.MOVE_OR_CANCEL)
    return replace(talk, last=fitting[0]).tell(replies.move_or_cancel(fitting[0]))


def _choose_goal(talk: Conversation, heard: Heard) -> tuple[Conversation, bool]:
    """The goal of this turn, and whether it is a new one."""
    in_hand = talk.goal in (Goal.BOOK, Goal.MOVE)
    about_last = heard.means(Intent.THAT_ONE) or talk.suggested == "change"
    of_last = talk.last if about_last else None
    if talk.goal is None and talk.done in (Goal.CANCEL, Goal.MOVE) and heard.means(Intent.TOO):
        return talk.begin(talk.done), True
    if heard.means(Intent.CANCEL) and talk.goal is not Goal.CANCEL:
        return replace(talk.begin(Goal.CANCEL), target=of_last), True
    if heard.means(Intent.MOVE) and (not in_hand or heard.means(Intent.MY_APPOINTMENT)):
        kept = talk.target if talk.goal is Goal.CANCEL else of_last
        return replace(talk.begin(Goal.MOVE), target=kept), True
    leaves = talk.goal in (Goal.CANCEL, Goal.WAIT) or _books_another(talk, heard)
    if heard.means(Intent.BOOK) and leaves:
        return talk.begin(Goal.BOOK), True
    if talk.goal is not None:
        return talk, False
    if heard.means(Intent.BOOK) or (heard.means(Intent.YES) and talk.suggested == "book"):
        return talk.begin(Goal.BOOK), True
    corrects = heard.means(Intent.CORRECTION, Intent.THAT_ONE) or talk.suggested == "change"
    named = heard.day is not None or heard.wish is not None
    named = named or (heard.practitioner != "" and heard.to_practitioner)
    instead = heard.day and heard.means(Intent.CORRECTION) and names_one(talk, heard)
    if instead or (talk.appointments and heard.means(Intent.COME_OTHERWISE)):
        return talk.begin(Goal.MOVE), True
    if talk.last and ((corrects and named) or heard.means(Intent.LATER, Intent.EARLIER)):
        return replace(talk.begin(Goal.MOVE), target=talk.last), True
    any_time = heard.means(Intent.ANY_OF_THEM) and not {"day", "time"}.isdisjoint(heard.words)
    any_time = any_time or heard.means(Intent.SOONEST)
    content = heard.day or heard.wish or (heard.purpose and not talk.last)
    if content or _names_whom_to_see(heard) or (any_time and not heard.practitioner):
        return talk.begin(Goal.BOOK), True
    if heard.purpose and talk.last and talk.last.purpose != heard.purpose:
        return talk.tell(replies.PURPOSE_STAYS), False
    return talk, False


def _names_whom_to_see(heard: Heard) -> bool:
    """ "Dr. Rao, please" is a wish; "is Dr. Rao any good?" is none."""
    short = len(heard.words) <= _SHORT
    return bool(heard.practitioner) and (short or not _WANTS.isdisjoint(heard.words))


def _books_another(talk: Conversation, heard: Heard) -> bool:
    return talk.goal is Goal.MOVE and heard.means(Intent.MY_APPOINTMENT) and "book" in heard.words


def _fill_booking(talk: Conversation, heard: Heard, today: date) -> Conversation:
    """Take in what is said of a new appointment; of one for somebody else nothing is taken yet."""
    if heard.means(Intent.FOR_SOMEONE):
        talk = talk.tell(replies.for_someone(talk.name))
        if heard.wish and heard.wish.at:
            heard = replace(heard, wish=TimeWish(near=heard.wish.at))
    if heard.purpose and talk.times is not None and talk.purpose != heard.purpose:
        named = not (heard.day or heard.wish or heard.position is not None)
        talk = talk.tell(replies.noted(heard.purpose)) if named else talk
    wanted = "" if heard.practitioner == ANYBODY else heard.practitioner or talk.practitioner
    visit_type = heard.visit_type or talk.visit_type
    if (wanted, visit_type) != (talk.practitioner, talk.visit_type):
        talk = talk.forget_times()
    talk = replace(talk, purpose=heard.purpose or talk.purpose)
    return fill_when(replace(talk, practitioner=wanted, visit_type=visit_type), heard, today)
