"""How much of an answer the caller's words are, given what was asked: pure, from the messages."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from kavita.receptionist.conversation import Conversation
from kavita.receptionist.prompts import offered_times
from kavita.receptionist.receptionist import Receptionist
from kavita.receptionist.understanding.intents import Intent
from kavita.receptionist.understanding.numbers import ID_DIGITS, digit_runs, is_id_talk
from kavita.receptionist.understanding.understanding import Heard, Question, understand
from kavita.receptionist.understanding.words import Words, split_words, word_set
from kavita.scheduling.clinic import Clinic


class Answer(Enum):
    """How finished the words of a turn are, as an answer to what was asked."""

    NOTHING = "nothing"
    """No words."""
    UNFINISHED = "unfinished"
    """More must follow: two digits of four, "my name is", "and", "um"."""
    ASTRAY = "astray"
    """Words, but no answer to a question that has a plain one."""
    OPEN = "open"
    """The words alone do not tell."""
    ENOUGH = "enough"
    """The question is answered, but the caller may go on: "Thursday", "at ten"."""
    COMPLETE = "complete"
    """The question is answered and nothing is likely to follow: "yes", four digits."""


@dataclass(frozen=True)
class Reading:
    """What the turn so far is worth."""

    answer: Answer
    dictating: bool
    """Digits are asked for, which people say in groups."""
    question: Question


_FRAME = word_set(
    "my id ids idea aid user patient number is its it the yes please no sorry i said that thats a "
    "hi hello well so okay ok sure let me see think"
)
"""Words around dictated digits that are no digit, however they were heard."""
_MOST_GROUPS = 8
"""More words than that are no dictation."""
_HESITATION = re.compile(r"\b(u+m+|u+h+|e+r+m*|hm+)\W*$", re.IGNORECASE)
_GOES_ON = re.compile(
    r"\b(and|but|or|so|because|the|a|an|my|your|is|im|am|are|was|at|on|in|to|for|from|of|with|"
    r"about|around|between|after|before|next|this|would|could|can|should|want|need|please book|"
    r"maybe|perhaps|say|well|its|name is|think|let me (see|check)|i mean|"
    r"i (would )?(like|want|need)|how about|what about|could we say)$"
)
"""Words after which an English sentence does not end, or a thought begins."""
_PLAIN_LENGTH = 4
_DAY_PART = re.compile(r"\b(am|pm|oclock|noon|midday|half past|quarter|morning|afternoon)\b")


def read_answer(
    receptionist: Receptionist,
    messages: Sequence[Mapping[str, Any]],
    text: str,
    clinic: Clinic,
    now: datetime,
) -> Reading:
    """Weigh the caller's `text`, not yet among `messages`, against what stands open in them."""
    talk = receptionist.stand(messages, now)
    words = split_words(text)
    dictating = talk.question is Question.USER_ID
    if not words:
        hesitates = _HESITATION.search(text) is not None
        answer = Answer.UNFINISHED if hesitates else Answer.NOTHING
        return Reading(answer, dictating, talk.question)
    today = (now.astimezone(clinic.timezone) if now.tzinfo else now).date()
    heard = understand(text, talk.question, clinic, today, talk.day or talk.month)
    return Reading(_weigh(talk, heard, words, text), dictating, talk.question)


def _weigh(talk: Conversation, heard: Heard, words: Words, text: str) -> Answer:
    if heard.red_flag:
        return Answer.COMPLETE
    said = " ".join(words)
    dictated = _dictated(talk, heard, words) if talk.question is Question.USER_ID else None
    if dictated is Answer.COMPLETE:
        return dictated
    if _HESITATION.search(text) or _GOES_ON.search(said):
        return Answer.UNFINISHED
    if heard.means(Intent.GOODBYE, Intent.REPEAT) and len(words) <= 2 * _PLAIN_LENGTH:
        return Answer.ENOUGH
    return dictated or _answers(talk, heard, words)


def _dictated(talk: Conversation, heard: Heard, words: Words) -> Answer | None:
    """Whether four digits are there; None for words that are no dictation.

    A recognizer that mishears a digit still hears a word for it ("two, nine, year on board"), so
    words count where digits do not.
    """
    groups = tuple(word for word in words if word not in _FRAME)
    digits = max(len(heard.digits), sum(map(len, digit_runs(groups)))) + len(talk.digits)
    if digits >= ID_DIGITS:
        return Answer.COMPLETE
    if heard.intents - {Intent.YES, Intent.NO} or len(groups) > _MOST_GROUPS:
        return None
    if (heard.intents and not groups) or heard.day is not None or heard.purpose:
        return None
    spoken = len(groups) + len(talk.digits)
    if spoken >= ID_DIGITS:
        return Answer.COMPLETE if any(is_id_talk((word,)) for word in groups) else None
    return Answer.UNFINISHED


def _answers(talk: Conversation, heard: Heard, words: Words) -> Answer:
    plain = len(words) <= _PLAIN_LENGTH
    if plain and heard.means(Intent.YES, Intent.NO, Intent.NOTHING_MORE):
        yes_or_no = (
            talk.question is Question.CONFIRM
            or bool(talk.suggestion)
            or (talk.question is Question.TIME and len(offered_times(talk)) == 1)
            or (talk.question is Question.NEED and heard.means(Intent.NO, Intent.NOTHING_MORE))
        )
        return Answer.COMPLETE if yes_or_no else Answer.ENOUGH
    match talk.question:
        case Question.TIME | Question.WHICH if heard.position is not None:
            return Answer.COMPLETE
        case Question.TIME if heard.wish is not None and heard.wish.at is not None:
            exact = heard.wish.at.minute or _DAY_PART.search(" ".join(words))
            return Answer.COMPLETE if exact else Answer.ENOUGH
        case Question.DAY | Question.WHICH | Question.TIME if heard.day is not None:
            return Answer.ENOUGH if heard.day.day is not None else Answer.OPEN
        case Question.NAME if " " in heard.name:
            return Answer.ENOUGH
        case Question.DAY | Question.WHICH | Question.TIME | Question.CONFIRM:
            return Answer.OPEN if heard.intents else Answer.ASTRAY
    return Answer.OPEN
