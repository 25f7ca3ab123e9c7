"""`kavita migrate`, `backup`, `restore` and `patient`, as an operator uses them."""

import re
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from kavita.cli import upkeep
from kavita.cli.program import cli
from kavita.scheduling.clinic import Clinic
from kavita.store.database import Database
from kavita.store.identity import check_pin, identify
from kavita.store.journal import Request
from kavita.store.patients import find_patient
from kavita.store.upkeep.journal_check import check_journal
from kavita.store.upkeep.sole_use import sole_use
from tests.fakes.lived_in_book import live_in
from tests.store.test_upgrade import make_old_book

Kavita = Callable[..., Result]


@pytest.fixture
def kavita(any_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kavita:
    """Runs a command on the book at `any_url`, in a folder of its own."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DATABASE_URL", any_url)
    monkeypatch.setenv("CLINIC_TIMEZONE", "Asia/Kolkata")
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: str, typed: str = "") -> Result:
        result = CliRunner().invoke(cli, words, input=typed)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    assert upkeep
    return run


@pytest.fixture
def patient(any_database: Database, clinic: Clinic, now: datetime) -> str:
    """A patient of a book in which something happened; nobody has it open."""
    return live_in(any_database, clinic, now)[0]


def test_migrate_makes_a_new_book_once(kavita: Kavita) -> None:
    new = re.search(r"A new book \(.+\), revision (\d{4})\.", kavita("migrate").output)
    assert new
    assert f"is up to date: revision {new[1]}." in kavita("migrate").output


def test_migrate_says_from_where_to_where_and_keeps_a_copy(kavita: Kavita, any_url: str) -> None:
    make_old_book(any_url)
    result = kavita("migrate")
    assert re.search(r"went from revision 0001 to 000[2-9]\.", result.output)
    assert ("revision-0001" in result.output) == any_url.startswith("sqlite")


def test_a_book_that_another_process_has_is_not_migrated(
    kavita: Kavita, any_url: str, postgres: object
) -> None:
    with sole_use(any_url):
        result = kavita("migrate")
    if any_url.startswith("sqlite"):
        assert result.exit_code == 1
        assert "another Kavita" in result.stderr
        assert "Traceback" not in result.output
    else:
        assert result.exit_code == 0


@pytest.mark.usefixtures("patient")
def test_a_backup_is_restored_into_a_new_book(
    kavita: Kavita, any_url: str, any_database: Database, tmp_path: Path
) -> None:
    with sole_use(any_url):  # the server goes on
        result = kavita("backup")
    assert re.search(r"Wrote data/backups/kavita-\d{8}-\d{6}\.db \(.*\), verified\.", result.output)
    (file,) = Path("data/backups").iterdir()
    other = f"sqlite:///{tmp_path / 'other.db'}"
    result = kavita("restore", str(file), "--db", other)
    assert f"Restored {file} into SQLite" in result.output
    restored = Database(other)
    assert check_journal(restored).entries == check_journal(any_database).entries + 1
    restored.close()
    again = kavita("restore", str(file))
    assert again.exit_code == 1
    assert "is not empty" in again.stderr


@pytest.mark.usefixtures("patient")
def test_a_file_that_is_there_is_never_written_over(kavita: Kavita) -> None:
    Path("mine.db").write_text("mine")
    result = kavita("backup", "mine.db")
    assert (result.exit_code, Path("mine.db").read_text()) == (1, "mine")
    assert "mine.db is there already" in result.stderr


def test_without_a_book_there_is_no_backup_and_none_is_made(kavita: Kavita) -> None:
    result = kavita("backup", "b.db", "--db", "sqlite:///missing.db")
    assert result.exit_code == 1
    assert "no appointment book" in result.stderr
    assert list(Path.cwd().iterdir()) == []


def test_a_file_that_is_no_backup_is_refused_in_words(kavita: Kavita) -> None:
    Path("notes.txt").write_text("my notes" * 99)
    result = kavita("restore", "notes.txt")
    assert result.exit_code == 1
    assert "notes.txt is not sound" in result.stderr


def test_a_patient_gets_a_date_of_birth(
    kavita: Kavita, patient: str, any_database: Database
) -> None:
    result = kavita("patient", patient, "--date-of-birth", "1985-12-31")
    assert result.output == f"The date of birth of patient {patient} was written down.\n"
    found = find_patient(any_database, patient)
    assert found is not None
    assert found.birth_date == date(1985, 12, 31)
    assert check_journal(any_database).problems == ()


def test_a_pin_is_asked_for_twice_and_never_shown(
    kavita: Kavita, patient: str, any_database: Database, clinic: Clinic, now: datetime
) -> None:
    result = kavita("patient", patient, "--pin", typed="135790\n135790\n")
    assert result.exit_code == 0
    assert f"Patient {patient} has a new PIN." in result.output
    assert "135790" not in result.output
    check_pin(any_database, clinic, patient, "135790", now, Request("c", 1, "check_pin"))


@pytest.mark.parametrize("typed", ["123", "123456789", "12a4", "１２３４"])
def test_a_pin_has_four_to_eight_digits(kavita: Kavita, patient: str, typed: str) -> None:
    result = kavita("patient", patient, "--pin", typed=f"{typed}\n{typed}\n")
    assert result.exit_code == 2
    assert "4 to 8 digits" in result.stderr


def test_a_pin_is_removed(kavita: Kavita, patient: str) -> None:
    assert kavita("patient", patient, "--no-pin").output == f"Patient {patient} has no PIN.\n"


def test_wrong_tries_are_forgotten(
    kavita: Kavita, any_database: Database, clinic: Clinic, now: datetime
) -> None:
    identify(any_database, clinic, "7777", None, now, Request("c", 1, "identify_user"))
    words = "Wrong tries with ID 7777: "
    assert kavita("patient", "7777", "--unlock").output == f"{words}were forgotten.\n"
    assert kavita("patient", "7777", "--unlock").output == f"{words}there are none.\n"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--no-pin"], "there is no patient 7777"),
        ([], "nothing to change"),
        (["--pin", "--no-pin"], "either --pin or --no-pin"),
        (["--date-of-birth", "2999-01-01"], "not in the future"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    kavita: Kavita, options: list[str], words: str
) -> None:
    result = kavita("patient", "7777", *options)
    assert result.exit_code == 2
    assert words in result.stderr
