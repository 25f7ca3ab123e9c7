"""What a wall clock shows, read off minute by minute: nothing of the rules that are measured."""

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)


class WallDay:
    """All minutes of one day on the wall clock, each with the instants at which it is shown."""

    def __init__(self, day: date, zone: ZoneInfo) -> None:
        """Watch the clock from well before to well after the day."""
        midnight = datetime.combine(day, time(), UTC)
        self.instants: dict[datetime, list[datetime]] = {}
        """In UTC: one, two in the repeated hour; no entry for what is skipped."""
        for minute in range(-15 * 60, 39 * 60):
            instant = midnight + minute * MINUTE
            wall = instant.astimezone(zone).replace(tzinfo=None, fold=0)
            if day <= wall.date() <= day + timedelta(days=1):
                self.instants.setdefault(wall, []).append(instant)
        self._day = day
        self._walls = sorted(self.instants)
        firsts = [self.instants[wall][0] for wall in reversed(self._walls)]
        self._soonest = list(accumulate(firsts, min))[::-1]

    def first(self, at: time) -> datetime | None:
        """Return the first instant at which the clock shows a time; None when it skips it."""
        shown = self.instants.get(datetime.combine(self._day, at))
        return shown[0] if shown else None

    def reached(self, at: time) -> datetime:
        """Return the first instant at which the clock shows a time, or has skipped it."""
        return self._soonest[bisect_left(self._walls, datetime.combine(self._day, at))]


def clock_changes(zone: ZoneInfo, first_year: int, last_year: int) -> list[date]:
    """Return the days on which the zone's distance to UTC changes."""
    hour = datetime(first_year, 1, 1, tzinfo=UTC)
    end = datetime(last_year + 1, 1, 1, tzinfo=UTC)
    days, before = [], hour.astimezone(zone).utcoffset()
    while hour < end:
        hour += timedelta(hours=1)
        wall = hour.astimezone(zone)
        if wall.utcoffset() != before:
            days.append(wall.date())
            before = wall.utcoffset()
    return days
