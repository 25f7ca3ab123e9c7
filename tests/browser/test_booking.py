"""A whole booking by voice in real Chromium: the microphone is a WAV, the rest is Kavita."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from kavita.caller.voice import CallerVoice, write_wav
from kavita.scheduling.times import weekday_name
from kavita.settings import Settings
from kavita.store.appointments import upcoming
from kavita.store.database import Database

from ..fakes.running_server import RunningServer, running_server
from .conftest import LaunchChromium, watch

pytestmark = pytest.mark.live

CALLS = 3
"""A recording cannot say its ID again when it was misheard; like a person, it may call again."""


@pytest.fixture
def kavita(tmp_path: Path) -> Iterator[RunningServer]:
    with running_server(tmp_path) as server:
        yield server


def day_heard_well() -> date:
    """A coming Friday or Monday, which the recogniser hears best, that its name alone tells."""
    today = datetime.now(Settings(_env_file=None).timezone()).date()
    days = (today + timedelta(days=ahead) for ahead in range(2, 8))
    return next(day for day in days if weekday_name(day) in ("Friday", "Monday"))


def noon_visits(database: Database, day: date) -> list[str]:
    """What 1001 has at 12 PM of a day."""
    zone = Settings(_env_file=None).timezone()
    now = datetime.now(zone)
    starts = [row.starts_at.astimezone(zone) for row in upcoming(database, "1001", now)]
    return [f"{at:%Y-%m-%d %H:%M}" for at in starts if at.date() == day and at.hour == 12]


@pytest.mark.timeout(400)
def test_a_caller_books_by_voice_in_the_browser(
    kavita: RunningServer, launch_chromium: LaunchChromium, tmp_path: Path
) -> None:
    day = day_heard_well()
    microphone = tmp_path / "caller.wav"
    write_wav(
        microphone,
        [
            (8.0, "One, zero, zero, one."),
            (9.5, f"Book me for {weekday_name(day)}."),
            (12.0, "At twelve o'clock."),
            (14.0, "That's all, bye."),
            # Chromium goes on with the last 10 ms of a recording that has ended, which is a hum.
            (60.0, ""),
        ],
        CallerVoice(),
    )
    for _ in range(CALLS):
        page = launch_chromium(microphone_wav=microphone).new_page()
        faults, requests = watch(page)
        page.goto(f"{kavita.url}/?processing=off")
        page.get_by_role("button", name="Start Conversation").click()
        page.locator("dialog[open]").wait_for(timeout=120_000)
        summary = page.locator("dialog[open]").inner_text()
        if noon_visits(kavita.database, day):
            break
    assert "Archit Ojha" in summary
    assert "1 appointment booked" in summary
    assert noon_visits(kavita.database, day) == [f"{day:%Y-%m-%d} 12:00"]
    assert faults == []
    assert [url for url in requests if not url.startswith(kavita.url)] == []
