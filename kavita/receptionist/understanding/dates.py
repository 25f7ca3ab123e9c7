"""Spoken days: "tomorrow", "next Tuesday", "Thursday the twelfth", "in two weeks", "2026-02-12"."""

import re
from datetime import date, timedelta

from kavita.receptionist.understanding.calendar_days import (
    WEEKDAYS,
    DayMention,
    month_mention,
    read_calendar_day,
)
from kavita.receptionist.understanding.numbers import read_below_hundred
from kavita.receptionist.understanding.words import Words

__all__ = ["DayMention", "find_days"]

_FAR_YEARS = 5
_WEEK_LONG = timedelta(days=7)
_LONG = {"month": 1, "months": 1, "year": 12, "years": 12}
"""Spans that name a month rather than a day, in months."""


def find_days(
    words: Words, today: date, current: date | None = None, positions: bool = False
) -> list[DayMention]:
    """Every day in the words, in order; `current` is the day being talked about.

    With `positions`, "the second" is a choice among things offered, not a day of the month.
    """
    found: list[DayMention] = []
    at = 0
    while at < len(words):
        mention = _read_day(words, at, today, current, positions)
        if mention is not None:
            found.append(mention)
            at = mention.end
        else:
            at += 1
    return found


def _read_day(
    words: Words, at: int, today: date, current: date | None, positions: bool
) -> DayMention | None:
    return (
        _read_iso(words, at, today)
        or _read_relative(words, at, today, current)
        or _read_week(words, at, today)
        or _read_weekday(words, at, today, current)
        or read_calendar_day(words, at, today, positions, current)
    )


def _read_iso(words: Words, at: int, today: date) -> DayMention | None:
    if words[at].count("-") != 2:
        return None
    try:
        day = date.fromisoformat(words[at])
    except ValueError:
        return DayMention(at, at + 1, None, "no_such_day")
    if abs(day.year - today.year) > _FAR_YEARS:
        return DayMention(at, at + 1, None, "no_such_day")
    return DayMention(at, at + 1, day)


def _read_relative(words: Words, at: int, today: date, current: date | None) -> DayMention | None:
    fixed: tuple[tuple[str, date], ...] = (
        ("the day after tomorrow", today + timedelta(days=2)),
        ("day after tomorrow", today + timedelta(days=2)),
        ("the day after", (current or today) + timedelta(days=1)),
        ("the next day", (current or today) + timedelta(days=1)),
        ("the following day", (current or today) + timedelta(days=1)),
        ("a day later", (current or today) + timedelta(days=1)),
        ("the day before", (current or today) - timedelta(days=1)),
        ("a week later", (current or today) + timedelta(days=7)),
        ("a week from today", today + timedelta(days=7)),
        ("a week today", today + timedelta(days=7)),
        ("a week from tomorrow", today + timedelta(days=8)),
        ("this morning", today),
        ("this afternoon", today),
        ("this evening", today),
        ("tomorrow", today + timedelta(days=1)),
        ("tonight", today),
        ("today", today),
    )
    for phrase, day in fixed:
        end = at + len(phrase.split())
        if " ".join(words[at:end]) == phrase:
            if phrase in ("the day before", "the day after") and current is None:
                return None
            return DayMention(at, end, day)
    if words[at : at + 2] in (("next", "month"), ("next", "year")):
        return month_mention(at, at + 2, _LONG[words[at + 1]], today)
    if words[at] == "yesterday":
        return DayMention(at, at + 1, None, "past", (today - timedelta(days=1),))
    return _read_distance(words, at, today)


def _read_distance(words: Words, at: int, today: date) -> DayMention | None:
    """Read "in two weeks", "in 3 days", "a week from Tuesday", "two weeks from now"."""
    start, into = at, words[at] == "in" or (words[at] == "and" and at == 0)
    at += into
    if at < len(words) and words[at] in {"a", "an"}:
        count: tuple[int, int] | None = (1, at + 1)
    else:
        count = read_below_hundred(words, at)
    if count is None or count[1] >= len(words):
        return None
    value, after = count
    if words[after] in _LONG and (into or words[after + 1 : after + 3] == ("from", "now")):
        return month_mention(start, after + 1, value * _LONG[words[after]], today)
    days = {"day": 1, "days": 1, "week": 7, "weeks": 7, "fortnight": 14}.get(words[after])
    if days is None:
        return None
    after += 1
    if after + 1 < len(words) and words[after] in {"from", "on"}:
        if words[after + 1] in {"now", "today"}:
            return DayMention(start, after + 2, today + timedelta(days=days * value))
        weekday = WEEKDAYS.get(words[after + 1])
        if weekday is not None:
            day = _coming(weekday, today) + timedelta(days=days * value)
            return DayMention(start, after + 2, day)
    if into or words[after : after + 1] == ("time",):
        return DayMention(start, after, today + timedelta(days=days * value))
    return None


