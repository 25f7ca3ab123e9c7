"""The instructions of the language model: `instructions.md`, filled in for this moment."""

from datetime import datetime
from functools import cache
from pathlib import Path

from kavita.agent.call_state import CallState
from kavita.scheduling.clinic import Clinic
from kavita.scheduling.times import WEEKDAYS, format_day, format_time, to_clinic


def instructions(clinic: Clinic, agent_name: str, state: CallState, now: datetime) -> str:
    """Return what the model is told before the conversation.

    Of the caller it holds the ID alone: names and purposes are written by callers, and stay in
    the results of the tools.
    """
    local = to_clinic(now, clinic.timezone)
    return _template().format(
        agent=agent_name.capitalize(),
        clinic=clinic.name,
        today=f"{format_day(local.date())} ({local.date().isoformat()})",
        time=format_time(local.time()),
        zone=str(clinic.timezone),
        hours=_hours(clinic),
        emergency=clinic.emergency_number,
        call=_call(state),
    )


@cache
def _template() -> str:
    return Path(__file__).with_name("instructions.md").read_text("utf-8")


def _hours(clinic: Clinic) -> str:
    days = [name for number, name in enumerate(WEEKDAYS) if number not in clinic.closed_weekdays]
    told = f"It is open from {format_time(clinic.opens)} to {format_time(clinic.closes)}"
    told = f"{told} on {', '.join(days)}." if len(days) < 7 else f"{told} every day."
    if clinic.has_choice:
        told += f" Practitioners: {'; '.join(one.name for one in clinic.practitioners)}."
    if len(clinic.visit_types) > 1:
        told += f" Kinds of visit: {'; '.join(one.name for one in clinic.visit_types)}."
    return told


def _call(state: CallState) -> str:
    if state.patient is None:
        return "\nNobody has been identified in this call yet."
    return f"\nThe caller is identified: user_id {state.patient.user_id}."
