"""Spoken dates of birth: "the seventeenth of May nineteen ninety", "oh five seventeen ninety"."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from kavita.receptionist.understanding.calendar_days import MONTHS, read_day_number
from kavita.receptionist.understanding.numbers import digit_runs, read_below_hundred
from kavita.receptionist.understanding.words import Words, word_set

OLDEST_YEARS = 130

_MOST_WORDS = 60
"""A date of birth is said within so many; longer turns are stories."""
_BETWEEN = word_set("of the in and on year month day comma slash dash dot point stroke")
_ZEROS = word_set("zero oh o nought")
_BIRTH = word_set("born birth birthday birthdate dob bday")
_EIGHT, _SIX = ((2, 2, 4), (4, 2, 2)), ((2, 2, 2),)
"""How the digits of a date without gaps are parted."""

Reading = tuple[int, int]
"""A value, and the index of the word after it."""
_Reader = Callable[[Words, int, date], Iterator[Reading]]


@dataclass(frozen=True)
class BirthDateMention:
    """A date of birth that was said, by words `start` to `end`."""

    start: int
    end: int
    day: date


def speaks_of_birth(words: Words) -> bool:
    """Whether a birth or a birthday is spoken of."""
    return not _BIRTH.isdisjoint(words)


def is_part_of_date(words: Words) -> bool:
    """Whether a day or a month is said, as when the year comes after a pause."""
    return any(
        word in MONTHS or read_day_number(words, at, cardinal=False) is not None
        for at, word in enumerate(words)
    )


def find_year(words: Words, today: date) -> int:
    """The only year that is said, or 0."""
    words = words[:_MOST_WORDS]
    found = [
        (end - at, year)
        for at in range(len(words))
        for year, end in _read_year(words, at, today)
        if today.year - OLDEST_YEARS <= year <= today.year
    ]
    longest = max(found, default=(0, 0))
    return 0 if is_part_of_date(words) else longest[1]


def find_birth_date(words: Words, today: date, spelled: bool = True) -> BirthDateMention | None:
    """The date in the words that can be one of birth; of several the last, which corrects.

    The day comes before the month unless that cannot be. Without `spelled` the month must be
    named, for figures may be anything.
    """
    words = tuple(
        "two" if word in {"to", "too"} and words[at + 1 : at + 2] == ("thousand",) else word
        for at, word in enumerate(words[:_MOST_WORDS])
    )
    found: BirthDateMention | None = None
    at = 0
    while at < len(words):
        mention = _read(words, at, today, spelled)
        if mention is not None:
            found, at = mention, mention.end
        else:
            at += 1
    return found


def _read(words: Words, at: int, today: date, spelled: bool) -> BirthDateMention | None:
    """The longest date that starts at a word; of equally long ones the first order that fits."""
    written = _read_written(words[at], today)
    if written is not None:
        return BirthDateMention(at, at + 1, written)
    best: BirthDateMention | None = None
    for order in _NAMED_ORDERS + (_SPELLED_ORDERS if spelled else ()):
        for values, end in _read_parts(words, at, order, today):
            day = _as_date(values["year"], values["month"], values["day"], today)
            if day is not None and (best is None or end > best.end):
                best = BirthDateMention(at, end, day)
    if best is not None and _is_month_and_year(words, best, today):
        return None
    return best or (_read_digits(words, at, today) if spelled else None)


def _read_parts(
    words: Words, at: int, order: tuple[str, ...], today: date
) -> Iterator[tuple[dict[str, int], int]]:
    """Read the parts of a date in one order, in every way that they can be read."""
    if not order:
        yield {}, at
        return
    for value, after in _READERS[order[0]](words, at, today):
        following = after
        while len(order) > 1 and following < len(words) and words[following] in _BETWEEN:
            following += 1
        for values, end in _read_parts(words, following, order[1:], today):
            yield values | {order[0].removeprefix("spelled "): value}, end


def _read_day(words: Words, at: int, today: date) -> Iterator[Reading]:
    yield from _read_spelled_number(words, at)
    if at < len(words) and (number := read_day_number(words, at, cardinal=True)):
        yield number
        if number[1] - at > 1 and (short := read_day_number((words[at],), 0, cardinal=True)):
            yield short[0], at + 1


def _read_month_name(words: Words, at: int, today: date) -> Iterator[Reading]:
    if at < len(words) and words[at] in MONTHS:
        yield MONTHS[words[at]], at + 1


def _read_month_number(words: Words, at: int, today: date) -> Iterator[Reading]:
    yield from _read_spelled_number(words, at)
    number = read_day_number(words, at, cardinal=True) if at < len(words) else None
    if number is not None:
        yield number


def _read_spelled_number(words: Words, at: int) -> Iterator[Reading]:
    """Read "oh five" and "one seven" as two digits."""
    pair = [read_below_hundred((word,), 0) for word in words[at : at + 2]]
    if len(pair) == 2 and all(digit and digit[0] < 10 for digit in pair):
        yield 10 * (pair[0] or (0, 0))[0] + (pair[1] or (0, 0))[0], at + 2


def _read_year(words: Words, at: int, today: date) -> Iterator[Reading]:
    """Read "1990", "nineteen ninety", "two thousand and five", "one nine nine zero", "ninety"."""
    if at >= len(words):
        return
    word = words[at]
    if word.isdecimal() and len(word) == 4:
        yield int(word), at + 1
    for length in range(6, 1, -1):
        group = words[at : at + length]
        if len(group) == length and all(_stands_for_digits(one) for one in group):
            runs = digit_runs(group)
            if len(runs) == 1 and len(runs[0]) == 4:
                yield int(runs[0]), at + length
    yield from _read_century(words, at)
    short = read_below_hundred(words, at)
    unit = read_below_hundred(words, at + 1)
    if unit is not None and unit[0] < 10 and word in _ZEROS:
        yield _in_this_century(unit[0], today), at + 2
    elif unit is not None and unit[0] < 10 and word == "double":
        yield _in_this_century(11 * unit[0], today), at + 2
    elif short is not None and (short[0] >= 10 or (word.isdecimal() and len(word) == 2)):
        yield _in_this_century(short[0], today), short[1]


def _stands_for_digits(word: str) -> bool:
    """Whether a word is a part of a year; one with "hundred" in it is read elsewhere."""
    return word in {"double", "thousand"} or read_below_hundred((word,), 0) is not None


def _read_century(words: Words, at: int) -> Iterator[Reading]:
    """Read "nineteen oh five", "nineteen hundred and five", "two thousand five"."""
    head = read_below_hundred(words, at)
    if head is None or head[0] not in (19, 20, 2) or head[1] >= len(words):
        return
    hundreds, after = head[0], head[1]
    if words[after] == ("thousand" if hundreds == 2 else "hundred"):
        hundreds, after = (20 if hundreds == 2 else hundreds), after + 1
        rest_at = after + 1 if words[after : after + 1] == ("and",) else after
        if rest_at < len(words) and words[rest_at] in _ZEROS:
            rest_at += 1
        if rest := read_below_hundred(words, rest_at):
            yield 100 * hundreds + rest[0], rest[1]
        yield 100 * hundreds, after


def _in_this_century(short: int, today: date) -> int:
    """The full year of "ninety" or "oh five": the last one that has come."""
    century = today.year // 100 * 100
    return century + short if short <= today.year % 100 else century - 100 + short


def _read_written(word: str, today: date) -> date | None:
    """Read "1990-05-17", "17/05/1990" and "5/17/1990"."""
    if word[:4].isdecimal() and word.count("-") == 2:
        year, month, day = (int(part) for part in word.split("-"))
        return _as_date(year, month, day, today)
    if word.count("/") != 2:
        return None
    first, second, year = (int(part) for part in word.split("/"))
    return _as_date(year, second, first, today) or _as_date(year, first, second, today)


def _read_digits(words: Words, at: int, today: date) -> BirthDateMention | None:
    """Read a whole date in digits without gaps: "17051990", "one seven oh five nine oh"."""
    end = at
    while end < len(words) and read_below_hundred(words, end) and len(words[end]) < 9:
        end += 1
    end = max(end, at + 1)
    runs = digit_runs(words[at:end])
    if len(runs) != 1 or len(runs[0]) not in (6, 8):
        return None
    for lengths in _EIGHT if len(runs[0]) == 8 else _SIX:
        day = _parted(runs[0], lengths, today)
        if day is not None:
            return BirthDateMention(at, end, day)
    return None


def _parted(digits: str, lengths: tuple[int, ...], today: date) -> date | None:
    start, end = lengths[0], lengths[0] + lengths[1]
    first, second, third = int(digits[:start]), int(digits[start:end]), int(digits[end:])
    if lengths[0] == 4:
        return _as_date(first, second, third, today)
    year = third if lengths[2] == 4 else _in_this_century(third, today)
    return _as_date(year, second, first, today) or _as_date(year, first, second, today)


def _is_month_and_year(words: Words, mention: BirthDateMention, today: date) -> bool:
    """Whether "May nineteen ninety" names no day, but the year 1990."""
    if words[mention.start] not in MONTHS:
        return False
    years = _read_year(words, mention.start + 1, today)
    return any(end == mention.end and 1900 <= year <= today.year for year, end in years)


def _as_date(year: int, month: int, day: int, today: date) -> date | None:
    """The date, if somebody may have been born on it."""
    try:
        born = date(year, month, day)
    except ValueError:
        return None
    return born if born <= today and today.year - born.year <= OLDEST_YEARS else None


_READERS: dict[str, _Reader] = {
    "day": _read_day,
    "month": _read_month_name,
    "spelled month": _read_month_number,
    "year": _read_year,
}
_NAMED_ORDERS = (
    ("day", "month", "year"),
    ("month", "day", "year"),
    ("year", "month", "day"),
    ("year", "day", "month"),
)
_SPELLED_ORDERS = (
    ("day", "spelled month", "year"),
    ("spelled month", "day", "year"),
    ("year", "spelled month", "day"),
)
