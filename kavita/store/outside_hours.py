"""Booked appointments that the clinic's hours no longer have room for: whom to call."""

from datetime import datetime

from sqlalchemy import select

from kavita.scheduling.clinic import Clinic
from kavita.scheduling.times import to_clinic
from kavita.scheduling.working_time import CELL_SECONDS, cell_of, working_day
from kavita.store.database import Database
from kavita.store.tables import BOOKED, Appointment


def outside_hours(database: Database, clinic: Clinic, now: datetime) -> list[Appointment]:
    """Return the coming appointments on closed days, outside of hours, or with who has left.

    Hours and closures are changed after patients have booked; nothing is cancelled for that.
    """
    query = (
        select(Appointment)
        .where(Appointment.status == BOOKED, Appointment.starts_at > now)
        .order_by(Appointment.starts_at, Appointment.position)
    )
    with database.transaction() as session:
        coming = session.scalars(query).all()
    return [each for each in coming if not is_in_hours(clinic, each)]


def is_in_hours(clinic: Clinic, appointment: Appointment) -> bool:
    """Tell whether the practitioner works all through the appointment."""
    one = clinic.practitioner(appointment.practitioner_id)
    if one is None:
        return False
    day = to_clinic(appointment.starts_at, clinic.timezone).date()
    first = cell_of(appointment.starts_at)
    end = -(-int(appointment.ends_at.timestamp()) // CELL_SECONDS)
    ranges = working_day(clinic, one, day).ranges
    return any(begin <= first and end <= stop for begin, stop in ranges)
