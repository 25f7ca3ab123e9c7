"""One turn of the caller while it is answered."""

import asyncio
from typing import cast

from pipecat.processors.aggregators.llm_context import LLMContext

from kavita.agent.tools import AppointmentTools
from kavita.agent.turn import Turn


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
