"""A voice while the agent speaks: she lowers hers, falls silent, and then yields or goes on."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from loguru import logger
from pipecat.frames.frames import (
    EagerTranscriptionFrame,
    Frame,
    InputAudioRawFrame,
    SystemFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection
from pipecat.turns.types import ProcessFrameResult
from pipecat.turns.user_start import VADUserTurnStartStrategy

from kavita import wire
from kavita.receptionist.interjection import Interjection
from kavita.voice.turn_models import SharedSilero

WINDOW_SECONDS = 512 / wire.MICROPHONE_RATE
"""Silero's."""

PAUSE_AFTER = 4
"""Windows of voice after which the agent, who has lowered her voice, falls silent."""

OVER_AFTER = 9
"""Windows without voice (0.29 s) after which a sound is over: who has said "no" or "sorry", or only
begun a word, goes on sooner."""

JUDGE_SECONDS = 0.7
"""Voice after which the words so far are decoded, though it goes on."""

JUDGE_AGAIN_SECONDS = 0.4

PATIENCE_SECONDS = 1.4
"""Voice after which the agent goes on beside it, if it has had no words."""

DECODING_SECONDS = 1.3
"""How long the words of an interjection that is over may take."""

LEAD_SECONDS = 0.4
"""Sound decoded from before the voice."""

KEPT_SECONDS = 8.0


@dataclass
class FalseAlarmFrame(SystemFrame):
    """What was heard since the last turn belongs to none."""


class Floor(Protocol):
    """What can be done about the agent's speech."""

    @property
    def is_speaking(self) -> bool:
        """Whether the agent's sound is being sent, or is held."""

    def is_own(self, sound: bytes) -> bool:
        """Whether the latest of this sound, heard until now, is the agent's own come back."""

    async def lower(self) -> None:
        """Speak softly."""

    async def pause(self) -> None:
        """Fall silent, ready to go on."""

    async def go_on(self) -> None:
        """Speak as before, from where the sound stopped."""


Weigh = Callable[[str, float], Interjection]
"""What some words mean, said over the agent's in so many seconds of voice."""


