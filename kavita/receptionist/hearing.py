"""What one turn of the caller changes in the conversation."""

from dataclasses import replace
from datetime import date

from kavita.receptionist import replies
from kavita.receptionist.asides import answer_aside
from kavita.receptionist.conversation import Conversation
from kavita.receptionist.identity import take_identity
from kavita.receptionist.pins import take_pin
from kavita.receptionist.understanding.clauses import understand_wishes
from kavita.receptionist.understanding.intents import Intent
from kavita.receptionist.understanding.understanding import Heard, Question, understand
from kavita.receptionist.wishes import take_next_wish, take_wishes
from kavita.scheduling.clinic import Clinic

_DOES_SOMETHING = (Intent.BOOK, Intent.CANCEL, Intent.MOVE, Intent.LIST)


def hear(talk: Conversation, text: str, clinic: Clinic, today: date) -> Conversation:
    """Take in what the caller said; danger to life comes before everything else."""
    before = talk.begin_turn()
    current = before.day or before.month
    heard = understand(text, before.question, clinic, today, current)
    if heard.red_flag:
        return replace(before, urgent=True, alarmed=True)
    if heard.means(Intent.REPEAT, Intent.SLOWER) and not heard.has_content:
        return replace(before, repeat="slower" if heard.means(Intent.SLOWER) else "again")
    after, rest = answer_aside(before, heard, clinic, today)
    after = take_identity(after, rest)
    if before.pin_asked:
        after = take_pin(after, rest)
        if after.goal is None or after.pin:
            return replace(after, puzzled=0)
    wishes = understand_wishes(text, before.question, clinic, today, current)
    if len(wishes) > 1:
        rest, after = wishes[0], replace(after, later=wishes[1:])
    after = take_next_wish(take_wishes(after, rest, today), today)
    after = _take_leave(after, heard)
    after = _notice_puzzle(before, after, heard)
    return replace(after, urgent=True) if after.puzzled and talk.urgent else after


def _take_leave(talk: Conversation, heard: Heard) -> Conversation:
    """Note that the caller wants to end the call, perhaps after what they just asked for."""
    content = heard.has_content or heard.means(*_DOES_SOMETHING) or talk.confirmed
    if talk.goal is not None and not heard.means(Intent.BYE) and not content and not talk.puzzled:
        return talk
    declines = (heard.means(Intent.NO) and heard.is_plain_no) or heard.means(Intent.NOTHING_MORE)
    declines = declines and talk.served and talk.question is Question.NEED
    if heard.means(Intent.GOODBYE) or (declines and not content and not talk.news):
        return replace(talk, leaving=True, held=talk.held if content else None)
    return talk


def _notice_puzzle(before: Conversation, after: Conversation, heard: Heard) -> Conversation:
    """Count turns that changed nothing; pleasantries get a pleasant word."""
    if after != before or heard.has_content:
        return replace(after, puzzled=0)
    if heard.means(Intent.WAIT):
        return replace(after, repeat="wait", puzzled=0)
    if heard.means(Intent.THANKS) and before.goal is None:
        return replace(after.tell(replies.WELCOME), puzzled=0)
    if heard.means(Intent.GREETING):
        return replace(after.tell(replies.HELLO), puzzled=0)
    agrees = heard.means(Intent.YES) and after.question is not Question.CONFIRM
    if agrees and after.question is Question.NEED and after.served:
        return replace(after.tell(replies.GO_AHEAD), puzzled=0)
    if agrees or (heard.means(Intent.BOOK) and after.goal is not None):
        return replace(after, puzzled=0)
    return replace(after, puzzled=after.puzzled + 1)
