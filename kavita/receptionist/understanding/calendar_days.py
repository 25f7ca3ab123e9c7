"""Days of the calendar: "February 12th", "the twelfth", "2/12", "the first Monday in March"."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from kavita.receptionist.understanding.numbers import read_below_hundred
from kavita.receptionist.understanding.words import Words, word_numbers, word_set

Problem = Literal["", "mismatch", "past", "no_such_day", "month", "either", "far"]

WEEKDAYS = word_numbers(
    "monday mondays mon monty,tuesday tuesdays tues tue,wednesday wednesdays wed weds wensday,"
    "thursday thursdays thurs thur thu thirsty thirstday,friday fridays fri,"
    "saturday saturdays sat,sunday sundays sun",
    start=0,
)
MONTHS = word_numbers(
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
_BEFORE_MONTH = word_set("in during for of early late mid until till about sometime")
_PAST_DAYS = 90
"""A day and month at most this long gone is meant as a past day, an older one as next year's."""

_MOST_MONTHS = 12
"""A month further ahead is too far for any appointment."""


@dataclass(frozen=True)
class DayMention:
    """A day that was said, by words `start` to `end`; `day` is None where there is a problem."""

    start: int
    end: int
    day: date | None
    problem: Problem = ""
    nearby: tuple[date, ...] = ()
    """The days that may have been meant; of a month that was named without a day, its first."""


def read_calendar_day(
    words: Words, at: int, today: date, positions: bool, current: date | None = None
) -> DayMention | None:
    """Read a day of the calendar; a bare number is of the month of the `current` day."""
    numeric = _read_numeric(words, at, today) or _read_nth_weekday(words, at, today)
    if numeric is not None:
        return numeric
    if words[at] in MONTHS:
        month, number_at = MONTHS[words[at]], at + 1
        if words[number_at : number_at + 1] == ("the",):
            number_at += 1
        number = read_day_number(words, number_at, cardinal=True)
        if number is None and month == 2 and number_at < len(words):
            heard = _AFTER_FEBRUARY.get(words[number_at])
            number = (heard, number_at + 1) if heard else None
        if number is None:
            return _read_month_alone(words, at, month, today)
        return _dated(words, at, number[1], month, number[0], today)
    number = read_day_number(words, at, cardinal=True)
    if number is None:
        return None
    value, end = number
    month_at = end + 1 if end < len(words) and words[end] == "of" else end
    if month_at < len(words) and words[month_at] in MONTHS:
        return _dated(words, at, month_at + 1, MONTHS[words[month_at]], value, today)
    return _read_bare_ordinal(words, at, today, positions, current)


def month_mention(start: int, end: int, months_ahead: int, today: date) -> DayMention:
    """A month that was named without a day: "next month", "in March"."""
    if months_ahead > _MOST_MONTHS:
        return DayMention(start, end, None, "far")
    year, month = divmod(today.year * 12 + today.month - 1 + months_ahead, 12)
    return DayMention(start, end, None, "month", (max(date(year, month + 1, 1), today),))


def _read_month_alone(words: Words, at: int, month: int, today: date) -> DayMention | None:
    """Read "in March", "December 2027"; "may" and "march" alone are other words."""
    year, end = _read_year(words, at + 1)
    is_led = at > 0 and words[at - 1] in _BEFORE_MONTH
    if not (year or is_led or (len(words) <= 2 and words[at] not in {"may", "march", "mar"})):
        return None
    ahead = (year - today.year) * 12 + month - today.month if year else (month - today.month) % 12
    if ahead < 0:
        return DayMention(at, end, None, "past", (date(year, month, 1),))
    return month_mention(at, end, ahead, today)


