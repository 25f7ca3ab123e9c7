"""A recogniser of Pipecat's that a setting names hears, and the local one what it does not."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pipecat.frames.frames import VADUserStartedSpeakingFrame, VADUserStoppedSpeakingFrame

from kavita.settings import Settings
from kavita.store.calls import read_call
from kavita.voice.azure_speech import Event, Phrase
from kavita.voice.espeak import EngineMissing
from kavita.voice.named_service import NamedService
from kavita.voice.named_stt import NamedEars
from kavita.voice.probes import probe_stt
from tests.fakes import openai_audio_server
from tests.fakes.callers import failures, heard_in, recorded, speak
from tests.fakes.openai_audio_server import OpenAIAudioServer
from tests.fakes.running_server import Page, RunningServer, page, running_server
from tests.fakes.soniox_server import FAULTS, KEY, Fault, SonioxServer, soniox_server

pytestmark = pytest.mark.live

WORDS = "My ID is 1001, if you please."
QUICK: tuple[Fault, ...] = ("cut", "stall")


@pytest.fixture(scope="module")
def soniox() -> Iterator[SonioxServer]:
    with soniox_server(lambda _: WORDS) as server:
        yield server


@pytest.fixture(scope="module")
def openai() -> Iterator[OpenAIAudioServer]:
    with openai_audio_server.openai_audio_server(lambda _: WORDS) as server:
        yield server


@pytest.fixture(autouse=True)
def well(soniox: SonioxServer, openai: OpenAIAudioServer) -> Iterator[None]:
    soniox.delay_seconds, soniox.phrases, soniox.audio_bytes = 0.15, 0, 0
    yield
    soniox.fault, soniox.words = None, lambda _: WORDS
    openai.fault = None


def named_soniox(server: SonioxServer, key: str = KEY) -> dict[str, Any]:
    options = json.dumps({"url": server.url, "language": "en"})
    return {"stt": "soniox", "stt_api_key": key, "stt_options": options}


def named_openai(server: OpenAIAudioServer, key: str = openai_audio_server.KEY) -> dict[str, Any]:
    options = json.dumps({"base_url": server.base_url, "model": "whisper-1"})
    return {"stt": "openai", "stt_api_key": key, "stt_options": options}


@pytest.fixture
def line_to_soniox(soniox: SonioxServer, tmp_path: Path) -> Iterator[RunningServer]:
    with running_server(tmp_path, max_calls=2, **named_soniox(soniox)) as server:
        yield server


@pytest.fixture(scope="module")
def speech() -> bytes:
    """A caller's sentence, and a second and a half of silence."""
    return recorded("My ID is one zero zero one", silence_seconds=1.5)


async def test_the_named_recogniser_hears_each_turn_once_and_is_charged(
    line_to_soniox: RunningServer, soniox: SonioxServer, speech: bytes
) -> None:
    mine, heard = await heard_in(line_to_soniox, speech, times=2)
    assert mine.events[0]["engines"]["stt"] == "soniox (Pipecat)"
    assert heard == [WORDS, WORDS]
    assert failures(mine, "stt") == []
    assert "My" in [event["text"] for event in mine.events if event["type"] == "user_partial"]
    await asyncio.sleep(0.5)
    record = read_call(line_to_soniox.database, mine.events[0]["call_id"])
    assert record is not None
    used = {(one.used.engine, one.used.unit): one.used.quantity for one in record.usage}
    assert used["soniox", "milliseconds"] == pytest.approx(soniox.audio_bytes / 32, abs=1000)


async def test_a_recogniser_that_takes_whole_stretches_may_be_named_too(
    openai: OpenAIAudioServer, tmp_path: Path, speech: bytes
) -> None:
    with running_server(tmp_path, **named_openai(openai)) as server:
        mine, heard = await heard_in(server, speech)
    assert heard == [WORDS]
    assert failures(mine, "stt") == []
    assert openai.heard_seconds[-1] > 1


