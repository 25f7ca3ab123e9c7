"""Spoken times of day: "half past three", "12 p.m.", "quarter to ten", "after lunch"."""

import re
from dataclasses import dataclass, replace
from datetime import time
from typing import Literal

from kavita.receptionist.understanding.numbers import read_below_hundred
from kavita.receptionist.understanding.words import Words, word_set
from kavita.scheduling.clinic import Clinic

BareTimes = Literal["never", "with_minutes", "always"]
"""Which unmarked numbers are times: none, "three thirty", or "ten" as well."""

_MERIDIEMS = {"am": "am"} | dict.fromkeys(("pm", "dm", "bm", "pn", "gm", "tm"), "pm")
_SPLIT_PM = (("g", "n"), ("p", "n"), ("d", "m"), ("b", "m"))
_PARTS: dict[str, tuple[time | None, time | None]] = {
    "morning": (None, time(12)),
    "mornings": (None, time(12)),
    "afternoon": (time(12), None),
    "afternoons": (time(12), None),
    "evening": (time(17), None),
    "evenings": (time(17), None),
    "tonight": (time(17), None),
    "night": (time(17), None),
    "lunch": (time(12), time(14)),
    "lunchtime": (time(12), time(14)),
    "early morning": (None, time(10, 30)),
    "late morning": (time(10, 30), time(12)),
    "early afternoon": (time(12), time(14, 30)),
    "late afternoon": (time(15, 30), None),
}
_AFTER = {"lunch": time(13), "lunchtime": time(13), "school": time(15), "work": time(17)}
_HALF_OF_PART = {
    "morning": "am",
    "afternoon": "pm",
    "evening": "pm",
    "night": "pm",
    "tonight": "pm",
}
_NEAR = 4
"""Words between a time and the part of the day that it is in, at most."""
_MARKERS = word_set("at around about near by before after until till from between than")
_MOVES = re.compile(r"\b(move|moved|push|shift|change|reschedule|bring|put|switch) (\w+ ){1,5}to$")
_ALIKE = {"free": "three", "pre": "three", "tree": "three", "well": "twelve", "ate": "eight"}
_PRONOUN_ONE = word_set(
    "first second third last next that this which another other any no the every early earlier "
    "later earliest latest middle good best same each some morning afternoon evening noon am pm "
    "oclock only"
)

_AROUND_TIMES = word_set(
    "please at the say lets let us yes yeah yep ok okay sure no well sorry actually wait that this "
    "works work would be is its it make take ill i will like want prefer can could do we for me "
    "and or on you have what about how good fine great perfect better best thanks thank meant mean "
    "rather instead not then so exactly just maybe think go with book oclock one time slot in a an "
    "my morning afternoon evening to change move put down alright right lovely "
    "get there any chance possible still free available come want need give schedule oh too also "
    "but see if by ish or later latest earliest onwards than"
)


@dataclass(frozen=True)
class TimeWish:
    """When on a day: exactly `at`, about `near`, or from `after` until before `before`."""

    at: time | None = None
    near: time | None = None
    after: time | None = None
    before: time | None = None


@dataclass(frozen=True)
class TimeMention:
    """A time that was said, by words `start` to `end`."""

    start: int
    end: int
    wish: TimeWish


@dataclass(frozen=True)
class _Clock:
    """Hour, minute and end of a spoken time, before morning or afternoon is decided."""

    hour: int
    minute: int
    end: int
    marked: bool
    half: str = ""


def find_times(words: Words, clinic: Clinic, bare: BareTimes = "with_minutes") -> list[TimeMention]:
    """Every time in the words, in order; the clinic's hours decide between am and pm."""
    found: list[TimeMention] = []
    at = 0
    while at < len(words):
        mention = _read_mention(words, at, clinic, bare)
        if mention is not None:
            found.append(mention)
            at = mention.end
        else:
            at += 1
    return _drop_parts_beside_times(found)


def find_shift(words: Words) -> int:
    """The minutes of "an hour later", "back by half an hour"; negative for earlier; else 0."""
    said = " ".join(words)
    span = re.search(r"\b(?:(half an|an|one|two|three|[0-9]+|\w+) )(hour|minute)s?\b", said)
    moves = re.search(r"\b(later|back|earlier|sooner|forward|up|by|delay)\b", said)
    if span is None or moves is None:
        return 0
    number = read_below_hundred((span[1],), 0)
    count = {"half an": 0.5, "an": 1.0}.get(span[1], float(number[0]) if number else 0.0)
    minutes = round(count * (60 if span[2] == "hour" else 1))
    return -minutes if re.search(r"\b(earlier|sooner|forward|up)\b", said) else minutes


def _drop_parts_beside_times(found: list[TimeMention]) -> list[TimeMention]:
    """ "Nine in the morning" is nine, not the morning."""
    exact = [m for m in found if m.wish.at or m.wish.near]
    return exact or found


