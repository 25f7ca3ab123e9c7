"""The program as an operator starts and stops it."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

pytestmark = pytest.mark.live

ROOT = Path(__file__).resolve().parents[2]
MAIN = [sys.executable, str(ROOT / "main.py")]
KAVITA = [sys.executable, "-m", "kavita"]


def environment(**settings: str) -> dict[str, str]:
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    return kept | {"PYTHONPATH": str(ROOT), "AVATAR_PORT": "0"} | settings


@contextmanager
def serving(
    folder: Path, command: list[str] = MAIN, **settings: str
) -> Iterator[tuple[subprocess.Popen[str], int, list[str]]]:
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment(**settings),
        stdout=subprocess.PIPE,
        stderr=(folder / "log").open("w"),
        text=True,
    )
    printed: list[str] = []
    try:
        assert process.stdout is not None
        for line in process.stdout:
            printed.append(line.strip())
            if found := re.search(r"http://localhost:(\d+)", line):
                yield process, int(found[1]), printed
                return
        raise AssertionError((folder / "log").read_text())
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(20)


def rest_of(process: subprocess.Popen[str]) -> list[str]:
    """What is printed until the program ends."""
    assert process.stdout is not None
    lines = process.stdout.read().splitlines()
    process.wait(20)
    return lines


@pytest.mark.parametrize("command", [MAIN, [*KAVITA, "serve"]], ids=["main.py", "kavita serve"])
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_end_the_call_with_its_summary(
    tmp_path: Path, command: list[str], stop: signal.Signals
) -> None:
    async def call(port: int, process: subprocess.Popen[str]) -> list[str]:
        async with connect(f"ws://127.0.0.1:{port}/ws") as page, asyncio.timeout(30):
            await page.send(json.dumps({"action": "start"}))
            kinds: list[str] = []
            async for message in page:
                if isinstance(message, str):
                    kinds.append(json.loads(message)["type"])
                    if kinds[-1] == "speaking_start":
                        process.send_signal(stop)
            return kinds

    with serving(tmp_path, command) as (process, port, printed):
        kinds = asyncio.run(call(port, process))
        lines = rest_of(process)
    assert printed[-1] == f"Avatar server running at http://localhost:{port}"
    assert kinds[-2:] == ["summary", "shutdown"]
    assert process.returncode == 0
    assert lines[:2] == [
        "Recognition started successfully",
        "Waiting for 'Start Conversation' in browser...",
    ]
    assert lines[-1] == "Appointment Booking Agent stopped."
    assert "OUTCOME" in lines
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_the_page_and_health_answer(tmp_path: Path) -> None:
    with serving(tmp_path) as (_, port, _):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as page:
            assert "text/html" in page.headers["content-type"]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health") as health:
            assert json.load(health) == {"status": "ok"}


def test_a_served_book_is_backed_up_at_once_if_it_was_not_within_a_day(tmp_path: Path) -> None:
    with serving(tmp_path):
        backups = tmp_path / "data/backups"
        for _ in range(200):
            made = [path.name for path in backups.glob("*.db")] if backups.exists() else []
            if made:
                break
            time.sleep(0.1)
    assert re.fullmatch(r"kavita-\d{8}-\d{6}\.db", made[0])


def test_a_second_server_on_the_same_sqlite_book_is_refused_in_words(tmp_path: Path) -> None:
    with serving(tmp_path):
        assert "in use by another Kavita" in refused(tmp_path, "serve")
        assert "PostgreSQL" in refused(tmp_path, "talk")


def refused(folder: Path, *arguments: str, **settings: str) -> str:
    """What a start that cannot go on says; it must be words, and exit code 1."""
    done = subprocess.run(
        [*KAVITA, *arguments],
        cwd=folder,
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("Kavita cannot go on: ")
    return done.stderr


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert port in refused(tmp_path, "serve", AVATAR_PORT=port)


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX paths")
def test_a_database_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    said = refused(tmp_path, "serve", DATABASE_URL=f"sqlite:///{tmp_path}/file/kavita.db")
    assert "file/kavita.db" in said


def test_a_password_is_never_repeated(tmp_path: Path) -> None:
    said = refused(tmp_path, "serve", DATABASE_URL="postgresql://kavita:s3cret@127.0.0.1:1/none")
    assert "127.0.0.1:1" in said
    assert "s3cret" not in said


def test_a_broken_appointments_json_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    file = tmp_path / "data/appointments.json"
    file.write_text('{\n  "users": {},\n  "appointments": [\n    {"appointment_id": ')
    before = file.read_bytes()
    said = refused(tmp_path, "serve")
    assert "appointments.json, line 4" in said
    assert file.read_bytes() == before


def test_start_is_for_a_machine_with_a_microphone_of_its_own(tmp_path: Path) -> None:
    assert "--audio device" in refused(tmp_path, "serve", "--start")


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    said = refused(tmp_path, "serve", CLINIC_TIMEZONE="Moon/Base", AVATAR_PORT="99999")
    assert "CLINIC_TIMEZONE" in said
    assert "AVATAR_PORT" in said


def test_an_appointments_json_is_taken_over_on_the_first_start_only(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    book = {
        "users": {"3001": {"name": "Test Patient", "user_id": "3001"}},
        "appointments": [],
    }
    file = tmp_path / "data/appointments.json"
    file.write_text(json.dumps(book))
    for _ in range(2):
        with serving(tmp_path) as (process, _, _):
            process.terminate()
            rest_of(process)
    exported = subprocess.run(
        [*KAVITA, "export", "-"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(exported.stdout) == book
