"""What a turn wants done with the book, given what is being talked about already."""

from dataclasses import replace
from datetime import date, timedelta

from kavita.receptionist import replies
from kavita.receptionist.conversation import Appointment, Conversation, Goal
from kavita.receptionist.offers import within
from kavita.receptionist.understanding.clock_times import TimeWish
from kavita.receptionist.understanding.intents import Intent
from kavita.receptionist.understanding.understanding import Heard


def take_wishes(talk: Conversation, heard: Heard, today: date) -> Conversation:
    """Take up or drop a goal, then fill in what the turn says about it."""
    if heard.means(Intent.NEVER_MIND) or _drops_what_is_in_hand(talk, heard):
        return replace(talk.begin(None), served=bool(talk.user_id)).tell(replies.NEVER_MIND)
    if not talk.user_id and heard.means(Intent.CANCEL, Intent.MOVE, Intent.LIST):
        return replace(talk.begin(None), held=heard)
    if heard.means(Intent.LIST):
        day = heard.day.day if heard.day else None
        return replace(talk, listing="next" if heard.position == 0 else "all", listing_day=day)
    if heard.means(Intent.DETAILS) and talk.goal is None and talk.last:
        return talk.tell(replies.details(talk.last, today))
    if heard.means(Intent.CANNOT_COME) and talk.goal is None and talk.appointments:
        return _cannot_come(talk, heard)
    if talk.goal is None and talk.last and _finds_fault(heard):
        return replace(talk, suggestion="change").tell(replies.WHAT_TO_CHANGE)
    talk, fresh = _choose_goal(talk, heard)
    if talk.goal is Goal.BOOK:
        return _fill_when(replace(talk, purpose=heard.purpose or talk.purpose), heard, today)
    if talk.goal is Goal.CANCEL:
        return _fill_cancelling(talk, heard, fresh)
    if talk.goal is Goal.MOVE:
        return _fill_moving(talk, heard, today)
    return talk


def _drops_what_is_in_hand(talk: Conversation, heard: Heard) -> bool:
    """ "Actually, cancel that" before anything was booked."""
    in_hand = talk.goal in (Goal.BOOK, Goal.MOVE)
    about_that = heard.means(Intent.THAT_ONE) or not heard.means(Intent.MY_APPOINTMENT)
    return in_hand and heard.means(Intent.CANCEL) and about_that and not heard.purpose


def _finds_fault(heard: Heard) -> bool:
    """ "That's wrong", with nothing said about what would be right."""
    changes = heard.means(Intent.CANCEL, Intent.MOVE, Intent.BOOK, Intent.GOODBYE)
    return heard.means(Intent.NO) and not (heard.is_plain_no or heard.has_content or changes)


def _cannot_come(talk: Conversation, heard: Heard) -> Conversation:
    matching = _matching(talk, heard, use_destination=True) or talk.appointments
    if len(matching) > 1:
        return talk.tell(replies.MOVE_OR_CANCEL)
    return replace(talk, last=matching[0]).tell(replies.move_or_cancel(matching[0]))


def _choose_goal(talk: Conversation, heard: Heard) -> tuple[Conversation, bool]:
    """The goal of this turn, and whether it is a new one."""
    in_hand = talk.goal in (Goal.BOOK, Goal.MOVE)
    of_last = talk.last if heard.means(Intent.THAT_ONE) else None
    if heard.means(Intent.CANCEL) and talk.goal is not Goal.CANCEL:
        return replace(talk.begin(Goal.CANCEL), target=of_last), True
    if heard.means(Intent.MOVE) and (not in_hand or heard.means(Intent.MY_APPOINTMENT)):
        kept = talk.target if talk.goal is Goal.CANCEL else of_last
        return replace(talk.begin(Goal.MOVE), target=kept), True
    if heard.means(Intent.BOOK) and (talk.goal is Goal.CANCEL or _books_another(talk, heard)):
        return talk.begin(Goal.BOOK), True
    if talk.goal is not None:
        return talk, False
    if heard.means(Intent.BOOK) or (heard.means(Intent.YES) and talk.suggested == "book"):
        return talk.begin(Goal.BOOK), True
    corrects = heard.means(Intent.CORRECTION, Intent.THAT_ONE) or talk.suggested == "change"
    named = heard.day is not None or heard.wish is not None
    if talk.last and ((corrects and named) or heard.means(Intent.LATER, Intent.EARLIER)):
        return replace(talk.begin(Goal.MOVE), target=talk.last), True
    if heard.day or heard.wish or (heard.purpose and not talk.last) or heard.means(Intent.SOONEST):
        return talk.begin(Goal.BOOK), True
    if heard.purpose and talk.last and talk.last.purpose != heard.purpose:
        return talk.tell(replies.PURPOSE_STAYS), False
    return talk, False


