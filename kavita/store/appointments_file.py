"""Reads `appointments.json` strictly; what is wrong is named with file, line and reason."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from kavita.scheduling.clinic import CELL_MINUTES, Clinic
from kavita.scheduling.errors import InvalidDate, InvalidTime
from kavita.scheduling.times import format_time, parse_date, parse_time, to_utc
from kavita.store.json_lines import JsonPath, RepeatedKey, line_of, parse_json
from kavita.store.tables import BOOKED, CANCELLED

MAX_ID_CHARS = 64
USER_FIELDS = ("name", "user_id")
APPOINTMENT_FIELDS = (
    *("appointment_id", "user_id", "name", "date", "time", "purpose"),
    *("status", "created_at", "modified_at"),
)
Row = dict[str, Any]


class ImportRefused(Exception):
    """The file cannot be imported; nothing was changed."""

    def __init__(self, path: Path, line: int | None, reason: str) -> None:
        """Take where and why; `line` counts from 1."""
        where = f"{path}, line {line}" if line else str(path)
        super().__init__(f"{where}: {reason}")
        self.path, self.line, self.reason = path, line, reason


class _Wrong(Exception):
    def __init__(self, where: JsonPath, reason: str) -> None:
        super().__init__(reason)
        self.where, self.reason = where, reason


@dataclass(frozen=True)
class AppointmentsFile:
    """A file's rows, checked, in the order of the file and as the tables of the book want them."""

    path: Path
    text: str
    users: dict[str, Row]
    appointments: list[Row]

    def refused(self, where: JsonPath, reason: str) -> ImportRefused:
        """Return the refusal that points at a row."""
        return ImportRefused(self.path, line_of(self.text, where), reason)


def read_file(path: Path, clinic: Clinic) -> AppointmentsFile:
    """Read and check the whole file; raises ImportRefused."""
    text = _read_text(path)
    try:
        content = parse_json(text)
    except json.JSONDecodeError as error:
        raise ImportRefused(path, error.lineno, f"broken JSON: {error.msg}") from None
    except RecursionError:
        raise ImportRefused(path, None, "nested too deeply to be an appointment book") from None
    try:
        return _checked(path, text, content, clinic)
    except _Wrong as wrong:
        raise ImportRefused(path, line_of(text, wrong.where), wrong.reason) from None


def _read_text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ImportRefused(path, None, error.strerror or "cannot be read") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ImportRefused(path, line, "this is not UTF-8 text") from None


def _checked(path: Path, text: str, content: Any, clinic: Clinic) -> AppointmentsFile:
    _check_fields(content, (), ("users", "appointments"))
    users, appointments = content["users"], content["appointments"]
    _check_object(users, ("users",))
    if not isinstance(appointments, list):
        raise _Wrong(("appointments",), "appointments must be a list")
    file = AppointmentsFile(
        path,
        text,
        {user_id: _patient(user_id, user) for user_id, user in users.items()},
        [_appointment(index, entry, clinic) for index, entry in enumerate(appointments)],
    )
    _check_references(file)
    _check_overlaps(file)
    return file


def _patient(user_id: str, user: Any) -> Row:
    where = ("users", user_id)
    _check_fields(user, where, USER_FIELDS, optional=("phone",))
    if _identifier(user, where, "user_id") != user_id:
        raise _Wrong((*where, "user_id"), f"user {user_id} has another user_id inside")
    phone = _text(user, where, "phone") if "phone" in user else None
    return {"id": user_id, "name": _text(user, where, "name"), "phone": phone}


