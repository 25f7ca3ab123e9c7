"""A recogniser of the cloud in Pipecat's STT seat, with the local one behind it for each turn."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from loguru import logger
from pipecat.frames.frames import (
    CancelFrame,
    EndFrame,
    Frame,
    InputAudioRawFrame,
    StartFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection

from kavita.agent.budget import Count
from kavita.agent.circuit import Circuit, ProviderFailed
from kavita.store.usage import Used
from kavita.voice.azure_speech import Event, Hypothesis, Phrase
from kavita.voice.local_stt import LocalSTT, OnWords, Transcriber

PHRASE_SECONDS = 1.0
"""Longest wait for the cloud's words after the VAD heard the caller fall silent."""

BEGIN_SLACK_MS = 100
"""A phrase may begin so much within the turn before, which is over."""


_MARKS = (VADUserStartedSpeakingFrame, VADUserStoppedSpeakingFrame)


class Ear(Protocol):
    """Hears one call; what it hears goes where it was opened."""

    @property
    def position_ms(self) -> int:
        """How much sound was written."""

    def write(self, pcm: bytes) -> None:
        """Let it hear some more 16 kHz PCM16 mono."""

    def mark(self, frame: VADUserStartedSpeakingFrame | VADUserStoppedSpeakingFrame) -> None:
        """Tell it what the VAD has heard."""

    def close(self) -> None:
        """Stop hearing; events may still come for a moment."""


class CloudEars(Protocol):
    """A recogniser outside of this process, shared by its calls."""

    label: str
    """What log, record and price list call it."""
    circuit: Circuit
    end_slack_ms: int
    """The last phrase may end so much before the VAD heard the caller fall silent."""
    tells_places: bool
    """Whether it knows where in the sound a phrase is; else late words would go astray."""

    async def open(self, on_event: Callable[[Event], None]) -> Ear:
        """Begin to hear; `on_event` is called in the event loop."""

    async def probe(self) -> None:
        """Look whether it is well; raises ProviderFailed."""

    async def close(self) -> None:
        """Let go of it, at the end of the process."""


