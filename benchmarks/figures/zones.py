"""Every clock change of two years: what is offered around it is real, fits, and can be booked."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import count
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from benchmarks.figures.books import write_down
from benchmarks.figures.clinics import FIRST_PRACTITIONER
from benchmarks.figures.wall_clock import WallDay, clock_changes
from kavita.scheduling.clinic import Clinic, Hours, Practitioner, VisitType
from kavita.scheduling.errors import SchedulingError
from kavita.scheduling.rules import bookable
from kavita.scheduling.slots import TimeRange, with_buffers
from kavita.scheduling.times import to_clinic, to_utc
from kavita.store.appointments import book
from kavita.store.availability import search_slots
from kavita.store.database import Database

ZONES = (
    "Asia/Kolkata",
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
)
FIRST_YEAR, LAST_YEAR = 2026, 2027
WITHOUT_CHANGE = (date(2026, 3, 29), date(2026, 10, 25), date(2027, 3, 28), date(2027, 10, 31))
"""The days that are tried in a zone whose clocks never change."""
BOOKINGS = 4
"""Of each clinic, one after another."""
_ALL_TIMES = tuple(time(minute // 60, minute % 60) for minute in range(0, 24 * 60, 5))

Place = tuple[date, time]


@dataclass(frozen=True)
class Zones:
    """How many clinics were tried around how many changes, and what was found."""

    zones: int
    changes: int
    clinics: int
    offered: int
    booked: int
    refused: int
    """Times that were not offered, and could not be booked."""
    failures: tuple[str, ...]
    holds: bool


@dataclass(frozen=True)
class Case:
    """A clinic with one practitioner and one kind of visit, and how its times are picked."""

    hours: tuple[Hours, ...]
    step_minutes: int
    visit_minutes: int
    buffers: tuple[int, int]
    pick: int


@dataclass
class _Count:
    clinics: int = 0
    offered: int = 0
    booked: int = 0
    refused: int = 0


def check_zones(url: str, seed: int, examples: int = 30) -> Zones:
    """Try so many random clinics around each change of each zone, in one new book."""
    database = Database(url)
    database.open()
    tried, failures, numbers = _Count(), [], count(FIRST_PRACTITIONER)
    changes = list(_changes())
    for zone, day in changes:
        failure = _check_change(database, zone, day, seed, examples, tried, numbers)
        failures += [f"{zone.key} {day}: {failure}"] if failure else []
    database.close()
    return Zones(
        len(ZONES),
        sum(len(clock_changes(ZoneInfo(zone), FIRST_YEAR, LAST_YEAR)) for zone in ZONES),
        tried.clinics,
        tried.offered,
        tried.booked,
        tried.refused,
        tuple(failures),
        holds=not failures and bool(tried.booked),
    )


def _changes() -> Iterator[tuple[ZoneInfo, date]]:
    for name in ZONES:
        zone = ZoneInfo(name)
        for day in clock_changes(zone, FIRST_YEAR, LAST_YEAR) or WITHOUT_CHANGE:
            yield zone, day


def _check_change(
    database: Database,
    zone: ZoneInfo,
    day: date,
    seed: int,
    examples: int,
    tried: _Count,
    numbers: Iterator[int],
) -> str:
    """Try random clinics around one change; return what is wrong with the simplest bad one."""
    days = [day + timedelta(days=step) for step in (-1, 0, 1)]
    walls = {each: WallDay(each, zone) for each in days}

    @seeded(seed)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(CASES)
    def check(case: Case) -> None:
        number = next(numbers)
        clinic = _clinic(case, zone, number)
        write_down(database, clinic, [str(number)], _long_before(day, zone))
        tried.clinics += 1
        _Check(database, clinic, walls, _long_before(day, zone), tried).run(Random(case.pick))

    try:
        check()
    except AssertionError as failed:
        return str(failed).splitlines()[0]
    return ""


def _hours(marks: list[int]) -> tuple[Hours, ...]:
    times = [_ALL_TIMES[mark] for mark in sorted(marks)]
    return tuple(Hours(*pair) for pair in zip(times[::2], times[1::2], strict=True))


CASES = st.builds(
    Case,
    hours=st.sampled_from((2, 4))
    .flatmap(lambda size: st.lists(st.integers(0, 120), min_size=size, max_size=size, unique=True))
    .map(_hours),
    step_minutes=st.sampled_from((5, 10, 15, 20, 30, 60)),
    visit_minutes=st.integers(3, 24).map(lambda cells: 5 * cells),
    buffers=st.tuples(*[st.integers(0, 6).map(lambda cells: 5 * cells)] * 2),
    pick=st.integers(0, 1_000_000),
)
"""Clinics of the first ten hours of the day, in which clocks change."""


def _clinic(case: Case, zone: ZoneInfo, number: int) -> Clinic:
    visit = VisitType(f"visit-{number}", "Visit", case.visit_minutes, number, *case.buffers)
    who = Practitioner(f"practitioner-{number}", "Practitioner", (case.hours,) * 7, id=number)
    return Clinic(
        f"Clinic {number}",
        zone,
        slot_minutes=case.step_minutes,
        practitioners=(who,),
        visit_types=(visit,),
    )


def _long_before(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day - timedelta(days=4), time(12), zone)


class _Check:
    """One clinic around one change; every method raises AssertionError."""

    def __init__(
        self,
        database: Database,
        clinic: Clinic,
        walls: dict[date, WallDay],
        now: datetime,
        tried: _Count,
    ) -> None:
        self._database, self._clinic, self._walls = database, clinic, walls
        self._now, self._tried = now, tried
        (self._who,), (self._visit,) = clinic.practitioners, clinic.visit_types
        self._patient = str(self._who.id)
        self._taken: list[TimeRange] = []
        """With buffers."""

    def run(self, random: Random) -> None:
        """Check all that is offered, then book some of it, one after another."""
        offered = self._offered()
        self._tried.offered += len(offered)
        for place in offered:
            self._check_place(*place)
        for day in self._walls:
            for at in _ALL_TIMES:
                assert self._is_bookable(day, at) == ((day, at) in offered), f"{at}: not alike"
        for _ in range(BOOKINGS):
            if offered:
                self._book(*random.choice(sorted(offered)))
            offered = self._offered()
            others = [place for place in self._all_places() if place not in offered]
            self._refuse(*random.choice(others))

    def _offered(self) -> set[Place]:
        found = search_slots(
            self._database, self._clinic, min(self._walls), max(self._walls), self._now
        )
        return {(start.day, start.at) for start in found[self._who.id]}

    def _all_places(self) -> list[Place]:
        return [(day, at) for day in self._walls for at in _ALL_TIMES]

    def _check_place(self, day: date, at: time) -> None:
        """The time exists, is within working hours to its end, and comes back from UTC."""
        wall = self._walls[day]
        starts_at = wall.first(at)
        assert starts_at is not None, f"{at} does not exist"
        ends_at = starts_at + timedelta(minutes=self._visit.minutes)
        assert any(
            wall.reached(hours.opens) <= starts_at and ends_at <= wall.reached(hours.closes)
            for hours in self._who.week[0]
        ), f"{at} is not within working hours"
        there = to_utc(day, at, self._clinic.timezone)
        assert there == starts_at, f"{at} is another time in UTC"
        back = to_clinic(there, self._clinic.timezone)
        assert back == datetime.combine(day, at), f"{at} comes back as {back}"

    def _is_bookable(self, day: date, at: time) -> bool:
        try:
            bookable(self._clinic, self._visit, [self._who], day, at, self._now)
        except SchedulingError:
            return False
        return True

    def _book(self, day: date, at: time) -> None:
        try:
            booked = book(self._database, self._clinic, self._patient, day, at, "Visit", self._now)
        except SchedulingError as refused:
            raise AssertionError(f"{at} is offered, but refused: {refused.code}") from refused
        length = booked.ends_at - booked.starts_at
        assert booked.starts_at == self._walls[day].first(at), f"{at} is booked at another time"
        assert length == timedelta(minutes=self._visit.minutes), f"{at} lasts {length}"
        taken = with_buffers(self._visit, TimeRange(booked.starts_at, booked.ends_at))
        assert not any(taken.overlaps(other) for other in self._taken), f"{at} overlaps"
        self._taken.append(taken)
        self._tried.booked += 1

    def _refuse(self, day: date, at: time) -> None:
        try:
            book(self._database, self._clinic, self._patient, day, at, "Visit", self._now)
        except SchedulingError:
            self._tried.refused += 1
            return
        raise AssertionError(f"{at} is not offered, but was booked")
