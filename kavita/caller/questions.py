"""What the caller makes of the agent's words: what is asked, and which days and times are named."""

import re
from dataclasses import dataclass, field
from datetime import date, time
from enum import Enum

from kavita.scheduling.times import MONTHS


class Topic(Enum):
    """What the agent wants to know; the values are words for a person."""

    USER_ID = "user ID"
    NEED = "reason of the call"
    DAY = "day"
    TIME = "time"
    PURPOSE = "purpose of the visit"
    CONFIRM = "confirmation"
    REFUSE = "wish for something else"
    ANYTHING_ELSE = "next wish"
    CORRECTION = "right appointment"
    AGAIN = "last sentence"
    GOODBYE = "goodbye"


@dataclass(frozen=True)
class Facts:
    """The day and the times that were named last."""

    day: date | None = None
    times: tuple[time, ...] = ()


@dataclass(frozen=True)
class Asked:
    """One turn of the agent, understood."""

    topic: Topic
    facts: Facts = field(default_factory=Facts)
    booked: bool = False
    """It confirms an appointment."""
    taken: frozenset[time] = frozenset()
    """Times that cannot be had."""
    unavailable: bool = False
    """The time that was wished cannot be had, though it is not named."""
    closed: bool = False
    """The day that was wished cannot be had."""
    welcomed: str = ""
    """The name that it greets."""


_TOPICS: tuple[tuple[Topic, re.Pattern[str]], ...] = tuple(
    (topic, re.compile(pattern, re.IGNORECASE))
    for topic, pattern in (
        (Topic.GOODBYE, r"^good\s?bye\b|have a (great|nice|good|lovely) day|for calling"),
        (Topic.REFUSE, r"shall i (cancel|move it, or)|yes to cancel|would you like to move an app"),
        (Topic.USER_ID, r"\b(user|your|4-digit|an|the) ids?\b|\bdigits?\b"),
        (Topic.USER_ID, r"register (you|me)\b|\bare you new\b|(full|your) name\b"),
        (Topic.PURPOSE, r"(reason|purpose) (for|of)|what (is|'s) (it|this|the visit) (for|about)"),
        (Topic.PURPOSE, r"what brings you|what would you like to be seen for"),
        (Topic.CONFIRM, r"\byes\b.{0,12}\b(to|or)\b|shall i\b|should i\b|(right|correct)\?"),
        (Topic.CONFIRM, r"do you want me to|would you like me to|is that (ok|okay|fine|all right)"),
        (Topic.TIME, r"(which|what) time|which (one |of \w+ )?(works|suits)|one of the times"),
        (Topic.TIME, r"name a time|you can choose|(work|suit)s? (best )?(for )?you\?"),
        (Topic.DAY, r"(which|what|to which) (day|date)|name a day|when would you like"),
        (Topic.ANYTHING_ELSE, r"anything else|something else"),
        (Topic.NEED, r"how (can|may) i help|what can i do|book, move|book an appointment for"),
        (Topic.NEED, r"what would you like to do"),
        (Topic.AGAIN, r"still there|say that again|repeat|pardon|didn't (catch|get|hear)"),
    )
)
_BOOKED = re.compile(r"\b(booked|is now on|have you down|is set for|scheduled)\b", re.IGNORECASE)
_REFUSED = re.compile(r"\b(not|cannot|\w+n't|already|sorry|taken|appointments)\b", re.IGNORECASE)
_UNAVAILABLE = re.compile(
    r"an appointment (at that time|then)\b|"
    r"\b(that time|it) is(n't| not| no longer) (free|available)|"
    r"\b(that time|it) (is|was) (already )?(taken|booked)|nothing in that part",
    re.IGNORECASE,
)
_CLOSED = re.compile(r"\bclosed on\b|\bno free times\b|\bfully booked\b|already passed", re.I)
_WELCOME = re.compile(r"\bwelcome back, (\w+)", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.?!:])\s+")
_TIME = re.compile(r"\b(1[0-2]|[1-9])(?::([0-5]\d))?\s?([ap])\.?m\b", re.IGNORECASE)
_MONTH = "|".join(f"{month[:3]}(?:{month[3:]})?" for month in MONTHS)
_DATE = re.compile(rf"\b({_MONTH})\.? (\d{{1,2}})(?!\d|:)", re.IGNORECASE)


def understand(text: str, today: date) -> Asked:
    """Read the agent's turn; `today` dates "February 12"."""
    sentences = _SENTENCE.split(text.strip())
    booked = next((s for s in sentences if _is_booking(s)), None)
    welcome = _WELCOME.search(text)
    return Asked(
        topic=_topic(sentences),
        facts=_facts([booked] if booked else sentences, today),
        booked=booked is not None,
        taken=frozenset(at for s in sentences if "taken" in s for at in _times(s)),
        unavailable=bool(_UNAVAILABLE.search(text)),
        closed=bool(_CLOSED.search(text)),
        welcomed=welcome[1] if welcome else "",
    )


def _is_booking(sentence: str) -> bool:
    """Whether it says what has been booked, with its time."""
    says_so = _BOOKED.search(sentence) and not _REFUSED.search(sentence)
    return bool(says_so and _times(sentence))


def _topic(sentences: list[str]) -> Topic:
    """The question comes last, if need be followed by an example."""
    if any(_TOPICS[0][1].search(sentence) for sentence in sentences):
        return Topic.GOODBYE
    for sentence in reversed(sentences):
        for topic, pattern in _TOPICS:
            if pattern.search(sentence):
                return topic
    return Topic.AGAIN


def _facts(sentences: list[str], today: date) -> Facts:
    """The day named last, and the times of the last sentence that has any."""
    days = [day for sentence in sentences for day in _days(sentence, today)]
    timed = [times for times in map(_times, sentences) if times]
    return Facts(days[-1] if days else None, timed[-1] if timed else ())


def _times(text: str) -> tuple[time, ...]:
    return tuple(
        time(int(hour) % 12 + (12 if half in "pP" else 0), int(minute or 0))
        for hour, minute, half in _TIME.findall(text)
    )


def _days(text: str, today: date) -> list[date]:
    """The dates in `text`, each the next of its name."""
    found = []
    for name, number in _DATE.findall(text):
        month = next(i for i, month in enumerate(MONTHS, 1) if month[:3] == name[:3].title())
        for year in (today.year, today.year + 1):
            try:
                day = date(year, month, int(number))
            except ValueError:  # no such day in that year
                continue
            if day >= today:
                found.append(day)
                break
    return found