class CloudSTT(LocalSTT):
    """Hears one call: the cloud all the time, Moonshine when it has no words for what was said.

    At every short silence the phrases since the turn began are its words so far. A turn of which
    the cloud has lost a part is Moonshine's to its end.
    """

    def __init__(
        self,
        transcriber: Transcriber,
        on_words: OnWords,
        cloud: CloudEars,
        on_failed: Callable[[str], Awaitable[None]],
        count: Count,
    ) -> None:
        """`on_failed` hears why the local recogniser had to, such as "azure: timeout".

        `count` hears how much sound it was given.
        """
        super().__init__(transcriber, on_words)
        self._cloud = cloud
        self._on_failed = on_failed
        self._count = count
        self._counted_ms = 0
        """How much of the sound of this ear is counted."""
        self._ear: Ear | None = None
        self._spoke_ms = self._silent_ms = 0
        """Where in the cloud's sound the caller last began to speak, and last fell silent."""
        self._taken_ms = 0
        """Where the last turn ended."""
        self._phrases: list[Phrase] = []
        self._failure: ProviderFailed | None = None
        self._is_noted = False
        """The failure in this turn has been told of."""
        self._news = asyncio.Event()

    async def start(self, frame: StartFrame) -> None:
        """Begin to hear."""
        await super().start(frame)
        await self._open_ear()

    async def stop(self, frame: EndFrame) -> None:
        """Stop hearing."""
        await super().stop(frame)
        self._hang_up()

    async def cancel(self, frame: CancelFrame) -> None:
        """Stop hearing at once."""
        self._hang_up()
        await super().cancel(frame)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Note where in the sound the caller begins and falls silent, and where a turn ends."""
        position_ms = self._ear.position_ms if self._ear else 0
        if isinstance(frame, VADUserStartedSpeakingFrame):
            self._spoke_ms = position_ms - round(1000 * frame.start_secs)
        elif isinstance(frame, VADUserStoppedSpeakingFrame):
            self._silent_ms = position_ms
        if self._ear is not None and isinstance(frame, _MARKS):
            self._ear.mark(frame)
        await super().process_frame(frame, direction)
        if self._is_over(frame):
            await self._end_turn()

    async def process_audio_frame(
        self, frame: InputAudioRawFrame, direction: FrameDirection
    ) -> None:
        """Let both hear."""
        await super().process_audio_frame(frame, direction)
        if self._ear is not None:
            self._ear.write(frame.audio)

    async def _words_in(self, pcm: bytes) -> str:
        """The cloud's words for the turn so far, or the local recogniser's."""
        try:
            text = await self._phrases_so_far()
            self._cloud.circuit.succeeded()
        except ProviderFailed as failure:
            text = await super()._words_in(pcm)
            if text or failure.code != "timeout":
                await self._note(failure)
        return text

    async def _phrases_so_far(self) -> str:
        """The cloud's words up to the silence; raises ProviderFailed when they do not come."""
        if self._ear is None:
            raise self._failure or ProviderFailed(self._cloud.circuit.why_open or "left_alone")
        try:
            async with asyncio.timeout(PHRASE_SECONDS):
                while not self._is_complete():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise ProviderFailed("timeout") from None
        return " ".join(one.text for one in self._phrases if one.text)

    def _is_complete(self) -> bool:
        """Whether the phrases reach up to the silence; raises what ended the hearing."""
        if self._failure is not None:
            raise self._failure
        self._phrases = [one for one in self._phrases if self._is_of_this_turn(one)]
        needed = max(self._silent_ms - self._cloud.end_slack_ms, self._spoke_ms)
        return any(one.ends_ms >= needed for one in self._phrases)

    def _is_of_this_turn(self, heard: Phrase | Hypothesis) -> bool:
        return heard.begins_ms >= self._taken_ms - BEGIN_SLACK_MS

    async def _go_on(self) -> None:
        """The caller goes on: the cloud needs no stretch to be settled, it hears all as one."""
        await self._drop(self._telling, self._latest)
        self._latest = None

    async def _end_turn(self) -> None:
        """What is heard of it later is dropped; a recogniser that failed may hear the next."""
        self._taken_ms, self._is_noted = self._silent_ms, False
        self._count_sound()
        if self._cloud.circuit.is_open:
            self._hang_up()
        elif self._ear is None:
            await self._open_ear()

    async def _note(self, failure: ProviderFailed) -> None:
        """Tell of a failure, once in a turn, and let go of a recogniser that is of no use."""
        if self._is_noted:
            return
        self._is_noted = True
        logger.warning("the local recogniser takes over: {}", failure.code)
        if failure.code not in ("left_alone", "daily_limit"):
            self._cloud.circuit.failed(failure)
        goes_astray = failure.code == "timeout" and not self._cloud.tells_places
        if self._failure is not None or self._cloud.circuit.is_open or goes_astray:
            self._hang_up()
            # It has been told of: a later turn must not blame a recogniser that is well.
            self._failure = None
        await self._on_failed(f"{self._cloud.label}: {failure.code}")

    async def _open_ear(self) -> None:
        """Hear from here on, unless the recogniser is left alone."""
        if not self._cloud.circuit.is_open:
            self._failure = None
            self._spoke_ms = self._silent_ms = self._taken_ms = self._counted_ms = 0
            self._phrases.clear()
            self._ear = await self._cloud.open(self._heard)

    def _count_sound(self) -> None:
        if self._ear is not None:
            heard_ms = self._ear.position_ms
            self._count(
                [Used("stt", self._cloud.label, "milliseconds", heard_ms - self._counted_ms)]
            )
            self._counted_ms = heard_ms

    def _hang_up(self) -> None:
        self._count_sound()
        ear, self._ear = self._ear, None
        if ear is not None:
            ear.close()

    def _heard(self, event: Event) -> None:
        if isinstance(event, Hypothesis):
            self._guess(event)
            return
        if isinstance(event, Phrase):
            # A line that was taken up again may say the same once more.
            self._phrases = [one for one in self._phrases if one.ends_ms <= event.begins_ms]
            self._phrases.append(event)
        elif self._ear is not None:
            self._failure = event
        self._news.set()

    def _guess(self, hypothesis: Hypothesis) -> None:
        """Tell the words so far, which are nobody's answer yet."""
        if self._is_of_this_turn(hypothesis):
            before = [one.text for one in self._phrases if self._is_of_this_turn(one)]
            text = " ".join([*before, hypothesis.text])
            self.create_task(self._on_words(text))
