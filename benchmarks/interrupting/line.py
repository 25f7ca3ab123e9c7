"""One voice over the agent's, over the wire in real time, and its score on samples."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from interrupting.loudspeaker import TICK_SECONDS, Echo, Loudspeaker
from turntaking.call import NoLine
from turntaking.playout import AUDIBLE
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from kavita import wire

PATIENCE_SECONDS = 10.0
SENTENCE_SECONDS = 16.0
"""The longest sentence, pauses included."""
AFTER_SECONDS = 2.0
"""How long the agent is watched after a voice, at least."""
SILENCE_SECONDS = 0.4
"""A silence of this length is no gap between two words."""

Sound = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Trial:
    """What became of one voice over the agent's; times in milliseconds from its first sample."""

    was_interrupted: bool
    """The agent gave up her sentence."""
    is_complete: bool
    """All of her sentence was played."""
    silent_ms: float | None
    """To her silence; None if she never fell silent before the sentence was over."""
    yielding_ms: float | None
    """To the message that lowers or stops her voice at the page; None if none came."""
    pause_ms: float
    """The longest silence within her sentence from then on."""
    heard: str = ""
    """What was taken for a turn of the caller's."""


class Line:
    """A caller's page without a screen: loudspeaker, room, microphone, events."""

    def __init__(self, socket: ClientConnection, room: Sound | None, echo_db: float) -> None:
        self._socket = socket
        self._room, self._echo_db = room, echo_db
        self._echo: Echo | None = None
        self.speaker = Loudspeaker(1)
        self._voice: Sound = np.zeros(0)
        self._voice_due = float("inf")
        self.voice_from: float | None = None
        self.events: list[tuple[float, dict[str, Any]]] = []
        self._came = asyncio.Event()

    async def send(self, message: wire.Start | wire.Text) -> None:
        """Ask for something."""
        await self._socket.send(message.model_dump_json())

    async def start(self) -> None:
        """Begin the call; returns when the greeting comes."""
        _, hello = await self.until("hello")
        self.speaker = Loudspeaker(int(hello["sample_rate"]))
        if self._room is not None:
            self._echo = Echo(self._room, self.speaker.rate, self._echo_db)
        await self.send(wire.Start())

    async def until(
        self, kind: str, seconds: float = PATIENCE_SECONDS, **fields: object
    ) -> tuple[float, dict[str, Any]]:
        """The event of that kind and those fields, come or coming; raises NoLine."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    for at, event in self.events:
                        if event["type"] == kind and fields.items() <= event.items():
                            return at, event
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            raise NoLine(f"no {kind} came") from None

    async def interject(self, sound: Sound, after_seconds: float) -> None:
        """Say something so long after now; `sound` begins with its first audible sample."""
        self._voice = sound
        self._voice_due = asyncio.get_running_loop().time() + after_seconds

    async def over(self, utterance: str, seconds: float) -> None:
        """Wait until a sentence has ended or was given up, for so many seconds at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not any(_ends(event, utterance) for _, event in self.events):
                    self._came.clear()
                    await self._came.wait()

    async def listening(self, times: int) -> None:
        """Wait until the agent has ended so many answers; raises NoLine."""
        try:
            async with asyncio.timeout(2 * SENTENCE_SECONDS):
                while sum(event["type"] == "listening" for _, event in self.events) < times:
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            raise NoLine("the agent did not end") from None

    def has(self, kind: str, **fields: object) -> bool:
        """Whether an event of that kind and those fields has come."""
        return any(e["type"] == kind and fields.items() <= e.items() for _, e in self.events)

    async def run(self) -> None:
        """Loudspeaker and microphone by the clock: 10 ms are played, every 20 ms one frame sent."""
        clock = asyncio.get_running_loop()
        size = round(wire.MICROPHONE_RATE * TICK_SECONDS)
        due, half = clock.time(), np.zeros(0)
        while True:
            played = self.speaker.tick(due)
            heard = np.zeros(size) if self._echo is None else self._echo.hear(played)
            if due >= self._voice_due and self._voice.size:
                self.voice_from = due if self.voice_from is None else self.voice_from
                said, self._voice = self._voice[:size], self._voice[size:]
                heard[: said.size] += said
            due += TICK_SECONDS
            await asyncio.sleep(due - clock.time())
            if not half.size:
                half = heard
                continue
            frame = np.clip(np.rint(np.concatenate([half, heard])), -32768, 32767)
            half = np.zeros(0)
            await self._socket.send(frame.astype(np.int16).tobytes())

    async def receive(self) -> None:
        """Keep what comes, with its time."""
        clock = asyncio.get_running_loop()
        async for message in self._socket:
            if isinstance(message, bytes):
                self.speaker.receive(message, clock.time())
                continue
            event = json.loads(message)
            self.speaker.obey(event)
            self.events.append((clock.time(), event))
            self._came.set()


