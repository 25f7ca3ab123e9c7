"""The clinic that a definition makes, as the rules see it."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from kavita.scheduling.clinic import Clinic, Closure, Hours, Practitioner, VisitType, Week
from kavita.store.clinic_checks import exceptional_days
from kavita.store.clinic_models import ClinicFile, PractitionerTable

Ids = Mapping[str, int]
"""Rows in the book by the key of what they stand for."""


def defined_clinic(file: ClinicFile, practitioner_ids: Ids, visit_type_ids: Ids) -> Clinic:
    """Return the clinic of a checked file; everybody in it needs a row."""
    weeks = [file.week_of(one) for one in file.practitioner]
    if not weeks and file.hours:
        weeks = [file.hours.week()]
    own = file.clinic
    return Clinic(
        name=own.name,
        timezone=ZoneInfo(own.timezone),
        emergency_number=own.emergency_number,
        slot_minutes=own.slot_minutes,
        notice_minutes=own.minimum_notice_minutes,
        horizon_days=own.horizon_days,
        hold_minutes=own.hold_minutes,
        waitlist_claim_minutes=own.waitlist_claim_minutes,
        pin_for_changes=file.identity.pin_for_changes,
        own_week=None if file.practitioner else weeks[0],
        practitioners=tuple(
            _practitioner(file, one, practitioner_ids) for one in file.practitioner
        ),
        visit_types=tuple(
            VisitType(id=visit_type_ids[each.key], **each.model_dump()) for each in file.visit_type
        ),
        closures=tuple(Closure(*each.span(), each.reason) for each in file.closure),
        **_envelope(weeks),
    )


def _practitioner(file: ClinicFile, one: PractitionerTable, ids: Ids) -> Practitioner:
    return Practitioner(
        key=one.key,
        name=one.name,
        week=file.week_of(one),
        id=ids[one.key],
        specialty=one.specialty,
        languages=tuple(one.languages),
        visit_types=frozenset(one.visit_types or ()),
        exceptions=tuple(sorted(_exceptions(one))),
    )


def _exceptions(one: PractitionerTable) -> Iterator[tuple[date, tuple[Hours, ...]]]:
    for each in one.exception:
        for day in exceptional_days(each):
            yield day, each.hours or ()


def _envelope(weeks: list[Week]) -> dict[str, Any]:
    """From the first opening to the last closing, and the days on which nobody works."""
    stretches = [stretch for week in weeks for day in week for stretch in day]
    return {
        "opens": min(stretch.opens for stretch in stretches),
        "closes": max(stretch.closes for stretch in stretches),
        "closed_weekdays": frozenset(n for n in range(7) if not any(week[n] for week in weeks)),
    }
