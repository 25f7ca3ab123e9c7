"""Azure hears through its real SDK, and the local recogniser where Azure has no words."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kavita.agent.circuit import PROBE_SECONDS
from kavita.settings import Settings
from kavita.store.calls import read_call
from kavita.voice.espeak import EngineMissing
from kavita.voice.probes import probe_stt
from tests.fakes.azure_speech_server import (
    FAULTS,
    KEY,
    AzureSpeechServer,
    Fault,
    azure_speech_server,
)
from tests.fakes.callers import failures, heard_in, recorded, speak
from tests.fakes.running_server import Page, RunningServer, page, running_server

pytestmark = pytest.mark.live

WORDS = "My ID is 1001, if you please."


@pytest.fixture(scope="module")
def azure() -> Iterator[AzureSpeechServer]:
    with azure_speech_server(lambda _: WORDS) as server:
        yield server


@pytest.fixture(autouse=True)
def well(azure: AzureSpeechServer) -> Iterator[None]:
    yield
    azure.fault, azure.words = None, lambda _: WORDS


@pytest.fixture
def line_to_azure(azure: AzureSpeechServer, tmp_path: Path) -> Iterator[RunningServer]:
    with running_server(
        tmp_path, azure_speech_key=KEY, azure_speech_host=azure.host, max_calls=2
    ) as server:
        yield server


@pytest.fixture(scope="module")
def speech() -> bytes:
    """A caller's sentence, and a second and a half of silence."""
    return recorded("My ID is one zero zero one", silence_seconds=1.5)


async def test_azure_hears_each_turn_and_nobody_hears_it_twice(
    line_to_azure: RunningServer, azure: AzureSpeechServer, speech: bytes
) -> None:
    mine, heard = await heard_in(line_to_azure, speech, times=2)
    assert mine.events[0]["engines"]["stt"] == "Azure Speech"
    assert heard == [WORDS, WORDS]
    assert failures(mine, "stt") == []
    assert {"speech.config", "audio"} <= set(azure.paths)


async def test_what_is_said_with_pauses_is_one_turn_of_which_no_word_is_lost_or_doubled(
    line_to_azure: RunningServer, azure: AzureSpeechServer
) -> None:
    parts, before = ("My ID is", "10", "01."), azure.phrases
    azure.words = lambda number: parts[number - before]
    pause = bytes(19_200)
    sound = pause.join(recorded(part) for part in ("My ID is", "one zero", "zero one"))
    mine, heard = await heard_in(line_to_azure, sound)
    assert heard == ["My ID is 10 01."]
    assert failures(mine, "stt") == []


async def test_words_are_shown_while_they_are_spoken_and_only_the_whole_turn_counts(
    line_to_azure: RunningServer, azure: AzureSpeechServer, speech: bytes
) -> None:
    mine, heard = await heard_in(line_to_azure, speech, times=2)
    kinds = [kind for kind in mine.kinds() if kind.startswith("user_")]
    shown = [event["text"] for event in mine.events if event["type"] == "user_partial"]
    assert kinds.index("user_partial") < kinds.index("user_speaking")
    assert kinds[-1] == "user_speaking", "nothing is shown of a turn that is over"
    assert {"my id is", "my id is 1001,", WORDS} <= set(shown)
    record = read_call(line_to_azure.database, mine.events[0]["call_id"])
    assert record is not None
    assert [turn.text for turn in record.turns if turn.speaker == "caller"] == heard
    assert "my id is" not in str(mine.events[-2]), "the summary knows nothing of guesses"


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault not in ("flapping", "twice")])
async def test_the_local_recogniser_hears_what_azure_does_not(
    line_to_azure: RunningServer, azure: AzureSpeechServer, speech: bytes, fault: Fault
) -> None:
    azure.fault = fault
    mine, heard = await heard_in(line_to_azure, speech)
    assert len(heard) == 1
    assert heard[0]
    assert heard[0] != WORDS
    assert failures(mine, "stt")
    summary: Any = next(event for event in mine.events if event["type"] == "summary")
    assert "was heard by the local recogniser (azure: " in str(summary["key_details"])


async def test_a_phrase_that_is_told_twice_counts_once(
    line_to_azure: RunningServer, azure: AzureSpeechServer, speech: bytes
) -> None:
    azure.fault = "twice"
    mine, heard = await heard_in(line_to_azure, speech)
    assert heard == [WORDS]
    assert failures(mine, "stt") == []


async def test_the_sdk_takes_up_a_line_that_is_cut_once_and_loses_no_word(
    line_to_azure: RunningServer, azure: AzureSpeechServer, speech: bytes
) -> None:
    azure.fault = "flapping"
    mine, heard = await heard_in(line_to_azure, speech)
    assert heard == [WORDS]
    assert failures(mine, "stt") == []


@pytest.mark.heavy
@pytest.mark.parametrize("fault", ["401", "refuse"])
async def test_an_azure_that_is_well_again_hears_the_rest_of_the_same_call(
    line_to_azure: RunningServer, azure: AzureSpeechServer, speech: bytes, fault: Fault
) -> None:
    azure.fault = fault
    async with page(line_to_azure) as socket:
        mine = Page(socket)
        await mine.send(action="start")
        await mine.until("speaking_start")
        for pause in (0.0, 0.0, PROBE_SECONDS + 3.0, 0.0):
            await asyncio.sleep(pause)
            talking = asyncio.create_task(speak(mine, speech + bytes(64_000)))
            heard = await mine.until("user_speaking")
            await talking
            azure.fault = None
        assert heard["text"] == WORDS


async def test_an_azure_that_hangs_holds_up_nobody_when_its_call_ends(
    line_to_azure: RunningServer, azure: AzureSpeechServer, speech: bytes
) -> None:
    azure.fault = "hang"
    await heard_in(line_to_azure, speech)
    for _ in range(20):
        began = time.monotonic()
        async with page(line_to_azure) as socket:
            await Page(socket).until("hello")
        assert time.monotonic() - began < 1
        await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("key", "fault", "words"),
    [
        ("wrong", None, "the key is not accepted; look at AZURE_SPEECH_KEY"),
        (KEY, "refuse", "cannot be reached; look at the network, and at AZURE_SPEECH_REGION"),
    ],
)
def test_check_says_what_is_wrong_with_azure(
    azure: AzureSpeechServer, key: str, fault: Fault | None, words: str
) -> None:
    azure.fault = fault
    settings = Settings(_env_file=None, azure_speech_key=key, azure_speech_host=azure.host)
    with pytest.raises(EngineMissing, match=words):
        probe_stt(settings)


def test_an_azure_that_answers_is_ready_and_one_without_a_region_is_refused(
    azure: AzureSpeechServer,
) -> None:
    probe_stt(Settings(_env_file=None, azure_speech_key=KEY, azure_speech_host=azure.host))
    with pytest.raises(EngineMissing, match="AZURE_SPEECH_REGION"):
        probe_stt(Settings(_env_file=None, azure_speech_key=KEY))
