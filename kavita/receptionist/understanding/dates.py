"""Spoken days: "tomorrow", "next Tuesday", "Thursday the twelfth", "in two weeks", "2026-02-12"."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from kavita.receptionist.understanding.numbers import read_below_hundred
from kavita.receptionist.understanding.words import Words, word_numbers, word_set

Problem = Literal["", "mismatch", "past", "no_such_day"]

_WEEKDAYS = word_numbers(
    "monday mondays mon monty,tuesday tuesdays tues tue,wednesday wednesdays wed wensday,"
    "thursday thursdays thurs thur thu thirsty thirstday,friday fridays fri,"
    "saturday saturdays sat,sunday sundays sun",
    start=0,
)
_MONTHS = word_numbers(
    "january jan,february feb februar feduary febuary,march mar,april apr,may,june jun,july jul,"
    "august aug,september sept sep,october oct,november nov,december dec",
    start=1,
)
_ORDINALS = word_numbers(
    "first,second,third,fourth,fifth,sixth,seventh,eighth,ninth,tenth,eleventh,twelfth,thirteenth,"
    "fourteenth,fifteenth,sixteenth,seventeenth,eighteenth,nineteenth,twentieth",
    start=1,
) | {"thirtieth": 30}
_AFTER_FEBRUARY = {"wealth": 12, "welf": 12, "dwelt": 12, "well": 12, "boils": 12, "elf": 12}
_POSITION_NOUNS = word_set("one option time slot thing available of free")
_PAST_DAYS = 90
"""A day and month at most this long gone is meant as a past day, an older one as next year's."""
_FAR_YEARS = 5


@dataclass(frozen=True)
class DayMention:
    """A day that was said, by words `start` to `end`; `day` is None where there is a problem."""

    start: int
    end: int
    day: date | None
    problem: Problem = ""
    nearby: tuple[date, ...] = ()
    """With a mismatch: the days that may have been meant."""


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
        or _read_weekday(words, at, today, current)
        or _read_calendar_day(words, at, today, positions)
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
    if words[at] == "yesterday":
        return DayMention(at, at + 1, None, "past", (today - timedelta(days=1),))
    return _read_distance(words, at, today) or _read_week(words, at, today)


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
    days = {"day": 1, "days": 1, "week": 7, "weeks": 7, "fortnight": 14}.get(words[after])
    if days is None:
        return None
    after += 1
    if after + 1 < len(words) and words[after] in {"from", "on"}:
        if words[after + 1] in {"now", "today"}:
            return DayMention(start, after + 2, today + timedelta(days=days * value))
        weekday = _WEEKDAYS.get(words[after + 1])
        if weekday is not None:
            day = _coming(weekday, today) + timedelta(days=days * value)
            return DayMention(start, after + 2, day)
    if into or words[after : after + 1] == ("time",):
        return DayMention(start, after, today + timedelta(days=days * value))
    return None


def _read_week(words: Words, at: int, today: date) -> DayMention | None:
    """Read "next week" (its Monday) and "the week after next"."""
    monday = today - timedelta(days=today.weekday())
    if words[at : at + 2] == ("next", "week"):
        return DayMention(at, at + 2, monday + timedelta(days=7))
    if words[at : at + 3] == ("week", "after", "next"):
        return DayMention(at, at + 3, monday + timedelta(days=14))
    return None


def _coming(weekday: int, today: date) -> date:
    return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def _read_weekday(words: Words, at: int, today: date, current: date | None) -> DayMention | None:
    """Read "Thursday", "next Tuesday", "this Friday", "Monday the sixteenth", "Friday week".

    When a later week is being talked about, a bare weekday is meant near its `current` day.
    """
    start, prefix = at, ""
    if words[at] in {"next", "this", "coming"} and at + 1 < len(words):
        prefix, at = words[at], at + 1
    weekday = _WEEKDAYS.get(words[at])
    if weekday is None or (words[at] in {"sun", "sat"} and at > 0 and words[at - 1] in "i the we"):
        return None
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
    exact = _read_calendar_day(words, at, today, positions=False) if at < len(words) else None
    if exact is None or (at == end and exact.end == at + 1 and words[at].isdecimal()):
        return DayMention(start, end, day)
    if exact.day is None or exact.day.weekday() == day.weekday():
        return DayMention(start, exact.end, exact.day, exact.problem)
    shift = (day.weekday() - exact.day.weekday() + 3) % 7 - 3
    near = exact.day + timedelta(days=shift)
    if near < today:
        near = day
    return DayMention(start, exact.end, None, "mismatch", (near, exact.day))


