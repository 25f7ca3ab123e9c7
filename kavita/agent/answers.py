"""What the tools return: plain objects with a `status`, in the clinic's own time."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from kavita.scheduling.clinic import Clinic, Practitioner, VisitType
from kavita.scheduling.slots import DaySlots
from kavita.scheduling.times import format_time, to_clinic, weekday_name
from kavita.store.appointments import Moved
from kavita.store.exchange.appointments_json import appointment_row
from kavita.store.identity import Identification
from kavita.store.tables import Appointment, WaitlistEntry
from kavita.store.waitlist_offers import Offer

Result = dict[str, Any]

NOT_FOUND = "I could not find a patient with those details."
"""For an ID that does not exist and for one with a wrong date of birth alike."""


def found(clinic: Clinic, identified: Identification) -> Result:
    """Tell who the patient is, what they have booked, and what is kept for them."""
    patient = identified.patient
    assert patient is not None
    result = {
        "status": "found",
        "user": {"user_id": patient.id, "name": patient.name},
        "active_appointments": rows(clinic, identified.appointments),
    }
    offers = [
        _moment(clinic, offer.starts_at)
        | _with_whom(clinic, offer)
        | {"instead_of": offer.appointment_id, "kept_until": _clock(clinic, offer.expires_at)}
        for offer in identified.offers
    ]
    return result | ({"waitlist_offers": offers} if offers else {})


def not_found(tries_left: int) -> Result:
    """Tell that the details lead to nobody."""
    return {"status": "not_found", "message": NOT_FOUND, "tries_left": tries_left}


def birth_date_needed() -> Result:
    """Ask for the second factor, whether or not the ID exists."""
    return {
        "status": "date_of_birth_needed",
        "message": "To find the record I need the date of birth too.",
    }


def rows(clinic: Clinic, appointments: Sequence[Appointment]) -> list[Result]:
    """Tell several appointments."""
    return [appointment_row(one, clinic) for one in appointments]


def moved(clinic: Clinic, done: Moved) -> Result:
    """Tell an appointment at its new time, and what it was moved from."""
    was = _moment(clinic, done.previously)
    return appointment_row(done.appointment, clinic) | {
        "status": "modified",
        "previous_date": was["date"],
        "previous_time": was["time"],
    }


def waitlisted(clinic: Clinic, entry: WaitlistEntry) -> Result:
    """Tell what a patient waits for now."""
    return {
        "status": "waitlisted",
        "appointment_id": entry.appointment_id,
        "from": _moment(clinic, entry.earliest)["date"],
        "until": _moment(clinic, entry.latest),
        "message": "An earlier time that becomes free is kept for the patient for a while; "
        "they are told when they call.",
    }


def closed_day(status: str, day: date, next_open: date | None) -> Result:
    """Tell that a day has no times at all."""
    return _day(status, day) | {"next_open_date": next_open.isoformat() if next_open else None}


def day_times(
    clinic: Clinic,
    slots: DaySlots,
    visit: VisitType,
    who: Sequence[Practitioner],
    part_of_day: str,
) -> Result:
    """Tell a day's times; who and what for only where there is a choice."""
    result = _day("ok", slots.day) | {
        "available_slots": [format_time(start) for start in slots.free],
        "booked_slots": [format_time(start) for start in slots.booked],
        "available_count": len(slots.free),
    }
    if part_of_day.strip():
        result["part_of_day"] = part_of_day.strip().lower()
    if clinic.is_plain:
        return result
    return result | {
        "practitioner": who[0].name if len(who) == 1 else "any",
        "visit_type": visit.name,
        "minutes": visit.minutes,
        "free_with": {
            format_time(start): [one.name for one in slots.free_with[start]] for start in slots.free
        },
    }


def within(slots: DaySlots, hours: tuple[time, time]) -> DaySlots:
    """Return only the times of a part of the day."""
    free, booked = (
        tuple(start for start in starts if hours[0] <= start < hours[1])
        for starts in (slots.free, slots.booked)
    )
    return DaySlots(slots.day, free, booked, {start: slots.free_with[start] for start in free})


def _day(status: str, day: date) -> Result:
    return {
        "status": status,
        "date": day.isoformat(),
        "weekday": weekday_name(day),
        "available_slots": [],
        "booked_slots": [],
        "available_count": 0,
    }


def _with_whom(clinic: Clinic, offer: Offer) -> Result:
    if clinic.is_plain:
        return {}
    one = clinic.practitioner(offer.practitioner_id)
    visits = [visit.name for visit in clinic.visit_types if visit.id == offer.visit_type_id]
    who = {"practitioner": one.name} if one else {}
    return who | ({"visit_type": visits[0]} if visits else {})


def _moment(clinic: Clinic, instant: datetime) -> Result:
    wall = to_clinic(instant, clinic.timezone)
    return {"date": wall.date().isoformat(), "time": format_time(wall.time())}


def _clock(clinic: Clinic, instant: datetime) -> str:
    return format_time(to_clinic(instant, clinic.timezone).time())
