"""Import and export of appointments.json: exact, or quarantined, or refused; never in silence."""

import json
import shutil
import stat
import time
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kavita.scheduling.clinic import Clinic
from kavita.scheduling.errors import SlotTaken
from kavita.scheduling.times import format_time
from kavita.store.appointments import book
from kavita.store.database import Database
from kavita.store.exchange.appointments_file import ImportRefused
from kavita.store.exchange.appointments_import import Imported, import_file
from kavita.store.exchange.appointments_json import export_file, export_text
from kavita.store.exchange.quarantine import quarantined_rows
from kavita.store.origin import read_origin

EXAMPLE = """\
{
  "users": {
    "2045": {"name": "Priya Sharma", "user_id": "2045", "phone": ""},
    "1001": {"name": "Archit Ojha", "user_id": "1001"}
  },
  "appointments": [
    {
      "appointment_id": "f3g4h5i6",
      "user_id": "2045",
      "name": "Priya Sharma",
      "date": "2026-02-12",
      "time": "11:00 AM",
      "purpose": "Dental cleaning – naïve “quotes”",
      "status": "booked",
      "created_at": "2026-02-07T10:00:00.123456",
      "modified_at": null
    },
    {
      "appointment_id": "a1b2c3d4",
      "user_id": "1001",
      "name": "Archit Ojha",
      "date": "2026-02-10",
      "time": "10:00 AM",
      "purpose": "General checkup",
      "status": "cancelled",
      "created_at": "2026-02-07T10:00:00",
      "modified_at": "2026-02-08T09:30:01"
    }
  ]
}
"""
CLINIC = Clinic("Sunrise Clinic", ZoneInfo("Asia/Kolkata"))
NOW = datetime(2026, 2, 9, 8, 0, tzinfo=CLINIC.timezone)


@pytest.fixture
def example(tmp_path: Path) -> Path:
    path = tmp_path / "appointments.json"
    path.write_text(EXAMPLE, encoding="utf-8")
    return path


def test_what_was_imported_is_exported_in_the_same_order(
    any_database: Database, example: Path
) -> None:
    assert import_file(any_database, example, CLINIC, NOW) == Imported(2, 2, 0, 4)
    exported = export_text(any_database, CLINIC)
    assert exported == json.dumps(json.loads(EXAMPLE), indent=2, ensure_ascii=False)
    assert read_origin(any_database) == "imported"


def test_an_imported_appointment_holds_its_time(
    any_database: Database, example: Path, now: datetime
) -> None:
    import_file(any_database, example, CLINIC, NOW)
    with pytest.raises(SlotTaken):
        book(any_database, CLINIC, "1001", date(2026, 2, 12), clock_time(11), "Visit", now)
    book(any_database, CLINIC, "1001", date(2026, 2, 10), clock_time(10), "Visit", now)


def test_importing_the_same_file_again_changes_nothing(
    any_database: Database, example: Path
) -> None:
    import_file(any_database, example, CLINIC, NOW)
    before = export_text(any_database, CLINIC)
    assert import_file(any_database, example, CLINIC, NOW) == Imported(0, 0, 4, 4)
    assert export_text(any_database, CLINIC) == before


def test_a_byte_order_mark_and_windows_line_ends_are_understood(
    database: Database, example: Path
) -> None:
    example.write_bytes(b"\xef\xbb\xbf" + EXAMPLE.replace("\n", "\r\n").encode())
    assert import_file(database, example, CLINIC, NOW) == Imported(2, 2, 0, 4)


def test_the_exported_file_replaces_the_old_one_and_is_readable_by_its_owner_only(
    database: Database, example: Path
) -> None:
    import_file(database, example, CLINIC, NOW)
    export_file(database, CLINIC, example)
    assert example.read_text(encoding="utf-8") == export_text(database, CLINIC)
    assert stat.S_IMODE(example.stat().st_mode) == 0o600
    assert [path.name for path in example.parent.glob("*appointments*")] == [example.name]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "the file is empty"),
        ("hello", 1, "no object in JSON"),
        ("\n[]", 2, "no object in JSON"),
        ("[" * 100_000, 1, "no object in JSON"),
        ("{", 1, "broken JSON"),
        ("{}", 1, "appointments is missing"),
        ('{"users": {}}', 1, "appointments is missing"),
        ('{\n"users": [],\n"appointments": []}', 2, "users must be an object"),
        ('{"users": {},\n"appointments": {}}', 2, "appointments must be a list"),
        ('{"users": {},\n"appointments": [\n{"appointment_id": ', 3, "broken JSON"),
        ('{"users": {}, "appointments": []} and more', 1, "broken JSON: Extra data"),
    ],
)
def test_a_file_without_a_single_row_is_refused_with_line_and_reason_and_nothing_is_changed(
    database: Database, example: Path, text: str, line: int, reason: str
) -> None:
    example.write_text(text, encoding="utf-8")
    before, empty = example.read_bytes(), export_text(database, CLINIC)
    with pytest.raises(ImportRefused) as refused:
        import_file(database, example, CLINIC, NOW)
    assert (refused.value.path, refused.value.line) == (example, line)
    assert reason in str(refused.value)
    assert str(example) in str(refused.value)
    assert example.read_bytes() == before
    assert export_text(database, CLINIC) == empty
    assert quarantined_rows(database) == []


