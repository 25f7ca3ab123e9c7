"""What a user and an appointment of `appointments.json` must look like to be used."""

import re
from datetime import date, datetime, timedelta
from typing import Any

from kavita.scheduling.clinic import CELL_MINUTES, VisitType
from kavita.scheduling.details import clean_birth_date
from kavita.scheduling.errors import InvalidDate, InvalidTime
from kavita.scheduling.slots import TimeRange
from kavita.scheduling.times import format_time, parse_date, parse_time, to_utc
from kavita.store.claims import occupied
from kavita.store.directory import Directory
from kavita.store.json_rows import RepeatedKey, TooDeep
from kavita.store.tables import BOOKED, CANCELLED

MAX_ID_CHARS = 64
MAX_TEXT_CHARS = 1000
USER_FIELDS = ("name", "user_id")
APPOINTMENT_FIELDS = (
    *("appointment_id", "user_id", "name", "date", "time", "purpose"),
    *("status", "created_at", "modified_at"),
)
Row = dict[str, Any]
"""The columns of a table; `position` is given when it is written."""


class Unusable(Exception):
    """A row cannot be used; the words say why."""


def patient_columns(key: str, user: Any, today: date) -> Row:
    """Return a user as the book keeps it; raises Unusable."""
    _check_fields(user, USER_FIELDS, optional=("phone", "date_of_birth"))
    if _identifier(user, "user_id") != key:
        raise Unusable(f"user {shown(key)} has another user_id inside")
    return {
        "id": key,
        "name": _text(user, "name"),
        "phone": _text(user, "phone") if "phone" in user else None,
        "birth_date": _birth_date(user, today) if "date_of_birth" in user else None,
    }


def appointment_columns(entry: Any, directory: Directory) -> Row:
    """Return an appointment as the book keeps it; raises Unusable."""
    _check_fields(entry, APPOINTMENT_FIELDS, optional=("practitioner", "visit_type"))
    status = _text(entry, "status")
    if status not in (BOOKED, CANCELLED):
        raise Unusable(f"status must be {BOOKED} or {CANCELLED}")
    visit = _visit_type(entry, directory)
    slot, span = _time(entry, directory, visit)
    modified = entry["modified_at"] is not None
    return {
        "id": _identifier(entry, "appointment_id"),
        "patient_id": _text(entry, "user_id"),
        "practitioner_id": _practitioner(entry, directory),
        "visit_type_id": visit.id,
        "patient_name": _text(entry, "name"),
        "starts_at": slot.starts_at,
        "ends_at": slot.ends_at,
        "occupied_from": span[0],
        "occupied_until": span[1],
        "purpose": _text(entry, "purpose"),
        "status": status,
        "created_at": _timestamp(entry, "created_at", directory),
        "modified_at": _timestamp(entry, "modified_at", directory) if modified else None,
    }


def is_identifier(text: str) -> bool:
    """Tell whether the text can be the ID of something."""
    return 0 < len(text) <= MAX_ID_CHARS and text.isprintable()


def shown(text: str) -> str:
    """Return a text of the file so that it can be printed."""
    return text if is_identifier(text) else ascii(text[:MAX_ID_CHARS])


def _birth_date(user: Row, today: date) -> date:
    text = _text(user, "date_of_birth")
    wrong = Unusable("date_of_birth must be a day in a person's life like 1990-05-17")
    try:
        born = clean_birth_date(text, today)
    except InvalidDate:
        raise wrong from None
    if born is None or born.isoformat() != text:
        raise wrong
    return born


def _visit_type(entry: Row, directory: Directory) -> VisitType:
    if "visit_type" not in entry:
        return directory.clinic.visit_types[0]
    key = _text(entry, "visit_type")
    visit = directory.visit_types.get(key)
    if visit is None:
        raise Unusable(f"the clinic knows no visit_type {shown(key)}")
    return visit


def _practitioner(entry: Row, directory: Directory) -> int:
    if "practitioner" not in entry:
        return directory.clinic.practitioners[0].id
    key = _text(entry, "practitioner")
    found = directory.practitioners.get(key)
    if found is None:
        raise Unusable(f"the clinic knows no practitioner {shown(key)}")
    return found


def _time(entry: Row, directory: Directory, visit: VisitType) -> tuple[TimeRange, tuple[int, int]]:
    day_text, time_text = _text(entry, "date"), _text(entry, "time")
    try:
        day, start = parse_date(day_text), parse_time(time_text)
    except InvalidDate:
        raise Unusable("date must be a day like 2026-02-10") from None
    except InvalidTime:
        raise Unusable("time must be like 09:30 AM") from None
    if day.isoformat() != day_text:
        raise Unusable("date must be a day like 2026-02-10")
    if format_time(start) != time_text:
        raise Unusable("time must be like 09:30 AM")
    if start.minute % CELL_MINUTES:
        raise Unusable(f"time must be on a mark of {CELL_MINUTES} minutes")
    starts_at = _instant(datetime.combine(day, start), "time", directory)
    try:
        slot = TimeRange(starts_at, starts_at + timedelta(minutes=visit.minutes))
        return slot, occupied(visit, slot)
    except OverflowError:
        raise Unusable("time is outside the calendar") from None


def _timestamp(entry: Row, name: str, directory: Directory) -> datetime:
    text = _text(entry, name)
    wrong = Unusable(f"{name} must be a clinic time like 2026-02-07T10:00:00")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise wrong from None
    if moment.tzinfo is not None or moment.isoformat() != text:
        raise wrong
    return _instant(moment, name, directory)


def _instant(wall: datetime, name: str, directory: Directory) -> datetime:
    try:
        return to_utc(wall.date(), wall.time(), directory.clinic.timezone)
    except InvalidTime:
        reason = f"{name} is a time that the clinic's clocks skip, or outside the calendar"
        raise Unusable(reason) from None


def _check_fields(value: Any, required: tuple[str, ...], optional: tuple[str, ...]) -> None:
    if value is TooDeep:
        raise Unusable("it is nested too deeply")
    if not isinstance(value, dict):
        raise Unusable("it must be an object")
    if isinstance(value, RepeatedKey):
        raise Unusable(f"{shown(value.key)} is there twice")
    for name in value:
        if name not in required + optional:
            raise Unusable(f"unknown field {shown(name)}")
    for name in required:
        if name not in value:
            raise Unusable(f"{name} is missing")


def _text(row: Row, name: str) -> str:
    value = row[name]
    if not isinstance(value, str):
        raise Unusable(f"{name} must be text")
    if len(value) > MAX_TEXT_CHARS:
        raise Unusable(f"{name} is longer than {MAX_TEXT_CHARS} characters")
    if not value.isprintable() and _CANNOT_BE_KEPT.search(value):
        raise Unusable(f"{name} holds a character that cannot be kept")
    return value


_CANNOT_BE_KEPT = re.compile("[\0\ud800-\udfff]")


def _identifier(row: Row, name: str) -> str:
    value = _text(row, name)
    if not is_identifier(value):
        raise Unusable(f"{name} must be 1 to {MAX_ID_CHARS} printable characters")
    return value
