"""Makes damaged appointments.json files: from a sound book, several random damages, by seed."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

NAMES = ("Archit Ojha", "Priya Sharma", "Test Patient")
NEST = "[" * 100_000 + "]" * 100_000
Row = dict[str, Any]


@dataclass(frozen=True)
class DamagedFile:
    """A file, what it was made from, and what is known of it."""

    data: bytes
    whole: bytes
    """The same file before it was damaged."""
    damages: tuple[str, ...]
    rows: int | None
    """Users, appointments and unknown fields; None when a break may hide some."""
    sound: frozenset[str]
    """IDs of appointments that no damage has touched; they must be imported."""


def damaged_file(seed: int) -> DamagedFile:
    """Make a file; the same one for the same seed."""
    rng = random.Random(seed)
    book = _Book(rng)
    whole = book.text().encode()
    names = []
    for damage in rng.choices(ROW_DAMAGES, k=rng.randint(0, 5)):
        damage(book, rng)
        names.append(damage.__name__.strip("_"))
    data = book.text().encode()
    rows: int | None = book.rows
    sound = book.sound()
    if rng.random() < 0.5 or not names:
        damage_bytes = rng.choice(BYTE_DAMAGES)
        data = damage_bytes(data, rng)
        names.append(damage_bytes.__name__.strip("_"))
        if damage_bytes not in HARMLESS:
            rows, sound = None, frozenset()
    return DamagedFile(data, whole, tuple(names), rows, sound)


@dataclass
class _Book:
    """The texts of the file's rows; a row that was damaged is text from then on."""

    rng: random.Random
    users: list[tuple[str, Row | str]] = field(default_factory=list)
    appointments: list[Row | str] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)
    spoiled_users: set[str] = field(default_factory=set)
    originals: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for _ in range(self.rng.randint(1, 6)):
            key = f"{self.rng.randint(1000, 9999)}"
            if key not in self.user_ids():
                user = {"name": self.rng.choice(NAMES), "user_id": key}
                self.users.append((key, user | self.rng.choice(({}, {"phone": ""}))))
        for slot in self.rng.sample(range(400), self.rng.randint(0, 40)):
            self.appointments.append(self.appointment(slot, self.rng.choice(self.user_ids())))
        self.originals = {row["appointment_id"] for row in self.appointments}  # type: ignore[index]

    def user_ids(self) -> list[str]:
        return [key for key, _ in self.users]

    def appointment(self, slot: int, user_id: str) -> Row:
        starts = datetime(2026, 2, 9, 9) + timedelta(days=slot // 16, minutes=30 * (slot % 16))  # noqa: DTZ001
        return {
            "appointment_id": f"{self.rng.getrandbits(32):08x}",
            "user_id": user_id,
            "name": self.rng.choice(NAMES),
            "date": f"{starts:%Y-%m-%d}",
            "time": f"{starts:%I:%M %p}",
            "purpose": self.rng.choice(("General checkup", "Zahnreinigung – naïve", "")),
            "status": self.rng.choice(("booked", "booked", "cancelled")),
            "created_at": "2026-02-07T10:00:00.123456",
            "modified_at": self.rng.choice((None, "2026-02-08T09:30:01")),
        }

    def intact(self) -> list[int]:
        return [at for at, row in enumerate(self.appointments) if isinstance(row, dict)]

    def spoil(self, change: Callable[[Row], str]) -> None:
        """Turn an intact appointment, if there is one, into the text that `change` makes of it."""
        if intact := self.intact():
            at = self.rng.choice(intact)
            row = self.appointments[at]
            assert isinstance(row, dict)
            self.appointments[at] = change(dict(row))

    def spoil_user(self, change: Callable[[str, Row], str]) -> None:
        """Do the same to a user."""
        at = self.rng.randrange(len(self.users))
        key, user = self.users[at]
        if isinstance(user, dict) and self.user_ids().count(key) == 1:
            self.users[at] = (key, change(key, dict(user)))
            self.spoiled_users.add(key)

    def sound(self) -> frozenset[str]:
        left = [row for row in self.appointments if isinstance(row, dict)]
        good = [row for row in left if row["user_id"] not in self.spoiled_users]
        return frozenset(row["appointment_id"] for row in good) & self.originals

    @property
    def rows(self) -> int:
        return len(self.users) + len(self.appointments) + len(self.fields)

    def text(self) -> str:
        users = ",\n    ".join(f"{json.dumps(key)}: {_written(user)}" for key, user in self.users)
        rows = ",\n    ".join(map(_written, self.appointments))
        sections = [
            *self.fields,
            f'"users": {{\n    {users}\n  }}',
            f'"appointments": [\n    {rows}\n  ]',
        ]
        return "{\n  " + ",\n  ".join(sections) + "\n}\n"


def _written(row: Row | str) -> str:
    return row if isinstance(row, str) else json.dumps(row, indent=1, ensure_ascii=False)


def _with(row: Row, name: str, raw: str) -> str:
    """Write a row with the raw text `raw` as the value of one of its fields."""
    mark = "here the value goes"
    return json.dumps(row | {name: mark}, ensure_ascii=False).replace(json.dumps(mark), raw)


def _missing_field(book: _Book, rng: random.Random) -> None:
    book.spoil(lambda row: json.dumps({k: v for k, v in row.items() if k != rng.choice([*row])}))


def _unknown_field(book: _Book, rng: random.Random) -> None:
    name = rng.choice(("notes", "", "\0", "\ud800", "x" * 5000))
    book.spoil(lambda row: json.dumps(row | {name: "x"}))


def _wrong_type(book: _Book, rng: random.Random) -> None:
    raw = rng.choice(("7", "NaN", "-Infinity", "[]", '{"a": {}}', "true", "1" * 5000, "1e999"))
    book.spoil(lambda row: _with(row, rng.choice([*row]), raw))


def _bad_text(book: _Book, rng: random.Random) -> None:
    raw = rng.choice((r'"\u0000"', '"\0"', r'"\ud800"', f'"{"x" * 100_000}"', NEST, r'"\udc00"'))
    book.spoil(lambda row: _with(row, rng.choice([*row]), raw))


def _control_characters(book: _Book, rng: random.Random) -> None:
    raw = rng.choice(('"a\tb"', '"\x1b[31m"', '"line\nbreak"', r'"\u202e"', r'"\u0007"'))
    book.spoil(lambda row: _with(row, rng.choice(("name", "purpose", "appointment_id")), raw))


def _bad_date(book: _Book, rng: random.Random) -> None:
    text = rng.choice(("2026-02-30", "12.02.2026", "", "0000-00-00", "2026-2-9", "tomorrow"))
    book.spoil(lambda row: json.dumps(row | {"date": text}))


def _bad_time(book: _Book, rng: random.Random) -> None:
    text = rng.choice(("25:00 PM", "10:02 AM", "10:00", "9:00 am", "", "noon", "10:00 AM "))
    book.spoil(lambda row: json.dumps(row | {"time": text}))


def _bad_stamp(book: _Book, rng: random.Random) -> None:
    text = rng.choice(
        ("yesterday", "", "2026-02-07", "2026-02-07T10:00:00Z", "2026-13-07T10:00:00")
    )
    name = rng.choice(("created_at", "modified_at"))
    book.spoil(lambda row: json.dumps(row | {name: text}))


def _end_of_calendar(book: _Book, rng: random.Random) -> None:
    far = rng.choice(
        ({"date": "9999-12-31", "time": "11:45 PM"}, {"created_at": "0001-01-01T00:00:00"})
    )
    book.spoil(lambda row: json.dumps(row | far))


def _unknown_user(book: _Book, rng: random.Random) -> None:
    user_id = rng.choice(("0000", "", "nobody", "x" * 100))
    book.spoil(lambda row: json.dumps(row | {"user_id": user_id}))


def _repeated_field(book: _Book, rng: random.Random) -> None:
    book.spoil(lambda row: json.dumps(row)[:-1] + f', "{rng.choice([*row])}": null}}')


def _no_object(book: _Book, rng: random.Random) -> None:
    raw = rng.choice(("7", "null", "[]", '"text"', "{}", NEST, '{"a":' * 5000 + "1" + "}" * 5000))
    book.spoil(lambda _: raw)


def _same_id(book: _Book, rng: random.Random) -> None:
    if intact := book.intact():
        row = book.appointments[rng.choice(intact)]
        assert isinstance(row, dict)
        book.appointments.append(_written(row | {"purpose": "Again"}))


def _same_row(book: _Book, rng: random.Random) -> None:
    if intact := book.intact():
        book.appointments.append(_written(book.appointments[rng.choice(intact)]))


def _overlap(book: _Book, rng: random.Random) -> None:
    if intact := book.intact():
        row = book.appointments[rng.choice(intact)]
        assert isinstance(row, dict)
        late = row["time"].replace(":00", ":20").replace(":30", ":35")
        new = {"appointment_id": f"{rng.getrandbits(32):08x}", "time": late, "status": "booked"}
        book.appointments.append(_written(row | new | {"user_id": row["user_id"]}))


def _bad_user(book: _Book, rng: random.Random) -> None:
    raw = rng.choice(("null", "[]", "{}", '{"name": "Test Patient"}', '"text"', NEST))
    book.spoil_user(lambda _key, _user: raw)


def _bad_user_field(book: _Book, rng: random.Random) -> None:
    name = rng.choice(("name", "phone", "user_id", "date_of_birth", "mobile"))
    raw = rng.choice(("7", "null", r'"\u0000"', f'"{"x" * 2000}"', "NaN", NEST))
    book.spoil_user(lambda _key, user: _with(user, name, raw))


def _repeated_user(book: _Book, rng: random.Random) -> None:
    key = rng.choice([key for key in book.user_ids() if key.isdigit()])
    book.users.append((key, {"name": "Test Patient", "user_id": key}))


def _odd_key(book: _Book, rng: random.Random) -> None:
    key = rng.choice(("", "\0", "\ud800", "x" * 300, "a\nb"))
    book.users.append((key, json.dumps({"name": "Test Patient", "user_id": key})))


def _unknown_section(book: _Book, rng: random.Random) -> None:
    book.fields.append(rng.choice(('"version": 2', '"rest": []', '"users": 7', f'"x": {NEST}')))


ROW_DAMAGES = (
    *(_missing_field, _unknown_field, _wrong_type, _bad_text, _control_characters, _bad_date),
    *(_bad_time, _bad_stamp, _end_of_calendar, _unknown_user, _repeated_field, _no_object),
    *(_same_id, _same_row, _overlap, _bad_user, _bad_user_field, _repeated_user, _odd_key),
    _unknown_section,
)


def _byte_order_mark(data: bytes, _rng: random.Random) -> bytes:
    return b"\xef\xbb\xbf" + data


def _windows_lines(data: bytes, _rng: random.Random) -> bytes:
    return data.replace(b"\n", b"\r\n")


def _cut_off(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data))]


