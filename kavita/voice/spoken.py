"""Text for the ear: times, dates, IDs and numbers as the words that a person would say.

The receptionist writes for a screen ("Thursday, February 12", "9:30 AM", "f-3-g-4"). Every voice
reads such writing differently, and often wrongly; words are read alike by all of them.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from kavita.scheduling.times import MONTHS

_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
)  # fmt: skip
_TENS = (
    "zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
)  # fmt: skip
_IRREGULAR_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
_MONTH = "(?-i:" + "|".join(rf"{name}|{name[:3]}\b\.?" for name in MONTHS) + r"|Sept\b\.?)"
_DAY = r"(?:3[01]|[12]\d|0?[1-9])"


@dataclass(frozen=True)
class _Piece:
    """A stretch of the text for the ear, and where it ends there and in the original."""

    ear_end: int
    original_end: int
    verbatim: bool


@dataclass(frozen=True)
class EarText:
    """What to speak, and the way back to the text it was made from."""

    text: str
    pieces: tuple[_Piece, ...]

    def original_end(self, ear_position: int) -> int:
        """Characters of the original that were heard when `text[:ear_position]` was.

        A rewritten piece, such as a time, counts as heard only with its last word.
        """
        ear_start = original_start = 0
        for piece in self.pieces:
            if ear_position < piece.ear_end:
                heard = max(0, ear_position - ear_start)
                return original_start + (heard if piece.verbatim else 0)
            ear_start, original_start = piece.ear_end, piece.original_end
        return original_start


def for_ear(text: str) -> str:
    """`text` in words for the ear."""
    return ear_text(text).text


def ear_text(text: str) -> EarText:
    """`text` in words for the ear, with the way back to the characters of `text`."""
    spoken: list[str] = []
    pieces: list[_Piece] = []
    ear_end = position = 0
    for match in _RULES.finditer(text):
        words = _REWRITE[match.lastgroup or ""](match.group())
        for part, end, verbatim in (
            (text[position : match.start()], match.start(), True),
            (words, match.end(), False),
        ):
            spoken.append(part)
            ear_end += len(part)
            pieces.append(_Piece(ear_end, end, verbatim))
        position = match.end()
    spoken.append(text[position:])
    pieces.append(_Piece(ear_end + len(text) - position, len(text), True))
    return EarText("".join(spoken), tuple(pieces))


def _cardinal(number: int) -> str:
    """0 to 99 in words."""
    if number < 20:
        return _ONES[number]
    tens, ones = divmod(number, 10)
    return _TENS[tens] + (f" {_ONES[ones]}" if ones else "")


def _ordinal(number: int) -> str:
    """1 to 99 in words: twelfth, twenty first."""
    *tens, last = _cardinal(number).split()
    if last in _IRREGULAR_ORDINALS:
        last = _IRREGULAR_ORDINALS[last]
    else:
        last = last[:-1] + "ieth" if last.endswith("y") else last + "th"
    return " ".join([*tens, last])


def _year(year: int) -> str:
    """1900 to 2099 in words: twenty twenty six, two thousand five."""
    century, rest = divmod(year, 100)
    if 2000 <= year < 2010:
        return "two thousand" + (f" {_ONES[rest]}" if rest else "")
    if rest == 0:
        return f"{_cardinal(century)} hundred"
    return f"{_cardinal(century)} " + (f"oh {_ONES[rest]}" if rest < 10 else _cardinal(rest))


def _characters(token: str) -> str:
    """Letters and digits one by one, with a pause after each."""
    return ", ".join(_ONES[int(c)] if c in "0123456789" else c.upper() for c in token)


def _clock(hour: int, minute: int) -> str:
    if minute == 0:
        return _cardinal(hour)
    return f"{_cardinal(hour)} " + (f"oh {_ONES[minute]}" if minute < 10 else _cardinal(minute))


def _say_time(text: str) -> str:
    """9:30 AM -> nine thirty AM."""
    hour, minute, half = re.match(r"(\d+)(?::(\d\d))?\W*(.)", text).groups()  # type: ignore[union-attr]
    return f"{_clock(int(hour), int(minute or 0))} {half.upper()}M"


def _say_clock(text: str) -> str:
    """15:30 -> three thirty PM; 9:30 -> nine thirty; 9:00 -> nine o'clock."""
    hour, minute = int(text[:-3]), int(text[-2:])
    if hour > 12 or text.startswith("0"):
        return f"{_clock((hour - 1) % 12 + 1, minute)} {'A' if hour < 12 else 'P'}M"
    return _clock(hour, minute) + (" o'clock" if minute == 0 else "")