_WEEK = re.compile(
    r"(?:(?P<part>early|beginning of|start of|middle of|later|late|end of) )?"
    r"(?:(?P<which>this|next) (?P<unit>week|weekend)\b|the end of (?P<this>the|this) week\b)|"
    r"(?:the |this )?week ?end\b|(?P<rest>later in the week\b)|(?P<after>week after next\b)"
)
_PART_OF_WEEK = {"middle of": 2, "later": 3, "late": 3, "end of": 4}
"""Days after Monday."""


def _read_week(words: Words, at: int, today: date) -> DayMention | None:
    """Read "next week" (its Monday), "the end of this week" (its Friday), "the weekend"."""
    found = _WEEK.match(" ".join(words[at : at + 6]))
    if found is None:
        return None
    end = at + len(found[0].split())
    monday = today - timedelta(days=today.weekday())
    if found["after"]:
        return DayMention(at, end, monday + timedelta(days=14))
    offset = _PART_OF_WEEK.get(found["part"] or "", 0)
    if found["this"] or found["rest"]:
        offset = 4 if found["this"] else 3
    elif found["unit"] != "week":
        offset = 5
    day = monday + timedelta(days=offset + 7 * (found["which"] == "next"))
    return DayMention(at, end, max(day, today))


def _coming(weekday: int, today: date) -> date:
    return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def _read_weekday(words: Words, at: int, today: date, current: date | None) -> DayMention | None:
    """Read "Thursday", "next Tuesday", "this Friday", "Monday the sixteenth", "Friday week".

    When a later week is being talked about, a bare weekday is meant near its `current` day.
    """
    start, prefix = at, ""
    if words[at] in {"next", "this", "coming", "last"} and at + 1 < len(words):
        prefix, at = words[at], at + 1
    weekday = WEEKDAYS.get(words[at])
    if weekday is None or (words[at] in {"sun", "sat"} and at > 0 and words[at - 1] in "i the we"):
        return None
    if prefix == "last" and words[at + 1 : at + 2] in (("in",), ("of",)):
        return None
    if prefix == "last":
        return DayMention(start, at + 1, None, "past", (_coming(weekday, today - _WEEK_LONG),))
    day = _coming(weekday, today)
    after = words[at + 1 : at + 3]
    monday = today - timedelta(days=today.weekday())
    if prefix == "next" or after == ("next", "week"):
        day = monday + timedelta(days=7 + weekday)
    elif prefix == "this" and weekday == today.weekday():
        day = today
    elif not prefix and current is not None and (current - today).days >= 7:
        day = current + timedelta(days=(weekday - current.weekday() + 3) % 7 - 3)
    end = at + 3 if after == ("next", "week") else at + 1
    if after[:1] == ("week",):
        day, end = day + timedelta(days=7), at + 2
    return _check_weekday(words, start, end, day, today)


def _check_weekday(words: Words, start: int, end: int, day: date, today: date) -> DayMention:
    """Join a weekday to the date said with it, or report that they do not agree."""
    at = end
    while at < len(words) and words[at] in {"the", "on", "of"}:
        at += 1
    exact = read_calendar_day(words, at, today, positions=False) if at < len(words) else None
    if exact is None or (at == end and exact.end == at + 1 and words[at].isdecimal()):
        return DayMention(start, end, day)
    if exact.day is None or exact.day.weekday() == day.weekday():
        return DayMention(start, exact.end, exact.day, exact.problem, exact.nearby)
    shift = (day.weekday() - exact.day.weekday() + 3) % 7 - 3
    near = exact.day + timedelta(days=shift)
    if near < today:
        near = day
    return DayMention(start, exact.end, None, "mismatch", (near, exact.day))