def _byte_changed(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + bytes([rng.randrange(128)]) + data[at + 1 :]


def _byte_lost(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + data[at + 1 :]


def _comma_lost(data: bytes, rng: random.Random) -> bytes:
    commas = [at for at, byte in enumerate(data) if byte == ord(",")]
    at = rng.choice(commas or [0])
    return data[:at] + data[at + 1 :]


def _piece_lost(data: bytes, rng: random.Random) -> bytes:
    first, last = sorted(rng.randrange(len(data)) for _ in range(2))
    return data[:first] + data[last:]


def _written_twice(data: bytes, rng: random.Random) -> bytes:
    return data + data[: rng.randrange(1, len(data))]


def _zeros_at_the_end(data: bytes, rng: random.Random) -> bytes:
    whole = rng.randrange(len(data))
    return data[:whole] + b"\0" * (len(data) - whole)


def _other_encoding(data: bytes, rng: random.Random) -> bytes:
    encoding = rng.choice(("utf-16", "utf-32", "latin-1", "cp037"))
    return data.decode().encode(encoding, errors="replace")


def _no_book(_data: bytes, rng: random.Random) -> bytes:
    return rng.choice((b"", b"[]", b"null", b"{}", b"\n", b"\xff", b"PK\x03\x04", b'{"users": {}}'))


HARMLESS = (_byte_order_mark, _windows_lines)
BYTE_DAMAGES = (
    *HARMLESS,
    *(_cut_off, _cut_off, _byte_changed, _byte_lost, _comma_lost, _piece_lost),
    *(_written_twice, _zeros_at_the_end, _other_encoding, _no_book),
)
