"""A named recogniser of Pipecat's: sound in, phrases out."""

import asyncio
from collections import deque
from collections.abc import Callable

import numpy as np
from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    InterimTranscriptionFrame,
    TranscriptionFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)

from kavita import wire
from kavita.agent.circuit import Circuit, ProviderFailed
from kavita.voice.azure_speech import BYTES_A_MS, Event, Hypothesis, Phrase
from kavita.voice.espeak import Espeak
from kavita.voice.named_service import NamedService
from kavita.voice.service_pipeline import ServicePipeline, ServicePool

START_SECONDS = 5.0
"""Longest wait for the service to start."""

END_SLACK_MS = 100
"""A last phrase comes after the end of speech, or hardly before the VAD has heard that."""

LATE_MS = 1000
"""What comes so long after the caller fell silent is not waited for: `PHRASE_SECONDS`."""

PROBE_TEXT = "One, two, three, four."
PROBE_SECONDS = 5.0
PROBE_PIECE_MS = 100
PROBE_SILENCE_SECONDS = 0.5


def spoken_sample(espeak: Espeak) -> bytes:
    """Speech of nobody, to try a recogniser with, in 16 kHz PCM16."""
    spoken = espeak.synthesize(PROBE_TEXT)
    samples = np.frombuffer(spoken.pcm, np.int16)
    places = np.arange(0, len(samples) - 1, spoken.sample_rate / wire.MICROPHONE_RATE)
    return bytes(np.interp(places, np.arange(len(samples)), samples).astype(np.int16).tobytes())


class NamedEars:
    """The service, its pipelines and its circuit; shared by all calls of the process."""

    def __init__(self, named: NamedService, sample: bytes) -> None:
        """`sample` is speech of nobody, in 16 kHz PCM16, by which the service is tried."""
        self.label = named.label
        self.end_slack_ms = END_SLACK_MS
        self.tells_places = False
        self.pool = ServicePool(named)
        self.circuit = Circuit(self.label, self.probe)
        self._sample = sample

    async def open(self, on_event: Callable[[Event], None]) -> "NamedEar":
        """Begin to hear; does not wait for the service to start."""
        return NamedEar(self.pool, on_event)

    async def probe(self) -> None:
        """Let it hear the sample until it has words; raises ProviderFailed."""
        heard: asyncio.Future[Event] = asyncio.get_running_loop().create_future()

        def settle(event: Event) -> None:
            if not heard.done():
                heard.set_result(event)

        ear = await self.open(settle)
        speaking = self.pool.keep(_speak(ear, self._sample))
        try:
            async with asyncio.timeout(START_SECONDS + PROBE_SECONDS):
                event = await heard
        except TimeoutError:
            raise ProviderFailed("timeout") from None
        finally:
            speaking.cancel()
            ear.close()
        if isinstance(event, ProviderFailed):
            raise event

    async def close(self) -> None:
        """Let go of the service."""
        await self.circuit.close()
        await self.pool.close()


class NamedEar:
    """The pipeline of one call."""

    def __init__(self, pool: ServicePool, on_event: Callable[[Event], None]) -> None:
        """Use NamedEars.open."""
        self._pool = pool
        self._on_event = on_event
        self._written = self._spoke_ms = self._told_ms = 0
        self._stretches: deque[tuple[int, int]] = deque()
        """Speech of which no words have come: where it began, and where the VAD heard its end."""
        self._inbox: asyncio.Queue[Frame] = asyncio.Queue()
        self._hearing = pool.keep(self._hear())

    @property
    def position_ms(self) -> int:
        """How much sound was written."""
        return self._written // BYTES_A_MS

    def write(self, pcm: bytes) -> None:
        """Let it hear some more 16 kHz PCM16 mono."""
        self._written += len(pcm)
        self._inbox.put_nowait(InputAudioRawFrame(pcm, wire.MICROPHONE_RATE, 1))

    def mark(self, frame: VADUserStartedSpeakingFrame | VADUserStoppedSpeakingFrame) -> None:
        """Tell it what the VAD has heard, by which many services cut the sound."""
        if isinstance(frame, VADUserStartedSpeakingFrame):
            self._spoke_ms = self.position_ms - round(1000 * frame.start_secs)
            marked: Frame = VADUserStartedSpeakingFrame(start_secs=frame.start_secs)
        else:
            self._stretches.append((self._spoke_ms, self.position_ms))
            marked = VADUserStoppedSpeakingFrame(stop_secs=frame.stop_secs)
        self._inbox.put_nowait(marked)

    def close(self) -> None:
        """Stop hearing."""
        self._hearing.cancel()

    async def _hear(self) -> None:
        try:
            async with asyncio.timeout(START_SECONDS):
                pipeline = await self._pool.take()
        except TimeoutError:
            self._on_event(ProviderFailed("timeout"))
            return
        except ProviderFailed as failure:
            self._on_event(failure)
            return
        feeding = self._pool.keep(self._feed(pipeline))
        try:
            await self._tell(pipeline)
        finally:
            feeding.cancel()
            self._pool.discard(pipeline)

    async def _feed(self, pipeline: ServicePipeline) -> None:
        while True:
            await pipeline.send(await self._inbox.get())

    async def _tell(self, pipeline: ServicePipeline) -> None:
        """Tell of each phrase, and of the first failure."""
        while True:
            try:
                frame = await pipeline.next()
            except ProviderFailed as failure:
                self._on_event(failure)
                return
            if isinstance(frame, TranscriptionFrame):
                self._on_event(Phrase(frame.text.strip(), *self._place(frame.finalized)))
            elif isinstance(frame, InterimTranscriptionFrame):
                self._on_event(Hypothesis(frame.text, self._spoke_ms))

    def _place(self, is_final: bool) -> tuple[int, int]:
        """Where in the sound words belong, which none of Pipecat's services tells.

        Final words are those of the stretches of speech, one after the other; others are of what
        is said when they come.
        """
        while self._stretches and self._stretches[0][1] < self.position_ms - LATE_MS:
            self._stretches.popleft()
        begins, ends = self._spoke_ms, self.position_ms
        if is_final and self._stretches:
            begins, ends = self._stretches.popleft()
        begins = max(begins, self._told_ms)
        self._told_ms = max(begins, ends)
        return begins, self._told_ms


async def _speak(ear: NamedEar, sample: bytes) -> None:
    """Play the sample and a silence to an ear, at the pace of a microphone."""
    size = PROBE_PIECE_MS * BYTES_A_MS
    silence = bytes(round(PROBE_SILENCE_SECONDS * 1000) * BYTES_A_MS)
    ear.mark(VADUserStartedSpeakingFrame(start_secs=0.0))
    sound = sample + silence
    for start in range(0, len(sound), size):
        ear.write(sound[start : start + size])
        await asyncio.sleep(PROBE_PIECE_MS / 1000)
    ear.mark(VADUserStoppedSpeakingFrame(stop_secs=PROBE_SILENCE_SECONDS))
