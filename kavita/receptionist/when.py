"""Day and time of an appointment that is to be booked or moved, and the answer to an offer."""

from dataclasses import replace
from datetime import date, timedelta

from kavita.receptionist import replies
from kavita.receptionist.conversation import Conversation
from kavita.receptionist.offers import within
from kavita.receptionist.understanding.clock_times import TimeWish
from kavita.receptionist.understanding.intents import Intent
from kavita.receptionist.understanding.understanding import Heard

_NO_PREFERENCE = (Intent.SOONEST, Intent.ANY_OF_THEM, Intent.UNSURE)


def fill_when(talk: Conversation, heard: Heard, today: date) -> Conversation:
    """Take in the day, the time, or the answer to the times that were offered."""
    had_day = talk.day
    if heard.day is not None:
        if heard.day.day is None:
            month = heard.day.nearby[0] if heard.day.problem == "month" else None
            talk = replace(talk.on_day(None), month=month, wish=heard.wish or talk.wish)
            return talk.tell(replies.day_problem(heard.day, today))
        talk = talk.on_day(heard.day.day)
        talk = replace(talk, soonest=talk.soonest or heard.means(Intent.SOONEST))
    elif heard.means(Intent.SAME_DAY) and talk.day is None and talk.last:
        talk = talk.on_day(talk.last.day)
    elif heard.means(Intent.OTHER_DAY):
        return talk.on_day(None)
    elif heard.means(*_NO_PREFERENCE) and talk.day is None:
        soonest = heard.means(Intent.SOONEST)
        talk = replace(talk.on_day(max(today, talk.month or today)), soonest=soonest)
    if heard.wish is not None:
        chosen = within(talk.offered, heard.wish) if _means_one(heard) else ()
        wish = TimeWish(at=chosen[0]) if len(chosen) == 1 else heard.wish
        soonest = heard.means(Intent.SOONEST)
        return replace(talk, wish=wish, offered=(), avoid=(), soonest=soonest)
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
    if position is not None and offered and -1 <= position < len(offered):
        return replace(talk, wish=TimeWish(at=offered[position]))
    if heard.means(Intent.SAME_TIME) and talk.target:
        return replace(talk, wish=TimeWish(at=talk.target.at))
    takes_it = heard.means(Intent.YES, Intent.ANY_OF_THEM)
    if takes_it and len(offered) == 1:
        return replace(talk, wish=TimeWish(at=offered[0]))
    if heard.means(Intent.ANY_OF_THEM):
        return replace(talk, offered=offered[:1])
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
    told = talk.tell(replies.nothing_earlier(talk.day))
    if not talk.offers_waitlist:
        return told
    return replace(told, suggestion="wait", full_day=talk.day, offers_waitlist=False)


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
