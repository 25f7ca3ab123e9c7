"""A voice of Pipecat's that a setting names speaks, and the local one finishes what it leaves."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kavita.agent.phrases import FILLER
from kavita.settings import Settings
from kavita.store.calls import read_call
from kavita.voice.espeak import EngineMissing
from kavita.voice.probes import probe_tts
from tests.fakes import cartesia_server
from tests.fakes.callers import failures
from tests.fakes.openai_audio_server import (
    FAULTS,
    KEY,
    Fault,
    OpenAIAudioServer,
    openai_audio_server,
)
from tests.fakes.running_server import Page, RunningServer, page, running_server

pytestmark = pytest.mark.live

QUICK: tuple[Fault, ...] = ("cut", "401")
GREETING = "Hello! Welcome to our clinic. Could you please share your 4-digit user ID?"


@pytest.fixture(scope="module")
def openai() -> Iterator[OpenAIAudioServer]:
    with openai_audio_server() as server:
        yield server


@pytest.fixture(autouse=True)
def well(openai: OpenAIAudioServer) -> Iterator[None]:
    openai.spoken.clear()
    yield
    openai.fault = None


def named(server: OpenAIAudioServer, **options: Any) -> dict[str, Any]:
    options = {"base_url": server.base_url, "voice": "nova"} | options
    return {"tts": "openai", "tts_api_key": KEY, "tts_options": json.dumps(options)}


@pytest.fixture
def line_to_openai(openai: OpenAIAudioServer, tmp_path: Path) -> Iterator[RunningServer]:
    with running_server(tmp_path, max_calls=2, **named(openai)) as server:
        yield server


async def greeted(server: RunningServer) -> tuple[Page, dict[str, Any]]:
    """Hear the greeting to its end, hang up, and read the summary."""
    async with page(server) as socket:
        mine = Page(socket)
        await mine.send(action="start", mode="text")
        await mine.until("audio_energy", seconds=6)
        await mine.until("listening", seconds=25)
        await asyncio.sleep(0.5)
        await mine.send(action="end")
        summary = await mine.until("summary")
    return mine, summary


def said(server: RunningServer) -> list[str]:
    return [line for line in server.shown if "Agent" in line]


async def test_the_named_voice_speaks_every_word_counts_as_heard_and_is_charged(
    line_to_openai: RunningServer, openai: OpenAIAudioServer
) -> None:
    mine, _ = await greeted(line_to_openai)
    assert mine.events[0]["engines"]["tts"] == "openai (Pipecat)"
    assert failures(mine, "tts") == []
    assert said(line_to_openai) == [f"🤖 Agent: {GREETING}"]
    await asyncio.sleep(0.3)
    record = read_call(line_to_openai.database, mine.events[0]["call_id"])
    assert record is not None
    used = {(one.used.engine, one.used.unit): one.used.quantity for one in record.usage}
    assert used == {("openai", "characters"): sum(map(len, openai.spoken))}


@pytest.mark.parametrize(
    "fault",
    [fault if fault in QUICK else pytest.param(fault, marks=pytest.mark.heavy) for fault in FAULTS],
)
async def test_the_local_voice_finishes_the_sentence_of_a_named_one(
    line_to_openai: RunningServer, openai: OpenAIAudioServer, fault: Fault
) -> None:
    openai.fault = fault
    mine, summary = await greeted(line_to_openai)
    if fault != "flapping":  # the client of OpenAI asks once more, before anybody notices
        assert len(failures(mine, "tts")) == 1
        assert "was spoken by the local voice (openai: " in str(summary["key_details"])
    assert said(line_to_openai) == [f"🤖 Agent: {GREETING}"]


async def test_cutting_in_ends_the_sentence_and_the_next_one_is_whole(
    line_to_openai: RunningServer, openai: OpenAIAudioServer
) -> None:
    async with page(line_to_openai) as socket:
        mine = Page(socket)
        await mine.send(action="start", mode="text")
        await mine.until("audio_energy", seconds=6)
        await asyncio.sleep(1.5)
        await mine.send(action="text", text="My ID is 1001")
        await mine.until("interrupted")
        await mine.until("speaking_start")
        await mine.until("listening", seconds=25)
        await asyncio.sleep(0.5)
        await mine.send(action="end")
        await mine.until("summary")
    assert failures(mine, "tts") == []
    greeting, answer = said(line_to_openai)
    assert len(greeting) < len(f"🤖 Agent: {GREETING}")
    whole = "🤖 Agent: Welcome back, Archit! You have 2 appointments. How can I help?"
    assert answer.replace(f"{FILLER} ", "") == whole, "a busy machine may ask for a moment before"


async def test_a_voice_over_a_websocket_may_be_named_by_its_class(tmp_path: Path) -> None:
    with cartesia_server.cartesia_server() as cartesia:
        values = {
            "tts": "pipecat.services.cartesia.tts:CartesiaTTSService",
            "tts_api_key": cartesia_server.KEY,
            "tts_options": json.dumps({"url": cartesia.url, "voice": "any"}),
        }
        with running_server(tmp_path, **values) as server:
            mine, _ = await greeted(server)
            assert said(server) == [f"🤖 Agent: {GREETING}"]
    assert mine.events[0]["engines"]["tts"] == "CartesiaTTSService (Pipecat)"
    assert failures(mine, "tts") == []
    assert "Hello! Welcome to our clinic." in " ".join(cartesia.spoken)


def test_a_voice_that_speaks_is_ready(openai: OpenAIAudioServer) -> None:
    probe_tts(Settings(_env_file=None, **named(openai)))
    assert openai.spoken == ["Good morning."]


@pytest.mark.parametrize(
    ("key", "fault", "words"),
    [
        ("sk-bad", None, "openai: the key is not accepted; look at TTS_API_KEY"),
        (KEY, "402", "openai: the account has no credit left"),
        (KEY, "refuse", "openai: cannot be reached"),
        (KEY, "hang", "openai: does not answer in time"),
    ],
)
def test_check_says_what_is_wrong_with_a_named_voice(
    openai: OpenAIAudioServer, key: str, fault: Fault | None, words: str
) -> None:
    openai.fault = fault
    with pytest.raises(EngineMissing, match=words) as refused:
        probe_tts(Settings(_env_file=None, **named(openai) | {"tts_api_key": key}))
    assert "sk-" not in str(refused.value)
