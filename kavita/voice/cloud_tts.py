"""A voice of the cloud in Pipecat's TTS seat, with the local one behind it in each sentence."""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Protocol

from loguru import logger
from pipecat.frames.frames import CancelFrame, EndFrame, Frame, TTSAudioRawFrame

from kavita.agent.budget import Count
from kavita.agent.circuit import Circuit, ProviderFailed
from kavita.store.usage import Used
from kavita.voice.cartesia import Piece
from kavita.voice.local_tts import LocalTTS, RehearsedVoice
from kavita.voice.spoken import EarText, ear_text
from kavita.voice.transports import PLAYOUT_DELAY_MS


class VoiceLine(Protocol):
    """What one call speaks through."""

    def speak(self, text: str) -> AsyncGenerator[Piece, None]:
        """Yield a sentence as it comes; raises ProviderFailed, and tells the circuit."""

    async def close(self) -> None:
        """Hang up."""


class CloudVoice(Protocol):
    """A voice outside of this process, shared by its calls."""

    label: str
    """What log and record call it."""
    model: str
    """What the price list calls it."""
    sample_rate: int
    """Hz."""
    circuit: Circuit

    def line(self) -> VoiceLine:
        """A line for one call."""

    async def probe(self) -> None:
        """Look whether it is well; raises ProviderFailed."""

    async def close(self) -> None:
        """Let go of it, at the end of the process."""


class CloudTTS(LocalTTS):
    """Speaks one call; what the cloud leaves unspoken of a sentence, espeak-ng says."""

    def __init__(
        self,
        voice: RehearsedVoice,
        cloud: CloudVoice,
        on_failed: Callable[[str], Awaitable[None]],
        count: Count,
    ) -> None:
        """`on_failed` hears why another voice had to speak, such as "cartesia: timeout".

        `count` hears what the cloud has spoken.
        """
        super().__init__(voice)
        self._cloud = cloud
        self._line = cloud.line()
        self._on_failed = on_failed
        self._count = count

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        """Yield the sentence as it comes, and its rest in the local voice if it does not."""
        timeline = Timeline(text, ear_text(text))
        try:
            async with aclosing(self._pieces(timeline)) as pieces:
                async for piece in pieces:
                    if sound := self._sound(piece, timeline, context_id):
                        yield sound
                    await self._tell_words(timeline, context_id)
        except ProviderFailed as failure:
            logger.warning("the local voice takes over: {}", failure.code)
            await self._on_failed(f"{self._cloud.label}: {failure.code}")
        if rest := timeline.rest():
            async for frame in super().run_tts(rest, context_id):
                yield frame

    async def stop(self, frame: EndFrame) -> None:
        """Hang up with the call."""
        await super().stop(frame)
        await self._line.close()

    async def cancel(self, frame: CancelFrame) -> None:
        """Hang up with the call."""
        await super().cancel(frame)
        await self._line.close()

    async def _pieces(self, timeline: "Timeline") -> AsyncGenerator[Piece, None]:
        """The sentence from the cloud; raises ProviderFailed, also when it is to be left alone."""
        if why := self._cloud.circuit.why_open:
            raise ProviderFailed(why)
        is_counted = False
        async with aclosing(self._line.speak(timeline.ear.text)) as pieces:
            async for piece in pieces:
                if not is_counted:
                    is_counted = True
                    characters = len(timeline.ear.text)
                    self._count([Used("tts", self._cloud.model, "characters", characters)])
                timeline.add(piece, self._cloud.sample_rate)
                yield piece
        timeline.finish()
        yield Piece()

    def _sound(self, piece: Piece, timeline: "Timeline", context_id: str) -> Frame | None:
        if not piece.pcm:
            return None
        rate = self._cloud.sample_rate
        starts_ms = self._schedule(context_id, len(piece.pcm) * 500 // rate)
        timeline.begins_ms = starts_ms if timeline.begins_ms is None else timeline.begins_ms
        return TTSAudioRawFrame(piece.pcm, rate, 1, context_id=context_id)

    async def _tell_words(self, timeline: "Timeline", context_id: str) -> None:
        """Give each word that has come with its sound the time at which it is over."""
        begins_ms = (timeline.begins_ms or 0) + PLAYOUT_DELAY_MS
        words = [(word, (begins_ms + ends_ms) / 1000) for word, ends_ms in timeline.take()]
        if words:
            await self.add_word_timestamps(words, context_id)


class Timeline:
    """When each word of a text, as written, has been spoken to its end."""

    def __init__(self, text: str, ear: EarText) -> None:
        """`ear` is what is really spoken for `text`."""
        self.ear = ear
        self.begins_ms: float | None = None
        """When the sentence begins to sound, in its audio context."""
        self._text = text
        self._words = list(re.finditer(r"\S+", text))
        self._taken = 0
        self._place = 0
        self._spoken: list[tuple[int, int]] = []
        self._received_ms = 0
        self._finished = False

    def add(self, piece: Piece, sample_rate: int) -> None:
        """Take in sound, and words with the millisecond at which each is over."""
        self._received_ms += len(piece.pcm) * 500 // sample_rate
        for word, ends_ms in piece.words:
            found = self.ear.text.find(word, self._place)
            self._place = found + len(word) if found >= 0 else self._place
            self._spoken.append((self.ear.original_end(self._place), ends_ms))

    def finish(self) -> None:
        """All of the sound has come."""
        self._finished = True

    def take(self) -> list[tuple[str, int]]:
        """The next words that are whole in what has come, with the millisecond of their end."""
        ready = []
        for match in self._words[self._taken :]:
            needed = match.start() + len(match.group().rstrip(".,;:?!"))
            ends = [ms for end, ms in self._spoken if end >= needed]
            ends_ms = min(ends, default=self._received_ms)
            if not self._finished and (not ends or ends_ms > self._received_ms):
                break
            ready.append((match.group(), min(ends_ms, self._received_ms)))
        self._taken += len(ready)
        return ready

    def rest(self) -> str:
        """The text from the first word that is not whole in what has come."""
        left = self._words[self._taken :]
        return self._text[left[0].start() :] if left else ""
