"""What cannot be used of an appointments.json is kept with its reason, the rest imported."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from kavita.scheduling.clinic import Clinic
from kavita.store.appointments_import import Imported, import_file
from kavita.store.appointments_json import export_text
from kavita.store.database import Database
from kavita.store.quarantine import MAX_CONTENT_CHARS, quarantined_rows
from tests.fakes.example_file import EXAMPLE, SECOND, USER_1001, write_changed

NEST = "[" * 100_000 + "]" * 100_000


@pytest.fixture
def example(tmp_path: Path) -> Path:
    path = tmp_path / "appointments.json"
    path.write_text(EXAMPLE, encoding="utf-8")
    return path


def places(database: Database) -> list[tuple[str, int, str]]:
    return [(row.place, row.line, row.reason) for row in quarantined_rows(database)]


def the_only_reason(done: Imported) -> str:
    (bad,) = done.unusable
    return bad.reason


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"a1b2c3d4"', '"f3g4h5i6"', "f3g4h5i6 is there twice"),
        ('"a1b2c3d4"', '""', "appointment_id must be 1 to 64 printable"),
        ('"a1b2c3d4"', f'"{"a" * 65}"', "appointment_id must be 1 to 64 printable"),
        ('"a1b2c3d4"', '"\\ud800"', "appointment_id holds a character that cannot be kept"),
        ('"General checkup"', '"\\u0000"', "purpose holds a character that cannot be kept"),
        ('"General checkup"', '"\0"', "purpose holds a character that cannot be kept"),
        ('"General checkup"', f'"{"x" * 1001}"', "purpose is longer than 1000 characters"),
        ('"General checkup"', NEST, "nested too deeply"),
        ('"General checkup"', "NaN", "purpose must be text"),
        ('"General checkup"', '"x", "status": "booked"', "status is there twice"),
        ('"user_id": "1001"', '"user_id": "1003"', "there is no user 1003 in users"),
        ('"user_id": "1001"', '"user_id": 1001', "user_id must be text"),
        ('"2026-02-10"', '"2026-02-30"', "date must be a day"),
        ('"2026-02-10"', '" 2026-02-10"', "date must be a day"),
        ('"10:00 AM"', '"10:00"', "time must be like"),
        ('"10:00 AM"', '"25:00 PM"', "time must be like"),
        ('"10:00 AM"', '"10:02 AM"', "time must be on a mark of 5 minutes"),
        ('"10:00 AM"', "1" * 5000, "time must be text"),
        ('"cancelled"', '"noshow"', "status must be"),
        ('"2026-02-07T10:00:00"', '"2026-02-07 10:00:00"', "created_at must be"),
        ('"2026-02-07T10:00:00"', "null", "created_at must be text"),
        ('"2026-02-08T09:30:01"', '"2026-02-08T09:30:01+05:30"', "modified_at must be"),
        ('"2026-02-08T09:30:01"', '"2026-02-08T09:30:01.5"', "modified_at must be"),
        ('"2026-02-08T09:30:01"', '"yesterday"', "modified_at must be"),
        ('"2026-02-08T09:30:01"', '"0001-01-01T00:00:00"', "outside the calendar"),
        ('"purpose": "General checkup",', "", "purpose is missing"),
        ('"purpose": "General checkup",', '"notes": "x",', "unknown field notes"),
        ('"purpose"', '"\\u0000": "x", "purpose"', "unknown field '\\x00'"),
        ('"purpose"', '"practitioner": "dr-rao", "purpose"', "knows no practitioner dr-rao"),
        ('"purpose"', '"visit_type": "checkup", "purpose"', "knows no visit_type checkup"),
        (SECOND, "7", "must be an object"),
        (SECOND, NEST, "nested too deeply"),
    ],
)
def test_a_bad_appointment_is_quarantined_alone(
    database: Database,
    clinic: Clinic,
    now: datetime,
    example: Path,
    old: str,
    new: str,
    reason: str,
) -> None:
    first = EXAMPLE[: EXAMPLE.index(SECOND)]
    rest = EXAMPLE[EXAMPLE.index(SECOND) :]
    assert old in rest
    example.write_text(first + rest.replace(old, new), encoding="utf-8")
    before = example.read_bytes()
    done = import_file(database, example, clinic, now)
    assert (done.patients, done.appointments, done.present, done.total) == (2, 1, 0, 4)
    assert reason in the_only_reason(done)
    assert places(database) == [("appointments/1", 18, the_only_reason(done))]
    assert quarantined_rows(database)[0].source == hashlib.sha256(before).hexdigest()
    assert example.read_bytes() == before


@pytest.mark.parametrize(
    ("old", "new", "place", "line", "reason"),
    [
        ('"name": "Archit Ojha", "u', '"name": null, "u', "users/1001", 4, "name must be text"),
        ('"Archit Ojha", "user_id": "1001"', '"x"', "users/1001", 4, "user_id is missing"),
        (USER_1001, '"1001": null', "users/1001", 4, "must be an object"),
        (USER_1001, f'"1001": {NEST}', "users/1001", 4, "nested too deeply"),
        ('1"}', '1", "phone": 5}', "users/1001", 4, "phone must be text"),
        ('1"}', '1", "mobile": ""}', "users/1001", 4, "unknown field mobile"),
        ('1"}', '1", "name": ""}', "users/1001", 4, "name is there twice"),
        ('1"}', '1", "date_of_birth": "17.05.1990"}', "users/1001", 4, "date_of_birth must be"),
        ('1"}', '1", "date_of_birth": "2026-02-10"}', "users/1001", 4, "date_of_birth must be"),
        ('1"}', '1", "date_of_birth": ""}', "users/1001", 4, "date_of_birth must be"),
        ('"1001": {', '"1002": {', "users/1002", 4, "1002 has another user_id inside"),
        ('"1001": {', '"\\u0000": {', "users[1]", 4, "'\\x00' has another user_id inside"),
        ('"1001": {', '"": {', "users[1]", 4, "'' has another user_id inside"),
    ],
)
def test_a_bad_user_is_quarantined_with_their_appointments(
    database: Database,
    clinic: Clinic,
    now: datetime,
    example: Path,
    old: str,
    new: str,
    place: str,
    line: int,
    reason: str,
) -> None:
    write_changed(example, old, new, 1)
    done = import_file(database, example, clinic, now)
    assert (done.patients, done.appointments, done.quarantined, done.total) == (1, 1, 2, 4)
    (user, appointment) = places(database)
    assert user[:2] == (place, line)
    assert reason in user[2]
    assert appointment[:2] == ("appointments/1", 18)
    assert "user 1001" in appointment[2]


def test_the_first_of_two_users_with_one_id_stands(
    database: Database, clinic: Clinic, now: datetime, example: Path
) -> None:
    write_changed(
        example, USER_1001, f"{USER_1001},\n{USER_1001.replace('Archit Ojha', 'Test Patient')}"
    )
    done = import_file(database, example, clinic, now)
    assert (done.patients, done.appointments, done.total) == (2, 2, 5)
    assert places(database) == [("users[2]", 5, "user 1001 is there twice")]
    assert json.loads(export_text(database, clinic)) == json.loads(EXAMPLE)


def test_unknown_fields_of_the_file_are_kept_and_repeated_sections_read_on(
    database: Database, clinic: Clinic, now: datetime, example: Path
) -> None:
    again = '"users": {"3001": {"name": "Test Patient", "user_id": "3001"}}, "users": []'
    write_changed(example, '"appointments": [', f'"version": [1, 2],\n{again},\n"appointments": [')
    done = import_file(database, example, clinic, now)
    assert (done.patients, done.appointments, done.total) == (3, 2, 7)
    assert places(database) == [
        ("fields/1", 6, "unknown field version"),
        ("fields/3", 7, "users must be an object"),
    ]
    assert quarantined_rows(database)[0].content == "[1, 2]"


def test_overlaps_within_the_file_leave_the_first_and_name_its_line(
    database: Database, clinic: Clinic, now: datetime, example: Path
) -> None:
    moved = EXAMPLE.replace("2026-02-10", "2026-02-12").replace("10:00 AM", "11:25 AM")
    example.write_text(moved.replace("cancelled", "booked"), encoding="utf-8")
    done = import_file(database, example, clinic, now)
    assert the_only_reason(done) == "overlaps the appointment on line 7"
    assert done.appointments == 1
    example.write_text(moved, encoding="utf-8")
    assert import_file(database, example, clinic, now) == Imported(0, 1, 3, 4)


def test_a_time_that_the_clocks_skip_is_quarantined(
    database: Database, now: datetime, example: Path
) -> None:
    berlin = Clinic("Berlin Clinic", ZoneInfo("Europe/Berlin"))
    for old in ("2026-02-08T09:30:01", '2026-02-10",\n      "time": "10:00 AM'):
        skipped = old.replace("2026-02-08T09", "2026-03-29T02")
        skipped = skipped.replace("2026-02-10", "2026-03-29").replace("10:00", "02:30")
        write_changed(example, old, skipped)
        done = import_file(database, example, berlin, now)
        assert "clocks skip" in the_only_reason(done)
        assert done.total - done.quarantined == 3


@pytest.mark.parametrize(
    ("end", "appointments", "line"),
    [
        (SECOND, 1, 17),
        ('"cancelled"', 1, 25),
        ('"time": "11:00 AM"', 0, 12),
        ('  "appointments"', 0, 5),
    ],
)
def test_of_a_file_that_is_cut_off_the_complete_rows_are_saved(
    any_database: Database,
    clinic: Clinic,
    now: datetime,
    example: Path,
    end: str,
    appointments: int,
    line: int,
) -> None:
    cut = EXAMPLE[: EXAMPLE.index(end)].rstrip("\n")
    example.write_text(cut, encoding="utf-8")
    done = import_file(any_database, example, clinic, now)
    assert (done.patients, done.appointments, done.quarantined) == (2, appointments, 1)
    assert done.total == 3 + appointments
    (row,) = quarantined_rows(any_database)
    assert (row.place, row.line) == ("rest", line)
    assert row.reason.startswith("broken JSON: ")
    assert cut.endswith(row.content)


def test_a_character_that_is_cut_in_two_costs_only_its_row(
    database: Database, clinic: Clinic, now: datetime, example: Path
) -> None:
    data = EXAMPLE.replace("General", "Générale").encode()
    example.write_bytes(data[: data.index("é".encode()) + 1])
    done = import_file(database, example, clinic, now)
    assert (done.patients, done.appointments, done.quarantined) == (2, 1, 1)
    example.write_bytes(EXAMPLE.encode() + b"\xc3")
    done = import_file(database, example, clinic, now)
    assert (done.appointments, done.present, done.quarantined) == (1, 3, 1)


def test_a_break_in_the_middle_ends_the_reading(
    database: Database, clinic: Clinic, now: datetime, example: Path
) -> None:
    write_changed(example, '"time": "11:00 AM"', '"time": 11:00 AM')
    done = import_file(database, example, clinic, now)
    assert (done.patients, done.appointments, done.total) == (2, 0, 3)
    (row,) = quarantined_rows(database)
    assert (row.place, row.line) == ("rest", 12)
    assert '"f3g4h5i6"' in row.content
    assert "a1b2c3d4" in row.content


def test_of_a_long_row_the_beginning_is_kept(
    database: Database, clinic: Clinic, now: datetime, example: Path
) -> None:
    write_changed(example, "General checkup", "x" * 100_000)
    import_file(database, example, clinic, now)
    (row,) = quarantined_rows(database)
    assert len(row.content) == MAX_CONTENT_CHARS + 1
    assert row.content.startswith('{\n      "appointment_id": "a1b2c3d4"')


def test_rows_that_no_database_could_keep_are_quarantined_in_both(
    any_database: Database, clinic: Clinic, now: datetime, example: Path
) -> None:
    write_changed(example, "General checkup", "\0")
    import_file(any_database, example, clinic, now)
    (row,) = quarantined_rows(any_database)
    assert '"purpose": "\ufffd"' in row.content


def test_an_appointment_at_the_end_of_the_calendar_is_quarantined(
    database: Database, now: datetime, example: Path
) -> None:
    utc = Clinic("Clinic", UTC)
    write_changed(
        example, '2026-02-10",\n      "time": "10:00 AM', '9999-12-31",\n      "time": "11:45 PM'
    )
    assert "outside the calendar" in the_only_reason(import_file(database, example, utc, now))
