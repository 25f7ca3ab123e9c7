"""The clinic in the book: what the file says, with rows that outlive it."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from kavita.scheduling.clinic import (
    Clinic,
    Closure,
    Hours,
    Practitioner,
    VisitType,
    Week,
)
from kavita.scheduling.working_time import hours_of
from kavita.store import tables
from kavita.store.appointments import book
from kavita.store.clinic import keep_clinic, load_clinic, read_clinic
from kavita.store.clinic_file import ClinicFileError, read_clinic_file
from kavita.store.database import Database
from kavita.store.outside_hours import outside_hours
from kavita.store.patients import register_patient

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/clinic.toml"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CLINIC = '[clinic]\nname = "Sunrise Clinic"\ntimezone = "Asia/Kolkata"\n'
HOURS = '[hours]\nmonday = "09:00-13:00, 14:00-18:00"\ntuesday = "10:00-19:00"\n'
RAO = '[[practitioner]]\nkey = "rao"\nname = "Dr. Rao"\n'
MEHTA = '[[practitioner]]\nkey = "mehta"\nname = "Dr. Mehta"\n'
TUESDAY = date(2026, 2, 10)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "clinic.toml"


def load(database: Database, file: Path, text: str, plain: Clinic, now: datetime) -> Clinic:
    file.write_text(text, encoding="utf-8")
    return load_clinic(database, file, plain, now)


def test_the_book_gives_the_clinic_back_without_the_file(
    any_database: Database, clinic: Clinic, now: datetime
) -> None:
    kept = load_clinic(any_database, EXAMPLE, clinic, now)
    assert read_clinic(any_database) == kept
    assert load_clinic(any_database, Path("/nowhere/clinic.toml"), clinic, now) == kept
    rao, mehta, iyer = kept.practitioners
    assert (mehta.specialty, mehta.languages) == ("Dentistry", ("English", "Gujarati"))
    assert rao.visit_types == {"consultation", "follow-up"}
    assert hours_of(kept, mehta, date(2026, 2, 9)) == (
        Hours(time(10), time(14)),
        Hours(time(15), time(19)),
    )
    assert hours_of(kept, rao, date(2027, 1, 15)) == ()
    assert hours_of(kept, iyer, date(2027, 2, 11)) == (Hours(time(8), time(12)),)
    assert kept.closure(date(2027, 10, 30)) == Closure(
        date(2027, 10, 28), date(2027, 10, 31), "Diwali"
    )
    assert not kept.is_plain


def test_the_envelope_is_from_the_first_opening_to_the_last_closing_of_anybody(
    database: Database, clinic: Clinic, now: datetime
) -> None:
    kept = load_clinic(database, EXAMPLE, clinic, now)
    assert (kept.opens, kept.closes, kept.closed_weekdays) == (time(8), time(19), {6})


def test_without_a_file_and_without_an_earlier_one_the_plain_clinic_holds(
    any_database: Database, file: Path, clinic: Clinic, now: datetime
) -> None:
    assert read_clinic(any_database) is None
    assert load_clinic(any_database, file, clinic, now) is clinic


def test_rows_stay_with_their_keys_and_are_inactive_while_the_file_does_not_name_them(
    any_database: Database, file: Path, clinic: Clinic, now: datetime
) -> None:
    both = load(any_database, file, CLINIC + HOURS + RAO + MEHTA, clinic, now)
    assert active(any_database) == {"clinic": False, "rao": True, "mehta": True}
    renamed = RAO.replace("Dr. Rao", "Dr. Iyer")
    one = load(any_database, file, CLINIC + HOURS + renamed, clinic, now)
    assert (one.practitioners[0].id, one.practitioners[0].name) == (
        both.practitioners[0].id,
        "Dr. Iyer",
    )
    assert active(any_database) == {"clinic": False, "rao": True, "mehta": False}
    again = load(any_database, file, CLINIC + HOURS + MEHTA + RAO, clinic, now)
    assert again.practitioners == both.practitioners[::-1]
    with any_database.transaction() as session:
        rao = session.scalars(select(tables.Practitioner).filter_by(key="rao")).one()
        assert rao.name == "Dr. Rao"


def test_a_file_without_practitioners_keeps_the_clinic_itself_bookable(
    database: Database, file: Path, clinic: Clinic, now: datetime
) -> None:
    load(database, file, CLINIC + HOURS + RAO, clinic, now)
    plain = load(database, file, CLINIC + '[hours]\nfriday = "10:00-16:00"\n', clinic, now)
    assert active(database) == {"clinic": True, "rao": False}
    assert plain.is_plain
    assert (plain.opens, plain.closes) == (time(10), time(16))
    assert plain.closed_weekdays == {0, 1, 2, 3, 5, 6}
    assert plain.practitioners[0].id == tables.OWN_PRACTITIONER


def test_a_clinic_without_practitioners_may_close_at_noon(
    any_database: Database, clinic: Clinic, tmp_path: Path, now: datetime
) -> None:
    hours = '[hours]\nmonday = "09:00-13:00, 14:00-18:00"\nfriday = "10:00-12:00"\n'
    plain = load(any_database, tmp_path / "clinic.toml", CLINIC + hours, clinic, now)
    assert plain.is_plain
    morning, afternoon = Hours(time(9), time(13)), Hours(time(14), time(18))
    week = plain.practitioners[0].week
    assert (week[0], week[4]) == ((morning, afternoon), (Hours(time(10), time(12)),))
    assert replace(plain, hold_minutes=0).practitioners == plain.practitioners


def test_a_file_with_a_mistake_leaves_the_book_as_it_was(
    database: Database, file: Path, clinic: Clinic, now: datetime
) -> None:
    kept = load(database, file, CLINIC + HOURS + RAO, clinic, now)
    with pytest.raises(ClinicFileError):
        load(database, file, CLINIC + HOURS + RAO + RAO, clinic, now)
    assert read_clinic(database) == kept
    assert active(database) == {"clinic": False, "rao": True}


def test_the_definition_is_written_only_when_it_changes(
    database: Database, file: Path, clinic: Clinic, now: datetime
) -> None:
    def loaded_at(text: str, at: datetime) -> datetime:
        load(database, file, text, clinic, at)
        with database.transaction() as session:
            return session.get_one(tables.ClinicDefinition, 1).loaded_at

    later = now + timedelta(hours=1)
    assert loaded_at(CLINIC + HOURS + RAO, now) == now
    assert loaded_at("# a comment\n" + CLINIC + HOURS + RAO, later) == now
    assert loaded_at(CLINIC + HOURS + MEHTA, later) == later


def test_programs_that_start_at_the_same_moment_agree(
    any_url: str, any_database: Database, clinic: Clinic, now: datetime
) -> None:
    databases = [any_database, *(Database(any_url) for _ in range(3))]
    with ThreadPoolExecutor(len(databases)) as pool:
        kept = list(pool.map(lambda each: load_clinic(each, EXAMPLE, clinic, now), databases))
    for each in databases[1:]:
        each.close()
    assert kept == [kept[0]] * 4


def test_a_definition_that_this_version_cannot_read_is_told_to_the_operator(
    database: Database, clinic: Clinic, now: datetime
) -> None:
    load_clinic(database, EXAMPLE, clinic, now)
    with database.transaction() as session:
        session.execute(update(tables.ClinicDefinition).values(content={"clinic": {}}))
    with pytest.raises(ClinicFileError, match=r"give it its clinic\.toml again"):
        read_clinic(database)


def test_appointments_outside_of_changed_hours_are_found(
    any_database: Database, file: Path, clinic: Clinic, now: datetime
) -> None:
    text = CLINIC + HOURS + RAO + MEHTA
    first = load(any_database, file, text, clinic, now)
    patients = [register_patient(any_database, "Test Patient", now).id for _ in range(3)]

    def visit(patient: str, who: int, start: time) -> str:
        one = (first.practitioners[who],)
        return book(any_database, first, patient, TUESDAY, start, "Visit", now, who=one).id

    early, late = visit(patients[0], 0, time(10)), visit(patients[1], 0, time(18, 30))
    gone = visit(patients[2], 1, time(11))

    def outside(text: str, at: datetime = now) -> list[str]:
        changed = load(any_database, file, text, clinic, at)
        return [each.id for each in outside_hours(any_database, changed, at)]

    assert outside(text) == []
    assert outside(text.replace("19:00", "18:45")) == [late]
    assert outside(CLINIC + HOURS + RAO) == [gone]
    closed = text + "[[closure]]\ndate = 2026-02-10\n"
    assert outside(closed) == [early, gone, late]
    away = CLINIC + HOURS + RAO + "[[practitioner.exception]]\ndate = 2026-02-10\naway = true\n"
    assert outside(away + MEHTA) == [early, late]
    assert outside(closed, now + timedelta(days=1, hours=6)) == [late]


def active(database: Database) -> dict[str, bool]:
    with database.transaction() as session:
        return {row.key: row.is_active for row in session.scalars(select(tables.Practitioner))}


minutes = st.integers(0, 24 * 12 - 1).map(lambda cell: time(cell // 12, cell % 12 * 5))
names = (
    st.text("abcdefghij é'-.", min_size=1, max_size=12)
    .map(lambda name: " ".join(name.split()))
    .filter(lambda name: any(map(str.isalpha, name)))
)


@st.composite
def days_hours(draw: st.DrawFn) -> tuple[Hours, ...]:
    """Zero to three stretches of work, with breaks between them."""
    ends = sorted(draw(st.sets(minutes, max_size=6)))
    return tuple(Hours(*pair) for pair in zip(ends[::2], ends[1::2], strict=False))


@st.composite
def practitioners(draw: st.DrawFn, number: int, offered: frozenset[str]) -> Practitioner:
    day = (Hours(time(9), time(12)),)
    week: Week = (day, *(draw(days_hours()) for _ in range(6)))
    first = date(2026, 1, 1)
    days = sorted(draw(st.sets(st.integers(0, 700), max_size=3)))
    return Practitioner(
        key=f"one-{number}",
        name=f"{draw(names)} {number}",
        week=week,
        id=0,
        specialty=draw(names),
        languages=tuple(draw(st.lists(names, max_size=3))),
        visit_types=draw(
            st.just(offered) if number == 0 else st.sampled_from([offered, frozenset()])
        ),
        exceptions=tuple((first + timedelta(days=day), draw(days_hours())) for day in days),
    )


@st.composite
def clinics(draw: st.DrawFn) -> Clinic:
    """Any clinic with practitioners that a file can define."""
    raster = st.integers(0, 24).map(lambda cells: cells * 5)
    visits = tuple(
        VisitType(
            f"visit_{number}",
            f"{draw(names)} {number}",
            *draw(
                st.tuples(
                    st.integers(3, 24).map(lambda cells: cells * 5), st.none(), raster, raster
                )
            ),
        )
        for number in range(draw(st.integers(0, 3)))
    )
    offered = frozenset(visit.key for visit in visits)
    people = [draw(practitioners(n, offered)) for n in range(draw(st.integers(1, 3)))]
    stretches = [stretch for one in people for day in one.week for stretch in day]
    closures = draw(st.lists(st.tuples(st.dates(), st.dates(), names), max_size=3))
    return Clinic(
        name=draw(names),
        timezone=ZoneInfo(draw(st.sampled_from(["Asia/Kolkata", "Europe/London", "UTC"]))),
        opens=min(stretch.opens for stretch in stretches),
        closes=max(stretch.closes for stretch in stretches),
        closed_weekdays=frozenset(n for n in range(7) if not any(one.week[n] for one in people)),
        slot_minutes=draw(st.integers(1, 24)) * 5,
        notice_minutes=draw(st.integers(0, 1439)),
        horizon_days=draw(st.integers(1, 730)),
        hold_minutes=draw(st.integers(0, 30)),
        waitlist_claim_minutes=draw(st.integers(5, 1440)),
        pin_for_changes=draw(st.booleans()),
        emergency_number=draw(st.sampled_from(["112", "911", "+44 20 7946"])),
        practitioners=tuple(people),
        visit_types=visits,
        closures=tuple(Closure(min(a, b), max(a, b), why) for a, b, why in closures),
    )


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
@given(defined=clinics())
def test_any_clinic_survives_the_way_through_file_and_book(
    defined: Clinic, database: Database, file: Path, now: datetime
) -> None:
    file.write_text(toml(defined), encoding="utf-8")
    kept = keep_clinic(database, read_clinic_file(file), now)
    assert read_clinic(database) == kept
    assert without_ids(kept) == defined
    ids = [one.id for one in kept.practitioners] + [visit.id for visit in kept.visit_types]
    assert tables.OWN_PRACTITIONER not in ids[: len(kept.practitioners)]


def without_ids(clinic: Clinic) -> Clinic:
    return replace(
        clinic,
        practitioners=tuple(replace(one, id=0) for one in clinic.practitioners),
        visit_types=tuple(replace(visit, id=None) for visit in clinic.visit_types),
    )


def toml(clinic: Clinic) -> str:
    """The clinic as somebody would write it down."""
    return "\n".join(_lines(clinic)) + "\n"


def _lines(clinic: Clinic) -> Iterator[str]:
    yield "[clinic]"
    yield f"name = {text(clinic.name)}"
    yield f"timezone = {text(str(clinic.timezone))}"
    yield f"emergency_number = {text(clinic.emergency_number)}"
    yield f"slot_minutes = {clinic.slot_minutes}"
    yield f"minimum_notice_minutes = {clinic.notice_minutes}"
    yield f"horizon_days = {clinic.horizon_days}"
    yield f"hold_minutes = {clinic.hold_minutes}"
    yield f"waitlist_claim_minutes = {clinic.waitlist_claim_minutes}"
    yield f"[identity]\npin_for_changes = {str(clinic.pin_for_changes).lower()}"
    for visit in clinic.visit_types if clinic.visit_types[0].key else ():
        yield f"[[visit_type]]\nkey = '{visit.key}'\nname = {text(visit.name)}"
        yield f"minutes = {visit.minutes}"
        yield f"buffer_before_minutes = {visit.buffer_before_minutes}"
        yield f"buffer_after_minutes = {visit.buffer_after_minutes}"
    for one in clinic.practitioners:
        yield f"[[practitioner]]\nkey = '{one.key}'\nname = {text(one.name)}"
        yield f"specialty = {text(one.specialty)}"
        yield f"languages = [{', '.join(map(text, one.languages))}]"
        if one.visit_types:
            yield f"visit_types = [{', '.join(map(text, one.visit_types))}]"
        yield "[practitioner.hours]"
        for name, hours in zip(WEEKDAYS, one.week, strict=True):
            if hours:
                yield f"{name} = '{written(hours)}'"
        for day, hours in one.exceptions:
            yield f"[[practitioner.exception]]\ndate = {day}"
            yield f"hours = '{written(hours)}'" if hours else "away = true"
    for closure in clinic.closures:
        yield f"[[closure]]\nfrom = {closure.first}\nuntil = {closure.last}"
        yield f"reason = {text(closure.reason)}"


def text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def written(hours: tuple[Hours, ...]) -> str:
    return ", ".join(f"{each.opens:%H:%M}-{each.closes:%H:%M}" for each in hours)