@pytest.mark.parametrize(
    "fault",
    [fault if fault in QUICK else pytest.param(fault, marks=pytest.mark.heavy) for fault in FAULTS],
)
async def test_the_local_recogniser_hears_what_a_named_one_does_not(
    line_to_soniox: RunningServer, soniox: SonioxServer, speech: bytes, fault: Fault
) -> None:
    soniox.fault = fault
    mine, heard = await heard_in(line_to_soniox, speech)
    assert len(heard) == 1
    assert heard[0]
    assert heard[0] != WORDS
    assert failures(mine, "stt")
    summary: Any = next(event for event in mine.events if event["type"] == "summary")
    assert "was heard by the local recogniser (soniox: " in str(summary["key_details"])


async def test_words_that_come_too_late_are_not_those_of_the_next_turn(
    line_to_soniox: RunningServer, soniox: SonioxServer, speech: bytes
) -> None:
    soniox.words = lambda number: ("Cancel it all.", WORDS)[min(number, 1)]
    soniox.delay_seconds = 2.4
    async with page(line_to_soniox) as socket:
        mine = Page(socket)
        await mine.send(action="start")
        await mine.until("speaking_start")
        await speak(mine, speech)
        await mine.until("user_speaking", seconds=25)
        soniox.delay_seconds = 0.15
        await speak(mine, speech + bytes(64_000))
        await mine.send(action="end")
        await mine.until("shutdown")
    heard = [event["text"] for event in mine.events if event["type"] == "user_speaking"]
    assert len(heard) == 2
    assert "Cancel it all." not in " ".join(heard)
    assert heard[1] == WORDS


async def test_late_words_of_a_turn_that_goes_on_are_all_there_and_in_order(
    soniox: SonioxServer,
) -> None:
    """The caller speaks again before the words of the first stretch have come."""
    soniox.words = lambda number: ("My ID is", "1001.")[number]
    soniox.delay_seconds = 0.5
    phrases: asyncio.Queue[Phrase] = asyncio.Queue()

    def note(event: Event) -> None:
        if isinstance(event, Phrase):
            phrases.put_nowait(event)

    named = NamedService(Settings(_env_file=None, **named_soniox(soniox)), "stt")
    ears = NamedEars(named, b"")
    ear = await ears.open(note)
    for text in ("My ID is", "one thousand one"):
        ear.mark(VADUserStartedSpeakingFrame(start_secs=0.0))
        sound = recorded(text)[:19_200]
        for start in range(0, len(sound), 3200):
            ear.write(sound[start : start + 3200])
            await asyncio.sleep(0.02)
        ear.mark(VADUserStoppedSpeakingFrame(stop_secs=0.1))
    ends = ear.position_ms
    async with asyncio.timeout(5):
        first, second = await phrases.get(), await phrases.get()
    assert (first.text, second.text) == ("My ID is", "1001.")
    assert first.ends_ms == ends // 2
    assert first.ends_ms <= second.begins_ms
    assert second.ends_ms == ends
    ear.close()
    await ears.close()


def test_a_recogniser_that_has_words_for_speech_is_ready(
    soniox: SonioxServer, openai: OpenAIAudioServer
) -> None:
    for values in (named_soniox(soniox), named_openai(openai)):
        probe_stt(Settings(_env_file=None, **values))


@pytest.mark.parametrize(
    ("values", "fault", "words"),
    [
        ({"stt_api_key": "k-bad"}, None, "soniox: the key is not accepted; look at STT_API_KEY"),
        ({}, "402", "soniox: the account has no credit left"),
        ({}, "refuse", "soniox: cannot be reached"),
        ({"stt_api_key": ""}, None, "STT: soniox needs STT_API_KEY"),
        pytest.param({}, "empty", "soniox: does not answer in time", marks=pytest.mark.heavy),
    ],
)
def test_check_says_what_is_wrong_with_a_named_recogniser(
    soniox: SonioxServer, values: dict[str, str], fault: Fault | None, words: str
) -> None:
    soniox.fault = fault
    with pytest.raises(EngineMissing, match=words) as refused:
        probe_stt(Settings(_env_file=None, **named_soniox(soniox) | values))
    assert "k-bad" not in str(refused.value)


def test_check_says_it_of_one_that_takes_whole_stretches(openai: OpenAIAudioServer) -> None:
    with pytest.raises(EngineMissing, match="openai: the key is not accepted; look at STT_API"):
        probe_stt(Settings(_env_file=None, **named_openai(openai, "sk-bad")))
