"""What the agent offers aloud is kept for the caller while they decide."""

from datetime import datetime

from loguru import logger

from kavita.agent.call_state import CallState
from kavita.receptionist.understanding.understanding import times_said
from kavita.scheduling.clinic import Clinic
from kavita.scheduling.slots import slot_range
from kavita.scheduling.times import to_clinic
from kavita.store.database import Database, StoreUnavailable
from kavita.store.holds import hold_times


def hold_offered(
    database: Database, clinic: Clinic, call_state: CallState, said: str, now: datetime
) -> None:
    """Hold the times in `said` that the call was shown as free; nothing for an unknown caller."""
    shown, patient = call_state.shown, call_state.patient
    if shown is None or patient is None or not clinic.hold_minutes:
        return
    today = to_clinic(now, clinic.timezone).date()
    offered = [at for at in times_said(said, clinic, today) if at in shown.free_with]
    if not offered:
        return
    times = [
        (shown.free_with[at][0], slot_range(clinic, shown.visit, shown.day, at))
        for at in dict.fromkeys(offered)
    ]
    try:
        hold_times(database, clinic, shown.visit, times, call_state.call_id, now)
    except StoreUnavailable as error:
        logger.error("offered times are not kept in call {}: {}", call_state.call_id, error)
