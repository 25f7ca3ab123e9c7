"""Tool calls that no caller wanted and no tool can take: nothing is written, nobody is silent."""

import json
import random
from dataclasses import dataclass
from typing import Any

from benchmarks.model.line import Books, Line, a_line, model_at
from tests.fakes.openai_server import OpenAIServer, Reply, openai_server

NAMES = (
    *("identify_user", "register_user", "fetch_slots", "book_appointment"),
    *("retrieve_appointments", "cancel_appointment", "modify_appointment"),
)
HARMLESS = (
    "Hello there",
    "Which appointments do I have?",
    "What are your opening hours?",
    "Who are you?",
    "How is the weather?",
    "Hmm, let me think",
)
"""What the caller says: nothing of it agrees to a change."""

TURNS_A_CALL = 10
CHUNK_CHARS = 40
"""Of the model's stream: its calls come in pieces, and most of the time is not spent on those."""

VALUES: tuple[Any, ...] = (
    *("", " ", "null", "2045", "9999", "S1", "deadbeef", "five", "next Thursday", "25:99 PM"),
    *("2020-01-01", "2026-02-30", "9999-12-31", "\u202e1001", "😀😀", "'; DROP TABLE x; --"),
    *(None, True, 12, 1.5, [], {}, ["1001"], {"a": 1}, "x" * 50_000),
)

BROKEN = ("null", "[]", "7", '"x"', "{", '{"date": ', "\x00", "[" * 9000)


@dataclass(frozen=True)
class BadCallsFound:
    """What came of all of them."""

    calls: int
    writes: int
    silent_turns: int
    exceptions: int

    @property
    def holds(self) -> bool:
        """Whether the figure keeps its bound."""
        return not (self.writes or self.silent_turns or self.exceptions)


async def bad_calls(books: Books, count: int, seed: int) -> BadCallsFound:
    """`count` generated calls, a turn each; the model sends each twice when it is refused."""
    dice = random.Random(seed)
    writes = silent = exceptions = made = 0
    with openai_server(brain=lambda _: Reply("Hello?")) as server:
        server.chunk_chars = CHUNK_CHARS
        model = model_at(server)
        while made < count:
            async with a_line(books, model) as line:
                _identifying(server)
                await line.say("My ID is 1001")
                before = line.book(), line.book("2045")
                for _ in range(min(TURNS_A_CALL, count - made)):
                    made += 1
                    reply = _bad_reply(dice, line)
                    server.brain = lambda _, reply=reply: reply
                    try:
                        heard = await line.say(dice.choice(HARMLESS))
                        silent += heard.is_silent
                    except Exception:  # noqa: BLE001  counted
                        exceptions += 1
                    after = line.book(), line.book("2045")
                    writes += after != before or bool(line.changes())
                    before = after
                    line.results.clear()
        await model.close()
    return BadCallsFound(made, writes, silent, exceptions)


def _identifying(server: OpenAIServer) -> None:
    replies = [Reply(calls=[("identify_user", '{"user_id": "1001"}')]), Reply("How can I help?")]
    server.brain = lambda _: replies.pop(0) if len(replies) > 1 else replies[0]


def _bad_reply(dice: random.Random, line: Line) -> Reply:
    return Reply(calls=[_bad_call(dice, line) for _ in range(dice.choice((1, 1, 1, 2, 7)))])


def _bad_call(dice: random.Random, line: Line) -> tuple[str, str]:
    name = dice.choice(NAMES)
    match dice.randrange(7):
        case 0:
            return name, dice.choice(BROKEN)
        case 1:
            return dice.choice(("drop_tables", "", "book", name.upper(), "x" * 50_000)), "{}"
        case 2:
            return name, json.dumps({dice.choice(("a", "user", "")): dice.choice(VALUES)})
        case 3:
            return _unwanted(dice, line, dice.choice(("1001", "2045")))
        case 4:
            name, whole = _unwanted(dice, line, "1001")
            return name, whole[: dice.randrange(1, len(whole))]
        case _:
            name, whole = _unwanted(dice, line, dice.choice(("1001", "2045", "9999")))
            arguments = json.loads(whole)
            arguments[dice.choice(list(arguments))] = dice.choice(VALUES)
            return name, json.dumps(arguments)


def _unwanted(dice: random.Random, line: Line, patient: str) -> tuple[str, str]:
    """A change in perfect form that the caller has not agreed to, of their own book or another."""
    own = list(line.book(patient)) or ["deadbeef"]
    day = f"2026-02-{dice.randrange(10, 28)}"
    visit = {"user_id": patient, "appointment_id": dice.choice(own)}
    choice = dice.choice(("book_appointment", "cancel_appointment", "modify_appointment"))
    if choice == "book_appointment":
        booking = {"user_id": patient, "name": "Test Patient", "date": day, "purpose": "Visit"}
        return choice, json.dumps(booking | {"time_slot": "10:00 AM"})
    if choice == "modify_appointment":
        visit |= {"new_date": day, "new_time_slot": "11:00 AM"}
    return choice, json.dumps(visit)
