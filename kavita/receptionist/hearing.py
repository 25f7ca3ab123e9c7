"""What one turn of the caller changes in the conversation."""

from dataclasses import replace
from datetime import date

from kavita.receptionist import replies
from kavita.receptionist.conversation import Conversation
from kavita.receptionist.understanding.intents import Intent
from kavita.receptionist.understanding.numbers import ID_DIGITS
from kavita.receptionist.understanding.understanding import Heard, Question, understand
from kavita.receptionist.wishes import take_wishes
from kavita.scheduling.clinic import Clinic

_DOES_SOMETHING = (Intent.BOOK, Intent.CANCEL, Intent.MOVE, Intent.LIST)


def hear(talk: Conversation, text: str, clinic: Clinic, today: date) -> Conversation:
    """Take in what the caller said; danger to life comes before everything else."""
    before = talk.begin_turn()
    heard = understand(text, before.question, clinic, today, before.day)
    if heard.red_flag:
        return replace(before, urgent=True)
    if heard.means(Intent.REPEAT, Intent.SLOWER) and not heard.has_content:
        return replace(before, repeat="slower" if heard.means(Intent.SLOWER) else "again")
    after, heard = _answer_aside(before, heard, clinic, agent_asks=before.question)
    after = _take_identity(after, heard)
    after = take_wishes(after, heard, today)
    after = _take_leave(after, heard)
    return _notice_puzzle(before, after, heard)


def _answer_aside(
    talk: Conversation, heard: Heard, clinic: Clinic, agent_asks: Question
) -> tuple[Conversation, Heard]:
    """Answer what has nothing to do with the book; the talk then goes on where it was."""
    if heard.means(*_DOES_SOMETHING) or (agent_asks is Question.NAME and heard.name):
        return talk, heard
    if heard.means(Intent.HOURS):
        answer = replies.opening_hours(clinic, heard.day.day if heard.day else None)
        return talk.tell(answer), replace(heard, day=None, wish=None)
    if heard.means(Intent.STILL_THERE):
        return talk.tell(replies.HERE), heard
    if heard.means(Intent.HUMAN):
        return talk.tell(replies.HUMAN), heard
    if heard.means(Intent.ROBOT):
        return talk.tell(replies.ROBOT), heard
    if heard.means(Intent.WHO):
        return talk.tell(replies.WHO), heard
    if heard.means(Intent.ADVICE):
        heard = replace(heard, purpose="")
    if heard.means(Intent.ADVICE, Intent.MEDICAL) and not heard.has_content:
        suggestion = replace(talk, suggestion="book") if talk.goal is None else talk
        offer = replies.MEDICAL_OFFER if talk.goal is None and talk.user_id else replies.MEDICAL
        return suggestion.tell(offer), heard
    if heard.means(Intent.CLINIC_QUESTION) and not heard.has_content:
        return talk.tell(replies.ASK_THE_DESK), heard
    if heard.means(Intent.OFF_TOPIC) and not heard.has_content:
        return talk.tell(replies.OFF_TOPIC), heard
    return talk, heard


def _take_identity(talk: Conversation, heard: Heard) -> Conversation:
    """Take in an ID, a part of one, the lack of one, or a new patient's name."""
    whole = len(heard.digits) == ID_DIGITS
    if talk.user_id:
        other = heard.says_id and whole and heard.digits != talk.user_id
        return replace(talk, claim=heard.digits) if other else talk
    if whole and talk.tries_over:
        return talk.tell(replies.TRIES_OVER)
    if heard.digits and (whole or not talk.registering):
        return _join_digits(replace(talk, registering=talk.registering and not whole), heard.digits)
    if heard.means(Intent.NEVER_MIND):
        return replace(talk, registering=False)
    if heard.means(Intent.LOST_ID):
        return replace(talk, suggestion="register").tell(replies.LOST_ID)
    wants_to = heard.means(Intent.YES) and (talk.suggested == "register" or talk.tries_over)
    if heard.means(Intent.REGISTER) or wants_to:
        talk = replace(talk, registering=True, digits="")
    refuses = heard.means(Intent.NO) and not heard.has_content and not heard.means(Intent.GOODBYE)
    if refuses and talk.suggested == "register":
        return talk.tell(replies.ALL_RIGHT)
    if refuses and not talk.registering and not talk.tries_over:
        return replace(talk, suggestion="register").tell(replies.ARE_YOU_NEW)
    if heard.name and (talk.registering or talk.suggested == "register"):
        return replace(talk, registering=True, new_name=heard.name)
    return talk


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


def _take_leave(talk: Conversation, heard: Heard) -> Conversation:
    """Note that the caller wants to end the call, perhaps after what they just asked for."""
    content = heard.has_content or heard.means(*_DOES_SOMETHING) or talk.confirmed
    if talk.goal is not None and not heard.means(Intent.BYE) and not content and not talk.puzzled:
        return talk
    says_no = heard.means(Intent.NO) and heard.is_plain_no and talk.served
    says_no = says_no and talk.question is Question.NEED
    if heard.means(Intent.GOODBYE) or (says_no and not content and not talk.news):
        return replace(talk, leaving=True, held=talk.held if content else None)
    return talk


def _notice_puzzle(before: Conversation, after: Conversation, heard: Heard) -> Conversation:
    """Count turns that changed nothing; pleasantries get a pleasant word."""
    if after != before or heard.has_content:
        return replace(after, puzzled=0)
    if heard.means(Intent.THANKS) and before.goal is None:
        return replace(after.tell(replies.WELCOME), puzzled=0)
    if heard.means(Intent.GREETING):
        return replace(after.tell(replies.HELLO), puzzled=0)
    agrees = heard.means(Intent.YES) and after.question is not Question.CONFIRM
    if agrees or (heard.means(Intent.BOOK) and after.goal is not None):
        return replace(after, puzzled=0)
    return replace(after, puzzled=after.puzzled + 1)
