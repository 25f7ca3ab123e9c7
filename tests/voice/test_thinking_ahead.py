"""The brain prepares an answer while the turn may go on."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pipecat.frames.frames import AggregatedTextFrame, LLMContextFrame
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.tests.utils import SleepFrame, run_test

from kavita.agent.call_state import CallState
from kavita.agent.tools import AppointmentTools
from kavita.receptionist.receptionist import CallTool, Receptionist, Say
from kavita.settings import Settings
from kavita.store.database import Database
from kavita.store.first_start import open_book
from kavita.voice.rule_llm import RuleLLM

SETTINGS = Settings(_env_file=None)


class Counting(RuleLLM):
    """Counts its thoughts, and takes its time for each."""

    thoughts = 0

    async def think(self, messages: list[dict[str, Any]]) -> Say | CallTool:
        self.thoughts += 1
        await asyncio.sleep(0.05)
        return await super().think(messages)


class Bench:
    def __init__(self, database: Database) -> None:
        self.tools_ran: list[str] = []
        self.rehearsed: list[str] = []
        clinic = SETTINGS.clinic()
        now = datetime.now(ZoneInfo("UTC"))
        tools = AppointmentTools(
            database, CallState("test"), clinic, lambda: now, on_result=self._ran
        )
        self.brain = Counting(Receptionist(clinic), tools, lambda: now, self._rehearse)

    async def _ran(self, name: str, _arguments: dict[str, Any], _result: dict[str, Any]) -> None:
        self.tools_ran.append(name)

    async def _rehearse(self, text: str) -> None:
        self.rehearsed.append(text)

    async def hear(self, *turns: tuple[str, bool]) -> list[str]:
        """What is spoken after turns of (words, speculation)."""
        frames = [
            frame
            for words, speculation in turns
            for frame in (
                LLMContextFrame(
                    LLMContext([{"role": "user", "content": words}]), speculation=speculation
                ),
                SleepFrame(0.3),
            )
        ]
        down, _ = await run_test(self.brain, frames_to_send=frames)
        return [frame.text for frame in down if isinstance(frame, AggregatedTextFrame)]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    plain = SETTINGS.clinic()
    now = datetime.now(plain.timezone)
    url = f"sqlite:///{tmp_path / 'kavita.db'}"
    database, _ = open_book(url, tmp_path / "none.json", True, tmp_path / "none.toml", plain, now)
    return Bench(database)


async def test_a_prepared_answer_is_held_until_the_turn_is_over(bench: Bench) -> None:
    assert await bench.hear(("hello", True)) == []
    assert len(bench.rehearsed) == 1


async def test_a_prepared_answer_is_used_and_not_thought_of_again(bench: Bench) -> None:
    spoken = await bench.hear(("hello", True), ("hello", False))
    assert spoken == bench.rehearsed
    assert bench.brain.thoughts == 1


async def test_an_answer_to_other_words_is_dropped(bench: Bench) -> None:
    spoken = await bench.hear(("hello", True), ("hello, I need help, I can't breathe", False))
    assert len(spoken) == 1
    assert spoken != bench.rehearsed
    assert bench.brain.thoughts == 2


async def test_no_tool_runs_while_the_turn_may_go_on(bench: Bench) -> None:
    assert await bench.hear(("1001", True)) == []
    assert bench.tools_ran == []


async def test_the_prepared_tool_runs_when_the_turn_is_over(bench: Bench) -> None:
    spoken = await bench.hear(("1001", True), ("1001", False))
    assert bench.tools_ran == ["identify_user"]
    assert len(spoken) == 1
    assert bench.brain.thoughts == 2
