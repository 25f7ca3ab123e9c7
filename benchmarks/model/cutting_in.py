"""A caller who cuts in at any moment of a write: what is known of it and the book agree."""

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass

from benchmarks.model.line import CLINIC, NOW, Books, Line, a_line, model_at
from tests.fakes.openai_server import openai_server

OFFSETS_MS = tuple(range(0, 100, 2))
TURNS = {
    "book": ("A lab visit on Thursday please", "12 PM please"),
    "cancel": ("Cancel my general checkup", "Yes please"),
    "move": ("Move my general checkup to Thursday", "12 PM please"),
}


@dataclass(frozen=True)
class CutInFound:
    """Of one kind of change, over all offsets."""

    change: str
    calls: int
    changed: int
    agree: int
    twice: int

    @property
    def holds(self) -> bool:
        """Whether the figure keeps its bound."""
        return self.agree == self.calls and not self.twice


async def cut_in(books: Books, rounds: int, every: int = 1) -> list[CutInFound]:
    """`rounds` calls for each change and each offset, of which only every so many are taken."""
    found = []
    with openai_server(CLINIC, NOW) as server:
        model = model_at(server)
        for change in TURNS:
            seen = []
            for offset in OFFSETS_MS[::every]:
                for _ in range(rounds):
                    async with a_line(books, model) as line:
                        seen.append(await _one(line, change, offset / 1000))
            changed = sum(one[0] for one in seen)
            agree, twice = sum(one[1] for one in seen), sum(one[2] for one in seen)
            found.append(CutInFound(change, len(seen), changed, agree, twice))
        await model.close()
    return found


async def _one(line: Line, change: str, offset: float) -> tuple[bool, bool, bool]:
    """Whether the book was changed, whether all agree on that, and whether it was done twice."""
    first, last = TURNS[change]
    await line.say("My ID is 1001")
    await line.say(first)
    before = line.book()
    answer = asyncio.create_task(line.say(last))
    await asyncio.sleep(offset)
    answer.cancel()
    with suppress(asyncio.CancelledError):
        await answer
    await line.say("Are you there?")
    await line.say("Which appointments do I have?")
    after = line.book()
    done = [status for status in line.changes() if status in ("booked", "modified", "cancelled")]
    listed = next(row for name, row in reversed(line.results) if name == "retrieve_appointments")
    is_changed = before != after
    is_told = {row["appointment_id"] for row in listed["appointments"]} == set(after)
    in_history = [
        message
        for message in line.history.get_messages()
        if message["role"] == "tool" and json.loads(message["content"])["status"] in done
    ]
    agree = is_told and is_changed == bool(done) == bool(in_history)
    return is_changed, agree, len(done) > 1