def _half_named(words: Words, start: int, end: int) -> str:
    """ "am" or "pm" from "in the morning" and the like, close after the time or before it."""
    after = range(end, min(len(words), end + _NEAR))
    before = range(start - 1, max(-1, start - 1 - _NEAR), -1)
    for at in (*after, *before):
        if words[at] in _HALF_OF_PART and (at == 0 or words[at - 1] != "good"):
            return _HALF_OF_PART[words[at]]
    return ""


def _read_mention(words: Words, at: int, clinic: Clinic, bare: BareTimes) -> TimeMention | None:
    part = _read_part(words, at)
    if part is not None:
        return part
    if words[at] == "between":
        return _read_range(words, at, clinic)
    clock = _read_clock(words, at)
    if clock is None or not _is_time(words, at, clock, bare):
        return None
    moment = _settle(clock, clinic, _half_named(words, at, clock.end))
    return TimeMention(at, clock.end, _limited(words, at, clock.end, moment))


def _read_part(words: Words, at: int) -> TimeMention | None:
    """Read "morning", "late afternoon", "after lunch", "after work"."""
    word, before_it = words[at], words[at - 1] if at else ""
    if word in _AFTER and before_it == "after":
        return TimeMention(at, at + 1, TimeWish(after=_AFTER[word]))
    if word.startswith("lunch") and before_it == "before":
        return TimeMention(at, at + 1, TimeWish(before=time(12)))
    if word not in _PARTS or before_it == "good":
        return None
    singular = word.removesuffix("s")
    after, before = _PARTS.get(f"{before_it} {singular}", _PARTS[word])
    if re.search(r"\b(not?|except)( in| on)?( the)?$", " ".join(words[max(0, at - 3) : at])):
        after, before = (before, None) if after is None else (None, after)
    return TimeMention(at, at + 1, TimeWish(after=after, before=before))


def _limited(words: Words, start: int, end: int, moment: time) -> TimeWish:
    """The wish for a time after "around", "not before", "no later than" and the like."""
    before_it = " ".join(words[max(0, start - 3) : start])
    after_it = " ".join(words[end : end + 3])
    if re.search(r"\b(around|about|near|roughly|approximately|say)$", before_it):
        return TimeWish(near=moment)
    if re.match(r"(ish|or so)\b", after_it):
        return TimeWish(near=moment)
    if re.search(r"\b(not? (before|earlier than)|later than|after|from|past|since)$", before_it):
        refused = re.search(r"\b(not?) (later than|after|past)$", before_it)
        return TimeWish(before=moment) if refused else TimeWish(after=moment)
    if re.search(r"\b(before|by|until|till|earlier than)$", before_it):
        return TimeWish(before=moment)
    if re.match(r"(or|and) (later|after)|onwards?\b|at the earliest", after_it):
        return TimeWish(after=moment)
    if re.match(r"(or|and) (earlier|before)|at the latest", after_it):
        return TimeWish(before=moment)
    return TimeWish(at=moment)


def _read_range(words: Words, at: int, clinic: Clinic) -> TimeMention | None:
    first = _read_clock(words, at + 1)
    if first is None or words[first.end : first.end + 1] not in (("and",), ("to",)):
        return None
    last = _read_clock(words, first.end + 1)
    if last is None:
        return None
    part = _half_named(words, at, last.end)
    start = _settle(replace(first, half=first.half or last.half), clinic, part)
    return TimeMention(at, last.end, TimeWish(after=start, before=_settle(last, clinic, part)))


def _is_time(words: Words, at: int, clock: _Clock, bare: BareTimes) -> bool:
    """Whether the numbers at `at` are meant as a time of day."""
    previous = words[at - 1] if at else ""
    if words[clock.end : clock.end + 1] == ("ish",):
        return True
    if clock.end == at + 1 and words[at] == "one" and previous in _PRONOUN_ONE:
        return False
    if words[clock.end : clock.end + 1] and words[clock.end] in {
        "days", "day", "weeks", "week", "months", "years", "year", "appointments", "people",
        "questions", "minutes", "hours", "times", "percent", "thousand", "hundred",
    }:  # fmt: skip
        return False
    if clock.marked or previous in _MARKERS:
        return True
    if previous == "to" and _MOVES.search(" ".join(words[:at])):
        return True
    if words[clock.end : clock.end + 2] == ("in", "the") and _half_named(words, at, clock.end):
        return True
    if bare == "always" and (clock.end > at + 1 or _is_small_talk(words)):
        return True
    return bare == "with_minutes" and clock.end > at + 1 and clock.minute % 5 == 0


def _is_small_talk(words: Words) -> bool:
    """Whether nothing stands beside the numbers that could make them a count of something."""
    return all(
        word in _AROUND_TIMES
        or word[0].isdecimal()
        or read_below_hundred((word,), 0)
        or not word[0].isalnum()
        for word in words
    )


def _read_clock(words: Words, at: int) -> _Clock | None:
    """An hour and its minutes in any of the ways people say them."""
    if at >= len(words):
        return None
    if words[at] in {"noon", "midday"}:
        return _Clock(12, 0, at + 1, marked=True, half="pm")
    if words[at] == "midnight":
        return _Clock(12, 0, at + 1, marked=True, half="am")
    leaves = words[at - 1 : at] == ("from",)
    clock = (
        _read_plain(words, at) if leaves else _read_relative(words, at) or _read_plain(words, at)
    )
    return None if clock is None else _add_half(words, clock)


