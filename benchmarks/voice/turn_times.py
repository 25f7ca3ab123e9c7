"""Where the time of a turn goes between vendors that answer after fixed delays."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.voice.line import VoiceLine, voice_line
from benchmarks.voice.systems import SYSTEMS
from kavita.caller.voice import CallerVoice
from tests.fakes import azure_speech_server, cartesia_server, openai_server

ROOT = Path(__file__).resolve().parents[2]
WATCH = Path(__file__).with_name("watch.py")
FIRST_TOKEN_SECONDS = 0.3
FIRST_BYTE_SECONDS = 0.1
"""Azure's server gives a phrase out after 0.25 s of silence in what has reached it."""

PARTS = ("recognition", "question", "sentence", "sound")
"""From a phrase to words, from the turn's end to the model's being asked, from a token to a
sentence for Cartesia, from its first sound to the caller's ear."""

QUESTION = "What are your opening hours?"
ANSWER = "We open at nine."
TURNS_A_CALL = 10
QUIET_SECONDS = 0.7
"""Between the end of an answer and the next question."""

PATIENCE_SECONDS = 15.0


@dataclass(frozen=True)
class TurnTimes:
    """The moments of one turn, in seconds of the machine's monotonic clock."""

    spoken: float
    """The caller's last audible sample went out."""
    phrase: float
    """Azure gave its phrase out."""
    words: float
    """The pipeline had it as words."""
    over: float
    """The turn was ruled to be over."""
    asked: float
    """The model was asked."""
    token: float
    """It gave its first token out."""
    text: float
    """Cartesia was asked for a sentence."""
    byte: float
    """It gave its first sound out."""
    heard: float
    """The caller got the first audible sample."""

    def parts(self) -> dict[str, float]:
        """What is nobody's delay and no decision, in milliseconds."""
        seconds = (
            self.words - self.phrase,
            self.asked - self.over,
            self.text - self.token,
            self.heard - self.byte,
        )
        return {part: 1000 * each for part, each in zip(PARTS, seconds, strict=True)}


class TurnLost(Exception):
    """A turn was not answered as it should have been; the words say what is missing."""


@dataclass
class Vendors:
    """The same three for both systems; one turn at a time."""

    azure: azure_speech_server.AzureSpeechServer
    openai: openai_server.OpenAIServer
    cartesia: cartesia_server.CartesiaServer

    def begin(self) -> None:
        """Forget what was before this turn."""
        for vendor in (self.azure, self.openai, self.cartesia):
            vendor.asked.clear()
            vendor.answered.clear()

    def environment(self) -> dict[str, str]:
        """Kavita's settings for them."""
        return {
            "AZURE_SPEECH_KEY": azure_speech_server.KEY,
            "AZURE_SPEECH_HOST": self.azure.host,
            "OPENAI_API_KEY": openai_server.KEY,
            "OPENAI_BASE_URL": self.openai.base_url,
            "CARTESIA_API_KEY": cartesia_server.KEY,
            "CARTESIA_URL": self.cartesia.url,
        }


@dataclass
class System:
    """One of the two, in its process."""

    name: str
    port: int
    marks: list[tuple[str, float]] = field(default_factory=list)
    """What `watch.py` told of the turn."""

    def first(self, mark: str, since: float) -> float:
        """When something was marked first; raises TurnLost."""
        for name, at in self.marks:
            if name == mark and at >= since:
                return at
        raise TurnLost(f"{self.name}: no {mark}")


async def measure(turns: int) -> dict[str, list[TurnTimes]]:
    """So many turns of each system, interleaved turn by turn."""
    times: dict[str, list[TurnTimes]] = {name: [] for name in SYSTEMS}
    speech = CallerVoice().speak(QUESTION)
    async with AsyncExitStack() as stack:
        vendors = _vendors(stack)
        systems = [await stack.enter_async_context(_system(name, vendors)) for name in SYSTEMS]
        for start in range(0, turns, TURNS_A_CALL):
            await _calls(systems, vendors, speech, min(TURNS_A_CALL, turns - start), times)
    return times


async def _calls(
    systems: Sequence[System],
    vendors: Vendors,
    speech: bytes,
    turns: int,
    times: dict[str, list[TurnTimes]],
) -> None:
    """One call to each system, with so many turns."""
    async with AsyncExitStack() as stack:
        lines = []
        for system in systems:
            url = f"ws://127.0.0.1:{system.port}/ws"
            lines.append(await stack.enter_async_context(voice_line(url)))
        for line in lines:
            await line.quiet(QUIET_SECONDS, PATIENCE_SECONDS)
        for _ in range(turns):
            for system, line in zip(systems, lines, strict=True):
                try:
                    times[system.name].append(await _turn(system, line, vendors, speech))
                except (TurnLost, TimeoutError) as lost:
                    print(f"turn lost: {lost}", file=sys.stderr)


async def _turn(system: System, line: VoiceLine, vendors: Vendors, speech: bytes) -> TurnTimes:
    vendors.begin()
    system.marks.clear()
    await line.say(speech)
    await line.quiet(QUIET_SECONDS, PATIENCE_SECONDS)
    if not all((vendors.azure.answered, vendors.openai.answered, vendors.cartesia.answered)):
        raise TurnLost(f"{system.name}: a vendor was not asked")
    phrase, heard = vendors.azure.answered[0], line.heard.first_at
    if len(vendors.openai.asked) != 1 or heard is None:
        raise TurnLost(f"{system.name}: the model was asked {len(vendors.openai.asked)} times")
    return TurnTimes(
        spoken=line.heard.asked_at,
        phrase=phrase,
        words=system.first("words", phrase),
        over=system.first("over", line.heard.asked_at),
        asked=vendors.openai.asked[0],
        token=vendors.openai.answered[0],
        text=vendors.cartesia.asked[0],
        byte=vendors.cartesia.answered[0],
        heard=heard,
    )


def _vendors(stack: AsyncExitStack) -> Vendors:
    vendors = Vendors(
        stack.enter_context(azure_speech_server.azure_speech_server(lambda _: QUESTION)),
        stack.enter_context(
            openai_server.openai_server(brain=lambda _: openai_server.Reply(ANSWER))
        ),
        stack.enter_context(cartesia_server.cartesia_server()),
    )
    vendors.openai.first_chunk_seconds = FIRST_TOKEN_SECONDS
    vendors.cartesia.first_chunk_seconds = FIRST_BYTE_SECONDS
    return vendors


@asynccontextmanager
async def _system(name: str, vendors: Vendors) -> AsyncIterator[System]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.voice.systems", name),
        cwd=ROOT,
        env=os.environ | vendors.environment() | {"PIPECAT_SETUP_FILES": str(WATCH)},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    system = System(name, int((await process.stdout.readline()).split()[1]))

    async def read(stdout: asyncio.StreamReader) -> None:
        async for row in stdout:
            mark, at = row.decode().split()
            system.marks.append((mark, float(at)))

    reading = asyncio.create_task(read(process.stdout))
    try:
        yield system
    finally:
        reading.cancel()
        process.kill()
        await process.wait()
