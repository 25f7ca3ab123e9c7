"""Each fault of the language model: is the caller answered in time, and the visit booked?"""

import asyncio
import time
from dataclasses import dataclass

from benchmarks.model.line import CLINIC, NOW, Books, Heard, a_line, model_at
from kavita.agent.answering import RULES
from kavita.agent.sentences import claims_a_change
from tests.fakes.openai_server import FAULTS, Fault, openai_server

SPEECH_SECONDS = 4.0
RECOVERY_SECONDS = 60.0
TURNS = ("I'd like a lab visit on Thursday", "12 PM please", "Which appointments do I have?")


@dataclass(frozen=True)
class FaultFound:
    """What one fault did to a call."""

    fault: str
    sound_seconds: float
    """The longest wait for the first sound, "One moment" included."""
    answer_seconds: float
    """The longest wait for the first words of an answer."""
    silent_turns: int
    booked: bool
    bookings: int
    false_claims: int
    by_rules: int
    back_seconds: float | None
    """From the end of the fault to the first turn of the model; None: not within a minute."""

    @property
    def holds(self) -> bool:
        """Whether the figure keeps its bound."""
        return (
            self.answer_seconds <= SPEECH_SECONDS
            and not self.silent_turns
            and self.booked
            and self.bookings == 1
            and not self.false_claims
            and self.back_seconds is not None
        )


async def fault_matrix(books: Books, faults: tuple[Fault, ...] = FAULTS) -> list[FaultFound]:
    """All faults, one call each, three at a time so that the calls do not slow each other."""
    at_once = asyncio.Semaphore(3)

    async def one(fault: Fault) -> FaultFound:
        async with at_once:
            return await _call_with(fault, books)

    return list(await asyncio.gather(*map(one, faults)))


async def _call_with(fault: Fault, books: Books) -> FaultFound:
    with openai_server(CLINIC, NOW) as server:
        model = model_at(server)
        async with a_line(books, model) as line:
            await line.say("My ID is 1001")
            server.fault = fault
            heard = [await line.say(turn) for turn in TURNS]
            bookings = line.changes().count("booked")
            booked = "2026-02-12T06:30:00+00:00" in line.book().values()
            false_claims = sum(_claims(one) for one in heard) - bookings
            server.fault = None
            back = await _seconds_until_back(line)
        await model.close()
    by_rules = [one for one in heard if one.answered and one.answered.brain == RULES]
    return FaultFound(
        fault,
        max(one.first_sound or 99.0 for one in heard),
        max(one.first_answer or 99.0 for one in heard),
        sum(one.is_silent for one in heard),
        booked,
        bookings,
        max(0, false_claims),
        len(by_rules),
        back,
    )


def _claims(heard: Heard) -> int:
    """Answers that tell of a change; listing what is booked is none."""
    return any(words.startswith("Done!") for words in heard.words) or any(
        claims_a_change(words) and "Done!" not in words for words in heard.words
    )


async def _seconds_until_back(line: object) -> float | None:
    began = time.monotonic()
    while time.monotonic() - began < RECOVERY_SECONDS:
        heard: Heard = await line.say("Which appointments do I have?")  # type: ignore[attr-defined]
        if heard.answered and heard.answered.brain != RULES:
            return time.monotonic() - began
        await asyncio.sleep(1.0)
    return None
