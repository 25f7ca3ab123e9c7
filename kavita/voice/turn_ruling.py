"""The rule of `turn_end` in Pipecat's seat for it: gathers the evidence of a turn and rules."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from typing import Any

from loguru import logger
from pipecat.frames.frames import (
    EagerTranscriptionFrame,
    Frame,
    InputAudioRawFrame,
    TranscriptionFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.turns.types import ProcessFrameResult, UserTurnSpeculation
from pipecat.turns.user_stop.base_user_turn_stop_strategy import BaseUserTurnStopStrategy
from pipecat.utils.time import time_now_iso8601

from kavita import wire
from kavita.receptionist.expectation import Answer, Reading
from kavita.voice.interruption import FalseAlarmFrame
from kavita.voice.rhythm import rhythm_of
from kavita.voice.turn_end import Evidence, Waits, silence_needed, sound_tells
from kavita.voice.turn_models import SharedSilero, TurnJudge

JUDGED_BYTES = 8 * 2 * wire.MICROPHONE_RATE
"""Smart Turn looks at the last 8 s."""

BEFORE_VOICE_BYTES = wire.MICROPHONE_RATE
"""Half a second from before the VAD was sure of the first voice belongs to the turn's sound."""

DECODING_SECONDS = 1.5
"""How long the words of a turn that is over may still take."""

LOOK_AGAIN_SECONDS = 0.01


class RuledTurnStop(BaseUserTurnStopStrategy):
    """Ends a turn as soon as silence, Smart Turn and the words so far allow it.

    While it waits it has the answer prepared (a speculative inference), which is good for the words
    heard so far and for no others.
    """

    def __init__(
        self,
        vad: SharedSilero,
        judge: TurnJudge,
        waits: Waits,
        read: Callable[[str], Reading],
    ) -> None:
        """`read` weighs the words of the turn so far against what was asked."""
        super().__init__()
        self._vad = vad
        self._judge = judge
        self._waits = waits
        self._read = read
        self._sound = bytearray()
        self._evidence = Evidence()
        self._text = ""
        self._written = ""
        self._last_words: TranscriptionFrame | None = None
        self._silent_since = 0.0
        self._news = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._speaking = self._has_voice = False
        self._in_turn = False
        self._told: str | None = None
        """Words of what may yet be ruled to be a turn."""

    async def process_frame(self, frame: Frame) -> ProcessFrameResult:
        """Gather evidence; the ruling itself comes by the clock."""
        if isinstance(frame, InputAudioRawFrame):
            self._sound += frame.audio
            del self._sound[:-JUDGED_BYTES]
        elif isinstance(frame, VADUserStartedSpeakingFrame):
            self._speaking, self._told = True, None
            if not self._has_voice:
                self._has_voice = True
                del self._sound[:-BEFORE_VOICE_BYTES]
            await self._forget()
        elif isinstance(frame, VADUserStoppedSpeakingFrame):
            self._speaking = False
            await self._forget()
            ago = frame.stop_secs + max(0.0, time.time() - frame.timestamp)
            self._silent_since = time.monotonic() - ago
            self._start(self._watch(), "watch")
        elif isinstance(frame, EagerTranscriptionFrame):
            self._told = frame.text
            if self._in_turn:
                await self._take_words(frame.text)
        elif isinstance(frame, FalseAlarmFrame) and not (self._speaking or self._in_turn):
            await self.handle_user_turn_stopped()
        elif isinstance(frame, TranscriptionFrame) and frame is self._last_words:
            self._last_words = None
            self._written = f"{self._written} {frame.text}".strip()
            if not self._speaking:
                await self.trigger_user_turn_stopped()
        return ProcessFrameResult.CONTINUE

    async def handle_user_turn_started(self) -> None:
        """The turn has begun, perhaps after its first words: over the agent it takes a ruling."""
        self._in_turn = True
        if self._told is not None and not self._speaking:
            await self._take_words(self._told)

    async def handle_user_turn_stopped(self) -> None:
        """The turn is over, whoever ruled so."""
        self._in_turn, self._told = False, None
        await self._forget()
        self._sound.clear()
        self._written, self._has_voice = "", False

    async def cleanup(self) -> None:
        """Stop watching."""
        await super().cleanup()
        await self._forget()

    async def _forget(self) -> None:
        self._evidence, self._text = Evidence(), ""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            if task is not asyncio.current_task():
                await self.task_manager.cancel_task(task)

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._tasks.append(self.task_manager.create_task(work, f"{self}::{name}"))

    async def _ask_judge(self, pcm: bytes) -> None:
        finished = await self._judge.probability(pcm)
        self._evidence = replace(self._evidence, finished=finished)
        self._news.set()

    async def _take_words(self, text: str) -> None:
        if self._speaking:
            return
        self._text = text
        reading = self._read(text)
        rhythm = rhythm_of(bytes(self._sound)) if reading.dictation else None
        self._evidence = replace(self._evidence, reading=reading, rhythm=rhythm)
        self._news.set()
        if sound_tells(reading.answer):
            self._start(self._ask_judge(bytes(self._sound)), "judge")
        if reading.answer is not Answer.NOTHING:
            await self.trigger_user_turn_inference_triggered(
                speculation=UserTurnSpeculation(text=text)
            )

    async def _watch(self) -> None:
        while (rest := self._rest()) > 0 or self._vad.hears_voice or not self._in_turn:
            self._news.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), max(rest, LOOK_AGAIN_SECONDS))
        self._log()
        text = self._text.removeprefix(self._written).strip()
        if not text:
            await self.trigger_user_turn_stopped()
            return
        # The aggregator keeps only what comes to it as a transcript; the turn ends when it has. A
        # caller who goes on in that very moment keeps the turn, and no word is written twice.
        self._last_words = TranscriptionFrame(text, "", time_now_iso8601(), finalized=True)
        await self.push_frame(self._last_words)

    def _rest(self) -> float:
        """Seconds until the turn is over, as far as is known now."""
        needed = silence_needed(self._evidence, self._waits)
        if self._evidence.reading is None:
            needed += DECODING_SECONDS
        silent_since = self._silent_since + self._vad.fading_seconds
        return silent_since + needed - time.monotonic()

    def _log(self) -> None:
        reading, finished = self._evidence.reading, self._evidence.finished
        rhythm = self._evidence.rhythm
        logger.debug(
            "turn over after {:.0f} ms of silence: "
            "answer {}, asked {}, Smart Turn {}, syllables {}",
            1000 * (time.monotonic() - self._silent_since),
            reading.answer.value if reading else "not decoded",
            reading.question.name if reading else "unknown",
            "has not answered" if finished is None else f"{finished:.2f}",
            rhythm.syllables if rhythm else "not counted",
        )