def _read_relative(words: Words, at: int) -> _Clock | None:
    """Read "half past three", "quarter to ten", "ten past nine", "twenty to four"."""
    lead = at + 1 if words[at] in {"a", "i"} and at + 1 < len(words) else at
    minutes: tuple[int, int] | None = {
        "half": (30, lead + 1), "have": (30, lead + 1), "quarter": (15, lead + 1),
    }.get(words[lead]) or read_below_hundred(words, lead)  # fmt: skip
    if minutes is None:
        return None
    value, link = minutes
    if link < len(words) and words[link] in {"minutes", "minute"}:
        link += 1
    if words[lead] == "half" and (hour := _read_hour(words, link)) is not None:
        return _Clock(hour[0], 30, hour[1], marked=True)
    hour = _read_hour(words, link + 1)
    if hour is None or value >= 60:
        return None
    if words[link] in {"past", "passed"} or (words[link] == "after" and words[lead] == "quarter"):
        return _Clock(hour[0], value, hour[1], marked=True)
    quarter = words[lead] == "quarter" and words[link] in {"of", "before", "till"}
    if quarter or (words[link] == "to" and value in {5, 10, 15, 20, 25}):
        return _Clock((hour[0] - 2) % 12 + 1, 60 - value, hour[1], marked=True)
    return None


def _read_plain(words: Words, at: int) -> _Clock | None:
    """Read "9:30", "930", "nine thirty", "nine oh five", "nine"."""
    word = words[at]
    if ":" in word:
        hour, minute = (int(piece) for piece in word.split(":"))
        return _Clock(hour, minute, at + 1, marked=True) if hour < 24 and minute < 60 else None
    if word.isdecimal() and len(word) in {3, 4}:
        hour, minute = int(word[:-2]), int(word[-2:])
        grid = 1 <= hour < 24 and minute in {0, 15, 30, 45}
        return _Clock(hour, minute, at + 1, marked=False) if grid else None
    head = _read_hour(words, at)
    if head is None:
        return None
    hour, after = head
    if after < len(words) and words[after] in {"oh", "o", "zero"}:
        unit = read_below_hundred(words, after + 1)
        if unit is not None and 0 < unit[0] < 10:
            return _Clock(hour, unit[0], unit[1], marked=False)
    that_one = words[after + 1 : after + 2] == ("one",)  # "the three thirty one"
    minutes = read_below_hundred(words[: after + 1] if that_one else words, after)
    if minutes is not None and 10 <= minutes[0] < 60 and words[after][-2:] not in {"st", "th"}:
        return _Clock(hour, minutes[0], minutes[1] + that_one, marked=False)
    return _Clock(hour, 0, after, marked=False)


def _read_hour(words: Words, at: int) -> tuple[int, int] | None:
    if at >= len(words):
        return None
    word = _ALIKE.get(words[at], words[at])
    if word != words[at] and not _has_time_after(words, at + 1):
        return None
    number = read_below_hundred((word, *words[at + 1 : at + 2]), 0)
    if number is None or number[1] != 1 or not 1 <= number[0] <= 23 or word in {"o", "oh"}:
        return None
    return number[0], at + 1


def _has_time_after(words: Words, at: int) -> bool:
    """Words that only sound like an hour count as one before "pm", "oclock" or minutes."""
    rest = tuple(words[at : at + 2])
    if not rest:
        return at > 1 and words[at - 2] in {"past", "passed"}
    return rest[0] in _MERIDIEMS or rest in _SPLIT_PM or rest[0] in {"oclock", "thirty", "30"}


def _add_half(words: Words, clock: _Clock) -> _Clock:
    """Take in "oclock", "am" and "pm", also as recognizers mishear them."""
    end = clock.end
    marked = clock.marked
    if words[end : end + 1] == ("oclock",):
        end, marked = end + 1, True
    if tuple(words[end : end + 2]) in _SPLIT_PM:
        return replace(clock, end=end + 2, marked=True, half="pm")
    if end < len(words) and words[end] in _MERIDIEMS:
        return replace(clock, end=end + 1, marked=True, half=_MERIDIEMS[words[end]])
    return replace(clock, end=end, marked=marked)


def _settle(clock: _Clock, clinic: Clinic, part: str) -> time:
    """Decide between morning and afternoon: as said, else by the clinic's hours."""
    if clock.hour > 12 or clock.hour == 0:
        return time(clock.hour, clock.minute)
    morning = time(clock.hour % 12, clock.minute)
    evening = time(clock.hour % 12 + 12, clock.minute)
    half = clock.half or part
    if half:
        return morning if half == "am" else evening
    is_open = [m for m in (morning, evening) if clinic.opens <= m < clinic.closes]
    if is_open:
        return is_open[0]
    return morning if 7 <= clock.hour < 12 else evening
