"""Local speech to text: Moonshine tiny, from the `local` extra, in Pipecat's STT seat."""

import asyncio
import ctypes
import os
import sys
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any

import numpy as np
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
from kavita.voice.waits import Waits

FINAL_TRANSCRIPT_SECONDS = 0.6
"""How long after the end of speech a transcript may take on two cores (measured p99)."""

PRE_SPEECH_SECONDS = 1.0
"""Sound kept from before the VAD is sure of speech, which takes it 0.2 s."""

TRAILING_SECONDS = 0.5
"""Silence behind the sound: models garble a last word that ends abruptly."""

LONGEST_STRETCH_SECONDS = 4.0
"""A longer stretch is settled when the caller goes on: decoding stays quick, and a tiny model drops
words from the middle of a long one."""

LONE_WORD_SECONDS = 1.5
"""No longer, with the silence behind it, is a sound that is decoded without the one before it."""

LEAD_SECONDS = 0.1
"""Silence left before a lone word. Of 84 short words in seven synthetic voices, 68 are understood
with so little and 64 with 0.8 s; hums become "Never." and "You know." behind a long one."""

SOFTEST_DB = -35.0
"""Of the loudest 20 ms: what is softer than that before a word is no part of it."""

PIECE = wire.MICROPHONE_RATE // 50
"""Samples whose loudness is compared: 20 ms."""

MODELS = min(2, os.cpu_count() or 1)
"""Decoding takes about as much of a call as the event loop does, which is a single thread."""

_SINGLE_THREAD = "MOONSHINE_ORT_SINGLE_THREAD"
"""Read by the native library when it loads a model."""

OnWords = Callable[[str], Coroutine[Any, Any, None]]
"""Hears the words of a turn that may go on."""


class Transcriber:
    """Moonshine for the whole process: as many models as decode at a time.

    A native transcriber is not thread-safe (called from several threads it returns garbage), so
    each model serves one sound after the other, and whoever asked first is heard first.
    """

    def __init__(self, models: int = MODELS) -> None:
        """Load so many models.

        Raises:
            EngineMissing: the `local` extra is not installed.
        """
        try:
            from moonshine_voice.transcriber import Transcriber as Moonshine
        except ImportError as error:
            raise EngineMissing(
                "Local speech recognition needs the `local` extra: pip install 'kavita[local]'"
            ) from error
        started = time.monotonic()
        with _one_thread():
            self.models: tuple[Any, ...] = tuple(Moonshine(*_model()) for _ in range(models))
        """The native transcribers, as they are."""
        self._threads = ThreadPoolExecutor(models, "moonshine")
        self._idle: SimpleQueue[Any] = SimpleQueue()
        for model in self.models:
            self._idle.put(model)
        self.waits = Waits()
        """How long sound has waited to be decoded."""
        logger.info("Moonshine tiny loaded in {:.1f} s", time.monotonic() - started)

    async def transcribe(self, pcm: bytes) -> str:
        """The words in 16 kHz PCM16 mono; empty when there are none."""
        loop = asyncio.get_running_loop()
        asked_at = time.monotonic()
        return await loop.run_in_executor(self._threads, self._transcribe, pcm, asked_at)

    def _transcribe(self, pcm: bytes, asked_at: float) -> str:
        self.waits.note(time.monotonic() - asked_at)
        model = self._idle.get()
        try:
            return _decode(model, without_lead(pcm))
        finally:
            self._idle.put(model)

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def without_lead(pcm: bytes) -> bytes:
    """PCM16 from shortly before its first sound, if that is not followed by more than a word."""
    samples = np.frombuffer(pcm, np.int16).astype(np.float32)
    pieces = samples[: samples.size - samples.size % PIECE].reshape(-1, PIECE)
    powers = (pieces**2).sum(axis=1)
    if not powers.any():
        return pcm
    first = int(np.argmax(powers > powers.max() * 10 ** (SOFTEST_DB / 10)))
    start = max(0, 2 * PIECE * first - _bytes_of(LEAD_SECONDS))
    return pcm[start:] if len(pcm) - start <= _bytes_of(LONE_WORD_SECONDS) else pcm