def _read_calendar_day(words: Words, at: int, today: date, positions: bool) -> DayMention | None:
    """Read "February 12th", "the 12th of February 2026", "the twelfth"."""
    if words[at] in _MONTHS:
        month, number_at = _MONTHS[words[at]], at + 1
        if words[number_at : number_at + 1] == ("the",):
            number_at += 1
        number = _read_day_number(words, number_at, cardinal=True)
        if number is None and month == 2 and number_at < len(words):
            heard = _AFTER_FEBRUARY.get(words[number_at])
            number = (heard, number_at + 1) if heard else None
        return None if number is None else _dated(words, at, number[1], month, number[0], today)
    number = _read_day_number(words, at, cardinal=True)
    if number is None:
        return None
    value, end = number
    month_at = end + 1 if end < len(words) and words[end] == "of" else end
    if month_at < len(words) and words[month_at] in _MONTHS:
        return _dated(words, at, month_at + 1, _MONTHS[words[month_at]], value, today)
    return _read_bare_ordinal(words, at, today, positions)


def _read_bare_ordinal(words: Words, at: int, today: date, positions: bool) -> DayMention | None:
    number = _read_day_number(words, at, cardinal=False)
    spoken_the_twelve = at > 0 and words[at - 1] == "the" and at + 1 == len(words)
    if number is None and spoken_the_twelve and not positions:
        number = _read_day_number(words, at, cardinal=True)
    if number is None:
        return None
    value, end = number
    if end < len(words) and words[end] in _POSITION_NOUNS and value <= 5:
        return None
    if positions and value <= 3:
        return None
    if not (at == 0 or words[at][0].isdecimal() or words[at - 1] in {"the", "on", "for", "of"}):
        return None
    return _day_of_month(at, end, value, today)


def _read_day_number(words: Words, at: int, cardinal: bool) -> tuple[int, int] | None:
    """Day of a month, "12th", "twelfth", "twenty first"; with `cardinal` also "12", "twelve"."""
    if at >= len(words):
        return None
    word = words[at]
    if word[0].isdecimal() and word[-1].isalpha():
        return (int(word[:-2]), at + 1) if len(word) <= 4 else None
    if word in _ORDINALS:
        return _ORDINALS[word], at + 1
    if word in {"twenty", "thirty"} and at + 1 < len(words) and words[at + 1] in _ORDINALS:
        return {"twenty": 20, "thirty": 30}[word] + _ORDINALS[words[at + 1]], at + 2
    number = read_below_hundred(words, at) if cardinal else None
    return number if number and 1 <= number[0] <= 31 else None


def _dated(words: Words, start: int, end: int, month: int, day: int, today: date) -> DayMention:
    year = 0
    if end < len(words) and len(words[end]) == 4 and words[end].startswith("20"):
        year, end = (int(words[end]), end + 1) if words[end].isdecimal() else (0, end)
    try:
        chosen = date(year or today.year, month, day)
        if not year and (today - chosen).days > _PAST_DAYS:
            chosen = date(today.year + 1, month, day)
    except ValueError:
        return DayMention(start, end, None, "no_such_day")
    if chosen < today:
        return DayMention(start, end, None, "past", (chosen,))
    return DayMention(start, end, chosen)


def _day_of_month(start: int, end: int, day: int, today: date) -> DayMention:
    """The next day with that number: this month's, or that of the next month that has it."""
    if not 1 <= day <= 31:
        return DayMention(start, end, None, "no_such_day")
    month = today.replace(day=1)
    for _ in range(3):
        last = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        if day <= last.day and month.replace(day=day) >= today:
            return DayMention(start, end, month.replace(day=day))
        month = last + timedelta(days=1)
    return DayMention(start, end, None, "no_such_day")
