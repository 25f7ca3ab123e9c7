"""Local speech to text: Moonshine tiny, from the `local` extra, in Pipecat's STT seat."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from loguru import logger
from pipecat.frames.frames import (
    CancelFrame,
    EagerTranscriptionFrame,
    EndFrame,
    Frame,
    InputAudioRawFrame,
    UserStoppedSpeakingFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.settings import STTSettings
from pipecat.services.stt_service import STTService
from pipecat.utils.time import time_now_iso8601

from kavita import wire
from kavita.voice.espeak import EngineMissing
from kavita.voice.interruption import FalseAlarmFrame
from kavita.voice.recogniser import model_folder
from kavita.voice.recogniser_process import RecogniserLost, RecogniserProcess
from kavita.voice.turn_models import VoicePausesFrame
from kavita.voice.waits import Waits

FINAL_TRANSCRIPT_SECONDS = 0.6
"""How long after the end of speech a transcript may take on two cores (measured p99)."""

PRE_SPEECH_SECONDS = 1.0
"""Sound kept from before the VAD is sure of speech, which takes it 0.2 s."""

PAUSE_SECONDS = 0.1
"""A pause that the VAD calls silence comes to that within so much more sound."""

LONGEST_STRETCH_SECONDS = 4.0
"""A longer stretch is settled when the caller goes on: decoding stays quick, and a tiny model drops
words from the middle of a long one."""

OnWords = Callable[[str], Coroutine[Any, Any, None]]
"""Hears the words of a turn that may go on."""


class Transcriber:
    """The recogniser of all calls. Whoever asked first is heard first."""

    def __init__(self) -> None:
        """Start it; it loads beside what else is loaded.

        Raises:
            EngineMissing: the `local` extra is not installed.
        """
        self._began = time.monotonic()
        self._recogniser = RecogniserProcess(model_folder())
        self._thread = ThreadPoolExecutor(1, "recogniser")
        self._is_closed = False
        self._unanswered = 0
        self.waits = Waits()
        """How long sound has waited to be decoded."""

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits for words."""
        return not self._unanswered

    def wait_until_loaded(self) -> None:
        """Return when it can hear; raises EngineMissing if it never will."""
        try:
            self._thread.submit(self._recogniser.hear, b"").result()
        except RecogniserLost as error:
            raise EngineMissing("The local recogniser does not start") from error
        logger.info("Moonshine tiny loaded in {:.1f} s", time.monotonic() - self._began)

    async def transcribe(self, pcm: bytes) -> str:
        """The words in 16 kHz PCM16 mono; empty when nobody speaks in it, or it cannot be heard."""
        loop = asyncio.get_running_loop()
        self._unanswered += 1
        try:
            return await loop.run_in_executor(self._thread, self._transcribe, pcm, time.monotonic())
        finally:
            self._unanswered -= 1

    def _transcribe(self, pcm: bytes, asked_at: float) -> str:
        self.waits.note(time.monotonic() - asked_at)
        if self._is_closed:
            return ""
        with suppress(RecogniserLost):  # which is in the log
            return self._recogniser.hear(pcm)
        return ""

    def close(self) -> None:
        """Let the process go, behind what it is hearing."""
        self._is_closed = True
        self._thread.submit(self._recogniser.close)
        self._thread.shutdown(wait=False)