def _read_numeric(words: Words, at: int, today: date) -> DayMention | None:
    """Read "12/02/2026" or "2/12": day or month first, whichever makes a coming day."""
    if "/" not in words[at]:
        return None
    first, second, *years = (int(piece) for piece in words[at].split("/"))
    read = [
        _dated((), at, at + 1, month, day, today, *years)
        for day, month in dict.fromkeys(((first, second), (second, first)))
    ]
    coming = [mention for mention in read if mention.day is not None]
    if len(coming) == 2:
        days = sorted(mention.day for mention in coming if mention.day)
        return DayMention(at, at + 1, None, "either", tuple(days))
    past = [mention for mention in read if mention.problem == "past"]
    return (coming or past or read)[0]


def _read_nth_weekday(words: Words, at: int, today: date) -> DayMention | None:
    """Read "the first Monday in March", "a Tuesday in April"."""
    number = {"last": -1, "a": 1}.get(words[at]) or _ORDINALS.get(words[at], 0)
    weekday = WEEKDAYS.get(words[at + 1]) if at + 1 < len(words) else None
    if not -1 <= number <= 5 or not number or weekday is None:
        return None
    month_at = at + 3
    if words[at + 2 : month_at] not in (("in",), ("of",)):
        return None
    month = MONTHS.get(words[month_at]) if month_at < len(words) else None
    if month is None:
        return None
    year = today.year + (month < today.month)
    days = (date(year, month, day) for day in range(1, monthrange(year, month)[1] + 1))
    fitting = [day for day in days if day.weekday() == weekday]
    index = number if number < 0 else number - 1
    if index >= len(fitting):
        return DayMention(at, month_at + 1, None, "no_such_day")
    day = fitting[index]
    if day < today:
        return DayMention(at, month_at + 1, None, "past", (day,))
    return DayMention(at, month_at + 1, day)


def _read_bare_ordinal(
    words: Words, at: int, today: date, positions: bool, current: date | None
) -> DayMention | None:
    number = read_day_number(words, at, cardinal=False)
    spoken_the_twelve = at > 0 and words[at - 1] == "the" and at + 1 == len(words)
    if number is None and spoken_the_twelve and not positions:
        number = read_day_number(words, at, cardinal=True)
    if number is None:
        return None
    value, end = number
    if end < len(words) and words[end] in _POSITION_NOUNS and value <= 5:
        return None
    if positions and value <= 3:
        return None
    if not (at == 0 or words[at][0].isdecimal() or words[at - 1] in {"the", "on", "for", "of"}):
        return None
    return _day_of_month(at, end, value, today, current or today)


def read_day_number(words: Words, at: int, cardinal: bool) -> tuple[int, int] | None:
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


def _read_year(words: Words, at: int) -> tuple[int, int]:
    """A year written after a day or month, else 0, and the index after it."""
    if at < len(words) and words[at].isdecimal() and words[at].startswith("20"):
        return (int(words[at]), at + 1) if len(words[at]) == 4 else (0, at)
    return 0, at


def _dated(
    words: Words, start: int, end: int, month: int, day: int, today: date, year: int = 0
) -> DayMention:
    if not year:
        year, end = _read_year(words, end)
    try:
        chosen = date(year or today.year, month, day)
        if not year and (today - chosen).days > _PAST_DAYS:
            chosen = date(today.year + 1, month, day)
    except ValueError:
        return DayMention(start, end, None, "no_such_day")
    if chosen < today:
        return DayMention(start, end, None, "past", (chosen,))
    return DayMention(start, end, chosen)


def _day_of_month(start: int, end: int, day: int, today: date, near: date) -> DayMention:
    """The day with that number in the month of `near`, or in the next that still has it."""
    if not 1 <= day <= 31:
        return DayMention(start, end, None, "no_such_day")
    month = max(today, near).replace(day=1)
    for _ in range(3):
        length = monthrange(month.year, month.month)[1]
        if day <= length and month.replace(day=day) >= today:
            return DayMention(start, end, month.replace(day=day))
        month += timedelta(days=length)
    return DayMention(start, end, None, "no_such_day")
