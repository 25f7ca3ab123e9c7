"""The content of `clinic.toml`, field by field; `docs/clinic.md` is held to these models."""

from datetime import date
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    model_validator,
)

from kavita.scheduling.clinic import CELL_MINUTES, MAX_VISIT_MINUTES, Hours, Week
from kavita.scheduling.details import clean_text
from kavita.store.written_hours import read_day, read_hours, write_hours

MAX_NAME_CHARS = 80
MAX_EXCEPTION_DAYS = 366


def _a_key(key: str) -> str:
    is_plain = key.isascii() and key.replace("-", "").replace("_", "").isalnum()
    if not is_plain or key != key.lower() or len(key) > MAX_NAME_CHARS // 2:
        raise ValueError('write a short word in small letters, such as "rao" or "check-up"')
    return key


def _a_name(name: str) -> str:
    name = clean_text(name)
    if not any(each.isalnum() for each in name) or len(name) > MAX_NAME_CHARS:
        raise ValueError(f"write a name of 1 to {MAX_NAME_CHARS} characters")
    return name


def _a_word(text: str) -> str:
    text = clean_text(text)
    if len(text) > MAX_NAME_CHARS:
        raise ValueError(f"write at most {MAX_NAME_CHARS} characters")
    return text


def _a_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f'{name!r} is not an IANA time zone; write one such as "Asia/Kolkata"'
        ) from None
    return name


def _a_phone_number(number: str) -> str:
    if not 2 <= len(number) <= 20 or not set(number) <= set("+-0123456789 "):
        raise ValueError('write a telephone number such as "112"')
    return number


def _on_the_raster(minutes: int) -> int:
    if minutes % CELL_MINUTES:
        raise ValueError(f"write a multiple of {CELL_MINUTES}")
    return minutes


Key = Annotated[str, AfterValidator(_a_key)]
Name = Annotated[str, AfterValidator(_a_name)]
Word = Annotated[str, AfterValidator(_a_word)]
Zone = Annotated[str, AfterValidator(_a_zone)]
PhoneNumber = Annotated[str, AfterValidator(_a_phone_number)]
Minutes = Annotated[int, AfterValidator(_on_the_raster)]
Day = Annotated[date, PlainValidator(read_day), PlainSerializer(date.isoformat)]
DayHours = Annotated[tuple[Hours, ...], PlainValidator(read_hours), PlainSerializer(write_hours)]


