"""Two wishes in one turn: "cancel the checkup and book me for Thursday at noon"."""

import re
from datetime import date

from kavita.receptionist.understanding.intents import Intent
from kavita.receptionist.understanding.understanding import Heard, Question, understand
from kavita.receptionist.understanding.words import word_set
from kavita.scheduling.clinic import Clinic

_JOINT = re.compile(r"[,;.]?\s+(?:and then|and also|and|then|also|plus)\s+|[,.;?!]\s+", re.I)
_TITLE = re.compile(r"\b(dr|mr|mrs|ms)\.", re.IGNORECASE)
_MOST_CHARS = 400
"""A longer turn is a story, and is read as one."""
_KINDS = (Intent.CANCEL, Intent.MOVE, Intent.LIST, Intent.BOOK)
_ORDERS = word_set(
    "book make schedule arrange get need want like have cancel delete move reschedule change what "
    "which when list tell"
)
_CONDITIONS = word_set("if or otherwise not no maybe else it that")
"""Words that make the second half speak of the first."""


def understand_wishes(
    text: str, asked: Question, clinic: Clinic, today: date, current: date | None = None
) -> tuple[Heard, ...]:
    """Read a turn as one wish, or as several where each half can stand alone."""
    text = _TITLE.sub(r"\1", text)
    joints = _JOINT.finditer(text) if len(text) <= _MOST_CHARS else ()
    for joint in joints:
        first = understand(text[: joint.start()], asked, clinic, today, current)
        agrees = asked is Question.CONFIRM and first.means(Intent.YES) and not first.has_content
        if _kind(first) is None and not agrees:
            continue
        rest = text[joint.end() :]
        second = understand(rest, Question.NEED, clinic, today)
        if _are_two(first, second):
            return first, *understand_wishes(rest, Question.NEED, clinic, today)
    return (understand(text, asked, clinic, today, current),)


def _kind(heard: Heard) -> Intent | None:
    return next((kind for kind in _KINDS if heard.means(kind)), None)


def _are_two(first: Heard, second: Heard) -> bool:
    if not _CONDITIONS.isdisjoint(second.words):
        return False
    kind = _kind(second)
    orders = kind is not None and not _ORDERS.isdisjoint(second.words)
    if orders and kind is not _kind(first):
        return True
    both_named = _names_something(first) and _names_something(second)
    if orders and both_named and kind is not Intent.BOOK:
        return True
    if _kind(first) is not Intent.BOOK or not (first.day and second.day):
        return False
    both_timed = bool(first.wish and first.wish.at and second.wish and second.wish.at)
    return both_timed or second.words[:2] in {("one", "on"), ("one", "for"), ("another", "on")}


def _names_something(heard: Heard) -> bool:
    return bool(heard.day or heard.purpose or heard.position is not None)
