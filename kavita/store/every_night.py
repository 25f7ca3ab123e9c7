"""Work that is done every night, at a quiet hour of the clinic."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time, timedelta, tzinfo

from loguru import logger

from kavita.store.database import StoreUnavailable

AT = time(3, 0)
LONGEST_SLEEP = 900.0
"""Seconds; a machine that was asleep, or whose clock was set, notices after that at most."""


async def every_night(
    work: Callable[[], Awaitable[object]],
    clock: Callable[[], datetime],
    zone: tzinfo,
    sleep: Callable[[float], Awaitable[object]],
    *,
    at_once: bool,
) -> None:
    """Do `work` every night until cancelled, and `at_once` if last night's was missed.

    `clock` gives the time with its zone. Work that raises StoreUnavailable is tried again the next
    night.
    """
    if at_once:
        await _attempt(work)
    while True:
        due = next_night(clock(), zone)
        while (left := (due - clock().astimezone(UTC)).total_seconds()) > 0:
            await sleep(min(left, LONGEST_SLEEP))
        await _attempt(work)


def next_night(now: datetime, zone: tzinfo) -> datetime:
    """Return when it is 03:00 next on the clinic's clock, in UTC."""
    today = now.astimezone(zone).date()
    tonight, tomorrow = (
        datetime.combine(today + timedelta(days=ahead), AT, zone).astimezone(UTC)
        for ahead in (0, 1)
    )
    return tonight if tonight > now else tomorrow


async def _attempt(work: Callable[[], Awaitable[object]]) -> None:
    try:
        await work()
    except StoreUnavailable as error:
        logger.error("the nightly work on the book failed, and is tried again tomorrow: {}", error)
