"""A call by voice in which providers fail after the first turn: is it answered, does it book?"""

import asyncio
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime, time
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

from websockets.exceptions import ConnectionClosed

from benchmarks.voice.line import Heard, VoiceLine, voice_line
from kavita.agent.phrases import FILLER
from kavita.agent.sentences import claims_a_change
from kavita.caller.agenda import Agenda, Caller
from kavita.caller.demo import demo_day
from kavita.caller.voice import CallerVoice
from kavita.scheduling.times import to_utc
from kavita.settings import Settings
from kavita.store.appointments import upcoming
from tests.fakes import azure_speech_server, cartesia_server, openai_server
from tests.fakes.running_server import RunningServer, running_server

STAGES = ("stt", "llm", "tts")
PATIENCE_SECONDS = 10.0
"""A turn without a word for so long is a silent one; the caller says it again."""

RECOVERY_SECONDS = 60.0
PAUSE_SECONDS = 0.4
"""Between the agent's last word and the caller's first."""

MOST_TURNS = 9
BOOKED = "booked"
QUESTION = "Which appointments do I have?"
NOON = time(12, 0)

_ONE_BOOK_AT_A_TIME = Lock()
"""Alembic has one context for the whole process."""

Faults = dict[str, str]
"""How which stage fails."""


@dataclass(frozen=True)
class CallFound:
    """What became of one call."""

    sound_seconds: float
    """The longest wait for the first sound after the caller's words, "One moment" included."""
    answer_seconds: float
    """The longest wait for the first words of an answer."""
    turns: int
    silent_turns: int
    silent_in_a_row: int
    booked: bool
    bookings: int
    false_claims: int
    tools_run_twice: int
    back_seconds: float | None
    """From the end of the faults to the first turn in which no other engine had to step in."""
    failures: tuple[str, ...]
    """What the page was told of, such as "azure: timeout"; a client may get over a fault itself."""
    bound_seconds: float

    @property
    def holds(self) -> bool:
        """Whether the figure keeps its bound."""
        return (
            self.sound_seconds <= self.bound_seconds
            and self.silent_in_a_row < 2
            and self.booked
            and self.bookings == 1
            and not self.false_claims
            and not self.tools_run_twice
            and self.back_seconds is not None
        )


@dataclass
class Vendors:
    """The three servers, and what the caller's words are for one that hears well."""

    azure: azure_speech_server.AzureSpeechServer
    openai: openai_server.OpenAIServer
    cartesia: cartesia_server.CartesiaServer
    said: str = ""

    def fail(self, faults: Faults) -> None:
        """Fail so, and in no other way."""
        for stage, vendor in zip(STAGES, (self.azure, self.openai, self.cartesia), strict=True):
            vendor.fault = faults.get(stage)  # type: ignore[assignment]


async def call_with(faults: Faults, bound_seconds: float, voice: CallerVoice) -> CallFound:
    """Book by voice while `faults` last, then ask until all that failed is in use again.

    Whatever blocks goes to a thread: other calls are being held in the same loop.
    """
    with ThreadPoolExecutor(1) as thread:
        blocking = partial(asyncio.get_running_loop().run_in_executor, thread)
        stack = ExitStack()
        try:
            vendors, server = await blocking(_house, stack)
            async with voice_line(server.ws) as line:
                call, back_seconds = _FaultyCall(vendors, server, line, voice), None
                with suppress(ConnectionClosed):
                    await call.identify()
                    await blocking(vendors.fail, faults)
                    await call.book()
                    await blocking(vendors.fail, {})
                    back_seconds = await call.recover()
            return call.found(back_seconds, bound_seconds)
        finally:
            await blocking(stack.close)


def _house(stack: ExitStack) -> tuple[Vendors, RunningServer]:
    """Kavita, and the three vendors, each in a thread of its own."""
    settings = Settings(_env_file=None)
    vendors = Vendors(
        stack.enter_context(azure_speech_server.azure_speech_server()),
        stack.enter_context(
            openai_server.openai_server(
                settings.clinic(), lambda: datetime.now(settings.timezone())
            )
        ),
        stack.enter_context(cartesia_server.cartesia_server()),
    )
    vendors.azure.words = lambda _: vendors.said
    vendors.openai.first_chunk_seconds = openai_server.USUAL_FIRST_CHUNK_SECONDS
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
    with _ONE_BOOK_AT_A_TIME:
        server = stack.enter_context(
            running_server(
                folder,
                azure_speech_key=azure_speech_server.KEY,
                azure_speech_host=vendors.azure.host,
                openai_api_key=openai_server.KEY,
                openai_base_url=vendors.openai.base_url,
                cartesia_api_key=cartesia_server.KEY,
                cartesia_url=vendors.cartesia.url,
            )
        )
    return vendors, server


