"""Who and what is meant: a practitioner, a kind of visit, a part of the day, from a few words."""

from datetime import time

from kavita.scheduling.clinic import Clinic, Practitioner, VisitType
from kavita.scheduling.details import clean_text
from kavita.scheduling.errors import (
    InvalidArguments,
    UnknownPractitioner,
    UnknownVisitType,
)

ANYBODY = (("any",), ("anyone",), ("anybody",))
PARTS_OF_DAY = {
    "": (time.min, time.max),
    "morning": (time.min, time(12)),
    "afternoon": (time(12), time(17)),
    "evening": (time(17), time.max),
}
_TITLES = {"dr", "doctor", "mr", "mrs", "ms", "nurse", "the"}


def choose_visit(clinic: Clinic, text: str) -> VisitType:
    """Return the kind of visit of that name or key; without one, the clinic's first.

    Raises UnknownVisitType, with the names of all in `visit_types`.
    """
    wanted = _words(text)
    if not wanted:
        return clinic.visit_types[0]
    for visit in clinic.visit_types:
        if wanted in (_words(visit.name), _words(visit.key)):
            return visit
    partly = [one for one in clinic.visit_types if set(wanted) <= set(_words(one.name))]
    if len(partly) == 1:
        return partly[0]
    raise UnknownVisitType(visit_types=[one.name for one in partly or clinic.visit_types])


def choose_practitioners(clinic: Clinic, text: str) -> tuple[Practitioner, ...]:
    """Return who is meant, by name, key or specialty; all for "any", nobody when nothing was said.

    Raises UnknownPractitioner, with the `practitioners` to choose from.
    """
    wanted = _words(text)
    if not wanted:
        return ()
    if wanted in ANYBODY:
        return clinic.practitioners
    keyed = [one for one in clinic.practitioners if wanted == _words(one.key)]
    named = [one for one in clinic.practitioners if set(wanted) <= set(_words(one.name))]
    skilled = [one for one in clinic.practitioners if wanted == _words(one.specialty)]
    meant = keyed or named
    if len(meant) > 1 or not (meant or skilled):
        known = meant or clinic.practitioners
        raise UnknownPractitioner(practitioners=[one.name for one in known])
    return tuple(meant or skilled)


def choose_part_of_day(text: str) -> tuple[time, time]:
    """Return from when, and until before when, visits may begin; raises InvalidArguments."""
    try:
        return PARTS_OF_DAY[text.strip().lower()]
    except KeyError:
        raise InvalidArguments("Morning, afternoon or evening?") from None


def says_yes(text: str) -> bool:
    """Read a flag that a model sends as text; raises InvalidArguments for neither yes nor no."""
    said = text.strip().lower()
    if said in ("yes", "true"):
        return True
    if said in ("", "no", "false"):
        return False
    raise InvalidArguments


def _words(text: str) -> tuple[str, ...]:
    even = "".join(each if each.isalnum() else " " for each in clean_text(text).lower())
    return tuple(word for word in even.split() if word not in _TITLES)
