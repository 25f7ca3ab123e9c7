"""Every night the book is backed up and tidied, whatever happened the night before."""

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from loguru import logger

from kavita.scheduling.clinic import Clinic
from kavita.store.backup import restore
from kavita.store.calls import start_call
from kavita.store.database import Database, StoreUnavailable
from kavita.store.every_night import every_night, next_night
from kavita.store.nightly import run_night
from tests.fakes.lived_in_book import live_in
from tests.fakes.virtual_time import run_virtual

KOLKATA = ZoneInfo("Asia/Kolkata")
ZONES = (
    *("Asia/Kolkata", "Europe/London", "America/New_York"),
    *("Australia/Lord_Howe", "Africa/Casablanca", "Europe/Helsinki"),
)


def test_a_night_backs_up_thins_out_and_tidies(
    any_database: Database, clinic: Clinic, now: datetime, tmp_path: Path, database: Database
) -> None:
    live_in(any_database, clinic, now)
    start_call(any_database, "long ago", now - timedelta(days=400))
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / "kavita-20250101-030000.db").touch()
    night = run_night(any_database, clinic, folder, 365, now.astimezone(UTC))
    assert night.backup is not None
    assert [path.name for path in folder.iterdir()] == ["kavita-20260209-080000.db"]
    assert (night.thinned, night.tidied.calls) == (1, 1)
    assert restore(night.backup.path, database, now).entries > 1


def test_without_a_folder_the_book_is_tidied_only(
    database: Database, clinic: Clinic, now: datetime
) -> None:
    start_call(database, "long ago", now - timedelta(days=400))
    night = run_night(database, clinic, None, 365, now)
    assert (night.backup, night.thinned, night.tidied.calls) == (None, 0, 1)


def test_nothing_is_deleted_in_a_night_without_a_backup(
    database: Database, clinic: Clinic, now: datetime, tmp_path: Path
) -> None:
    start_call(database, "long ago", now - timedelta(days=400))
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match="file"):
        run_night(database, clinic, tmp_path / "file", 365, now)
    assert run_night(database, clinic, None, 365, now).tidied.calls == 1


class Nights:
    """A clock that virtual time drives, and work that notes when it is done."""

    def __init__(self, begins: datetime, failing: int = 0) -> None:
        self._begins = begins
        self._failing = failing
        self.done: list[datetime] = []

    def clock(self) -> datetime:
        return self._begins + timedelta(seconds=asyncio.get_running_loop().time())

    async def work(self) -> None:
        self.done.append(self.clock())
        if len(self.done) <= self._failing:
            raise StoreUnavailable("the disk is full")


def nights_of(nights: Nights, zone: ZoneInfo, days: float, at_once: bool = False) -> list[datetime]:
    async def run() -> None:
        watch = every_night(nights.work, nights.clock, zone, asyncio.sleep, at_once=at_once)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(watch, days * 86400)

    run_virtual(run())
    return nights.done


def test_it_runs_at_three_on_the_clinics_clock(now: datetime) -> None:
    done = nights_of(Nights(now.astimezone(UTC)), KOLKATA, 3.5)
    assert [moment.astimezone(KOLKATA).replace(microsecond=0) for moment in done] == [
        datetime(2026, 2, day, 3, 0, tzinfo=KOLKATA) for day in (10, 11, 12)
    ]


def test_it_runs_at_once_when_the_last_backup_is_old(now: datetime) -> None:
    assert len(nights_of(Nights(now), KOLKATA, 0.5, at_once=True)) == 1
    assert len(nights_of(Nights(now), KOLKATA, 0.5)) == 0


def test_a_night_that_fails_is_told_once_and_the_next_is_tried(now: datetime) -> None:
    told: list[str] = []
    sink = logger.add(told.append, level="ERROR", format="{message}")
    try:
        assert len(nights_of(Nights(now, failing=2), KOLKATA, 3.5)) == 3
    finally:
        logger.remove(sink)
    assert ["the disk is full" in words for words in told] == [True, True]


@pytest.mark.parametrize("zone", ZONES)
def test_every_day_of_two_years_has_one_night(zone: str) -> None:
    here = ZoneInfo(zone)
    moment = datetime.combine(date(2026, 1, 1), time(3), here).astimezone(UTC)
    days = []
    while (moment := next_night(moment, here)).year < 2028:
        days.append(moment.astimezone(here).date())
    assert days == [date(2026, 1, 2) + timedelta(days=n) for n in range(len(days))]
    assert len(days) >= 729