class _Table(BaseModel):
    """A table of the file: nothing unknown in it, no number in quotes, nothing changed later."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ClinicTable(_Table):
    """`[clinic]`: the clinic itself, and how its book is kept."""

    name: Name = Field(description="The clinic, as spoken")
    timezone: Zone = Field(description='IANA zone of all times in this file, "Asia/Kolkata"')
    emergency_number: PhoneNumber = Field("112", description="Told at once to a caller in danger")
    slot_minutes: Minutes = Field(
        30, ge=5, le=120, description="Times are offered at this distance, from the opening on"
    )
    minimum_notice_minutes: int = Field(
        0, ge=0, le=43200, description="How long before its start a time can still be booked"
    )
    horizon_days: int = Field(365, ge=1, le=730, description="How many days ahead can be booked")
    hold_minutes: int = Field(
        5, ge=0, le=30, description="How long a time that was offered is kept for the caller"
    )
    waitlist_claim_minutes: int = Field(
        60, ge=5, le=1440, description="How long a freed time is kept for a waiting patient"
    )


class IdentityTable(_Table):
    """`[identity]`: what is asked of a caller."""

    pin_for_changes: bool = Field(
        False, description="Ask for the patient's PIN before an appointment is cancelled or moved"
    )


class HoursTable(_Table):
    """`[hours]`: the hours of a week, Monday to Sunday; the gaps within a day are its breaks."""

    monday: DayHours = Field((), description='"09:00-13:00, 14:00-18:00", or "closed"')
    tuesday: DayHours = Field((), description="likewise")
    wednesday: DayHours = Field((), description="likewise")
    thursday: DayHours = Field((), description="likewise")
    friday: DayHours = Field((), description="likewise")
    saturday: DayHours = Field((), description="likewise")
    sunday: DayHours = Field((), description="likewise")

    def week(self) -> Week:
        """The hours day by day."""
        return (
            *(self.monday, self.tuesday, self.wednesday, self.thursday),
            *(self.friday, self.saturday, self.sunday),
        )


class VisitTypeTable(_Table):
    """`[[visit_type]]`: a kind of visit that can be booked; the first one is the usual one."""

    key: Key = Field(
        description="Names it in this file and in the book; another key is another visit"
    )
    name: Name = Field(description="As spoken")
    minutes: Minutes = Field(ge=15, le=MAX_VISIT_MINUTES, description="How long it takes")
    buffer_before_minutes: Minutes = Field(
        0, ge=0, le=120, description="Kept free before each visit; not told to the caller"
    )
    buffer_after_minutes: Minutes = Field(0, ge=0, le=120, description="Likewise after it")


class _Days(_Table):
    """One day, or all days from one to another."""

    day: Day | None = Field(None, alias="date", description="One day, 2026-12-25")
    first: Day | None = Field(None, alias="from", description="Instead: the first of several days")
    until: Day | None = Field(None, description="and the last one")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = [each is not None for each in (self.day, self.first, self.until)]
        if given not in ([True, False, False], [False, True, True]):
            raise ValueError("write either date, or from and until")
        if self.first and self.until and self.until < self.first:
            raise ValueError("until is before from")
        return self

    def span(self) -> tuple[date, date]:
        """The first and the last day."""
        first, last = self.day or self.first, self.day or self.until
        assert first is not None
        assert last is not None
        return first, last


class ExceptionTable(_Days):
    """`[[practitioner.exception]]`: days on which the weekly hours do not hold."""

    hours: DayHours | None = Field(None, description="The hours of those days")
    away: bool = Field(False, description="Instead: true when they do not work")

    @model_validator(mode="after")
    def _one_meaning(self) -> Self:
        if self.away is (self.hours is not None):
            raise ValueError("write either hours, or away = true")
        first, last = self.span()
        if (last - first).days >= MAX_EXCEPTION_DAYS:
            raise ValueError(f"write at most {MAX_EXCEPTION_DAYS} days")
        return self


class PractitionerTable(_Table):
    """`[[practitioner]]`: somebody whose time is booked."""

    key: Key = Field(description="Names them in the book; another key is somebody else")
    name: Name = Field(description="As spoken")
    specialty: Word = Field("", description="As spoken; callers may ask for it")
    languages: list[Name] = Field([], max_length=20, description='["English", "Hindi"]')
    visit_types: list[Key] | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="Keys of what they offer; left out: everything",
    )
    hours: HoursTable | None = Field(
        None, description="Their own week, as in `[hours]`; left out: the clinic's"
    )
    exception: list[ExceptionTable] = Field([], max_length=100, description="See below")


class ClosureTable(_Days):
    """`[[closure]]`: days on which the whole clinic is closed, whatever else is written."""

    reason: Word = Field("", description="For whoever reads the file")


class ClinicFile(_Table):
    """The whole file."""

    clinic: ClinicTable
    identity: IdentityTable = IdentityTable()
    hours: HoursTable | None = None
    visit_type: list[VisitTypeTable] = Field([], max_length=100)
    practitioner: list[PractitionerTable] = Field([], max_length=100)
    closure: list[ClosureTable] = Field([], max_length=500)

    def content(self) -> dict[str, Any]:
        """The same as JSON, which `model_validate` reads again."""
        return self.model_dump(mode="json", by_alias=True)

    def week_of(self, practitioner: PractitionerTable) -> Week:
        """The weekly hours of a practitioner: their own, or the clinic's."""
        hours = practitioner.hours or self.hours or HoursTable()
        return hours.week()
