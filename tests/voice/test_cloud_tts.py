"""Cartesia speaks, and the local voice finishes what it leaves unspoken."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kavita.settings import Settings
from kavita.voice.cartesia import Cartesia, CartesiaLine, Piece
from kavita.voice.cloud_tts import Timeline
from kavita.voice.espeak import EngineMissing
from kavita.voice.probes import probe_tts
from kavita.voice.spoken import ear_text
from tests.fakes.callers import failures
from tests.fakes.cartesia_server import FAULTS, KEY, CartesiaServer, Fault, cartesia_server
from tests.fakes.running_server import Page, RunningServer, page, running_server

pytestmark = pytest.mark.live

TEXT = "I have 9:30 AM, and 12 PM. Which works?"


@pytest.fixture(scope="module")
def cartesia() -> Iterator[CartesiaServer]:
    with cartesia_server() as server:
        yield server


@pytest.fixture(autouse=True)
def well(cartesia: CartesiaServer) -> Iterator[None]:
    yield
    cartesia.fault = None


@pytest.fixture
def line_to_cartesia(cartesia: CartesiaServer, tmp_path: Path) -> Iterator[RunningServer]:
    with running_server(
        tmp_path, cartesia_api_key=KEY, cartesia_url=cartesia.url, max_calls=2
    ) as server:
        yield server


def sounding(*words: tuple[str, int], ms: int = 0) -> Piece:
    return Piece(bytes(2 * ms * 16), words)


def test_a_word_as_written_is_over_with_the_last_that_is_spoken_for_it() -> None:
    timeline = Timeline("At 9:30 please.", ear_text("At 9:30 please."))
    spoken = timeline.ear.text.split()
    ends = [(word, 100 * (number + 1)) for number, word in enumerate(spoken)]
    timeline.add(sounding(*ends, ms=100 * len(spoken)), 16000)
    assert timeline.take() == [("At", 100), ("9:30", 100 * len(spoken) - 100), ("please.", 400)]
    assert timeline.rest() == ""


def test_words_whose_sound_has_not_come_are_left_for_the_other_voice() -> None:
    timeline = Timeline("Which day works?", ear_text("Which day works?"))
    timeline.add(sounding(("Which", 200), ("day", 400), ("works?", 600), ms=350), 16000)
    assert timeline.take() == [("Which", 200)]
    assert timeline.rest() == "day works?"


async def test_a_sentence_that_is_not_heard_to_its_end_is_cancelled_there_too(
    cartesia: CartesiaServer,
) -> None:
    service = Cartesia(KEY, "voice", "sonic", cartesia.url, 22050)
    line = CartesiaLine(service)
    pieces = line.speak(TEXT)
    await anext(pieces)
    before = len(cartesia.cancelled)
    await pieces.aclose()
    await asyncio.sleep(0.1)
    assert len(cartesia.cancelled) == before + 1
    await line.close()


async def begin(socket: Any) -> Page:
    """Hear the greeting to its end, and the moment that its last word takes to be played."""
    mine = Page(socket)
    await mine.send(action="start", mode="text")
    await mine.until("audio_energy", seconds=4)
    await mine.until("listening", seconds=25)
    await asyncio.sleep(0.5)
    return mine


async def test_cartesia_speaks_and_every_word_counts_as_heard(
    line_to_cartesia: RunningServer, cartesia: CartesiaServer
) -> None:
    async with page(line_to_cartesia) as socket:
        mine = await begin(socket)
        assert mine.events[0]["engines"]["tts"] == "sonic-3.5 (Cartesia)"
        await mine.send(action="end")
        await mine.until("shutdown")
    assert cartesia.spoken[-1].startswith("Hello! Welcome to our clinic.")
    assert failures(mine, "tts") == []
    said = [line for line in line_to_cartesia.shown if "Agent" in line]
    assert said == [
        "🤖 Agent: Hello! Welcome to our clinic. Could you please share your 4-digit user ID?"
    ]


@pytest.mark.parametrize("fault", FAULTS)
async def test_the_local_voice_finishes_the_sentence(
    line_to_cartesia: RunningServer, cartesia: CartesiaServer, fault: Fault
) -> None:
    cartesia.fault = fault
    async with page(line_to_cartesia) as socket:
        mine = await begin(socket)
        await mine.send(action="end")
        summary = await mine.until("summary")
    assert len(failures(mine, "tts")) == 1
    assert "was spoken by the local voice (cartesia: " in str(summary["key_details"])
    said = [line for line in line_to_cartesia.shown if "Agent" in line]
    assert said == [
        "🤖 Agent: Hello! Welcome to our clinic. Could you please share your 4-digit user ID?"
    ]


@pytest.mark.parametrize(
    ("key", "fault", "words"),
    [
        ("wrong", None, "the key is not accepted; look at CARTESIA_API_KEY"),
        (KEY, "402", "the account has no credit left"),
        (KEY, "refuse", "cannot be reached"),
    ],
)
def test_check_says_what_is_wrong_with_cartesia(
    cartesia: CartesiaServer, key: str, fault: Fault | None, words: str
) -> None:
    cartesia.fault = fault
    settings = Settings(_env_file=None, cartesia_api_key=key, cartesia_url=cartesia.url)
    with pytest.raises(EngineMissing, match=words):
        probe_tts(settings)


def test_cartesia_without_a_key_is_refused_and_local_needs_none() -> None:
    with pytest.raises(EngineMissing, match="CARTESIA_API_KEY"):
        probe_tts(Settings(_env_file=None, tts="cartesia"))
    probe_tts(Settings(_env_file=None, tts="local", cartesia_api_key="any"))