def test_the_file_of_an_empty_book_is_imported(database: Database, example: Path) -> None:
    example.write_text(export_text(database, CLINIC))
    assert import_file(database, example, CLINIC, NOW) == Imported(0, 0, 0, 0)


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b'{\n"users": "\xff"}', "line 2: this is not UTF-8"), ("{}".encode("utf-16"), "line 1")],
)
def test_what_is_not_utf8_is_refused(
    database: Database, example: Path, data: bytes, reason: str
) -> None:
    example.write_bytes(data)
    with pytest.raises(ImportRefused, match=reason):
        import_file(database, example, CLINIC, NOW)


def test_a_file_that_cannot_be_read_is_refused(database: Database, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere.json"):
        with pytest.raises(ImportRefused, match=str(path)):
            import_file(database, path, CLINIC, NOW)


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
STAMP = st.datetimes(datetime.fromisoformat("1990-01-01"), datetime.fromisoformat("2050-01-01"))
IDS = st.from_regex(r"[0-9]{4}", fullmatch=True)


@st.composite
def books(draw: st.DrawFn) -> dict[str, Any]:
    """A book in the file's format, without overlaps."""
    ids = draw(st.lists(IDS, unique=True, max_size=4))
    users = {key: {"name": draw(TEXT), "user_id": key} for key in ids}
    for user in users.values():
        if draw(st.booleans()):
            user["phone"] = draw(TEXT)
    count = draw(st.integers(0, 6)) if ids else 0
    slots = draw(st.permutations(range(12)))
    return {"users": users, "appointments": [_entry(draw, ids, slots[i], i) for i in range(count)]}


def _entry(draw: st.DrawFn, ids: list[str], slot: int, index: int) -> dict[str, Any]:
    starts = datetime.fromisoformat("2026-02-12T00:00") + timedelta(hours=2 * slot)
    return {
        "appointment_id": f"{index:08x}",
        "user_id": draw(st.sampled_from(ids)),
        "name": draw(TEXT),
        "date": starts.date().isoformat(),
        "time": format_time(starts.time()),
        "purpose": draw(TEXT),
        "status": draw(st.sampled_from(["booked", "cancelled"])),
        "created_at": draw(STAMP).isoformat(),
        "modified_at": draw(st.none() | STAMP.map(datetime.isoformat)),
    }


@given(books())
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_book_makes_the_round_trip_exactly(
    tmp_path_factory: pytest.TempPathFactory, new_book: Path, content: dict[str, Any]
) -> None:
    path = tmp_path_factory.mktemp("book") / "appointments.json"
    text = json.dumps(content, indent=2, ensure_ascii=False)
    path.write_text(text, encoding="utf-8")
    database = Database(f"sqlite:///{shutil.copy(new_book, path.parent)}")
    import_file(database, path, CLINIC, NOW)
    assert export_text(database, CLINIC) == text
    database.close()


@given(books(), st.data())
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_of_a_damaged_file_every_row_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory,
    new_book: Path,
    content: dict[str, Any],
    data: st.DataObject,
) -> None:
    path = tmp_path_factory.mktemp("book") / "appointments.json"
    text = json.dumps(content, indent=2, ensure_ascii=False)
    cut = data.draw(st.integers(0, len(text)))
    path.write_text(
        text[:cut] + data.draw(st.text(st.characters(codec="utf-8"), max_size=3)) + text[cut + 1 :],
        encoding="utf-8",
    )
    database = Database(f"sqlite:///{shutil.copy(new_book, path.parent)}")
    try:
        done = import_file(database, path, CLINIC, NOW)
    except ImportRefused:
        assert json.loads(export_text(database, CLINIC)) == {"users": {}, "appointments": []}
    else:
        kept = json.loads(export_text(database, CLINIC))
        assert (len(kept["users"]), len(kept["appointments"])) == (done.patients, done.appointments)
        assert done.patients + done.appointments + done.quarantined == done.total
        assert len(quarantined_rows(database)) == done.quarantined
    database.close()


@pytest.mark.heavy
def test_fifty_thousand_rows_are_imported_in_reasonable_time(
    database: Database, tmp_path: Path
) -> None:
    first = datetime.fromisoformat("2000-01-01T09:00")
    starts = [first + timedelta(days=i // 18, minutes=30 * (i % 18)) for i in range(50_000)]
    booked = json.loads(EXAMPLE)["appointments"][0]
    rows = [
        booked
        | {"appointment_id": f"{i:08x}", "date": f"{at:%Y-%m-%d}", "time": format_time(at.time())}
        for i, at in enumerate(starts)
    ]
    path = tmp_path / "large.json"
    content = {"users": json.loads(EXAMPLE)["users"], "appointments": rows}
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False), encoding="utf-8")
    began = time.monotonic()
    assert import_file(database, path, CLINIC, NOW) == Imported(2, 50_000, 0, 50_002)
    assert time.monotonic() - began < 30
    assert json.loads(export_text(database, CLINIC)) == content
