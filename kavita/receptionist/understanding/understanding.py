"""One turn understood: everything that it says, with its place in what was asked."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from enum import Enum, auto
from typing import TypeVar

from kavita.receptionist.understanding.birth_dates import (
    BirthDateMention,
    find_birth_date,
    find_year,
    is_part_of_date,
    speaks_of_birth,
)
from kavita.receptionist.understanding.clock_times import (
    BareTimes,
    TimeMention,
    TimeWish,
    find_shift,
    find_times,
)
from kavita.receptionist.understanding.dates import DayMention, find_days
from kavita.receptionist.understanding.intents import Intent, find_intents
from kavita.receptionist.understanding.names import find_name
from kavita.receptionist.understanding.numbers import (
    ID_DIGITS,
    find_pin,
    find_user_id,
    is_id_talk,
    read_below_hundred,
)
from kavita.receptionist.understanding.practitioners import find_practitioner
from kavita.receptionist.understanding.purposes import find_purpose
from kavita.receptionist.understanding.red_flags import is_red_flag
from kavita.receptionist.understanding.visits import find_visit_type
from kavita.receptionist.understanding.words import Words, split_words, word_set
from kavita.scheduling.clinic import Clinic


class Question(Enum):
    """What the caller is being asked."""

    USER_ID = auto()
    BIRTH_DATE = auto()
    NAME = auto()
    KEPT_TIME = auto()
    """Whether a time that became free shall be taken."""
    PIN = auto()
    NEED = auto()
    DAY = auto()
    TIME = auto()
    WHICH = auto()
    CONFIRM = auto()


@dataclass(frozen=True)
class Heard:
    """What one turn says. Empty fields were not said."""

    words: Words = ()
    intents: frozenset[Intent] = frozenset()
    red_flag: bool = False
    digits: str = ""
    """A user ID, or the digits of a part of one."""
    says_id: bool = False
    """The caller spoke of an ID ("my ID is ...")."""
    day: DayMention | None = None
    wish: TimeWish | None = None
    from_day: date | None = None
    from_time: time | None = None
    """With "from ... to ...": what is to be left."""
    shift_minutes: int = 0
    """How much later, or (negative) earlier, something is wanted."""
    has_target: bool = False
    """A "to" stands before the day or time: it is where something goes."""
    position: int | None = None
    """0 is the first, -1 the last of what was offered."""
    purpose: str = ""
    visit_type: str = ""
    """The clinic's name for it."""
    practitioner: str = ""
    """A name or a specialty of the clinic's, or "any"."""
    to_practitioner: bool = False
    """It is said with whom it shall be, not only with whom it is."""
    stranger: bool = False
    """Somebody was named whom the clinic does not have."""
    name: str = ""
    birth_date: date | None = None
    birth_year: int = 0
    """A year alone, where a date of birth was asked for."""
    birth_part: str = ""
    """The text, where a part of a date of birth was said."""
    pin: str = ""

    @property
    def has_content(self) -> bool:
        """Whether anything was said that can be acted on, beyond yes, no and pleasantries."""
        return bool(
            self.digits or self.day or self.wish or self.purpose or self.name
            or self.practitioner or self.birth_date or self.birth_part or self.pin
            or self.position is not None
        )  # fmt: skip

    @property
    def is_plain_no(self) -> bool:
        """A "no" that wants nothing more, rather than one that finds fault."""
        return _PLAIN_NO.issuperset(self.words)

    def means(self, *intents: Intent) -> bool:
        """Whether any of the intents was heard."""
        return not self.intents.isdisjoint(intents)


_BORN = re.compile(
    r"[\s,.;]+(?:and |i was |i'm |i am )*(?:born|date of birth|birth ?date|birthday|dob)\b|"
    r"[\s,.;]+(?:and )?my (?:date of birth|birth)", re.IGNORECASE
)  # fmt: skip
"""After a name, what is said of the birth."""
_Mention = TypeVar("_Mention", DayMention, TimeMention)

