"""A named voice of Pipecat's, a sentence at a time, for the seat that finishes what it leaves."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing

from pipecat.audio.utils import create_stream_resampler
from pipecat.frames.frames import TTSAudioRawFrame, TTSSpeakFrame, TTSStoppedFrame

from kavita.agent.circuit import Circuit, ProviderFailed
from kavita.voice.cartesia import FIRST_SOUND_SECONDS, STALL_SECONDS, Piece
from kavita.voice.named_service import NamedService
from kavita.voice.service_pipeline import ServicePipeline, ServicePool

PROBE_TEXT = "Good morning."
PROBE_SECONDS = 2.5
"""What is wrong may be told so late: many clients try again, twice, before they say it."""

SLOW_MS_A_CHARACTER = 80
"""Of slow speech: where in the sound a word is over, as far as anybody knows. Speech of 150 words a
minute takes about 70; a word that is said twice is better than one that is lost."""

QUICK_MS_A_CHARACTER = 45
"""Of quick speech: a sound that is shorter is no whole sentence."""


class NamedVoice:
    """The service, its pipelines and its circuit; shared by all calls of the process."""

    def __init__(self, named: NamedService, sample_rate: int) -> None:
        """`sample_rate` in Hz is what the call plays; the service may speak at another."""
        self.label = self.model = named.label
        self.sample_rate = sample_rate
        self.pool = ServicePool(named)
        self.circuit = Circuit(self.label, self.probe)

    def line(self) -> "NamedLine":
        """What one call speaks through."""
        return NamedLine(self)

    async def probe(self) -> None:
        """Say good morning to nobody; raises ProviderFailed, also if sound comes too late."""
        line, loop = self.line(), asyncio.get_running_loop()
        began = loop.time()
        try:
            async with aclosing(line.pieces(PROBE_TEXT, PROBE_SECONDS)) as pieces:
                await anext(pieces)
        finally:
            await line.close()
        if loop.time() - began > FIRST_SOUND_SECONDS:
            raise ProviderFailed("timeout")

    async def close(self) -> None:
        """Let go of the service."""
        await self.circuit.close()
        await self.pool.close()


class NamedLine:
    """The pipeline of one call; one sentence at a time."""

    def __init__(self, voice: NamedVoice) -> None:
        """Start it when the first sentence comes."""
        self._voice = voice
        self._pipeline: ServicePipeline | None = None
        self._resampler = create_stream_resampler()

    async def speak(self, text: str) -> AsyncGenerator[Piece, None]:
        """Yield a sentence as it comes; closing the generator stops it at the service too.

        Raises:
            ProviderFailed: an error of the service, or it is too slow; the circuit is told.
        """
        is_done = False
        try:
            async for piece in self.pieces(text):
                yield piece
            is_done = True
            self._voice.circuit.succeeded()
        except ProviderFailed as failure:
            self._voice.circuit.failed(failure)
            raise
        finally:
            if not is_done:
                # Sound that is still to come would be taken for that of the next sentence.
                await self.close()

    async def close(self) -> None:
        """Let the pipeline end."""
        pipeline, self._pipeline = self._pipeline, None
        if pipeline is not None:
            self._voice.pool.discard(pipeline)

    async def pieces(
        self, text: str, first_seconds: float = FIRST_SOUND_SECONDS
    ) -> AsyncGenerator[Piece, None]:
        """The sentence, without a word to the circuit; waits so long for its first sound."""
        loop_time = asyncio.get_running_loop().time
        deadline, began, received_ms = loop_time() + first_seconds, 0.0, 0
        try:
            async with asyncio.timeout_at(deadline):
                pipeline = await self._started()
                await pipeline.send(TTSSpeakFrame(text, append_to_context=False))
            words = _supposed_words(text)
            while True:
                async with asyncio.timeout_at(deadline):
                    frame = await pipeline.next()
                if isinstance(frame, TTSStoppedFrame):
                    break
                if isinstance(frame, TTSAudioRawFrame):
                    piece, words = Piece(await self._resampled(frame), words), ()
                    began = began or loop_time()
                    received_ms += len(piece.pcm) * 500 // self._voice.sample_rate
                    deadline = began + received_ms / 1000 + STALL_SECONDS
                    yield piece
        except TimeoutError:
            # Not every service tells when a sentence is over.
            if received_ms < QUICK_MS_A_CHARACTER * len(text):
                raise ProviderFailed("timeout") from None
        if not received_ms:
            raise ProviderFailed("empty")

    async def _started(self) -> ServicePipeline:
        """The pipeline, a new one if it was lost while nothing was said."""
        if self._pipeline is not None:
            try:
                self._pipeline.forget()
            except ProviderFailed:
                await self.close()
        if self._pipeline is None:
            self._pipeline = await self._voice.pool.take()
        return self._pipeline

    async def _resampled(self, frame: TTSAudioRawFrame) -> bytes:
        rate = self._voice.sample_rate
        return await self._resampler.resample(frame.audio, frame.sample_rate, rate)


def _supposed_words(text: str) -> tuple[tuple[str, int], ...]:
    """Each word with the millisecond at which slow speech would be through with it."""
    found = re.finditer(r"\S+", text)
    return tuple((match.group(), SLOW_MS_A_CHARACTER * match.end()) for match in found)
