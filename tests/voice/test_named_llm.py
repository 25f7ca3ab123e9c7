"""A language model of Pipecat's that a setting names answers, and the receptionist in its stead."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from kavita.agent.circuit import ProviderFailed
from kavita.settings import Settings
from kavita.store.calls import read_call
from kavita.store.usage import Used
from kavita.voice.chat_models import load_chat_models
from kavita.voice.espeak import EngineMissing
from kavita.voice.probes import probe_llm
from tests.fakes.callers import begin_typing, failures, spoken, turn
from tests.fakes.openai_server import (
    ANSWER_TOKENS,
    CACHED_TOKENS,
    FAULTS,
    KEY,
    PROMPT_TOKENS,
    Fault,
    OpenAIServer,
    Reply,
    openai_server,
    receptionist_brain,
    scripted,
)
from tests.fakes.running_server import Page, RunningServer, coming_open_day, page, running_server

WEEKDAY = coming_open_day().strftime("%A")
QUICK: tuple[Fault, ...] = ("500", "truncated")
QUESTION = [{"role": "user", "content": "Hello"}]


@pytest.fixture
def groq() -> Iterator[OpenAIServer]:
    settings = Settings(_env_file=None)
    brain = receptionist_brain(settings.clinic(), lambda: datetime.now(settings.timezone()))
    with openai_server(brain=brain) as server:
        yield server


def named(server: OpenAIServer, **values: Any) -> dict[str, Any]:
    options = {"base_url": server.base_url, "model": server.model}
    return {"llm": "groq", "llm_api_key": KEY, "llm_options": json.dumps(options)} | values


@pytest.fixture
def line_to_groq(groq: OpenAIServer, tmp_path: Path) -> Iterator[RunningServer]:
    with running_server(tmp_path, max_calls=2, **named(groq)) as server:
        yield server


@pytest.mark.live
async def test_a_whole_call_is_held_by_the_named_model_and_charged(
    line_to_groq: RunningServer, groq: OpenAIServer
) -> None:
    async with page(line_to_groq) as socket:
        mine = Page(socket)
        await begin_typing(mine)
        assert mine.events[0]["engines"]["llm"] == "groq (Pipecat)"
        assert "Welcome back, Archit!" in spoken(await turn(mine, "My ID is 1001"))
        await turn(mine, f"A lab visit on {WEEKDAY}, please")
        events = await turn(mine, "11:30 AM")
        ran = [event for event in events if event["type"] == "tool_call"]
        assert [(one["function"], one["result"]["status"]) for one in ran] == [
            ("book_appointment", "booked")
        ]
        assert spoken(events).count("Done! Booked") == 1
        await mine.send(action="text", text="That's all, bye")
        await mine.until("shutdown")
    assert failures(mine, "llm") == []
    tools = [tool["function"]["name"] for tool in groq.turns[0]["tools"]]
    assert len(tools) == 8
    assert groq.turns[0]["messages"][0]["role"] == "system"
    assert groq.connections < len(groq.requests), "a service that has answered is asked again"
    record = read_call(line_to_groq.database, mine.events[0]["call_id"])
    assert record is not None
    assert {one.used.engine for one in record.usage} == {"groq"}


@pytest.mark.parametrize(
    "fault",
    [fault if fault in QUICK else pytest.param(fault, marks=pytest.mark.heavy) for fault in FAULTS],
)
async def test_the_receptionist_takes_the_turn_that_a_named_model_leaves(
    line_to_groq: RunningServer, groq: OpenAIServer, fault: Fault
) -> None:
    groq.fault = fault
    async with page(line_to_groq) as socket:
        mine = Page(socket)
        await begin_typing(mine)
        await turn(mine, "My ID is 1001")
        await mine.until("listening", seconds=20)
        await mine.send(action="end")
        await mine.until("summary")
    ran = [event for event in mine.events if event["type"] == "tool_call"]
    assert [one["function"] for one in ran] == ["identify_user"]
    assert "Welcome back, Archit!" in spoken(mine.events)
    if fault != "flapping":  # the client of OpenAI asks once more, before anybody notices
        assert failures(mine, "llm")
    assert all(failure.startswith("groq: ") for failure in failures(mine, "llm"))


async def test_tokens_are_those_that_the_provider_tells(groq: OpenAIServer) -> None:
    groq.brain = scripted("Good morning.")
    (model,) = load_chat_models(Settings(_env_file=None, **named(groq)))
    used: list[Used] = []
    await model.complete(QUESTION, used.extend)
    assert used == [
        Used("llm", "groq", "input tokens", PROMPT_TOKENS - CACHED_TOKENS),
        Used("llm", "groq", "cached tokens", CACHED_TOKENS),
        Used("llm", "groq", "output tokens", ANSWER_TOKENS),
    ]
    await model.close()


async def test_several_calls_in_one_response_and_words_before_them_all_come(
    groq: OpenAIServer,
) -> None:
    calls = [("identify_user", '{"user_id": "1001"}'), ("fetch_slots", '{"date": "2026-02-12"}')]
    groq.brain = scripted(Reply("One moment.", calls))
    (model,) = load_chat_models(Settings(_env_file=None, **named(groq)))
    first, requests = [part async for part in model.stream(QUESTION, ())]
    assert first == "One moment."
    assert not isinstance(requests, str)
    assert [(one.name, json.loads(one.arguments)) for one in requests] == [
        (name, json.loads(arguments)) for name, arguments in calls
    ]
    await model.close()


async def test_a_response_that_nobody_hears_to_its_end_leaves_nothing_for_the_next(
    groq: OpenAIServer,
) -> None:
    groq.brain = scripted(Reply("First one. " * 20), Reply("Second one."))
    groq.chunk_seconds = 0.02
    (model,) = load_chat_models(Settings(_env_file=None, **named(groq)))
    response = model.stream(QUESTION, ())
    assert await anext(response) == "First one."
    await response.aclose()
    assert await model.complete(QUESTION) == "Second one."
    await model.close()


async def test_a_named_model_that_fails_twice_is_left_alone_until_a_probe_finds_it_well(
    groq: OpenAIServer,
) -> None:
    (model,) = load_chat_models(Settings(_env_file=None, **named(groq)))
    groq.fault = "garbage"
    for _ in range(2):
        assert not model.circuit.is_open
        with pytest.raises(ProviderFailed):
            await model.complete(QUESTION)
    assert model.circuit.why_open == "left_alone"
    groq.fault, groq.brain = None, scripted(Reply("OK."))
    await model.probe()
    assert await model.complete(QUESTION) == "OK."
    await model.close()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"llm_api_key": "sk-bad"}, "groq: the key is not accepted; look at LLM_API_KEY"),
        ({"llm_options": '{"base_url": "http://127.0.0.1:9/v1"}'}, "groq: cannot be reached"),
    ],
)
def test_check_tries_a_named_model_and_says_what_is_wrong(
    groq: OpenAIServer, values: dict[str, Any], words: str
) -> None:
    groq.brain = scripted(Reply("OK."))
    probe_llm(Settings(_env_file=None, **named(groq)))
    with pytest.raises(EngineMissing, match=words):
        probe_llm(Settings(_env_file=None, **named(groq) | values))