_BLANK = "·"
_MOST_ID_WORDS = 12
"""An ID is said in fewer words."""
_AROUND_NUMBER = word_set("the on please maybe say for its um")
_PLAIN_NO = word_set(
    "no nope nah not really thanks thank you nothing none more else for now today ok okay im i am "
    "good fine alright sure please all that thats it oh well dont think so need at the moment"
)
_BARE_TIMES: dict[Question, BareTimes] = {
    Question.USER_ID: "never",
    Question.BIRTH_DATE: "never",
    Question.PIN: "never",
    Question.TIME: "always",
}
_ABOUT_BOOK = {Intent.BOOK, Intent.CANCEL, Intent.MOVE, Intent.LIST}
_OF_IDENTITY = (Question.USER_ID, Question.BIRTH_DATE, Question.NAME)
_SAYS_ID = re.compile(
    r"\b(my|user|patient|his|her|their) (?!phone|mobile|cell|telephone)(\w+ )?"
    r"(id|idea|number|aid|user)\b"
)
_DENIAL = re.compile(
    r"\b(not|except|isnt|(cant|cannot) (do|make)|(any \w+|anything|everything) but|"
    r"other than|apart from)( on| at| the)*$"
)
_FAREWELL = re.compile(
    r"\b(see you|have a (good|nice|great|lovely|wonderful)( \w+)?|"
    r"((that|it)(s| is| will be|ll be)?|thatll be|be|else|nothing|more|good|done)"
    r"( it| all| everything| enough)? for)( on| at)?$"
)
"""Before a day, not a wish for it: "see you on Thursday", "that's all for today"."""
_ASKS = re.compile(r"(and |so )?(is|are|do you have|have you (got )?|what about|how about)\b")
"""A question about a time is no order to book it."""
_LEADING = re.compile(r"^((ok|okay|yes|yeah|sure|then|well|oh|so|no|lets say|ill take|take) )+")
_POSITIONS: tuple[tuple[re.Pattern[str], int], ...] = tuple(
    (re.compile(pattern), index)
    for pattern, index in (
        (r"\b(last|latest|final) (one|option|time|slot)\b|^(the )?(last|latest)( please)?$", -1),
        (r"\b(first|earliest) (one|option|time|slot|button)\b", 0),
        (r"^(the )?(first|earliest)( please| one)*$", 0),
        (r"\bnext (appointment|visit|booking)\b", 0),
        (r"\b(former|earlier) one\b|^(the )?former( please)?$", 0),
        (r"\b(latter|later) one\b|^(the )?latter( please)?$", -1),
        (r"\bsecond (one|option|time|slot)\b|\b(the )?middle one\b|^(the )?second( please)?$", 1),
        (r"\bthird (one|option|time|slot)\b|^(the )?third( please)?$", 2),
        (r"\boption (one|1)\b|\bnumber (one|1)\b", 0),
        (r"\boption (two|2)\b|\bnumber (two|2)\b", 1),
        (r"\boption (three|3)\b|\bnumber (three|3)\b", 2),
    )
)  # fmt: skip


def understand(
    text: str, asked: Question, clinic: Clinic, today: date, current: date | None = None
) -> Heard:
    """Read one turn; `asked` and the `current` day only settle what would be ambiguous."""
    words = split_words(text)
    if asked is Question.PIN and (pin := find_pin(words)):
        return Heard(words=words, pin=pin)
    says_id = bool(_SAYS_ID.search(" ".join(words)))
    born = _birth_date(words, asked, today)
    digits, rest = _take_id(_blank(words, [born] if born else []), asked, says_id, clinic, today)
    choosing = asked in (Question.TIME, Question.WHICH)
    days = _kept_days(rest, find_days(rest, today, current, positions=choosing))
    if not days and asked is Question.DAY:
        days = _bare_day(rest, today)
    without_days = _mark_times(_blank(rest, days), days)
    times = find_times(without_days, clinic, _BARE_TIMES.get(asked, "with_minutes"))
    times = [m for m in times if not (m.wish.at and _is_denied(rest, m.start))]
    target = _target_index(rest, [*days, *times])
    from_days, days = _split(days, target)
    from_times, times = _split(times, target)
    asks_birth = asked is Question.BIRTH_DATE
    intents = find_intents(words)
    if asks_birth and intents.isdisjoint(_ABOUT_BOOK):
        days, times = [], []
    purpose = find_purpose(words)
    visit_type = find_visit_type(words, purpose, clinic)
    who = find_practitioner(words, clinic, led=asked in _OF_IDENTITY)
    return Heard(
        words=words,
        intents=intents,
        red_flag=is_red_flag(words),
        digits=digits,
        says_id=says_id,
        day=_chosen(rest, days),
        wish=_wish(rest, times),
        from_day=next((mention.day for mention in from_days), None),
        from_time=next((mention.wish.at or mention.wish.after for mention in from_times), None),
        shift_minutes=find_shift(words),
        has_target=target >= 0,
        position=_position(words) if not days else None,
        purpose=purpose or visit_type,
        visit_type=visit_type,
        practitioner=who.wanted,
        to_practitioner=who.leads_there,
        stranger=who.stranger,
        name=find_name(_BORN.split(text)[0], expected=asked is Question.NAME),
        birth_date=born.day if born else None,
        birth_year=find_year(words, today) if asks_birth and not (born or digits) else 0,
        birth_part=text if asks_birth and not born and is_part_of_date(words) else "",
    )


def _birth_date(words: Words, asked: Question, today: date) -> BirthDateMention | None:
    """A date of birth, where one may be said; in figures only where it is asked for or named."""
    if asked not in _OF_IDENTITY:
        return None
    named = asked is Question.BIRTH_DATE or speaks_of_birth(words)
    return find_birth_date(words, today, spelled=named)