def _decode(model: Any, pcm: bytes) -> str:
    """What `transcribe_without_streaming` does, with the samples as they lie in memory.

    That makes a Python number of each, which holds the whole process up for 7 ms with 4 s of sound.
    """
    from moonshine_voice.errors import check_error
    from moonshine_voice.moonshine_api import TranscriptC

    samples = np.frombuffer(pcm, np.int16).astype(np.float32) / 32768
    found = ctypes.POINTER(TranscriptC)()
    error = model._lib.moonshine_transcribe_without_streaming(
        model._handle,
        samples.ctypes.data_as(ctypes.POINTER(ctypes.c_float)),
        samples.size,
        wire.MICROPHONE_RATE,
        0,
        ctypes.byref(found),
    )
    check_error(error)
    if not found:
        return ""
    texts = [line.text for line in found.contents.lines[: found.contents.line_count]]
    words = [ctypes.string_at(text).decode("utf-8", "ignore") if text else "" for text in texts]
    return " ".join(words).strip()


@contextmanager
def _one_thread() -> Iterator[None]:
    """What Moonshine loads meanwhile computes in the thread that calls it.

    By itself it starts a thread for each core, which wait for each other by spinning: 4.3 s of
    sound then cost 272 ms of processor instead of 146, for words 5 % sooner on idle cores only.
    """
    before = os.environ.get(_SINGLE_THREAD)
    os.environ[_SINGLE_THREAD] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_SINGLE_THREAD]
        else:
            os.environ[_SINGLE_THREAD] = before


def _model() -> tuple[str, Any]:
    """Where the English model lies; the wheels for macOS carry none and download it once."""
    from moonshine_voice import ModelArch, get_model_for_language, get_model_path

    if sys.platform == "darwin":
        path, architecture = get_model_for_language("en", ModelArch.TINY)
        return str(path), architecture
    return str(get_model_path("tiny-en")), ModelArch.TINY


class LocalSTT(STTService):
    """Hears one call: at every short silence it decodes the turn so far.

    What it hears is provisional (an EagerTranscriptionFrame) until the turn is ruled to be over: a
    later one holds all words of the turn anew, and better, since the model hears more.
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
        self._telling: asyncio.Task[None] | None = None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Follow the turns by what the aggregator says of them."""
        await super().process_frame(frame, direction)
        if isinstance(frame, VADUserStartedSpeakingFrame):
            await self._go_on()
            self._in_turn = self._is_speech = True
        elif isinstance(frame, VADUserStoppedSpeakingFrame):
            self._is_speech = False
            await self._drop(self._telling, self._latest)
            self._voice_end = max(0, len(self._sound) - _bytes_of(frame.stop_secs))
            self._latest = self.create_task(self._listen(bytes(self._sound)))
            self._telling = self.create_task(self._tell([*self._earlier, self._latest]))
        elif self._is_over(frame):
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
        await self._drop(self._telling, self._latest, *self._earlier)
        await super().cancel(frame)

    async def stop(self, frame: EndFrame) -> None:
        """Drop what is being decoded."""
        await self._drop(self._telling, self._latest, *self._earlier)
        await super().stop(frame)

    def _is_over(self, frame: Frame) -> bool:
        """Whether what was heard so far is a turn that has ended, or will never be one."""
        is_false_alarm = isinstance(frame, FalseAlarmFrame) and not self._is_speech
        return is_false_alarm or isinstance(frame, UserStoppedSpeakingFrame)

    async def _words_in(self, pcm: bytes) -> str:
        return await self._transcriber.transcribe(pcm + bytes(_bytes_of(TRAILING_SECONDS)))

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