@asynccontextmanager
async def open_line(url: str, room: Sound | None, echo_db: float) -> AsyncIterator[Line]:
    """A call that has begun; raises NoLine."""
    async with connect(url, max_size=None) as socket:
        line = Line(socket, room, echo_db)
        tasks = [asyncio.create_task(line.receive())]
        try:
            await line.start()
            tasks.append(asyncio.create_task(line.run()))
            yield line
        except ConnectionClosed as error:
            raise NoLine("the line was cut") from error
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def speak_over(
    url: str,
    setup: tuple[str, ...],
    sound: Sound,
    after_seconds: float,
    room: Sound | None = None,
    echo_db: float = -15.0,
) -> Trial:
    """Lead the agent to her sentence, say `sound` over it, and watch what she does."""
    async with open_line(url, room, echo_db) as line:
        for turn, text in enumerate(("", *setup)):
            if text:
                await line.until("speaking_start", turn_id=turn - 1)
                await line.send(wire.Text(text=text))
        _, spoken = await line.until("speaking_start", turn_id=len(setup))
        utterance = spoken["utterance"]
        await line.interject(sound, after_seconds)
        await asyncio.gather(
            asyncio.sleep(after_seconds + sound.size / wire.MICROPHONE_RATE + AFTER_SECONDS),
            line.over(utterance, SENTENCE_SECONDS),
        )
        return _score(line, utterance)


def _score(line: Line, utterance: str) -> Trial:
    voice = line.voice_from
    if voice is None:
        raise NoLine("the sentence was over too soon")
    ended = [at for at, event in line.events if _ends(event, utterance)]
    if not ended or ended[0] < voice:
        raise NoLine("the sentence was over before the voice")
    cut = line.has("interrupted", utterance=utterance)
    silent = line.speaker.silent_from(voice, SILENCE_SECONDS)
    times, peaks = line.speaker.loudness()
    within = (times > voice) & (times < (ended[0] if not cut else times[-1]))
    yielded = [
        at
        for at, event in line.events
        if at > voice and event["type"] in ("yielding", "interrupted")
    ]
    return Trial(
        was_interrupted=cut,
        is_complete=not cut,
        silent_ms=None if silent is None else round((silent - voice) * 1000, 1),
        yielding_ms=round((yielded[0] - voice) * 1000, 1) if yielded else None,
        pause_ms=round(_longest_run(peaks[within] < AUDIBLE) * TICK_SECONDS * 1000, 1),
        heard=" ".join(
            str(event["text"])
            for at, event in line.events
            if event["type"] == "user_speaking" and at > voice
        ),
    )


def _ends(event: dict[str, Any], utterance: str) -> bool:
    return event["type"] in ("interrupted", "speaking_end") and event["utterance"] == utterance


def _longest_run(flags: npt.NDArray[np.bool_]) -> int:
    longest = run = 0
    for flag in flags:
        run = run + 1 if flag else 0
        longest = max(longest, run)
    return longest


async def listen_only(
    url: str, asks: tuple[str, ...], room: Sound, echo_db: float
) -> tuple[int, int, int]:
    """Let the agent speak to her own echo: sentences, interruptions of herself, hesitations."""
    async with open_line(url, room, echo_db) as line:
        for turn, text in enumerate(("", *asks)):
            if text:
                await line.send(wire.Text(text=text))
            await line.listening(turn + 1)
            await asyncio.sleep(0.6)
        kinds = [event["type"] for _, event in line.events]
        spoken_over = kinds.count("interrupted") + kinds.count("user_speaking") - len(asks)
        pauses = sum(event.get("step") == "pause" for _, event in line.events)
        return kinds.count("speaking_start"), max(0, spoken_over), pauses
