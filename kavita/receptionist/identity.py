"""Who is calling: an ID, a date of birth, the lack of them, or a new patient's name."""

from calendar import isleap
from dataclasses import replace
from datetime import date

from kavita.receptionist import replies
from kavita.receptionist.conversation import Conversation
from kavita.receptionist.understanding.intents import Intent
from kavita.receptionist.understanding.numbers import ID_DIGITS
from kavita.receptionist.understanding.understanding import Heard


def take_identity(talk: Conversation, heard: Heard) -> Conversation:
    """Take in what the turn says about who is calling."""
    whole = len(heard.digits) == ID_DIGITS
    if talk.user_id and talk.claimed_id:
        talk = _take_other_birth_date(talk, heard)
    elif talk.claimed_id:
        talk = _join_birth_date(talk, heard)
    if talk.user_id:
        if heard.means(Intent.REGISTER) and not (heard.has_content or _asks_for_something(heard)):
            return talk.tell(replies.REGISTERED_ALREADY)
        other = heard.says_id and whole and heard.digits != talk.user_id
        return replace(talk, claim=heard.digits) if other and not talk.claim else talk
    if whole and talk.tries_over:
        return talk.tell(replies.TRIES_OVER)
    if heard.birth_date:
        talk = replace(talk, birth_date=heard.birth_date)
    if heard.digits and (whole or not talk.registering):
        return _join_digits(replace(talk, registering=talk.registering and not whole), heard.digits)
    if talk.claim:
        return talk
    if heard.means(Intent.NEVER_MIND):
        return replace(talk, registering=False)
    if talk.claimed_id and not talk.registering:
        declined = _decline_birth_date(talk, heard)
        if declined is not None:
            return declined
    if heard.means(Intent.LOST_ID):
        return replace(talk, suggestion="register").tell(replies.LOST_ID)
    if heard.means(Intent.WHY_ID) and not heard.has_content:
        return talk.tell(replies.WHY_NAME if talk.registering else replies.WHY_ID)
    return _take_registration(talk, heard)


def _join_birth_date(talk: Conversation, heard: Heard) -> Conversation:
    """Try the ID with a date of birth: a whole one, or one with another year than before."""
    born = heard.birth_date
    if heard.birth_year and talk.birth_date and not born:
        born = _with_year(talk.birth_date, heard.birth_year)
    if len(heard.digits) == ID_DIGITS or talk.registering:
        return talk
    if born is not None:
        return replace(talk, birth_date=born, birth_words="", claim=talk.claimed_id)
    return replace(talk, birth_words=heard.birth_part or talk.birth_words)


def _with_year(day: date, year: int) -> date:
    leap = (day.month, day.day) == (2, 29) and not isleap(year)
    return date(year, 3, 1) if leap else day.replace(year=year)


def _take_other_birth_date(talk: Conversation, heard: Heard) -> Conversation:
    """Take the date of birth of another ID, or let that be for something else."""
    joined = _join_birth_date(talk, heard)
    if joined.claim or joined.birth_words != talk.birth_words:
        return joined
    dropped = replace(talk, claimed_id="", birth_words="")
    asks_on = heard.has_content or _asks_for_something(heard)
    return dropped if asks_on else dropped.tell(replies.ALL_RIGHT)


def _decline_birth_date(talk: Conversation, heard: Heard) -> Conversation | None:
    """Answer a caller who asks why, or will not say it; None for everything else."""
    if heard.means(Intent.WHY_ID) and not heard.has_content:
        return talk.tell(replies.WHY_BIRTH_DATE)
    if heard.means(Intent.NO, Intent.LOST_ID) and not (heard.has_content or talk.suggested):
        return talk.tell(replies.NO_BIRTH_DATE)
    return None


def _take_registration(talk: Conversation, heard: Heard) -> Conversation:
    refuses = heard.means(Intent.NO) and not heard.has_content and not heard.means(Intent.GOODBYE)
    wants_to = heard.means(Intent.YES) and (talk.suggested == "register" or talk.tries_over)
    if heard.means(Intent.REGISTER) or wants_to:
        name = heard.name or talk.given_name
        tried = heard.birth_date if talk.claimed_id else talk.birth_date
        talk = replace(talk, birth_date=tried, claimed_id="")
        return replace(talk, registering=True, digits="", new_name=name)
    if heard.name and (talk.registering or talk.suggested == "register"):
        return replace(talk, registering=True, new_name=heard.name)
    if heard.name:
        return _note_name(talk, heard)
    if refuses and talk.tries_over:
        return replace(talk, leaving=True).tell(replies.DESK_KNOWS_ID)
    if refuses and talk.suggested == "register":
        return talk.tell(replies.ALL_RIGHT)
    if refuses and talk.registering and heard.is_plain_no:
        return replace(talk, registering=False).tell(replies.ALL_RIGHT)
    if refuses and not talk.registering:
        return replace(talk, suggestion="register").tell(replies.ARE_YOU_NEW)
    return talk


def _note_name(talk: Conversation, heard: Heard) -> Conversation:
    """A name alone finds nobody, but it need not be asked for again."""
    talk = replace(talk, given_name=heard.name)
    if _asks_for_something(heard) or heard.day or talk.news:
        return talk
    return replace(talk, suggestion="register").tell(replies.ARE_YOU_NEW)


def _asks_for_something(heard: Heard) -> bool:
    return heard.means(Intent.BOOK, Intent.CANCEL, Intent.MOVE, Intent.LIST)


def _join_digits(talk: Conversation, digits: str) -> Conversation:
    """Make one ID of digits that came in two turns."""
    joined = talk.digits + digits
    if digits == talk.digits:
        return talk
    if len(digits) < ID_DIGITS and len(joined) <= ID_DIGITS:
        digits = joined
    if len(digits) == ID_DIGITS:
        return replace(talk, claim=digits, digits="")
    if len(digits) > ID_DIGITS:
        return replace(talk, digits="").tell(replies.wrong_length(digits))
    return replace(talk, digits=digits)
