"""What a caller waits for, when they would like a time that is not free."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from kavita.scheduling.clinic import Clinic, Practitioner, VisitType
from kavita.scheduling.errors import InvalidDate
from kavita.scheduling.rules import check_day
from kavita.scheduling.times import to_clinic
from kavita.store.appointments import visit_of
from kavita.store.tables import Appointment
from kavita.store.waitlist import Wish


def wish_for_day(
    clinic: Clinic, day: date, visit: VisitType, who: Sequence[Practitioner], now: datetime
) -> Wish:
    """Any time on that day; raises PastTime, TooFarAhead or InvalidDate."""
    check_day(clinic, day, now)
    after = _midnight(clinic, day + timedelta(days=1))
    return _checked(Wish(max(now, _midnight(clinic, day)), after, visit, _one_id(who)))


def wish_for_earlier(
    clinic: Clinic,
    appointment: Appointment,
    first: date | None,
    who: Sequence[Practitioner],
    now: datetime,
) -> Wish:
    """Any time before an appointment, from the day `first` on; raises InvalidDate.

    With the same practitioner, unless others are named.
    """
    first = first or to_clinic(now, clinic.timezone).date()
    return _checked(
        Wish(
            earliest=max(now, _midnight(clinic, first)),
            latest=appointment.starts_at,
            visit=visit_of(clinic, appointment),
            practitioner_id=_one_id(who) if who else appointment.practitioner_id,
            appointment_id=appointment.id,
        )
    )


def _checked(wish: Wish) -> Wish:
    if wish.earliest >= wish.latest:
        raise InvalidDate("There is no earlier time than that.")
    return wish


def _one_id(who: Sequence[Practitioner]) -> int | None:
    """The practitioner who is wanted; None for anybody."""
    return who[0].id if len(who) == 1 else None


def _midnight(clinic: Clinic, day: date) -> datetime:
    return datetime.combine(day, time(), clinic.timezone)
