"""What the engines cost is counted, and no more is spent on a day than the clinic allows."""

import asyncio
import io
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from datetime import datetime, timedelta

import pytest
from loguru import logger

from kavita import wire
from kavita.agent.budget import Budget
from kavita.agent.chat_model import ChatModel
from kavita.agent.text_call import TextCall
from kavita.agent.tokens import Tokens
from kavita.scheduling.clinic import Clinic
from kavita.store.calls import read_call, start_call
from kavita.store.database import Database
from kavita.store.definition.price_file import PriceFile, VoicePrice
from kavita.store.demo import seed_demo
from kavita.store.usage import BILLION, Used
from tests.fakes.model_calls import hold
from tests.fakes.openai_server import (
    ANSWER_TOKENS,
    CACHED_TOKENS,
    KEY,
    PROMPT_TOKENS,
    OpenAIServer,
    openai_server,
    scripted,
)

PRICES = PriceFile(
    currency="INR", daily_limit=1.0, tts={"sonic": VoicePrice(per_million_characters=10_000.0)}
)
HALF = Used("tts", "sonic", "characters", 50)
"""Costs half of what a day may."""


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def budget(database: Database, clock: Clock) -> Budget:
    start_call(database, "one", clock.now)
    return Budget(PRICES, database, clock)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    lines = io.StringIO()
    handler = logger.add(lines, level="WARNING", format="{message}")
    yield lines
    logger.remove(handler)


def test_a_day_is_spent_when_its_limit_is_reached_which_is_told_once(
    budget: Budget, log: io.StringIO
) -> None:
    budget.charge([HALF])
    assert not budget.is_spent
    for _ in range(3):
        budget.charge([HALF])
        assert budget.is_spent
    assert log.getvalue().count("the daily limit of 1.00 INR is reached") == 1


def test_a_restart_forgets_nothing(budget: Budget, database: Database, clock: Clock) -> None:
    budget.keep("one", budget.charge([HALF]))
    again = Budget(PRICES, database, clock)
    assert not again.is_spent
    again.keep("one", again.charge([HALF]))
    assert again.is_spent
    assert Budget(PRICES, database, clock).is_spent


def test_a_new_day_begins_at_the_clinics_midnight(budget: Budget, clock: Clock) -> None:
    clock.now = clock.now.replace(hour=23, minute=59)
    budget.charge([HALF, HALF])
    assert budget.is_spent
    clock.now += timedelta(minutes=1)
    assert not budget.is_spent
    (charge,) = budget.charge([HALF])
    assert charge.day == clock.now.date()
    assert charge.cost == BILLION // 2


def test_what_other_processes_spend_counts_too(
    budget: Budget, database: Database, clock: Clock
) -> None:
    other = Budget(PRICES, database, clock)
    other.keep("one", other.charge([HALF]))
    assert not budget.is_spent
    budget.keep("one", budget.charge([HALF]))
    assert budget.is_spent


def test_without_a_limit_nothing_is_ever_spent(database: Database, clock: Clock) -> None:
    budget = Budget(PRICES.model_copy(update={"daily_limit": 0.0}), database, clock)
    budget.charge([HALF] * 100)
    assert not budget.is_spent


@pytest.fixture
def server(clinic: Clinic, now: datetime) -> Iterator[OpenAIServer]:
    with openai_server(clinic, now) as server:
        yield server


@pytest.fixture
async def model(server: OpenAIServer) -> AsyncIterator[ChatModel]:
    model = ChatModel("openai", server.model, KEY, server.base_url)
    yield model
    await model.close()


async def used(model: ChatModel, parts: int = 99) -> dict[str, int]:
    """What a response costs that is heard up to some of its sentences."""
    uses: list[Used] = []
    question = [{"role": "user", "content": "x" * 396}]
    async with aclosing(model.stream(question, (), uses.extend)) as stream:
        async for _ in stream:
            parts -= 1
            if not parts:
                break
    return {one.unit: one.quantity for one in uses}


async def test_tokens_are_those_that_the_server_tells(model: ChatModel) -> None:
    assert await used(model) == {
        "input tokens": PROMPT_TOKENS - CACHED_TOKENS,
        "cached tokens": CACHED_TOKENS,
        "output tokens": ANSWER_TOKENS,
    }


async def test_tokens_of_a_response_that_is_cut_off_are_estimated(
    model: ChatModel, server: OpenAIServer
) -> None:
    server.brain = scripted("One two three. " + 40 * "Another sentence follows. ")
    server.chunk_seconds = 0.02
    uses = await used(model, parts=1)
    assert 100 <= uses["input tokens"] <= 115
    assert uses["cached tokens"] == 0
    assert 3 <= uses["output tokens"] <= 8


async def test_a_server_that_does_not_know_how_to_tell_tokens_is_asked_without(
    model: ChatModel, server: OpenAIServer
) -> None:
    server.knows_usage = False
    for _ in range(2):
        assert (await used(model))["input tokens"] > 100
    assert [("stream_options" in body) for body in server.requests] == [True, False, False]


def test_usage_that_makes_no_sense_is_not_believed() -> None:
    class Chunk:
        usage = type("Usage", (), {"prompt_tokens": "many", "completion_tokens": -5})

    tokens = Tokens(prompt_chars=40)
    tokens.take(Chunk())
    assert [one.quantity for one in tokens.used("m")] == [10, 0, 0]


async def test_a_model_is_left_alone_in_a_call_that_goes_on_when_the_day_is_spent(
    database: Database, clinic: Clinic, clock: Clock, model: ChatModel, server: OpenAIServer
) -> None:
    prices = PriceFile.model_validate(
        {
            "currency": "USD",
            "daily_limit": 0.001,
            "llm": {
                model.model: {
                    "per_million_input_tokens": 0.15,
                    "per_million_output_tokens": 0.60,
                }
            },
        }
    )
    seed_demo(database, clinic, clock.now)
    budget = Budget(prices, database, clock)
    model.circuit.limit_by(lambda: budget.is_spent)
    call = TextCall(database, clinic, "c0ffee00", clock, models=[model], budget=budget)
    events = await hold(
        call,
        *("Hello", "My ID is 1001", "I'd like a lab visit on Thursday", "12 PM please"),
        *("Which appointments do I have?", "That's all, bye"),
    )
    failures = [event.llm_failures for event in events if isinstance(event, wire.Metrics)]
    assert failures
    assert {why for turn in failures for why in turn} == {"openai: daily_limit"}
    assert len(server.requests) < 8
    assert any(
        isinstance(event, wire.ToolCall) and event.result["status"] == "booked" for event in events
    )
    record = await asyncio.to_thread(read_call, database, "c0ffee00")
    assert record is not None
    total = sum(charge.cost for charge in record.usage)
    assert total >= BILLION // 1000
    assert {charge.used.engine for charge in record.usage} == {"gpt-4o-mini"}
    new = next(c.used.quantity for c in record.usage if c.used.unit == "input tokens")
    assert new == len(server.requests) * (PROMPT_TOKENS - CACHED_TOKENS)
