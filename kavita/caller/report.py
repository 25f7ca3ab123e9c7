"""What a demo call was: its turns, what was booked, and how quickly the agent answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from math import ceil
from typing import Any

from kavita import wire
from kavita.caller.agenda import Agenda
from kavita.scheduling.times import format_time, parse_date, parse_time


@dataclass(frozen=True)
class ToolRun:
    """A tool that the agent ran."""

    function: str
    arguments: dict[str, Any]
    result: dict[str, Any]


@dataclass(frozen=True)
class Turn:
    """One turn: the caller's sentence and the agent's answer. Turn 0 is the greeting."""

    number: int
    caller: str
    heard: str
    """What the agent understood of it."""
    agent: str
    tools: tuple[ToolRun, ...]
    gap_ms: int | None
    """End of the caller's speech to the first audible sound of the answer; None for turn 0."""
    server: wire.Metrics | None = None
    """The server's own figures."""

    def as_json(self) -> dict[str, Any]:
        """One object for programs."""
        return {
            "type": "turn",
            "turn": self.number,
            "caller": self.caller,
            "heard": self.heard,
            "agent": self.agent,
            "tool_calls": [vars(tool) for tool in self.tools],
            "gap_ms": self.gap_ms,
            "server_ms": self.server.model_dump(exclude={"type", "turn"}) if self.server else None,
        }


@dataclass(frozen=True)
class Booked:
    """The appointment as the last tool result told it."""

    appointment_id: str
    user_id: str
    day: date
    time: time
    purpose: str

    def as_json(self) -> dict[str, str]:
        """As `data/appointments.json` writes it."""
        return {
            "appointment_id": self.appointment_id,
            "user_id": self.user_id,
            "date": self.day.isoformat(),
            "time": format_time(self.time),
            "purpose": self.purpose,
        }


@dataclass(frozen=True)
class DemoResult:
    """A whole call."""

    call_id: str
    agenda: Agenda
    turns: tuple[Turn, ...]
    booked: Booked | None
    summary: str
    ended: str
    """The server's reason for the end."""
    gave_up: str = ""
    """Why the caller gave up; empty when it did not."""

    @property
    def fulfilled(self) -> bool:
        """Whether the appointment that was wished was booked, and the call ended by goodbye."""
        wants, booked = self.agenda, self.booked
        return (
            booked is not None
            and (booked.user_id, booked.day, booked.time) == (wants.user_id, wants.day, wants.time)
            and booked.purpose.casefold() == wants.purpose.casefold()
            and self.ended == "goodbye"
        )

    @property
    def gaps_ms(self) -> list[int]:
        """The gap of every turn that was answered, in order of length."""
        return sorted(turn.gap_ms for turn in self.turns if turn.gap_ms is not None)

    def as_json(self) -> dict[str, Any]:
        """The last object for programs."""
        return {
            "type": "result",
            "call_id": self.call_id,
            "fulfilled": self.fulfilled,
            "booked": self.booked.as_json() if self.booked else None,
            "turns": len(self.turns),
            "gap_ms": {"p50": percentile(self.gaps_ms, 50), "max": percentile(self.gaps_ms, 100)},
            "summary": self.summary,
            "ended": self.ended,
            "gave_up": self.gave_up,
        }


def booked_by(turns: Sequence[Turn], user_id: str) -> Booked | None:
    """The appointment booked or moved last in the call."""
    for turn in reversed(turns):
        for tool in reversed(turn.tools):
            if tool.result.get("status") in ("booked", "modified"):
                row = tool.result
                return Booked(
                    appointment_id=row["appointment_id"],
                    user_id=row.get("user_id", user_id),
                    day=parse_date(row["date"]),
                    time=parse_time(row["time"]),
                    purpose=row.get("purpose", ""),
                )
    return None


def percentile(ordered: Sequence[int], percent: int) -> int | None:
    """The nearest-rank percentile of numbers in order; None when there are none."""
    if not ordered:
        return None
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]
