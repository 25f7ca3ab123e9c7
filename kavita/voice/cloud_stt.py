"""Azure in Pipecat's STT seat, with the local recogniser behind it for each stretch of speech."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable

from loguru import logger
from pipecat.frames.frames import (
    CancelFrame,
    EndFrame,
    Frame,
    InputAudioRawFrame,
    StartFrame,
    TranscriptionFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection
from pipecat.utils.time import time_now_iso8601

from kavita.agent.circuit import ProviderFailed
from kavita.voice.azure_speech import AzureEar, AzureSpeech, Event, Phrase
from kavita.voice.local_stt import LocalSTT, Transcriber

PHRASE_SECONDS = 1.0
"""Longest wait for Azure's words after the VAD heard the end of speech."""

END_SLACK_MS = 700
"""The last phrase of a stretch may end so much before the VAD heard its end."""

BEGIN_SLACK_MS = 300
"""A phrase may begin so much within the stretch before, which has been transcribed."""


class CloudSTT(LocalSTT):
    """Hears one call: Azure all the time, Moonshine when Azure has no words for what was said."""

    def __init__(
        self,
        transcriber: Transcriber,
        azure: AzureSpeech,
        on_failed: Callable[[str], Awaitable[None]],
    ) -> None:
        """`on_failed` hears why the local recogniser had to, such as "azure: timeout"."""
        super().__init__(transcriber)
        self._azure = azure
        self._on_failed = on_failed
        self._ear: AzureEar | None = None
        self._ends: deque[int] = deque()
        """Where in the sound the stretches end that wait for their words."""
        self._taken_ms = 0
        """Up to where the sound has been transcribed."""
        self._phrases: list[Phrase] = []
        self._failure: ProviderFailed | None = None
        self._news = asyncio.Event()

    async def start(self, frame: StartFrame) -> None:
        """Begin to hear."""
        await super().start(frame)
        await self._listen()

    async def stop(self, frame: EndFrame) -> None:
        """Stop hearing."""
        await super().stop(frame)
        self._hang_up()

    async def cancel(self, frame: CancelFrame) -> None:
        """Stop hearing at once."""
        self._hang_up()
        await super().cancel(frame)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Note where a stretch of speech ends."""
        if isinstance(frame, VADUserStoppedSpeakingFrame):
            self._ends.append(self._ear.position_ms if self._ear else 0)
        await super().process_frame(frame, direction)

    async def process_audio_frame(
        self, frame: InputAudioRawFrame, direction: FrameDirection
    ) -> None:
        """Let both hear."""
        await super().process_audio_frame(frame, direction)
        if self._ear is not None:
            self._ear.write(frame.audio)

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame | None, None]:
        """Yield Azure's words for a stretch of speech, or the local recogniser's."""
        ends_ms = self._ends.popleft() if self._ends else 0
        try:
            text = await self._words(ends_ms)
            self._azure.circuit.succeeded()
        except ProviderFailed as failure:
            text = await self._transcriber.transcribe(audio)
            if text or failure.code != "timeout":
                await self._give_up(failure)
        self._taken_ms = max(self._taken_ms, ends_ms)
        if self._ear is None:
            await self._listen()
        if text:
            yield TranscriptionFrame(text, self._user_id, time_now_iso8601())

    async def _words(self, ends_ms: int) -> str:
        """Azure's words up to there; raises ProviderFailed when they do not come."""
        if self._ear is None:
            raise self._failure or ProviderFailed("left_alone")
        try:
            async with asyncio.timeout(PHRASE_SECONDS):
                while not self._is_complete(ends_ms):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise ProviderFailed("timeout") from None
        ready = [one for one in self._phrases if one.begins_ms < ends_ms]
        self._phrases = self._phrases[len(ready) :]
        return " ".join(one.text for one in ready if one.text)

    def _is_complete(self, ends_ms: int) -> bool:
        """Whether the phrases reach the end of the stretch; raises what ended the hearing."""
        if self._failure is not None:
            raise self._failure
        begin = self._taken_ms - BEGIN_SLACK_MS
        self._phrases = [one for one in self._phrases if one.begins_ms >= begin]
        return any(one.ends_ms >= ends_ms - END_SLACK_MS for one in self._phrases)

    async def _give_up(self, failure: ProviderFailed) -> None:
        logger.warning("the local recogniser takes over: {}", failure.code)
        if failure.code != "left_alone":
            self._azure.circuit.failed(failure)
        await self._on_failed(f"azure: {failure.code}")
        if self._failure is not None or self._azure.circuit.is_open:
            self._hang_up()

    async def _listen(self) -> None:
        """Hear from here on, unless Azure is left alone."""
        if not self._azure.circuit.is_open:
            self._failure, self._taken_ms = None, 0
            self._phrases.clear()
            self._ends.clear()
            self._ear = await AzureEar.open(self._azure, self._heard)

    def _hang_up(self) -> None:
        ear, self._ear = self._ear, None
        if ear is not None:
            ear.close()

    def _heard(self, event: Event) -> None:
        if isinstance(event, Phrase):
            self._phrases.append(event)
        else:
            self._failure = event
        self._news.set()
