"""What one turn of the caller changes in the conversation."""

from dataclasses import replace
from datetime import date

from kavita.receptionist import replies
from kavita.receptionist.asides import answer_aside
from kavita.receptionist.conversation import Conversation, Goal
from kavita.receptionist.identity import take_identity
from kavita.receptionist.misheard import mend
from kavita.receptionist.pins import take_pin
from kavita.receptionist.targets import find_matching
from kavita.receptionist.understanding.clauses import understand_wishes
from kavita.receptionist.understanding.intents import Intent
from kavita.receptionist.understanding.practitioners import ANOTHER, ANYBODY
from kavita.receptionist.understanding.understanding import Heard, Question, understand
from kavita.receptionist.wishes import take_next_wish, take_wishes
from kavita.scheduling.clinic import Clinic

_DOES_SOMETHING = (Intent.BOOK, Intent.CANCEL, Intent.MOVE, Intent.LIST)


def hear(talk: Conversation, text: str, clinic: Clinic, today: date) -> Conversation:
    """Take in what the caller said; danger to life comes before everything else."""
    before = talk.begin_turn()
    if before.birth_words and before.question is Question.BIRTH_DATE:
        joined = f"{before.birth_words} {text}"
        whole = understand(joined, before.question, clinic, today).birth_date
        text = joined if whole else text
    text = mend(before, text, clinic, today)
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
    rest = _name_another(after, rest, clinic)
    after = take_next_wish(take_wishes(after, rest, today), today)
    after = _take_leave(after, heard)
    after = _notice_puzzle(before, after, heard)
    return replace(after, urgent=True) if after.puzzled and talk.urgent else after


def _name_another(talk: Conversation, heard: Heard, clinic: Clinic) -> Heard:
    """Put a name to "another doctor": the first other one who offers the same."""
    if heard.practitioner != ANOTHER:
        return heard
    in_hand = talk.target or (talk.last if heard.means(Intent.THAT_ONE) else None)
    meant = (in_hand,) if in_hand else find_matching(talk, heard, use_destination=False)
    shown = talk.times.practitioner if talk.times else ""
    moves = heard.means(Intent.MOVE) or talk.goal is Goal.MOVE
    one = meant[0] if moves and len(meant) == 1 else None
    not_wanted = talk.practitioner or shown or (one.practitioner if one else "")
    wanted = (one.visit_type if one else talk.visit_type) or clinic.visit_types[0].name
    kinds = [visit for visit in clinic.visit_types if visit.name == wanted]
    others = [
        each.name
        for each in clinic.practitioners
        if each.name != not_wanted and all(each.offers(visit) for visit in kinds)
    ]
    return replace(heard, practitioner=others[0] if not_wanted and others else ANYBODY)


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
