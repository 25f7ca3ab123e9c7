"""`kavita import` and `kavita quarantine`: what was used, what was not, and why."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kavita.cli import cli
from tests.fakes.example_file import EXAMPLE, write_changed


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the program runs: no `.env`, and a book of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file.json").write_text(EXAMPLE, encoding="utf-8")
    return tmp_path


def run(*arguments: str) -> str:
    result = CliRunner().invoke(cli, [*arguments, "--db", "sqlite:///book.db"])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.usefixtures("folder")
def test_it_tells_what_is_new_and_what_was_there() -> None:
    assert run("import", "file.json") == "Imported 2 patients and 2 appointments.\n"
    assert run("import", "file.json") == (
        "Imported 0 patients and 0 appointments.\nIn the book already: 4 of 4 rows.\n"
    )
    assert run("quarantine") == "Nothing is in quarantine.\n"


def test_it_tells_what_is_in_quarantine_and_why(folder: Path) -> None:
    write_changed(folder / "file.json", "General checkup", r"\u0000 \u001b[31m" + "\x1b[31m")
    assert run("import", "file.json") == (
        "Imported 2 patients and 1 appointments.\n"
        "In quarantine: 1 of 4 rows.\n"
        "  appointments/1, line 18: purpose holds a character that cannot be kept\n"
    )
    listed = run("quarantine")
    assert "  appointments/1, line 18: purpose holds a character" in listed
    assert '    { "appointment_id": "a1b2c3d4", "user_id": "1001",' in listed
    assert "\x1b" not in listed


def test_it_shows_the_first_ten_reasons_and_where_the_others_are(folder: Path) -> None:
    content = json.loads(EXAMPLE) | {"appointments": list(range(30))}
    (folder / "file.json").write_text(json.dumps(content))
    lines = run("import", "file.json").splitlines()
    assert len(lines) == 13
    assert lines[2] == "  appointments/0, line 1: it must be an object"
    assert lines[-1] == "  and 20 more: see kavita quarantine"
    assert run("quarantine").count("must be an object") == 30


def test_a_file_that_cannot_be_used_is_refused(folder: Path) -> None:
    (folder / "file.json").write_text("no JSON")
    result = CliRunner().invoke(cli, ["import", "file.json", "--db", "sqlite:///book.db"])
    assert result.exit_code == 1
    assert "file.json, line 1: this is no object in JSON" in result.output