def _appointment(index: int, entry: Any, clinic: Clinic) -> Row:
    where = ("appointments", index)
    _check_fields(entry, where, APPOINTMENT_FIELDS)
    status = _text(entry, where, "status")
    if status not in (BOOKED, CANCELLED):
        raise _Wrong((*where, "status"), f"status must be {BOOKED} or {CANCELLED}")
    starts_at = _start(entry, where, clinic)
    ends_at = starts_at + timedelta(minutes=clinic.slot_minutes)
    modified = entry["modified_at"] is not None
    return {
        "id": _identifier(entry, where, "appointment_id"),
        "patient_id": _text(entry, where, "user_id"),
        "patient_name": _text(entry, where, "name"),
        "starts_at": starts_at,
        "ends_at": ends_at,
        "occupied_from": int(starts_at.timestamp()),
        "occupied_until": int(ends_at.timestamp()),
        "purpose": _text(entry, where, "purpose"),
        "status": status,
        "created_at": _timestamp(entry, where, "created_at", clinic),
        "modified_at": _timestamp(entry, where, "modified_at", clinic) if modified else None,
    }


def _start(entry: Row, where: JsonPath, clinic: Clinic) -> datetime:
    day_text, time_text = _text(entry, where, "date"), _text(entry, where, "time")
    wrong_date = _Wrong((*where, "date"), "date must be a day like 2026-02-10")
    try:
        day = parse_date(day_text)
    except InvalidDate:
        raise wrong_date from None
    if day.isoformat() != day_text:
        raise wrong_date
    wrong = _Wrong(
        (*where, "time"),
        "time must be like 09:30 AM, on a five-minute mark, and exist in the clinic's zone",
    )
    try:
        start = parse_time(time_text)
        starts_at = to_utc(day, start, clinic.timezone)
    except InvalidTime:
        raise wrong from None
    if format_time(start) != time_text or start.minute % CELL_MINUTES:
        raise wrong
    return starts_at


def _timestamp(entry: Row, where: JsonPath, field: str, clinic: Clinic) -> datetime:
    text = _text(entry, where, field)
    wrong = _Wrong((*where, field), f"{field} must be a clinic time like 2026-02-07T10:00:00")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise wrong from None
    if moment.tzinfo is not None or moment.isoformat() != text:
        raise wrong
    try:
        return to_utc(moment.date(), moment.time(), clinic.timezone)
    except InvalidTime:
        raise wrong from None


def _check_references(file: AppointmentsFile) -> None:
    seen: set[str] = set()
    for index, row in enumerate(file.appointments):
        where = ("appointments", index)
        if row["id"] in seen:
            raise _Wrong((*where, "appointment_id"), f"appointment {row['id']} is there twice")
        if row["patient_id"] not in file.users:
            raise _Wrong((*where, "user_id"), f"there is no user {row['patient_id']} in users")
        seen.add(row["id"])


def _check_overlaps(file: AppointmentsFile) -> None:
    booked = [(i, row) for i, row in enumerate(file.appointments) if row["status"] == BOOKED]
    booked.sort(key=lambda entry: entry[1]["starts_at"])
    for (one, earlier), (other, later) in pairwise(booked):
        if later["starts_at"] < earlier["ends_at"]:
            first, second = sorted((one, other))
            line = line_of(file.text, ("appointments", first))
            raise _Wrong(("appointments", second), f"overlaps the appointment on line {line}")


def _check_object(value: Any, where: JsonPath) -> None:
    name = f"{where[-1]}" if where else "the file"
    if not isinstance(value, dict):
        raise _Wrong(where, f"{name} must be an object")
    if isinstance(value, RepeatedKey):
        raise _Wrong((*where, value.key), f"{value.key} is there twice")


def _check_fields(
    value: Any, where: JsonPath, required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> None:
    _check_object(value, where)
    for field in value:
        if field not in required + optional:
            raise _Wrong((*where, field), f"unknown field {field}")
    for field in required:
        if field not in value:
            raise _Wrong(where, f"{field} is missing")


def _text(row: Row, where: JsonPath, field: str) -> str:
    value = row[field]
    if not isinstance(value, str):
        raise _Wrong((*where, field), f"{field} must be text")
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise _Wrong((*where, field), f"{field} holds a character that cannot be kept")
    return value


def _identifier(row: Row, where: JsonPath, field: str) -> str:
    value = _text(row, where, field)
    if not value or len(value) > MAX_ID_CHARS or not value.isprintable():
        raise _Wrong((*where, field), f"{field} must be 1 to {MAX_ID_CHARS} printable characters")
    return value