class LocalSTT(STTService):
    """Hears one call: at every short silence it decodes the turn so far.

    If nobody else waits for words it begins a little sooner, when the voice pauses. What it hears
    is provisional (an EagerTranscriptionFrame) until the turn is ruled to be over: a later one
    holds all words of the turn anew, and better, since the model hears more.
    """

    def __init__(self, transcriber: Transcriber, on_words: OnWords) -> None:
        """`transcriber` is shared by all calls; `on_words` hears the words of the turn so far."""
        super().__init__(
            sample_rate=wire.MICROPHONE_RATE,
            ttfs_p99_latency=FINAL_TRANSCRIPT_SECONDS,
            settings=STTSettings(model="moonshine-tiny-en", language=None),
        )
        self._transcriber = transcriber
        self._on_words = on_words
        self._sound = bytearray()
        self._in_turn = False
        self._is_speech = False
        self._voice_end = 0
        self._earlier: list[asyncio.Task[str]] = []
        """The words of settled stretches."""
        self._latest: asyncio.Task[str] | None = None
        self._ahead: tuple[int, asyncio.Task[str]] | None = None
        """The words up to a pause that may be a silence, and how much sound there was."""
        self._telling: asyncio.Task[None] | None = None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Follow the turns by what the aggregator says of them."""
        await super().process_frame(frame, direction)
        if isinstance(frame, VADUserStartedSpeakingFrame):
            await self._go_on()
            self._in_turn = self._is_speech = True
        elif isinstance(frame, VoicePausesFrame):
            await self._drop_ahead()
            if self._transcriber.is_idle:
                self._ahead = len(self._sound), self._begin_to_listen()
        elif isinstance(frame, VADUserStoppedSpeakingFrame):
            self._is_speech = False
            await self._drop(self._telling, self._latest)
            self._voice_end = max(0, len(self._sound) - _bytes_of(frame.stop_secs))
            self._latest = await self._words_ahead() or self._begin_to_listen()
            self._telling = self.create_task(self._tell([*self._earlier, self._latest]))
        elif self._is_over(frame):
            await self._drop_ahead()
            await self._drop(self._telling, self._latest, *self._earlier)
            self._earlier = []
            self._begin_anew()
            self._in_turn = False

    async def process_audio_frame(
        self, frame: InputAudioRawFrame, direction: FrameDirection
    ) -> None:
        """Keep the sound of a turn, and what was there before the VAD knew of it."""
        self._sound += frame.audio
        if not self._in_turn:
            del self._sound[: -_bytes_of(PRE_SPEECH_SECONDS)]

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame | None, None]:
        """Yield the words of one stretch, if only to say that there are none."""
        yield EagerTranscriptionFrame(
            await self._words_in(audio), self._user_id, time_now_iso8601()
        )

    async def cancel(self, frame: CancelFrame) -> None:
        """Drop what is being decoded."""
        await self._drop_ahead()
        await self._drop(self._telling, self._latest, *self._earlier)
        await super().cancel(frame)

    async def stop(self, frame: EndFrame) -> None:
        """Drop what is being decoded."""
        await self._drop_ahead()
        await self._drop(self._telling, self._latest, *self._earlier)
        await super().stop(frame)

    def _is_over(self, frame: Frame) -> bool:
        """Whether what was heard so far is a turn that has ended, or will never be one."""
        is_false_alarm = isinstance(frame, FalseAlarmFrame) and not self._is_speech
        return is_false_alarm or isinstance(frame, UserStoppedSpeakingFrame)

    def _begin_to_listen(self) -> asyncio.Task[str]:
        return self.create_task(self._listen(bytes(self._sound)))

    async def _words_ahead(self) -> asyncio.Task[str] | None:
        """What was begun at the pause, if that was where this silence began."""
        ahead, self._ahead = self._ahead, None
        if ahead is None:
            return None
        size, words = ahead
        if len(self._sound) - size <= _bytes_of(PAUSE_SECONDS):
            return words
        await self._drop(words)
        return None

    async def _drop_ahead(self) -> None:
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            await self._drop(ahead[1])

    async def _words_in(self, pcm: bytes) -> str:
        return await self._transcriber.transcribe(pcm)

    async def _listen(self, pcm: bytes) -> str:
        heard = [frame async for frame in self.run_stt(pcm)]
        return " ".join(frame.text for frame in heard if isinstance(frame, EagerTranscriptionFrame))

    async def _tell(self, stretches: list[asyncio.Task[str]]) -> None:
        """Push the words of the turn so far."""
        # Shielded: who goes on stops the telling, but a long stretch is heard to its end.
        text = " ".join([await asyncio.shield(stretch) for stretch in stretches]).strip()
        await self._on_words(text)
        await self.push_frame(EagerTranscriptionFrame(text, self._user_id, time_now_iso8601()))

    async def _go_on(self) -> None:
        """The caller goes on: a short stretch will be decoded anew, a long one is settled."""
        await self._drop(self._telling)
        if self._latest is not None and self._voice_end > _bytes_of(LONGEST_STRETCH_SECONDS):
            self._earlier.append(self._latest)
            self._begin_anew()
        else:
            await self._drop(self._latest)
            self._latest = None

    async def _drop(self, *tasks: asyncio.Task[Any] | None) -> None:
        for task in tasks:
            if task is not None and not task.done():
                await self.cancel_task(task)

    def _begin_anew(self) -> None:
        del self._sound[: self._voice_end]
        self._voice_end, self._latest, self._telling = 0, None, None


def _bytes_of(seconds: float) -> int:
    return 2 * round(seconds * wire.MICROPHONE_RATE)
