"""What the fields of `clinic.toml` must be to each other: known, unique, and of some use."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from kavita.scheduling.clinic import OWN_KEY, Hours
from kavita.store.definition.clinic_models import (
    MAX_EXCEPTION_DAYS,
    ClinicFile,
    ExceptionTable,
    PractitionerTable,
    VisitTypeTable,
)
from kavita.store.definition.toml_file import Problem
from kavita.store.definition.toml_lines import TomlPath

RESERVED_KEYS = {OWN_KEY, "any", "anyone", "anybody"}
"""What a practitioner cannot be called, for it means something else."""

MINUTES_A_DAY = 24 * 60


def problems_of_entries(
    visit_types: Mapping[int, VisitTypeTable],
    practitioners: Mapping[int, PractitionerTable],
    known_visit_types: set[Any],
) -> Iterator[Problem]:
    """Find what is wrong with entries that are valid by themselves, given by their index."""
    yield from _repeated("visit_type", visit_types)
    yield from _repeated("practitioner", practitioners)
    for index, one in practitioners.items():
        where = ("practitioner", index)
        if one.key in RESERVED_KEYS:
            yield (*where, "key"), f'"{one.key}" is reserved; write another key'
        for number, key in enumerate(one.visit_types or ()):
            if key not in known_visit_types:
                yield (*where, "visit_types", number), f'there is no visit_type with key "{key}"'
        yield from _repeated_days(where, one.exception)


def problems_of_file(file: ClinicFile) -> Iterator[Problem]:
    """Find what is wrong with a file whose fields are all valid."""
    notice, horizon = file.clinic.minimum_notice_minutes, file.clinic.horizon_days
    if notice >= horizon * MINUTES_A_DAY:
        yield ("clinic", "minimum_notice_minutes"), f"it is longer than the {horizon} horizon_days"
    if not file.practitioner and not (file.hours and any(file.hours.week())):
        yield ("hours",), "the clinic has no hours"
    idle = [n for n, one in enumerate(file.practitioner) if not _stretches(file, [one])]
    for index in idle:
        words = "nobody can be booked without hours: write [hours], or hours of their own"
        yield ("practitioner", index), words
    if file.practitioner and not (idle or _weekly(file, file.practitioner)):
        yield (), "somebody must have weekly hours"
    elif not idle:
        yield from _problems_of_lengths(file)


def exceptional_days(exception: ExceptionTable) -> Iterator[date]:
    """The days of an exception, in order."""
    first, last = exception.span()
    return (first + timedelta(days=step) for step in range((last - first).days + 1))


def _repeated(
    table: str, entries: Mapping[int, VisitTypeTable] | Mapping[int, PractitionerTable]
) -> Iterator[Problem]:
    """Find keys and names that a caller could not tell from those of an earlier entry."""
    seen: dict[tuple[str, ...], int] = {}
    for index, entry in entries.items():
        for field, text in (("key", entry.key), ("name", entry.name)):
            first = seen.setdefault(_words(text), index)
            if first != index:
                yield (
                    (table, index, field),
                    f'"{text}" is already the name or key of {table}.{first + 1}',
                )


def _words(text: str) -> tuple[str, ...]:
    even = (each if each.isalnum() else " " for each in text.casefold())
    return tuple("".join(even).split())


def _repeated_days(where: TomlPath, exceptions: Sequence[ExceptionTable]) -> Iterator[Problem]:
    seen: set[date] = set()
    for index, exception in enumerate(exceptions):
        days = list(exceptional_days(exception))
        twice = next((day for day in days if day in seen), None)
        if twice:
            yield (*where, "exception", index), f"{twice} is in an earlier exception too"
        seen.update(days)
    if len(seen) > MAX_EXCEPTION_DAYS:
        yield (*where, "exception"), f"write at most {MAX_EXCEPTION_DAYS} exceptional days"


def _problems_of_lengths(file: ClinicFile) -> Iterator[Problem]:
    """Find visits that nobody offers, or that nobody has the time for."""
    if file.clinic.slot_minutes > max(_weekly(file, file.practitioner), default=MINUTES_A_DAY):
        yield ("clinic", "slot_minutes"), "it is longer than anybody works without a break"
    for index, visit in enumerate(file.visit_type):
        offering = [one for one in file.practitioner if _offers(one, visit)]
        if file.practitioner and not offering:
            yield ("visit_type", index), "nobody offers it"
        elif visit.minutes > max(_stretches(file, offering), default=0):
            yield ("visit_type", index, "minutes"), "nobody who offers it works that long"


def _offers(one: PractitionerTable, visit: VisitTypeTable) -> bool:
    return one.visit_types is None or visit.key in one.visit_types


def _stretches(file: ClinicFile, who: Sequence[PractitionerTable]) -> list[int]:
    """How many minutes each stretch of somebody's work takes, on weekdays and exceptional ones."""
    exceptional = [each.hours or () for one in who for each in one.exception]
    return _weekly(file, who) + [_minutes(stretch) for day in exceptional for stretch in day]


def _weekly(file: ClinicFile, who: Sequence[PractitionerTable]) -> list[int]:
    """The same for weekdays; of a clinic without practitioners, its own."""
    weeks = [file.week_of(one) for one in who]
    if not file.practitioner and file.hours:
        weeks = [file.hours.week()]
    return [_minutes(stretch) for week in weeks for day in week for stretch in day]


def _minutes(hours: Hours) -> int:
    opens, closes = hours.opens, hours.closes
    return (closes.hour - opens.hour) * 60 + closes.minute - opens.minute
