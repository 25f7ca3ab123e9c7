"""How much of an answer the caller's words are, given what was asked: pure, from the messages."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from kavita.receptionist.conversation import Conversation
from kavita.receptionist.dictation import Dictation, read_dictation
from kavita.receptionist.misheard import sounds_like
from kavita.receptionist.prompts import offered_times
from kavita.receptionist.receptionist import Receptionist
from kavita.receptionist.understanding.intents import Intent
from kavita.receptionist.understanding.numbers import ID_DIGITS, digit_runs
from kavita.receptionist.understanding.understanding import Heard, Question, understand
from kavita.receptionist.understanding.words import Words, split_words
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
    dictation: Dictation | None = None
    """The turn as digits, where some are missing and the words are nothing else."""
    yes_or_no: bool = False
    """A yes or a no is asked for."""


_MOST_DIGITS = 8
"""Words for more digits than that are no dictation."""
_FAREWELLS = {Intent.GOODBYE, Intent.BYE, Intent.NOTHING_MORE}
_MISHEARD_DIGITS = {Intent.YES, Intent.NO, Intent.THANKS, Intent.GREETING, *_FAREWELLS}
"""What single digits are taken for: "bye" for five, "thanks" for six."""
_HESITATION = re.compile(r"\b(u+m+|u+h+|e+r+m*|hm+)\W*$", re.IGNORECASE)
_GOES_ON = re.compile(
    r"\b(and|but|or|so|because|the|a|an|my|your|is|im|i am|are|was|at|on|in|to|for|from|of|with|"
    r"about|around|between|after|before|next|this|would|could|can|should|want|need|please book|"
    r"maybe|perhaps|say|well|its|name is|think|let me (see|check)|i mean|"
    r"i (would )?(like|want|need)|(would|going to) like|how about|what about|could we say)$"
)
"""Words after which an English sentence does not end, or a thought begins."""
_THINKS = re.compile(
    r"(well|maybe|perhaps|let me|how about|what about|could we|i think|i would|on|for)\b"
)
"""Words with which an answer begins that is still being thought of."""
_PLAIN_LENGTH = 4
_DAY_PART = re.compile(r"\b(am|pm|oclock|noon|midday|half past|quarter|morning|afternoon)\b")

_GARBLED_HOUR = re.compile(r"\b((half|quarter) (past|to) \w+|o?clock)$")
"""A time of day to its end, whatever was heard for the hour: "half past time", "well the clock"."""


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
    if not _is_begun(words, text):
        text = sounds_like(talk, text, clinic, today) or text
        words = split_words(text)
    heard = understand(text, talk.question, clinic, today, talk.day or talk.month)
    dictation = None
    if dictating and not heard.red_flag:
        known = len(talk.digits)
        digits = max(len(heard.digits), len("".join(digit_runs(words)))) + known
        if digits >= ID_DIGITS:
            return Reading(Answer.COMPLETE, dictating, talk.question)
        dictation = _dictated(heard, read_dictation(words, known))
    answer = Answer.UNFINISHED if dictation else _weigh(talk, heard, words, text)
    return Reading(answer, dictating, talk.question, dictation, _asks_yes_or_no(talk))


def _dictated(heard: Heard, dictation: Dictation) -> Dictation | None:
    """None for words that are no dictation."""
    if heard.intents - _MISHEARD_DIGITS or dictation.words > _MOST_DIGITS or heard.purpose:
        return None
    if dictation.known == 0 and heard.words != ("bye",) and heard.intents & _FAREWELLS:
        return None
    if (heard.intents and not dictation.words) or (heard.day and dictation.words > ID_DIGITS):
        return None
    return dictation


def _weigh(talk: Conversation, heard: Heard, words: Words, text: str) -> Answer:
    if heard.red_flag:
        return Answer.COMPLETE
    if _is_begun(words, text):
        return Answer.UNFINISHED
    if heard.means(Intent.GOODBYE, Intent.REPEAT) and len(words) <= 2 * _PLAIN_LENGTH:
        return Answer.ENOUGH
    return _answers(talk, heard, words)


def _is_begun(words: Words, text: str) -> bool:
    return bool(_HESITATION.search(text) or _GOES_ON.search(" ".join(words)))


def _asks_yes_or_no(talk: Conversation) -> bool:
    return (
        talk.question is Question.CONFIRM
        or bool(talk.suggestion)
        or (talk.question is Question.TIME and len(offered_times(talk)) == 1)
    )


def _answers(talk: Conversation, heard: Heard, words: Words) -> Answer:
    plain = len(words) <= _PLAIN_LENGTH
    if plain and heard.means(Intent.YES, Intent.NO, Intent.NOTHING_MORE):
        yes_or_no = _asks_yes_or_no(talk) or (
            talk.question is Question.NEED and heard.means(Intent.NO, Intent.NOTHING_MORE)
        )
        return Answer.COMPLETE if yes_or_no else Answer.ENOUGH
    match talk.question:
        case Question.TIME | Question.WHICH if heard.position is not None:
            return Answer.COMPLETE
        case Question.TIME if heard.wish is not None and heard.wish.at is not None:
            exact = heard.wish.at.minute or _DAY_PART.search(" ".join(words))
            return Answer.COMPLETE if exact else Answer.ENOUGH
        case Question.TIME if _GARBLED_HOUR.search(" ".join(words)):
            return Answer.OPEN
        case Question.DAY if heard.day is not None and heard.day.day is not None:
            return Answer.COMPLETE
        case Question.DAY | Question.WHICH | Question.TIME if heard.day is not None:
            return Answer.ENOUGH if heard.day.day is not None else Answer.OPEN
        case Question.NAME if " " in heard.name:
            return Answer.ENOUGH
        case Question.DAY | Question.WHICH | Question.TIME | Question.CONFIRM:
            begins = _THINKS.match(" ".join(words)) and not heard.means(Intent.THANKS)
            return Answer.OPEN if heard.intents and not begins else Answer.ASTRAY
        case Question.NEED if heard.intents:
            return Answer.ENOUGH
    return Answer.OPEN
