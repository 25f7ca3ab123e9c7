"""Backups are thinned out: two days of all, a month of the last of each day, never the last."""

import os
import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from kavita.store.backup import DRAFTS
from kavita.store.backup_folder import backup_is_due, backup_name, keep_backups
from kavita.store.database import StoreUnavailable


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def make(folder: Path, *moments: datetime) -> None:
    for moment in moments:
        (folder / backup_name(moment)).touch()


def test_a_backup_is_named_after_its_moment(now: datetime) -> None:
    assert backup_name(now) == "kavita-20260209-080000.db"


def test_all_of_two_days_are_kept_then_the_last_of_each_day(tmp_path: Path, now: datetime) -> None:
    hourly = [now - timedelta(hours=hours) for hours in range(24 * 40)]
    make(tmp_path, *random.Random(1).sample(hourly, len(hourly)))
    keep_backups(tmp_path, now)
    recent = {backup_name(moment) for moment in hourly if now - moment <= timedelta(hours=48)}
    days = [now.date() - timedelta(days=days) for days in range(1, 31)]
    daily = {f"kavita-{day:%Y%m%d}-230000.db" for day in days}
    assert names(tmp_path) == recent | daily


def test_thinning_twice_or_every_night_keeps_the_same(tmp_path: Path, now: datetime) -> None:
    for night in range(60):
        at = now + timedelta(days=night)
        make(tmp_path, at)
        keep_backups(tmp_path, at)
        assert keep_backups(tmp_path, at) == []
    assert len(names(tmp_path)) == 31


def test_the_last_backup_stays_however_old_it_is(tmp_path: Path, now: datetime) -> None:
    make(tmp_path, now - timedelta(days=500), now - timedelta(days=400))
    (gone,) = keep_backups(tmp_path, now)
    assert gone.name == backup_name(now - timedelta(days=500))
    assert names(tmp_path) == {backup_name(now - timedelta(days=400))}


def test_other_files_are_left_alone(tmp_path: Path, now: datetime) -> None:
    others = {"kavita.db", "kavita-20200101-000000.db.old", "kavita-99999999-999999.db", "x.db"}
    for name in others:
        (tmp_path / name).touch()
    make(tmp_path, now)
    assert keep_backups(tmp_path, now) == []
    assert names(tmp_path) == others | {backup_name(now)}


def test_a_suspect_backup_does_not_stand_for_a_sound_one(tmp_path: Path, now: datetime) -> None:
    sound, suspect = now - timedelta(days=100), now - timedelta(days=1)
    make(tmp_path, sound)
    (tmp_path / f"{backup_name(suspect)}.suspect").touch()
    assert keep_backups(tmp_path, now) == []
    assert backup_is_due(tmp_path, now)


def test_drafts_of_a_process_that_died_are_removed_a_day_later(
    tmp_path: Path, now: datetime
) -> None:
    old, fresh = tmp_path / f"{DRAFTS}old", tmp_path / f"{DRAFTS}fresh"
    for folder, hours in ((old, 25), (fresh, 1)):
        folder.mkdir()
        (folder / "draft.db").touch()
        written = (now - timedelta(hours=hours)).timestamp()
        os.utime(folder, (written, written))
    keep_backups(tmp_path, now)
    assert names(tmp_path) == {fresh.name}


def test_a_backup_is_due_a_day_after_the_last(tmp_path: Path, now: datetime) -> None:
    assert backup_is_due(tmp_path / "missing", now)
    assert backup_is_due(tmp_path, now)
    make(tmp_path, now - timedelta(hours=24))
    assert not backup_is_due(tmp_path, now)
    assert backup_is_due(tmp_path, now + timedelta(seconds=1))


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path, now: datetime) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match="file cannot be read"):
        keep_backups(tmp_path / "file", now)
