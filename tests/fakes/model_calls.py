"""What calls by text through a model have in common: holding one, and reading its events."""

import json
from datetime import datetime

from kavita import wire
from kavita.agent.text_call import TextCall
from kavita.scheduling.clinic import Clinic
from kavita.scheduling.times import format_time, to_clinic
from kavita.store.appointments import upcoming
from kavita.store.database import Database
from tests.fakes.openai_server import Reply

BOOKING = (
    "Hello",
    "My ID is 1001",
    "I'd like a lab visit on Thursday",
    "12 PM please",
    "That's all, bye",
)


NOON = {
    "user_id": "1001",
    "name": "Archit Ojha",
    "date": "2026-02-12",
    "time_slot": "12:00 PM",
    "purpose": "Lab visit",
}


async def hold(call: TextCall, *turns: str) -> list[wire.ServerMessage]:
    """All events of the call's turns."""
    events = await call.start()
    for turn in turns:
        events += await call.hear(turn)
    return events


def said(events: list[wire.ServerMessage]) -> str:
    return " ".join(event.text for event in events if isinstance(event, wire.SpeakingStart))


def ran(events: list[wire.ServerMessage]) -> list[str]:
    return [
        f"{event.function}: {event.result['status']}"
        for event in events
        if isinstance(event, wire.ToolCall)
    ]


def failures(events: list[wire.ServerMessage]) -> list[str]:
    notes = [event for event in events if isinstance(event, wire.Metrics)]
    return [failure for note in notes for failure in note.llm_failures]


def booked(database: Database, clinic: Clinic, now: datetime) -> set[str]:
    """The visits of 1001 as "2026-02-12 12:00 PM Lab visit"."""
    found = set()
    for row in upcoming(database, "1001", now):
        at = to_clinic(row.starts_at, clinic.timezone)
        found.add(f"{at.date()} {format_time(at.time())} {row.purpose}")
    return found


def tool(name: str, /, **arguments: str) -> Reply:
    return Reply(calls=[(name, json.dumps(arguments))])
