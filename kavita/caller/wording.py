"""The caller's sentences: several for everything, those first that a small recognizer hears best.

Chosen by ear of Moonshine tiny: "At twelve o'clock." is heard each time, "Twelve noon" never.
"""

from datetime import date, time, timedelta

from kavita.scheduling.times import MONTHS, weekday_name

YES = ("Yes, please.", "Yes, that is right.", "Yes, please do.")
NO = ("No.", "No, thank you.", "No, that is not right.")
GOODBYE = (
    "That's all, bye.",
    "That's all, goodbye.",
    "No, thank you. Goodbye.",
)
GIVE_UP = ("That's all, I will call again. Goodbye.", "No, thank you. Goodbye.")

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_NUMBERS = (
    *_DIGITS, "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen",
    "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_ORDINALS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth",
    "eighteenth", "nineteenth", "twentieth", "twenty first", "twenty second", "twenty third",
    "twenty fourth", "twenty fifth", "twenty sixth", "twenty seventh", "twenty eighth",
    "twenty ninth", "thirtieth", "thirty first",
)  # fmt: skip
_MINUTES = {15: "fifteen", 20: "twenty", 30: "thirty", 40: "forty", 45: "forty five"}


def user_id(digits: str) -> tuple[str, ...]:
    """The ID, digit by digit."""
    spoken = ", ".join(_DIGITS[int(digit)] for digit in digits)
    return (
        f"My user ID is {spoken}.",
        f"It is {spoken}.",
        f"{spoken}.".capitalize(),
        f"My number is {spoken}.",
    )


def need(purpose: str, wanted: date, today: date) -> tuple[str, ...]:
    """What the call is about, all in one sentence."""
    on = f"on {_named(wanted, today)}"
    return (
        f"I want to make an appointment, for {_an(purpose)}, {on}.",
        f"I would like to make an appointment, for {_an(purpose)}, {on}.",
        f"I want to make an appointment, {on}.",
        f"I need an appointment for {_an(purpose)}, {on}.",
    )


def day(wanted: date, today: date) -> tuple[str, ...]:
    """The day: by its weekday within a week, else by its date."""
    date_ = f"{MONTHS[wanted.month - 1]} {_ORDINALS[wanted.day - 1]}"
    full = f"On {weekday_name(wanted)}, {date_}."
    if not _is_near(wanted, today):
        return f"On {date_}, please.", full, f"{date_}, please."
    name = weekday_name(wanted)
    return f"On {name}.", full, f"{name} would be good.", f"{name}, please."


def clock(wanted: time, offered: tuple[time, ...] = ()) -> tuple[str, ...]:
    """The time, at last by its place among three offers."""
    part = "morning" if wanted.hour < 12 else "afternoon"
    hour = _NUMBERS[wanted.hour % 12 or 12]
    if wanted.minute == 0:
        words = (f"At {hour} o'clock.", f"At {hour} o'clock in the {part}.")
    elif wanted.minute == 30:
        words = (f"At half past {hour}.", f"At {hour} thirty in the {part}.")
    else:
        minutes = _MINUTES.get(wanted.minute, f"oh {_NUMBERS[wanted.minute % 20]}")
        words = (f"At {hour} {minutes}.", f"At {hour} {minutes} in the {part}.")
    if len(offered) == 3 and wanted in offered:
        place = _ORDINALS[offered.index(wanted)]
        return (*words, f"The {place} one, please.")
    return (*words, words[0].removesuffix(".") + ", please.")


def purpose(wanted: str) -> tuple[str, ...]:
    """What the visit is for."""
    return (
        f"It is for {_an(wanted)}.",
        f"I need {_an(wanted)}.",
        f"For {_an(wanted)}, please.",
    )


def correction(wanted_day: date, wanted_time: time, today: date) -> tuple[str, ...]:
    """Something else was booked than what was wanted."""
    at = clock(wanted_time)[0].removesuffix(".").lower()
    target = f"{_named(wanted_day, today)}, {at}"
    return (
        f"No, that is wrong. Please move it to {target}.",
        f"Please move it to {target}.",
    )


def _named(wanted: date, today: date) -> str:
    if _is_near(wanted, today):
        return weekday_name(wanted)
    return f"{MONTHS[wanted.month - 1]} {_ORDINALS[wanted.day - 1]}"


def _is_near(wanted: date, today: date) -> bool:
    """Whether the weekday alone says which day is meant."""
    return timedelta(0) < wanted - today < timedelta(days=7)


def _an(noun: str) -> str:
    noun = noun[:1].lower() + noun[1:]
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"
