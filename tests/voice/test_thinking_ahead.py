"""The brain prepares an answer while the turn may go on."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pipecat.frames.frames import AggregatedTextFrame, LLMContextFrame
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.tests.utils import SleepFrame, run_test

from kavita.agent.answering import Answered, Answering
from kavita.agent.call_state import CallState
from kavita.agent.chat_model import ChatModel
from kavita.agent.circuit import ProviderFailed
from kavita.agent.tools import AppointmentTools
from kavita.receptionist.receptionist import CallTool, Receptionist, Say
from kavita.settings import Settings
from kavita.store.database import Database
from kavita.store.first_start import open_book
from kavita.voice.brain_seat import BrainSeat
from tests.fakes.openai_server import KEY, OpenAIServer, openai_server, scripted

SETTINGS = Settings(_env_file=None)


class Counting(Answering):
    """Counts its thoughts, and takes its time for each."""

    thoughts = 0

    async def think(self, messages: list[dict[str, Any]]) -> Say | CallTool:
        self.thoughts += 1
        await asyncio.sleep(0.05)
        return await super().think(messages)


class Bench:
    def __init__(self, database: Database, models: Sequence[ChatModel] = ()) -> None:
        self.answered_by: list[str] = []
        self.tools_ran: list[str] = []
        self.rehearsed: list[str] = []
        clinic = SETTINGS.clinic()
        now = datetime.now(ZoneInfo("UTC"))
        tools = AppointmentTools(
            database, CallState("test"), clinic, lambda: now, on_result=self._ran
        )
        self.answering = Counting(Receptionist(clinic), tools, models)
        self.brain = BrainSeat(self.answering, self._answered, self._rehearse)

    async def _answered(self, answered: Answered) -> None:
        self.answered_by.append(answered.brain)

    async def _ran(self, name: str, _arguments: dict[str, Any], _result: dict[str, Any]) -> None:
        self.tools_ran.append(name)

    async def _rehearse(self, text: str) -> None:
        self.rehearsed.append(text)

    async def hear(self, *turns: tuple[str, bool], pause: float = 0.3) -> list[str]:
        """What is spoken after turns of (words, speculation), each followed by a pause."""
        frames = [
            frame
            for words, speculation in turns
            for frame in (
                LLMContextFrame(
                    LLMContext([{"role": "user", "content": words}]), speculation=speculation
                ),
                SleepFrame(pause),
            )
        ]
        down, _ = await run_test(self.brain, frames_to_send=frames)
        return [frame.text for frame in down if isinstance(frame, AggregatedTextFrame)]


@pytest.fixture
def book(tmp_path: Path) -> Database:
    plain = SETTINGS.clinic()
    now = datetime.now(plain.timezone)
    url = f"sqlite:///{tmp_path / 'kavita.db'}"
    database, _ = open_book(url, tmp_path / "none.json", True, tmp_path / "none.toml", plain, now)
    return database


@pytest.fixture
def bench(book: Database) -> Bench:
    return Bench(book)


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with openai_server(brain=scripted("How can I help?")) as server:
        yield server


@pytest.fixture
async def model(server: OpenAIServer) -> AsyncIterator[ChatModel]:
    model = ChatModel("openai", server.model, KEY, server.base_url)
    yield model
    await model.close()


async def test_a_prepared_answer_is_held_until_the_turn_is_over(bench: Bench) -> None:
    assert await bench.hear(("hello", True)) == []
    assert len(bench.rehearsed) == 1


async def test_a_prepared_answer_is_used_and_not_thought_of_again(bench: Bench) -> None:
    spoken = await bench.hear(("hello", True), ("hello", False))
    assert spoken == bench.rehearsed
    assert bench.answering.thoughts == 1


async def test_an_answer_to_other_words_is_dropped(bench: Bench) -> None:
    spoken = await bench.hear(("hello", True), ("hello, I need help, I can't breathe", False))
    assert len(spoken) == 1
    assert spoken != bench.rehearsed
    assert bench.answering.thoughts == 2


async def test_no_tool_runs_while_the_turn_may_go_on(bench: Bench) -> None:
    assert await bench.hear(("1001", True)) == []
    assert bench.tools_ran == []


async def test_the_prepared_tool_runs_when_the_turn_is_over(bench: Bench) -> None:
    spoken = await bench.hear(("1001", True), ("1001", False))
    assert bench.tools_ran == ["identify_user"]
    assert len(spoken) == 1
    assert bench.answering.thoughts == 2


@pytest.mark.parametrize("pause", [0, 0.02], ids=["before", "within"])
async def test_a_turn_is_answered_though_the_caller_may_be_saying_more(
    bench: Bench, pause: float
) -> None:
    """What may come is no reason to drop an answer: only another turn that is over takes it in."""
    assert len(await bench.hear(("hello", False), ("1001", True), pause=pause)) == 1


async def test_of_turns_that_come_in_a_burst_only_the_last_is_answered(bench: Bench) -> None:
    assert len(await bench.hear(("hello", False), ("1001", False), pause=0)) == 1


async def test_a_language_model_is_asked_nothing_before_the_turn_is_over(
    book: Database, model: ChatModel, server: OpenAIServer
) -> None:
    bench = Bench(book, [model])
    spoken = await bench.hear(("hello", True), ("hello there", True), ("hello there", False))
    assert spoken == ["How can I help?"]
    assert len(server.turns) == 1
    assert bench.rehearsed == []
    assert bench.answering.thoughts == 0


async def test_the_receptionist_thinks_ahead_while_the_model_is_left_alone(
    book: Database, model: ChatModel, server: OpenAIServer
) -> None:
    model.circuit.failed(ProviderFailed("bad_key", lasting=True))
    bench = Bench(book, [model])
    spoken = await bench.hear(("hello", True), ("hello", False))
    assert spoken == bench.rehearsed
    assert bench.answering.thoughts == 1
    assert bench.answered_by == ["receptionist"]
    assert server.turns == []
