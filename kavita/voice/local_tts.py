"""Local text to speech: espeak-ng, from the `local` extra, in Pipecat's TTS seat."""

import asyncio
import re
import time
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor

from pipecat.frames.frames import Frame, InterruptionFrame, TTSAudioRawFrame
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.settings import TTSSettings
from pipecat.services.tts_service import TTSService

from kavita.voice.espeak import Espeak, Speech
from kavita.voice.speech_pause import SpeechDelayedFrame
from kavita.voice.spoken import EarText, ear_text
from kavita.voice.transports import PLAYOUT_DELAY_MS

REHEARSED = 32
"""Sentences kept as sound, of all calls; the longest take about 0.4 MB each."""


class RehearsedVoice:
    """espeak-ng that keeps what it said last, so that a sentence made ahead is there at once.

    Belongs to the event loop; only the sound itself is made in a thread.
    """

    def __init__(self, espeak: Espeak) -> None:
        """`espeak` makes the sound."""
        self._espeak = espeak
        self._thread = ThreadPoolExecutor(1, "espeak")  # it has a lock; and others wait for disks
        self._learned: dict[str, tuple[EarText, Speech]] = {}
        self._kept: dict[str, tuple[EarText, Speech]] = {}

    @property
    def sample_rate(self) -> int:
        """Samples a second of the PCM."""
        return self._espeak.sample_rate

    async def speak(self, text: str) -> tuple[EarText, Speech]:
        """`text` as written for the ear, and its sound."""
        if text in self._learned:
            return self._learned[text]
        made = self._kept.pop(text, None)
        if made is None:
            loop = asyncio.get_running_loop()
            made = await loop.run_in_executor(self._thread, self._make, text)
        self._keep(text, made)
        return made

    async def rehearse(self, text: str) -> None:
        """Make the sound of `text` ahead."""
        await self.speak(text)

    def learn(self, text: str) -> None:
        """Keep the sound of `text` for good; blocks, so before the first call."""
        self._learned[text] = self._make(text)

    def _make(self, text: str) -> tuple[EarText, Speech]:
        ear = ear_text(text)
        return ear, self._espeak.synthesize(ear.text)

    def _keep(self, text: str, made: tuple[EarText, Speech]) -> None:
        self._kept[text] = made
        if len(self._kept) > REHEARSED:
            del self._kept[next(iter(self._kept))]


class LocalTTS(TTSService):
    """Speaks one call, with the time of every word, so that the context holds what was heard."""

    def __init__(self, voice: RehearsedVoice) -> None:
        """`voice` is shared by all calls of the process."""
        super().__init__(
            push_start_frame=True,
            push_stop_frames=True,
            push_text_frames=False,
            sample_rate=voice.sample_rate,
            settings=TTSSettings(model="espeak-ng", voice=None, language=None),
        )
        self._voice = voice
        self._context_id = ""
        self._context_began = self._made_at = self._plays_until = 0.0

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        """Yield the whole sentence as one frame: 3 s of speech take about 4 ms to make."""
        ear, speech = await self._voice.speak(text)
        starts_ms = self._schedule(context_id, speech.duration_ms)
        # Before its words: each is a step of its own on the way, and the sound would wait for all.
        yield TTSAudioRawFrame(speech.pcm, speech.sample_rate, 1, context_id=context_id)
        await self.add_word_timestamps(
            [
                (word, (starts_ms + ends_ms + PLAYOUT_DELAY_MS) / 1000)
                for word, ends_ms in heard_words(text, ear, speech)
            ],
            context_id,
        )

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """An interruption silences what was still to be played, a pause puts it off."""
        if isinstance(frame, InterruptionFrame):
            self._plays_until = 0.0
        elif isinstance(frame, SpeechDelayedFrame):
            self._plays_until += frame.seconds
        await super().process_frame(frame, direction)

    def _schedule(self, context_id: str, duration_ms: int) -> float:
        """When a sentence made now begins to sound, in milliseconds of its audio context.

        Sentences of one answer share a context, but may come with silence between them; Pipecat
        begins a context anew that got nothing for a while.
        """
        now = time.monotonic()
        if context_id != self._context_id or now - self._made_at > self._stop_frame_timeout_s:
            self._context_id, self._context_began = context_id, now
        begins = max(now, self._plays_until)
        self._made_at, self._plays_until = now, begins + duration_ms / 1000
        return (begins - self._context_began) * 1000


def heard_words(text: str, ear: EarText, speech: Speech) -> list[tuple[str, int]]:
    """Each word of `text` with the millisecond at which it has been spoken to its end.

    A word as written ("9:30") may be several for the ear; it is over when the first word that
    belongs to a later place in `text` begins.
    """
    spoken = [(ear.original_end(word.text_end), word.start_ms) for word in speech.words]
    words = []
    for match in re.finditer(r"\S+", text):
        later = [starts for end, starts in spoken if end > match.end()]
        words.append((match.group(), min(later, default=speech.duration_ms)))
    return words