def _say_range(_text: str) -> str:
    return " to "


def _month(name: str) -> str:
    return next(month for month in MONTHS if month[:3].lower() == name[:3].lower())


def _say_date(text: str) -> str:
    """Feb 12, 2026 -> February twelfth, twenty twenty six."""
    numbers = re.findall(r"\d+", text)
    year = f", {_year(int(numbers[1]))}" if len(numbers) > 1 else ""
    return f"{_month(text)} {_ordinal(int(numbers[0]))}{year}"


def _say_day_first(text: str) -> str:
    """12 February -> the twelfth of February."""
    numbers = re.findall(r"\d+", text)
    month = re.search(_MONTH, text).group()  # type: ignore[union-attr]
    year = f", {_year(int(numbers[1]))}" if len(numbers) > 1 else ""
    return f"the {_ordinal(int(numbers[0]))} of {_month(month)}{year}"


def _say_iso_date(text: str) -> str:
    year, month, day = (int(part) for part in text.split("-"))
    return f"{MONTHS[month - 1]} {_ordinal(day)}, {_year(year)}"


def _say_spelled(text: str) -> str:
    return _characters(text.replace("-", ""))


def _say_phone(text: str) -> str:
    """Groups as they are written; a run of digits as threes with the rest at the end."""
    words = []
    for group in re.findall(r"\d+", text):
        parts = [group] if len(group) <= 5 else re.findall(r"\d{3}(?=\d{3})|\d+", group)
        words += [" ".join(_ONES[int(digit)] for digit in part) for part in parts]
    return ("plus " if text.startswith("+") else "") + ", ".join(words)


def _say_emergency(text: str) -> str:
    return " ".join(_ONES[int(digit)] for digit in text)


def _say_nothing(_text: str) -> str:
    return ""


def _say_doctor(_text: str) -> str:
    return "Doctor"


_TIME = r"(?:1[0-2]|0?[1-9])(?::[0-5]\d)?\s?[ap](?:m\b|\.\s?m\b(?:\.(?!\s+(?-i:[A-Z])|\s*$))?)"
_CLOCK = r"(?:[01]?\d|2[0-3]):[0-5]\d"
_YEAR = r"(?:19|20)\d\d"
_RULES_IN_ORDER: tuple[tuple[str, str, Callable[[str], str]], ...] = (
    ("iso_date", rf"\b{_YEAR}-(?:0[1-9]|1[0-2])-{_DAY}\b", _say_iso_date),
    ("date", rf"\b{_MONTH}\s+{_DAY}(?:st|nd|rd|th)?\b(?:,?\s+{_YEAR}\b)?", _say_date),
    (
        "day_first",
        rf"\b(?:the\s+)?{_DAY}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}(?![a-z])(?:,?\s+{_YEAR}\b)?",
        _say_day_first,
    ),
    ("time", rf"\b{_TIME}", _say_time),
    ("clock", rf"\b{_CLOCK}\b", _say_clock),
    ("range", r"(?<=[\dm])\s*[-–]\s*(?=\d{1,2}(?::\d\d|\s?[ap]\.?m))", _say_range),
    ("spelled", r"\b[a-z0-9](?:-[a-z0-9]){2,}\b", _say_spelled),
    ("id", r"\b(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{8}\b|(?<=\bID: )[a-f0-9]{8}\b", _say_spelled),
    (
        "phone",
        r"(?<![$€£₹.,\d])\+?(?=(?:\d[ -]?){5,15}(?![\d%]))"
        r"(?:\d{5,15}|\d{1,5}(?:[ -]\d{2,5}){1,4})\b",
        _say_phone,
    ),
    ("year", rf"(?<=\bin ){_YEAR}\b", lambda text: _year(int(text))),
    ("user_id", r"(?<![\d.,$€£₹])\b\d{4}\b(?![.,]\d|%)", _say_spelled),
    ("emergency", r"\b(?:112|911|999|108)\b", _say_emergency),
    ("doctor", r"\bDr\.?(?= )", _say_doctor),
    ("markup", r"[*`#]+", _say_nothing),
)
_RULES = re.compile(
    "|".join(f"(?P<{name}>{pattern})" for name, pattern, _ in _RULES_IN_ORDER), re.IGNORECASE
)
_REWRITE = {name: rewrite for name, _, rewrite in _RULES_IN_ORDER}