@dataclass
class _FaultyCall:
    vendors: Vendors
    server: RunningServer
    line: VoiceLine
    voice: CallerVoice
    turns: list[Heard] = field(default_factory=list)
    """The caller's spoken turns."""

    def __post_init__(self) -> None:
        settings = Settings(_env_file=None)
        self.zone = settings.timezone()
        today = datetime.now(self.zone).date()
        self.day = demo_day(settings.clinic(), today)
        self.caller = Caller(Agenda("1001", self.day, NOON, "Lab visit", today))

    async def identify(self) -> None:
        """Come to the question of what is wanted, before anything fails."""
        await self.line.cut_short(PATIENCE_SECONDS)
        await self.line.type("1001")
        self.welcome = await self.line.listen(PATIENCE_SECONDS)

    async def book(self) -> None:
        """Answer what the agent asks until the visit is booked."""
        heard = self.welcome
        while len(self.turns) < MOST_TURNS:
            words = self.caller.answer(heard.text) if heard.sentences else self.caller.repeat()
            if words is None or self.caller.booked:
                return
            heard = await self._say(words)

    async def recover(self) -> float | None:
        """Seconds until a turn in which nobody had to step in; None: more than a minute."""
        clock = asyncio.get_running_loop()
        began = clock.time()
        while clock.time() - began < RECOVERY_SECONDS:
            heard = await self._say(QUESTION, whole=False)
            if heard.sentences and not _failures(heard):
                return clock.time() - began
        return None

    def found(self, back_seconds: float | None, bound_seconds: float) -> CallFound:
        """All that the call showed."""
        silent = [heard.seconds(but=FILLER) is None for heard in self.turns]
        tools = [event for heard in self.turns for event in heard.of("tool_call")]
        bookings = [event for event in tools if event["result"]["status"] == BOOKED]
        wanted = to_utc(self.day, NOON, self.zone)
        visits = upcoming(self.server.database, "1001", datetime.now(self.zone))
        return CallFound(
            sound_seconds=self._longest_wait(),
            answer_seconds=self._longest_wait(but=FILLER),
            turns=len(self.turns),
            silent_turns=sum(silent),
            silent_in_a_row=_longest_run(silent),
            booked=any(visit.starts_at == wanted for visit in visits),
            bookings=len(bookings),
            false_claims=max(0, sum(map(_claims, self.turns)) - len(bookings)),
            tools_run_twice=sum(map(_twice, self.turns)),
            back_seconds=None if back_seconds is None else round(back_seconds, 1),
            failures=tuple(dict.fromkeys(f for heard in self.turns for f in _failures(heard))),
            bound_seconds=bound_seconds,
        )

    def _longest_wait(self, but: str = "") -> float:
        waits = (heard.seconds(but) for heard in self.turns)
        waited = (round(PATIENCE_SECONDS if wait is None else wait, 2) for wait in waits)
        return max(waited, default=PATIENCE_SECONDS)

    async def _say(self, words: str, whole: bool = True) -> Heard:
        """Speak a turn; hear the answer to its end, or stop it when it has begun."""
        pcm = await asyncio.to_thread(self.voice.speak, words)
        await asyncio.sleep(PAUSE_SECONDS)
        self.vendors.said = words
        await self.line.say(pcm)
        if whole:
            self.turns.append(await self.line.listen(PATIENCE_SECONDS))
        else:
            self.turns.append(await self.line.cut_short(PATIENCE_SECONDS, but=FILLER))
        return self.turns[-1]


def _failures(heard: Heard) -> list[str]:
    """Who did not do its part."""
    kinds = ("stt_failures", "llm_failures", "tts_failures")
    return [failure for event in heard.of("metrics") for kind in kinds for failure in event[kind]]


def _claims(heard: Heard) -> bool:
    """Whether it tells of a change; listing what is booked is none."""
    texts = [sentence.text for sentence in heard.sentences]
    return any(text.startswith("Done!") or claims_a_change(text) for text in texts)


def _twice(heard: Heard) -> int:
    """How often a tool was run again in the same turn with the same arguments."""
    calls = Counter(_call(event) for event in heard.of("tool_call"))
    return sum(count - 1 for count in calls.values())


def _call(event: dict[str, Any]) -> str:
    return f"{event['function']} {sorted(event['arguments'].items())}"


def _longest_run(flags: list[bool]) -> int:
    longest = run = 0
    for flag in flags:
        run = run + 1 if flag else 0
        longest = max(longest, run)
    return longest
