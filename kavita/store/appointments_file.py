"""Reads `appointments.json` as far as it can be read, into rows that are yet to be judged."""

import codecs
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kavita.store.json_rows import JsonText
from kavita.store.quarantine import BadRow
from kavita.store.row_checks import is_identifier, shown


class ImportRefused(Exception):
    """The file cannot be imported; nothing was changed."""

    def __init__(self, path: Path, line: int | None, reason: str) -> None:
        """Take where and why; `line` counts from 1."""
        where = f"{path}, line {line}" if line else str(path)
        super().__init__(f"{where}: {reason}")
        self.path, self.line, self.reason = path, line, reason


@dataclass(frozen=True)
class FileRow:
    """A user or an appointment of the file, whatever it may be."""

    place: str
    """Unique in the file, such as "appointments/12"."""
    line: int
    text: str
    value: Any
    key: str = ""
    """A user's."""

    def bad(self, reason: str) -> BadRow:
        """Return the row for the quarantine."""
        return BadRow(self.place, self.line, reason, self.text)


@dataclass
class AppointmentsFile:
    """What the file holds, in its order."""

    path: Path
    source: str
    """SHA-256 of its bytes."""
    users: list[FileRow] = field(default_factory=list)
    appointments: list[FileRow] = field(default_factory=list)
    unusable: list[BadRow] = field(default_factory=list)
    """What is no row at all: fields of other names, and what comes after a break."""

    @property
    def total(self) -> int:
        """How many things the file holds, good and bad."""
        return len(self.users) + len(self.appointments) + len(self.unusable)


def read_file(path: Path) -> AppointmentsFile:
    """Read all rows that can be read; raises ImportRefused when there is nothing to import."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ImportRefused(path, None, error.strerror or "cannot be read") from None
    reader = JsonText(_decoded(path, data))
    if reader.next != "{":
        reason = "this is no object in JSON" if reader.next else "the file is empty"
        raise ImportRefused(path, reader.line, reason)
    file = AppointmentsFile(path, hashlib.sha256(data).hexdigest())
    missing = {"users", "appointments"}
    try:
        _read_sections(reader, file, missing)
    except json.JSONDecodeError as error:
        reason = f"broken JSON: {error.msg}"
        if not file.users and not file.appointments:
            raise ImportRefused(path, error.lineno, reason) from None
        rest = reader.text[reader.unread :]
        file.unusable.append(BadRow("rest", error.lineno, reason, rest))
    if missing and not file.users and not file.appointments:
        bad = file.unusable[0] if file.unusable else None
        reason = bad.reason if bad else f"{min(missing)} is missing"
        raise ImportRefused(path, bad.line if bad else 1, reason)
    return file


def _decoded(path: Path, data: bytes) -> str:
    """Return the text; a character that is cut off at the end becomes one that breaks the JSON."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    try:
        text = decoder.decode(data)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ImportRefused(path, line, "this is not UTF-8 text") from None
    return text + ("\ufffd" if decoder.getstate()[0] else "")


def _read_sections(reader: JsonText, file: AppointmentsFile, missing: set[str]) -> None:
    for number, name in enumerate(reader.children()):
        if (name, reader.next) == ("users", "{"):
            _read_users(reader, file.users)
        elif (name, reader.next) == ("appointments", "["):
            _read_appointments(reader, file.appointments)
        else:
            line, (_, text) = reader.line, reader.read()
            reason = _NOT_SO.get(name, f"unknown field {shown(name)}")
            file.unusable.append(BadRow(f"fields/{number}", line, reason, text))
            continue
        missing.discard(name)
    reader.finish()


_NOT_SO = {"users": "users must be an object", "appointments": "appointments must be a list"}


def _read_users(reader: JsonText, rows: list[FileRow]) -> None:
    seen = {row.key for row in rows}
    for key in reader.children():
        is_plain = is_identifier(key) and key not in seen
        place = f"users/{key}" if is_plain else f"users[{len(rows)}]"
        line, (value, text) = reader.line, reader.read()
        rows.append(FileRow(place, line, text, value, key))
        seen.add(key)


def _read_appointments(reader: JsonText, rows: list[FileRow]) -> None:
    for _ in reader.children():
        line, (value, text) = reader.line, reader.read()
        rows.append(FileRow(f"appointments/{len(rows)}", line, text, value))
