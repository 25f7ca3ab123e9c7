"""What the clinic's definition tells: when it is open, who works there, what can be booked."""

from collections.abc import Sequence
from datetime import date, time

from kavita.receptionist.replies import as_spoken
from kavita.receptionist.written import write_day, write_list, write_time
from kavita.scheduling.clinic import Clinic, Hours, Practitioner
from kavita.scheduling.times import WEEKDAYS, weekday_name
from kavita.scheduling.working_time import hours_of

Span = tuple[time, time] | None
"""From the first opening to the last closing of a day; None: closed."""

_MOST_NAMED = 4
"""More names cannot be followed by ear."""


def opening_hours(clinic: Clinic, day: date | None, today: date, who: str = "") -> str:
    """The hours, of one day or of one practitioner where those were asked about."""
    practitioners = [one for one in clinic.practitioners if one.name == who]
    subject = practitioners[0].name if practitioners else "we"
    chosen = practitioners or clinic.practitioners
    if day is None:
        return _hours_of_week(chosen, subject)
    hours = _envelope([each for one in chosen for each in hours_of(clinic, one, day)])
    usual = _envelope([each for one in chosen for each in one.week[day.weekday()]])
    named = f"{weekday_name(day)}s" if hours == usual else write_day(day, today)
    if hours is None:
        closed = "is not in" if practitioners else "are closed"
        return f"No, {subject} {closed} on {named}."
    opens = "is in" if practitioners else "are open"
    return f"Yes, on {named} {subject} {opens} from {_write_span(hours)}."


def practitioners(clinic: Clinic) -> str:
    """Who works there, and as what."""
    named = [
        f"{one.name}, {as_spoken(one.specialty)}" if one.specialty else one.name
        for one in clinic.practitioners
    ]
    if len(named) > _MOST_NAMED:
        named = [*(one.name for one in clinic.practitioners[:_MOST_NAMED]), "others"]
    has_specialties = any("," in one for one in named)
    return f"You can see {'; '.join(named) if has_specialties else write_list(named)}."


def stranger(clinic: Clinic) -> str:
    """Say that somebody does not work here, and who does."""
    return f"I don't know anybody of that name here. {practitioners(clinic)}"


def visit_kinds(clinic: Clinic) -> str:
    """What can be booked."""
    names = [as_spoken(one.name) for one in clinic.visit_types]
    if len(names) > _MOST_NAMED + 2:
        names = [*names[: _MOST_NAMED + 2], "more"]
    return f"You can book {write_list(names, 'or')}."


def offered(name: str) -> str:
    """Say that a kind of visit can be booked."""
    return f"Yes, you can book {as_spoken(name)} here."


def visit_length(clinic: Clinic, name: str) -> str:
    """How long a kind of visit takes; without a name, the first few."""
    meant = [one for one in clinic.visit_types if one.name == name]
    told = meant or clinic.visit_types[:_MOST_NAMED]
    parts = [f"{one.name} takes {one.minutes} minutes" for one in told]
    return f"{write_list([parts[0], *map(as_spoken, parts[1:])])}."


def _hours_of_week(chosen: Sequence[Practitioner], subject: str) -> str:
    spans = [_envelope([each for one in chosen for each in one.week[n]]) for n in range(7)]
    kinds = list(dict.fromkeys(span for span in spans if span))
    parts = [(_write_days([n for n in range(7) if spans[n] == kind]), kind) for kind in kinds]
    verb = "We are open" if subject == "we" else f"{subject} works"
    if len(parts) == 1:
        return f"{verb} {parts[0][0]}, {_write_span(parts[0][1])}."
    if not parts:
        return f"{verb} by arrangement."
    return f"{verb} {write_list([f'{days} {_write_span(kind)}' for days, kind in parts])}."


def _envelope(hours: Sequence[Hours]) -> Span:
    if not hours:
        return None
    return min(each.opens for each in hours), max(each.closes for each in hours)


def _write_span(span: tuple[time, time]) -> str:
    return f"{write_time(span[0])} to {write_time(span[1])}"


def _write_days(days: Sequence[int]) -> str:
    names = [WEEKDAYS[number] for number in days]
    if len(days) == 7:
        return "every day"
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"{names[0]} to {names[-1]}"
    return write_list(names)