def _books_another(talk: Conversation, heard: Heard) -> bool:
    return talk.goal is Goal.MOVE and heard.means(Intent.MY_APPOINTMENT) and "book" in heard.words


def _fill_when(talk: Conversation, heard: Heard, today: date) -> Conversation:
    """Take in the day, the time, or the answer to the times that were offered."""
    had_day = talk.day
    if heard.day is not None:
        if heard.day.day is None:
            return talk.on_day(None).tell(replies.day_problem(heard.day, today))
        talk = talk.on_day(heard.day.day)
        talk = replace(talk, soonest=talk.soonest or heard.means(Intent.SOONEST))
    elif heard.means(Intent.OTHER_DAY):
        return talk.on_day(None)
    elif heard.means(Intent.SOONEST) and talk.day is None:
        talk = replace(talk.on_day(today), soonest=True)
    if heard.wish is not None:
        chosen = within(talk.offered, heard.wish) if _means_one(heard) else ()
        wish = TimeWish(at=chosen[0]) if len(chosen) == 1 else heard.wish
        return replace(talk, wish=wish, offered=(), avoid=())
    if talk.day is not None and talk.day == had_day:
        return _answer_offers(talk, heard)
    return talk


def _means_one(heard: Heard) -> bool:
    """ "The morning one" chooses among the times that were offered."""
    exact = heard.wish is not None and (heard.wish.at or heard.wish.near)
    return not exact and not {"one", "slot", "option"}.isdisjoint(heard.words)


def _answer_offers(talk: Conversation, heard: Heard) -> Conversation:
    """Take in "the second one", "yes", "anything later?", "none of those"."""
    offered = talk.offered
    position = 0 if heard.means(Intent.SOONEST) and heard.position is None else heard.position
    if position is not None and -1 <= position < len(offered):
        return replace(talk, wish=TimeWish(at=offered[position]))
    if heard.means(Intent.SAME_TIME) and talk.target:
        return replace(talk, wish=TimeWish(at=talk.target.at))
    if heard.means(Intent.YES) and len(offered) == 1:
        return replace(talk, wish=TimeWish(at=offered[0]))
    if heard.means(Intent.LATER):
        return _offer_later(talk)
    if heard.means(Intent.EARLIER):
        return _offer_earlier(talk)
    if heard.means(Intent.NO, Intent.OTHER_TIMES):
        return _offer_others(talk)
    return talk


def _offer_later(talk: Conversation) -> Conversation:
    if talk.times is None or talk.day is None:
        return talk
    latest = max(talk.offered or talk.seen, default=None)
    after = [at for at in talk.times.free if latest is None or at > latest]
    if after:
        return replace(talk, wish=TimeWish(after=after[0]), offered=(), avoid=())
    news = replies.nothing_later(talk.day)
    if talk.day == date.max:
        return talk.tell(news)
    return replace(talk.on_day(talk.day + timedelta(days=1)), wish=None).tell(news)


def _offer_earlier(talk: Conversation) -> Conversation:
    if talk.times is None or talk.day is None:
        return talk
    earliest = min(talk.offered or talk.seen, default=None)
    if any(earliest is None or at < earliest for at in talk.times.free):
        return replace(talk, wish=TimeWish(before=earliest), offered=(), avoid=())
    return talk.tell(replies.nothing_earlier(talk.day))