def times_said(text: str, clinic: Clinic, today: date) -> tuple[time, ...]:
    """The exact times in a sentence of the agent's, in order."""
    words = split_words(text)
    mentions = find_times(_blank(words, find_days(words, today)), clinic)
    return tuple(mention.wish.at for mention in mentions if mention.wish.at is not None)


def _take_id(
    words: Words, asked: Question, says_id: bool, clinic: Clinic, today: date
) -> tuple[str, Words]:
    """The digits of an ID, where one is asked for or announced, and the words that are left."""
    if not says_id and asked not in _OF_IDENTITY:
        return "", words
    if asked is Question.BIRTH_DATE:
        digits = find_user_id(words)
        is_year = 1900 <= int(digits or 0) <= today.year and not says_id
        return ("", words) if is_year or len(digits) != ID_DIGITS else (digits, ())
    if is_id_talk(words):
        return find_user_id(words), ()
    plain = _blank(words, find_days(words, today))
    plain = _blank(plain, find_times(plain, clinic, "never"))
    digits = find_user_id(plain)
    return digits, _without_digits(words, digits) if digits else words


def _without_digits(words: Words, digits: str) -> Words:
    """Blank out the words that make the ID, so that they are no time of day."""
    for length in range(1, min(len(words), _MOST_ID_WORDS) + 1):
        for start in range(len(words) - length + 1):
            if find_user_id(words[start : start + length]) == digits:
                return words[:start] + (_BLANK,) * length + words[start + length :]
    return words


def _blank(words: Words, mentions: Sequence[DayMention | TimeMention | BirthDateMention]) -> Words:
    taken = {at for mention in mentions for at in range(mention.start, mention.end)}
    return tuple(_BLANK if at in taken else word for at, word in enumerate(words))


def _is_denied(words: Words, start: int) -> bool:
    """Whether "not", "except" or "can't do" stands before the mention."""
    before = " ".join(words[max(0, start - 4) : start])
    return bool(_DENIAL.search(before))


def _kept_days(words: Words, days: list[DayMention]) -> list[DayMention]:
    return [
        mention
        for mention in days
        if not _is_denied(words, mention.start)
        and not _FAREWELL.search(" ".join(words[: mention.start]))
    ]


def _mark_times(words: Words, days: Sequence[DayMention]) -> Words:
    """Read "Friday nine" as "Friday at nine"; "Thursday 12" may be its date, and stays."""
    marked = list(words)
    for mention in days:
        number = read_below_hundred(words, mention.end)
        dates = {mention.day.day} if mention.day else set(range(32))
        if number is not None and number[0] not in dates and words[mention.end] != "one":
            marked[mention.end - 1] = "at"
    return tuple(marked)


def _bare_day(words: Words, today: date) -> list[DayMention]:
    """Asked for a day, "twelve" is the twelfth."""
    numbers = [word for word in words if word not in _AROUND_NUMBER]
    if not 1 <= len(numbers) <= 2:
        return []
    return find_days(("the", *numbers[:-1], numbers[-1]), today) if len(numbers) == 1 else []


def _target_index(words: Words, mentions: Sequence[DayMention | TimeMention]) -> int:
    """Where the "to" stands that leads to the new day or time; -1 where there is none."""
    inside = {at for mention in mentions for at in range(mention.start, mention.end)}
    for at in range(len(words) - 1, 0, -1):
        leads = any(at < mention.start <= at + 3 for mention in mentions)
        has_source = words[at] == "to" or any(mention.end <= at for mention in mentions)
        if words[at] in {"to", "for", "until"} and at not in inside and leads and has_source:
            return at
    return -1


def _split(mentions: list[_Mention], target: int) -> tuple[list[_Mention], list[_Mention]]:
    """What stands before the "to", and what after it."""
    return (
        [mention for mention in mentions if mention.end <= target],
        [mention for mention in mentions if mention.start > target],
    )


def _chosen(words: Words, days: list[DayMention]) -> DayMention | None:
    """Of several days the last one said, which corrects the others; of "A or B" the first."""
    if not days:
        return None
    is_choice = "or" in words or words[days[-1].start - 1] == "and"
    return days[0] if is_choice else days[-1]


def _wish(words: Words, times: list[TimeMention]) -> TimeWish | None:
    if not times:
        return None
    wish = times[0].wish if {"or", "if"} & set(words) else times[-1].wish
    asks = _ASKS.match(" ".join(words))
    return TimeWish(near=wish.at) if wish.at and asks else wish


def _position(words: Words) -> int | None:
    said = _LEADING.sub("", " ".join(words))
    return next((index for pattern, index in _POSITIONS if pattern.search(said)), None)
