"""A caller who cuts in at any moment of a write: what is said, the record and the book agree."""

import asyncio
import json
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from statistics import median

from benchmarks.model.line import CLINIC, NOW, Books, Line, a_line, model_at
from kavita.scheduling.times import MONTHS
from tests.fakes.openai_server import OpenAIServer, openai_server

CHANGES = {
    "book": ("A lab visit on Thursday please", "12 PM please"),
    "cancel": ("Cancel my general checkup", "Yes please"),
    "move": ("Move my general checkup to Thursday", "12 PM please"),
}
"""What the caller says before the write, and what brings it about."""

DONE = ("booked", "modified", "cancelled")
TIMED_CALLS = 5
BEYOND = 1.1
"""The last offset lies after the answer, of which the longest may take a little longer."""

CHUNK_CHARS = 40
"""Of the model's stream: whole sentences and calls still come in pieces."""


@dataclass(frozen=True)
class CutInFound:
    """Of one kind of change, over all offsets."""

    calls: int
    offsets: int
    longest_offset_ms: float
    changed: int
    """Calls in which the change was made, cut in on or not."""
    told: int
    """Calls in which the caller had been told so before cutting in."""
    agree: int
    twice: int
    disagree_at_ms: tuple[float, ...]

    @property
    def holds(self) -> bool:
        """Whether the figure keeps its bound."""
        return self.agree == self.calls and not self.twice


@dataclass(frozen=True)
class _Seen:
    changed: bool
    told: bool
    agree: bool
    twice: bool


async def cut_in(books: Books, change: str, offsets: int, rounds: int) -> CutInFound:
    """`rounds` calls for each of so many offsets, spread evenly over the time of an answer."""
    with openai_server(CLINIC, NOW) as server:
        server.chunk_chars = CHUNK_CHARS
        whole = BEYOND * await _seconds_of_an_answer(books, server, change)
        moments = [whole * number / (offsets - 1) for number in range(offsets)] * rounds
        model = model_at(server)
        seen = []
        for moment in moments:
            async with a_line(books, model) as line:
                seen.append(await _one(line, change, moment))
        await model.close()
    return CutInFound(
        calls=len(seen),
        offsets=offsets,
        longest_offset_ms=round(1000 * whole, 1),
        changed=sum(one.changed for one in seen),
        told=sum(one.told for one in seen),
        agree=sum(one.agree for one in seen),
        twice=sum(one.twice for one in seen),
        disagree_at_ms=tuple(
            round(1000 * moment, 1)
            for moment, one in zip(moments, seen, strict=True)
            if not one.agree
        ),
    )


async def _seconds_of_an_answer(books: Books, server: OpenAIServer, change: str) -> float:
    """How long the answer takes that nobody cuts in on."""
    first, last = CHANGES[change]
    model, took = model_at(server), []
    for _ in range(TIMED_CALLS):
        async with a_line(books, model) as line:
            await line.say("My ID is 1001")
            await line.say(first)
            began = time.monotonic()
            await line.say(last)
            took.append(time.monotonic() - began)
    await model.close()
    return median(took)


async def _one(line: Line, change: str, moment: float) -> _Seen:
    """Cut in so many seconds after the words that bring the change about, and ask."""
    first, last = CHANGES[change]
    await line.say("My ID is 1001")
    await line.say(first)
    before = line.book()
    line.spoken.clear()
    answer = asyncio.create_task(line.say(last))
    await asyncio.sleep(moment)
    answer.cancel()
    with suppress(asyncio.CancelledError):
        await answer
    told = any(words.startswith("Done!") for words in line.spoken)
    await line.say("Are you there?")
    listing = (await line.say("Which appointments do I have?")).text
    after = line.book()
    done = [status for status in line.changes() if status in DONE]
    changed = before != after
    agree = (
        changed == bool(done) == bool(_in_history(line))
        and changed >= told
        and all((day in listing) == (day in _days(after)) for day in _days(before) | _days(after))
    )
    return _Seen(changed, told, agree, len(done) > 1)


def _days(visits: dict[str, str]) -> set[str]:
    """The days of visits as they are spoken."""
    days = (date.fromisoformat(at[:10]) for at in visits.values())
    return {f"{MONTHS[day.month - 1]} {day.day} at" for day in days}


def _in_history(line: Line) -> list[str]:
    results = [
        json.loads(message["content"])
        for message in line.history.get_messages()
        if message["role"] == "tool"
    ]
    return [result["status"] for result in results if result["status"] in DONE]