def _offer_others(talk: Conversation) -> Conversation:
    """Offer what has not been offered yet on this day, or ask for another day."""
    if talk.times is None or talk.day is None:
        return replace(talk.on_day(None), wish=None)
    avoid = (*talk.avoid, *talk.seen, *talk.offered)
    left = [at for at in talk.times.free if at not in avoid]
    wish = None if talk.wish is None or talk.wish.near or talk.wish.at else talk.wish
    if left:
        return replace(talk, wish=wish, offered=(), avoid=avoid, soonest=False)
    return replace(talk.on_day(None), wish=None).tell(replies.nothing_else(talk.day))


def _fill_cancelling(talk: Conversation, heard: Heard, fresh: bool) -> Conversation:
    if not talk.appointments:
        return talk.begin(None).tell(replies.NOTHING_TO_CANCEL)
    describes = heard.has_content or _names_one(talk, heard)
    if talk.target is not None and not fresh and not describes:
        agrees = heard.means(Intent.YES, Intent.CANCEL) and not heard.means(Intent.NO)
        if agrees:
            return replace(talk, confirmed=True)
        kept = replace(talk.begin(None), served=True).tell(replies.KEPT)
        return kept if heard.means(Intent.NO) else talk
    if heard.means(Intent.ALL):
        first = talk.appointments[0]
        return replace(talk, cancel_all=len(talk.appointments) > 1, target=first)
    if fresh and talk.target is not None and not describes:
        return talk
    return _pick_target(talk, heard, use_destination=True)


def _fill_moving(talk: Conversation, heard: Heard, today: date) -> Conversation:
    if not talk.appointments:
        return talk.begin(None).tell(replies.NOTHING_TO_MOVE)
    if talk.target is None:
        fits = bool(_matching(talk, heard, use_destination=True))
        use_destination = not heard.has_target and fits
        talk = _pick_target(talk, heard, use_destination)
        if use_destination and (heard.day or heard.wish):
            return talk
    talk = _fill_when(talk, heard, today)
    if talk.target is None or talk.day is not None:
        return talk
    if heard.means(Intent.LATER) and heard.wish is None:
        after = TimeWish(after=talk.target.at)
        return replace(talk.on_day(talk.target.day), wish=after, avoid=(talk.target.at,))
    if heard.means(Intent.EARLIER) and heard.wish is None:
        return replace(talk.on_day(talk.target.day), wish=TimeWish(before=talk.target.at))
    return talk.on_day(talk.target.day) if talk.wish is not None else talk


def _pick_target(talk: Conversation, heard: Heard, use_destination: bool) -> Conversation:
    """Find the appointment that is meant, or keep the choices to ask about."""
    pool = talk.choices or talk.appointments
    matching = _matching(talk, heard, use_destination)
    if len(matching) == 1:
        return replace(talk, target=matching[0], choices=())
    if not matching:
        single = talk.appointments[0] if len(talk.appointments) == 1 else None
        missing = talk.tell(replies.NO_SUCH_APPOINTMENT)
        return replace(missing, target=single, choices=talk.appointments)
    if heard.position is not None and -1 <= heard.position < len(pool):
        return replace(talk, target=pool[heard.position], choices=())
    return replace(talk, target=None, choices=matching)


def _matching(talk: Conversation, heard: Heard, use_destination: bool) -> tuple[Appointment, ...]:
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
    if heard.purpose and not named and heard.means(Intent.CANCEL, Intent.MOVE):
        return ()
    return tuple(named or fitting)


def _names_one(talk: Conversation, heard: Heard) -> bool:
    return any(_is_named(one, heard) for one in talk.appointments)


def _is_named(appointment: Appointment, heard: Heard) -> bool:
    """Whether the turn says a telling word of the appointment's purpose."""
    telling = {
        word for word in appointment.purpose.lower().replace("-", "").split() if len(word) > 3
    }
    return appointment.purpose == heard.purpose or bool(
        (telling - {"visit", "general", "test"}) & set(heard.words)
    )