class RuledTurnStart(VADUserTurnStartStrategy):
    """Begins the caller's turn at any voice; over the agent's only at one that wants the floor.

    What a caller says over the agent is judged when it is over, or after 0.7 s of it. Until then
    the rest of the pipeline hears of no turn.
    """

    def __init__(
        self,
        vad: SharedSilero,
        floor: Floor,
        hear: Callable[[bytes], Awaitable[str]],
        weigh: Weigh,
    ) -> None:
        """`hear` gives the words in 16 kHz PCM16."""
        super().__init__()
        self._vad = vad
        self._floor = floor
        self._hear = hear
        self._weigh = weigh
        self._sound = bytearray()
        self._voiced_before = 0
        self._is_speech = False
        self._spoken_until = 0.0
        """When the VAD heard the interjection end; 0 while it has not, or took it for no speech."""
        self._words: str | None = None
        self._news = asyncio.Event()
        self._attending: asyncio.Task[None] | None = None
        self._attends_since = 0.0
        vad.on_window = self._hear_window

    async def process_frame(self, frame: Frame) -> ProcessFrameResult:
        """Follow the voice, the VAD and the words."""
        if isinstance(frame, InputAudioRawFrame):
            self._sound += frame.audio
            del self._sound[: -_bytes_of(KEPT_SECONDS)]
        elif isinstance(frame, VADUserStartedSpeakingFrame):
            self._is_speech, self._spoken_until, self._words = True, 0.0, None
            if self._attending is None and not self._floor.is_speaking:
                return await super().process_frame(frame)
            self._attend()
        elif isinstance(frame, VADUserStoppedSpeakingFrame):
            self._is_speech, self._spoken_until = False, time.monotonic()
        elif isinstance(frame, EagerTranscriptionFrame) and self._spoken_until:
            self._words = frame.text
        self._news.set()
        return ProcessFrameResult.CONTINUE

    async def handle_user_turn_started(self) -> None:
        """The caller has the floor, whoever ruled so."""
        await super().handle_user_turn_started()
        await self._drop()

    async def cleanup(self) -> None:
        """Attend to nothing any more."""
        await super().cleanup()
        await self._drop()

    def _hear_window(self) -> None:
        """The VAD has heard 32 ms, at the microphone: silence does not travel as far as here."""
        if self._attending is not None:
            self._news.set()
        elif self._floor.is_speaking and self._vad.voiced > self._voiced_before:
            self._attend()
        else:
            self._voiced_before = self._vad.voiced

    def _attend(self) -> None:
        if self._attending is None:
            self._attends_since = time.monotonic()
            self._words, self._spoken_until = None, 0.0  # those of the turn before
            self._attending = self.task_manager.create_task(self._follow(), f"{self}::attend")

    async def _drop(self) -> None:
        task, self._attending = self._attending, None
        self._voiced_before = self._vad.voiced
        self._words, self._spoken_until = None, 0.0
        if task is not None and task is not asyncio.current_task():
            await self.task_manager.cancel_task(task)

    @property
    def _voice_seconds(self) -> float:
        return (self._vad.voiced - self._voiced_before) * WINDOW_SECONDS

    async def _follow(self) -> None:
        """One interjection, from its first window of voice to the verdict."""
        while True:
            await self._floor.lower()
            verdict = await self._verdict()
            logger.debug("{} in {:.2f} s of voice over the agent", verdict, self._voice_seconds)
            if verdict is Interjection.INTERRUPTION:
                break
            await self._floor.go_on()
            if not self._is_speech:
                await self._drop()
                await self.push_frame(FalseAlarmFrame(), FrameDirection.UPSTREAM)
                return
            # A voice has begun since the verdict.
            if not self._floor.is_speaking:
                break
        self._attending = None
        await self.trigger_user_turn_started()

    async def _verdict(self) -> Interjection:
        is_paused, judge_at = False, JUDGE_SECONDS
        while not self._is_over():
            self._news.clear()
            await self._news.wait()
            if not self._floor.is_speaking:
                # Somebody else stopped the agent, or she has ended: what is said has the floor.
                is_said = self._is_speech or self._spoken_until
                return self._unless_own(
                    Interjection.INTERRUPTION if is_said else Interjection.NOTHING
                )
            seconds = self._voice_seconds
            if seconds >= PAUSE_AFTER * WINDOW_SECONDS and not is_paused:
                is_paused = True
                await self._floor.pause()
            if seconds >= judge_at and self._is_speech:
                judge_at = seconds + JUDGE_AGAIN_SECONDS
                words = await self._words_so_far()
                # The last word may be half a word, for which the recognizer finds any other.
                verdict = self._unless_own(self._weigh(_but_the_last(words), seconds))
                if verdict is Interjection.INTERRUPTION:
                    return verdict
                is_wordless = self._weigh(words, seconds) is Interjection.NOTHING
                if is_wordless and seconds > PATIENCE_SECONDS:
                    await self._floor.go_on()
        return self._unless_own(self._weigh(self._words or "", self._voice_seconds))

    def _unless_own(self, verdict: Interjection) -> Interjection:
        """The agent's words come back from the room want nothing, whatever they are."""
        if verdict is Interjection.INTERRUPTION and self._floor.is_own(self._latest_sound()):
            return Interjection.NOTHING
        return verdict

    def _is_over(self) -> bool:
        if self._is_speech:
            return False
        is_quiet = self._vad.unvoiced_run >= OVER_AFTER and not self._vad.hears_voice
        if not self._spoken_until:
            return is_quiet
        if self._words is None:
            return time.monotonic() > self._spoken_until + DECODING_SECONDS
        verdict = self._weigh(self._words, self._voice_seconds)
        return is_quiet or verdict is Interjection.INTERRUPTION

    async def _words_so_far(self) -> str:
        return await self._hear(self._latest_sound())

    def _latest_sound(self) -> bytes:
        seconds = time.monotonic() - self._attends_since + LEAD_SECONDS
        return bytes(self._sound[-_bytes_of(seconds) :])


def _but_the_last(words: str) -> str:
    return words.rpartition(" ")[0]


def _bytes_of(seconds: float) -> int:
    return 2 * round(seconds * wire.MICROPHONE_RATE)
