"""Garbled answers, read as what they sound like where only a few are likely."""

import re
from datetime import date, time
from itertools import product

from kavita.receptionist.conversation import Conversation, Goal
from kavita.receptionist.prompts import offered_times
from kavita.receptionist.understanding.intents import Intent
from kavita.receptionist.understanding.sound_alikes import Wordings, closest
from kavita.receptionist.understanding.understanding import Question, understand
from kavita.receptionist.written import write_time
from kavita.scheduling.clinic import Clinic
from kavita.scheduling.times import WEEKDAYS

_HOURS = (
    *("twelve", "one", "two", "three", "four", "five"),
    *("six", "seven", "eight", "nine", "ten", "eleven"),
)
_MINUTES = dict(
    zip(
        range(0, 60, 5),
        (
            *("oclock", "oh five", "ten", "fifteen", "twenty", "twenty five"),
            *("thirty", "thirty five", "forty", "forty five", "fifty", "fifty five"),
        ),
        strict=True,
    )
)
_THOUGHT = re.compile(r"^((well|maybe|perhaps|i think|let me (think|see))\W+)+", re.IGNORECASE)
_POSITIONS = {
    "the first one": ("the first one", "the earliest", "the earliest one"),
    "the second one": ("the second one", "the middle one"),
    "the third one": ("the third one",),
    "the last one": ("the last one", "the latest", "the latest one"),
}


def mend(talk: Conversation, text: str, clinic: Clinic, today: date) -> str:
    """`text`, or the garbled day in it where that only has times looked up: no guess is booked."""
    only_looks = talk.goal in (Goal.BOOK, Goal.MOVE) and talk.wish is None and not talk.soonest
    if talk.question is not Question.DAY or not only_looks:
        return text
    return sounds_like(talk, text, clinic, today) or text


def sounds_like(talk: Conversation, text: str, clinic: Clinic, today: date) -> str:
    """The day or offered time that a garbled answer sounds like; empty for any other text."""
    if talk.question not in (Question.DAY, Question.TIME):
        return ""
    heard = understand(text, talk.question, clinic, today, talk.day or talk.month)
    last = _behind_the_thought(text)
    waits = heard.intents == {Intent.WAIT} and last != text
    if heard.has_content or heard.red_flag or (heard.intents and not waits):
        return ""
    likely = _DAYS if talk.question is Question.DAY else _times(offered_times(talk))
    return closest(text, likely) or closest(last, likely)


def _behind_the_thought(text: str) -> str:
    """What follows "Let me think" or "Well."; recognizers make a full stop of a pause."""
    return _THOUGHT.sub("", re.split(r"[.?!]\s", text.strip())[-1])


def _politely(*wordings: str) -> tuple[str, ...]:
    return tuple(map("".join, product(wordings, ("", " please"))))


_DAYS: Wordings = {
    **{day: _politely(day) for day in ("today", "tomorrow", "the day after tomorrow")},
    **{day: _politely(day, f"on {day}", f"this {day}", f"how about {day}") for day in WEEKDAYS},
    **{f"next {day}": _politely(f"next {day}") for day in WEEKDAYS},
}


def _times(offered: tuple[time, ...]) -> Wordings:
    """The ways to choose one of those times, in words."""
    times = {write_time(at): _politely(*_spoken(at)) for at in offered if at.minute in _MINUTES}
    positions = {meant: _politely(*said) for meant, said in _POSITIONS.items()}
    return {**times, **positions}


def _spoken(at: time) -> tuple[str, ...]:
    hour, minutes, morning = _HOURS[at.hour % 12], _MINUTES[at.minute], at.hour < 12
    part = "in the morning" if morning else "in the afternoon"
    said = [f"{hour} {minutes}", f"{hour} {minutes} {part}"]
    if at.minute == 0:
        said += [f"{hour} {'am' if morning else 'pm'}", f"{hour} {part}"]
    if at.minute == 30:
        said.append(f"half past {hour}")
    if at == time(12):
        said += ["noon", "midday"]
    return tuple(prefix + each for each in said for prefix in ("", "at "))
