"""Calls through the whole pipeline whose brain is a language model behind OpenAI's wire format."""

import asyncio
import re
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from loguru import logger

from kavita.agent.phrases import FILLER
from kavita.cli.program import start_log
from kavita.settings import Settings
from kavita.store.appointments import upcoming
from tests.fakes.callers import begin_typing, spoken, turn
from tests.fakes.openai_server import KEY, Fault, OpenAIServer, openai_server
from tests.fakes.running_server import Page, RunningServer, coming_open_day, page, running_server

pytestmark = pytest.mark.live

DAY = coming_open_day()
WEEKDAY = DAY.strftime("%A")


@pytest.fixture(scope="module")
def model() -> Iterator[OpenAIServer]:
    settings = Settings(_env_file=None)
    with openai_server(settings.clinic(), lambda: datetime.now(settings.timezone())) as server:
        yield server


@pytest.fixture(scope="module")
def clinic_line(
    model: OpenAIServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("book")
    with running_server(
        folder, max_calls=2, openai_api_key=KEY, openai_base_url=model.base_url
    ) as server:
        yield server


@pytest.fixture(autouse=True)
def well(model: OpenAIServer) -> Iterator[None]:
    yield
    model.fault = None


def tools(events: list[dict[str, Any]]) -> list[str]:
    return [
        f"{event['function']}: {event['result']['status']}"
        for event in events
        if event["type"] == "tool_call"
    ]


async def test_a_whole_call_is_held_by_the_model(
    clinic_line: RunningServer, model: OpenAIServer
) -> None:
    asked = len(model.turns)
    async with page(clinic_line) as socket:
        mine = Page(socket)
        await begin_typing(mine)
        assert mine.events[0]["engines"]["llm"] == "gpt-4o-mini (own server)"
        assert "Welcome back, Archit!" in spoken(await turn(mine, "My ID is 1001"))
        await turn(mine, f"A lab visit on {WEEKDAY}, please")
        events = await turn(mine, "11:30 AM")
        assert tools(events) == ["book_appointment: booked"]
        assert spoken(events).count("Done! Booked") == 1
        await mine.send(action="text", text="That's all, bye")
        await mine.until("shutdown")
    kinds = mine.kinds()
    assert kinds[-3:] == ["speaking_end", "summary", "shutdown"], "the goodbye was played"
    assert mine.events[-1]["reason"] == "goodbye"
    assert len(model.turns) > asked + 4
    assert "metrics" not in kinds, "no brain had to be switched"


@pytest.mark.parametrize("fault", ["hang", "stall", "500", "slow", "garbage", "empty"])
async def test_a_model_that_fails_is_heard_by_nobody_but_noted(
    tmp_path: Path, model: OpenAIServer, fault: Any
) -> None:
    with running_server(tmp_path, openai_api_key=KEY, openai_base_url=model.base_url) as server:
        async with page(server) as socket:
            mine = Page(socket)
            await begin_typing(mine)
            model.fault = fault
            asked = time.monotonic()
            await mine.send(action="text", text="My ID is 1001")
            await mine.until("speaking_start")
            assert time.monotonic() - asked < 4
            while "Welcome back" not in spoken(mine.events):
                await mine.until("speaking_start")
            answer = next(event for event in mine.events if event["type"] == "metrics")
            assert answer["llm"] == "receptionist"
            assert len(answer["llm_failures"]) == 1
            said = spoken(mine.events)
            assert "Welcome back, Archit!" in said
            assert FILLER in said or fault not in ("hang", "stall", "slow")
            await mine.send(action="end")
            summary = await mine.until("summary")
    assert "was answered by receptionist (openai: " in str(summary["key_details"])


@pytest.mark.parametrize("milliseconds", [0, 5, 20, 60])
async def test_cutting_in_on_a_booking_leaves_book_page_and_conversation_in_agreement(
    clinic_line: RunningServer, model: OpenAIServer, milliseconds: int
) -> None:
    now = datetime.now(Settings(_env_file=None).timezone())
    before = {row.id for row in upcoming(clinic_line.database, "2045", now)}
    async with page(clinic_line) as socket:
        mine = Page(socket)
        await begin_typing(mine)
        await turn(mine, "My ID is 2045")
        await turn(mine, f"A check on {WEEKDAY} please")
        wanted = {0: "1 PM", 5: "2 PM", 20: "3 PM", 60: "4 PM"}[milliseconds]
        await mine.send(action="text", text=wanted)
        await asyncio.sleep(milliseconds / 1000)
        await mine.send(action="stop_speaking")
        events = await turn(mine, "Which appointments do I have?")
        await mine.send(action="end")
        await mine.until("shutdown")
    told = [event["result"] for event in mine.events if event["type"] == "tool_call"]
    booked = {row["appointment_id"] for row in told if row["status"] == "booked"}
    assert {row.id for row in upcoming(clinic_line.database, "2045", now)} - before == booked
    assert spoken(events)


async def test_only_words_that_were_played_count_as_said(
    clinic_line: RunningServer, model: OpenAIServer
) -> None:
    async with page(clinic_line) as socket:
        mine = Page(socket)
        await begin_typing(mine)
        await mine.send(action="text", text="Who are you?")
        await mine.until("speaking_start")
        await asyncio.sleep(0.8)
        await mine.send(action="stop_speaking")
        heard = (await mine.until("interrupted"))["text"]
        await asyncio.sleep(0.3)
        await mine.send(action="text", text="My ID is 1001")
        await mine.until("tool_call")
    said = [m["content"] for m in model.turns[-1]["messages"] if m["role"] == "assistant"]
    said = [words for words in said if words]
    assert heard
    assert said[-1].startswith(heard)
    assert "appointments." not in said[-1], "the rest of the answer was never heard"


async def test_nothing_a_caller_said_and_no_key_is_in_the_log_at_any_level(
    tmp_path: Path, model: OpenAIServer, capfd: pytest.CaptureFixture[str]
) -> None:
    start_log("DEBUG")
    try:
        with running_server(tmp_path, openai_api_key=KEY, openai_base_url=model.base_url) as server:
            async with page(server) as socket:
                mine = Page(socket)
                await begin_typing(mine)
                faults: tuple[Fault | None, ...] = (None, "cut_in_call", "garbage", "truncated")
                for fault in faults:
                    model.fault = fault
                    await turn(mine, "I am Zanzibar Quetzal and my ID is 1001")
                await mine.send(action="end")
                await mine.until("shutdown")
    finally:
        logger.remove()
    log = capfd.readouterr().err
    assert "call started" in log
    assert "did not answer a turn" in log
    for canary in ("Zanzibar", "Quetzal", "Archit", KEY, "Welcome back", "checkup"):
        assert canary not in log
    assert not re.search(r"\b1001\b", log)
