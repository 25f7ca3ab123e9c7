"""What may be written down of a patient: text said by a caller, made safe to keep and to show."""

import unicodedata
from datetime import date

from kavita.scheduling.errors import InvalidArguments, InvalidDate, InvalidName
from kavita.scheduling.times import parse_date

MAX_ID_CHARS = 64
"""No ID in the book is longer."""
MAX_NAME_CHARS = 80
MAX_PURPOSE_CHARS = 200
OLDEST_YEARS = 130
MIN_PHONE_DIGITS, MAX_PHONE_DIGITS = 7, 15

_JOINERS = "\u200c\u200d"
"""Invisible, but part of the spelling of many Indian names."""


def clean_text(text: str) -> str:
    """Drop control characters, lone surrogates and direction marks; single spaces between words."""
    spaced = (" " if character.isspace() else character for character in text)
    kept = "".join(
        character
        for character in spaced
        if unicodedata.category(character)[0] != "C" or character in _JOINERS
    )
    return " ".join(kept.split())


def clean_id(text: str) -> str:
    """Return only the letters and digits of an ID, as in "1 0 0 1" or "1,001"."""
    return "".join(character for character in text if character.isalnum())


def clean_name(text: str) -> str:
    """Return a name that can be written down; raises InvalidName."""
    name = clean_text(text)
    if not any(character.isalpha() for character in name):
        raise InvalidName
    if len(name) > MAX_NAME_CHARS:
        raise InvalidName("That name is too long for me. Could you give me a shorter form?")
    return name


def clean_purpose(text: str) -> str:
    """Return what a visit is for, cut to the length that is kept; raises InvalidArguments."""
    purpose = clean_text(text)[:MAX_PURPOSE_CHARS].rstrip()
    if not purpose:
        raise InvalidArguments("What is the visit for?")
    return purpose


def clean_phone(text: str) -> str | None:
    """Return the digits, with the leading plus if there was one; None when no number was given.

    Raises InvalidArguments for what cannot be a phone number.
    """
    if not text.strip():
        return None
    digits = "".join(character for character in text if character in "0123456789")
    if not MIN_PHONE_DIGITS <= len(digits) <= MAX_PHONE_DIGITS:
        raise InvalidArguments("That phone number does not look complete.")
    return f"+{digits}" if text.strip().startswith("+") else digits


def clean_birth_date(text: str, today: date) -> date | None:
    """Return a date of birth written as YYYY-MM-DD; None when none was given.

    Raises InvalidDate for what cannot be one.
    """
    if not text.strip():
        return None
    born = parse_date(text)
    if born > today or today.year - born.year > OLDEST_YEARS:
        raise InvalidDate("I did not get that date of birth. Could you say it again?")
    return born
