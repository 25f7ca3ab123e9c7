"""Local speech to text: Moonshine tiny, from the `local` extra, in Pipecat's STT seat."""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from loguru import logger
from pipecat.frames.frames import Frame, TranscriptionFrame
from pipecat.services.settings import STTSettings
from pipecat.services.stt_service import SegmentedSTTService
from pipecat.utils.time import time_now_iso8601

from kavita import wire
from kavita.voice.espeak import EngineMissing

FINAL_TRANSCRIPT_SECONDS = 0.6
"""How long after the end of speech a transcript may take on two cores (measured p99)."""


class Transcriber:
    """One Moonshine model for the whole process.

    The native transcriber is not thread-safe (called from several threads it returns garbage), so
    all calls go through one thread, in the order in which they come.
    """

    def __init__(self) -> None:
        """Load the model.

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
        self.moonshine: Any = Moonshine(*_model())
        """The native transcriber, as it is."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="moonshine")
        logger.info("Moonshine tiny loaded in {:.1f} s", time.monotonic() - started)

    async def transcribe(self, pcm: bytes) -> str:
        """The words in 16 kHz PCM16 mono; empty when there are none."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._transcribe, pcm)

    def _transcribe(self, pcm: bytes) -> str:
        samples = (np.frombuffer(pcm, np.int16).astype(np.float32) / 32768).tolist()
        transcript = self.moonshine.transcribe_without_streaming(samples, wire.MICROPHONE_RATE)
        return " ".join(line.text for line in transcript.lines).strip()

    def close(self) -> None:
        """Let the thread go."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def _model() -> tuple[str, Any]:
    """Where the English model lies; the wheels for macOS carry none and download it once."""
    from moonshine_voice import ModelArch, get_model_for_language, get_model_path

    if sys.platform == "darwin":
        path, architecture = get_model_for_language("en", ModelArch.TINY)
        return str(path), architecture
    return str(get_model_path("tiny-en")), ModelArch.TINY


class LocalSTT(SegmentedSTTService):
    """Hears one call; decodes each stretch of speech that the VAD marks."""

    def __init__(self, transcriber: Transcriber) -> None:
        """`transcriber` is shared by all calls of the process."""
        super().__init__(
            sample_rate=wire.MICROPHONE_RATE,
            ttfs_p99_latency=FINAL_TRANSCRIPT_SECONDS,
            settings=STTSettings(model="moonshine-tiny-en", language=None),
        )
        self._transcriber = transcriber

    @property
    def wants_wav_segments(self) -> bool:
        """Moonshine reads raw samples."""
        return False

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame | None, None]:
        """Yield the transcript of one stretch of speech, if there are words in it."""
        text = await self._transcriber.transcribe(audio)
        if text:
            yield TranscriptionFrame(text, self._user_id, time_now_iso8601())
