"""One turn of the caller while it is answered."""

import asyncio
from typing import cast

import pytest
from pipecat.processors.aggregators.llm_context import LLMContext

from kavita.agent.phrases import FILLER
from kavita.agent.tools import AppointmentTools
from kavita.agent.turn import Turn
from tests.fakes.virtual_time import run_virtual


class SlowDisk:
    """Tools whose book takes its time."""

    def __init__(self) -> None:
        self.is_held = asyncio.Event()

    async def hold_offered(self, said: str) -> None:
        await self.is_held.wait()


async def test_an_offer_is_spoken_while_its_times_are_being_held() -> None:
    tools, spoken = SlowDisk(), asyncio.Event()

    async def speak(sentence: str) -> None:
        spoken.set()

    turn = Turn(LLMContext(), cast(AppointmentTools, tools), speak)
    saying = asyncio.create_task(turn.say("I have 10 AM."))
    await spoken.wait()
    assert not saying.done()
    tools.is_held.set()
    await saying


@pytest.mark.parametrize(("seconds", "spoken"), [(0.6, ["Yes."]), (0.8, [FILLER, "Yes."])])
def test_a_moment_is_asked_for_when_an_answer_takes_longer(
    seconds: float, spoken: list[str]
) -> None:
    assert run_virtual(answer_after(seconds, filler_seconds=0.7)) == spoken


async def answer_after(seconds: float, filler_seconds: float) -> list[str]:
    """What was said when the brain took so many seconds for its answer."""
    tools, spoken = SlowDisk(), list[str]()
    tools.is_held.set()

    async def speak(sentence: str) -> None:
        spoken.append(sentence)

    turn = Turn(LLMContext(), cast(AppointmentTools, tools), speak)
    filler = asyncio.create_task(turn.fill_after(filler_seconds))
    await asyncio.sleep(seconds)
    await turn.say("Yes.")
    await asyncio.sleep(filler_seconds)
    await filler
    return spoken
