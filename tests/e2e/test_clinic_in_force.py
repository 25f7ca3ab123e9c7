"""Which clinic the program works for, and what `kavita check` tells of it and of its book."""

import shutil
import subprocess
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from kavita.scheduling.clinic import Clinic
from kavita.scheduling.slots import next_open_day
from kavita.store.appointments import book
from kavita.store.clinic import load_clinic, preview_clinic
from kavita.store.database import Database
from kavita.store.patients import register_patient
from tests.e2e.test_serve import KAVITA, ROOT, environment, refused, rest_of, serving

WHOLE_DAY = '[[closure]]\ndate = {}\nreason = "Stocktaking"\n'


def kavita(
    folder: Path, *arguments: str, said: str = "", **settings: str
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*KAVITA, *arguments],
        cwd=folder,
        env=environment(**settings),
        input=said,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the example's clinic.toml, and no book yet."""
    shutil.copy(ROOT / "examples/clinic.toml", tmp_path / "clinic.toml")
    return tmp_path


@pytest.fixture
def url(folder: Path) -> str:
    return f"sqlite:///{folder / 'data/kavita.db'}"


def test_the_server_says_which_clinic_it_serves_and_which_settings_it_ignores(
    folder: Path,
) -> None:
    with serving(folder, CLINIC_NAME="Another", SLOT_MINUTES="15") as (process, _, _):
        process.terminate()
        rest_of(process)
    log = (folder / "log").read_text()
    assert "clinic: Sunrise Clinic, from clinic.toml: 3 practitioners, 4 visit types" in log
    (warning,) = [line for line in log.splitlines() if "ignored" in line]
    assert warning.startswith("WARNING")
    assert warning.endswith(": CLINIC_NAME, SLOT_MINUTES")


def test_a_wrong_clinic_file_stops_the_start_with_all_its_mistakes(folder: Path) -> None:
    file = folder / "clinic.toml"
    file.write_text(file.read_text().replace("= 45", "= 44").replace("Asia/Kolkata", "Moon"))
    said = refused(folder, "serve")
    assert "clinic.toml, line 7, clinic.timezone: " in said
    assert "clinic.toml, line 42, visit_type.3.minutes: write a multiple of 5" in said


def test_a_pinned_time_is_on_the_clock_of_the_clinic_in_the_file(folder: Path) -> None:
    done = kavita(folder, "talk", "--now", "2026-02-09T08:00", TZ="America/New_York")
    assert "Monday, February 9, 2026 at 08:00 AM" in done.stdout


def test_check_tells_the_clinic_and_the_appointments_to_call_about(
    folder: Path, url: str, clinic: Clinic
) -> None:
    now = datetime.now(UTC)
    database = Database(url)
    database.open()
    kept = load_clinic(database, folder / "clinic.toml", clinic, now)
    patient = register_patient(database, "Test Patient", now).id
    day = next_open_day(kept, now.date() + timedelta(days=1))
    assert day is not None
    who = [one for one in kept.practitioners if one.week[day.weekday()]]
    start = max(one.week[day.weekday()][0].opens for one in who)
    book(database, kept, patient, day, max(start, time(9)), "Visit", now)
    with (folder / "clinic.toml").open("a") as file:
        file.write(WHOLE_DAY.format(day))
    said = kavita(folder, "check").stdout
    assert "Sunrise Clinic, from clinic.toml: 3 practitioners, 4 visit types" in said
    assert "1 booked  outside of working hours or on closures" in said
    assert f"patient {patient}" in said
    assert "Test Patient" not in said
    assert preview_clinic(database, Path("/nowhere"), clinic) == kept, "check must change nothing"
    database.close()


def test_check_tells_every_mistake_of_the_clinic_file_and_fails(folder: Path) -> None:
    with (folder / "clinic.toml").open("a") as file:
        file.write("[[closure]]\n[[closure]]\ndate = 2027-01-01\nwhy = 1\n")
    done = kavita(folder, "check")
    assert done.returncode == 1
    assert "clinic.toml, line 100, closure.3: write either date, or from and until" in done.stdout
    assert "clinic.toml, line 103, closure.4.why: there is no such field" in done.stdout


def test_check_of_the_journal_fails_when_somebody_has_changed_it(
    tmp_path: Path, clinic: Clinic
) -> None:
    url = f"sqlite:///{tmp_path / 'data/kavita.db'}"
    database = Database(url)
    database.open()
    register_patient(database, "Test Patient", datetime.now(UTC))
    sound = kavita(tmp_path, "check", "--journal")
    assert (sound.stdout, sound.returncode) == ("Journal: 1 entries, sound\n", 0)
    with database.transaction() as session:
        session.execute(text("DROP TRIGGER journal_no_update"))
        session.execute(text("UPDATE journal SET result = 'changed'"))
    database.close()
    changed = kavita(tmp_path, "check", "--journal")
    assert changed.returncode == 1
    assert changed.stdout.startswith("Journal: ")
    assert "sound" not in changed.stdout
