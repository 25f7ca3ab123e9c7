"""Local text to speech: espeak-ng, from the `local` extra, in Pipecat's TTS seat."""

import asyncio
import re
import time
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from pipecat.frames.frames import Frame, InterruptionFrame, TTSAudioRawFrame
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.settings import TTSSettings
from pipecat.services.tts_service import TTSService

from kavita.voice.espeak import Espeak, OnBegun, Speech
from kavita.voice.speech_pause import SpeechDelayedFrame
from kavita.voice.spoken import EarText, ear_text
from kavita.voice.transports import PLAYOUT_DELAY_MS

REHEARSED = 32
"""Sentences kept as sound, of all calls; the longest take about 0.4 MB each."""


Made = tuple[EarText, Speech]
"""A text as written for the ear, and its sound."""


class Sentence:
    """A sentence that is made, or being made."""

    def __init__(self, made: asyncio.Future[Made], begun: asyncio.Future[bytes]) -> None:
        """`begun` gives its first sound, unless all of it is there before."""
        self._made = made
        self._begun = begun

    async def beginning(self) -> bytes:
        """The PCM16 that is there first: 0.1 s, or all of it."""
        await asyncio.wait((self._made, self._begun), return_when=asyncio.FIRST_COMPLETED)
        if self._begun.done() and not self._made.done():
            return self._begun.result()
        return (await self.whole())[1].pcm

    async def whole(self) -> Made:
        """All of it."""
        # Shielded: somebody else may wait for the same sentence.
        return await asyncio.shield(self._made)


class RehearsedVoice:
    """espeak-ng that keeps what it said last, so that a sentence made ahead is there at once.

    Belongs to the event loop; only the sound itself is made in a thread.
    """

    def __init__(self, espeak: Espeak) -> None:
        """`espeak` makes the sound."""
        self._espeak = espeak
        self._thread = ThreadPoolExecutor(1, "espeak")  # it has a lock; and others wait for disks
        self._learned: dict[str, Made] = {}
        self._kept: dict[str, Sentence] = {}

    @property
    def sample_rate(self) -> int:
        """Samples a second of the PCM."""
        return self._espeak.sample_rate

    def begin(self, text: str) -> Sentence:
        """Make the sound of `text`, unless it is there, or being made."""
        loop = asyncio.get_running_loop()
        if text in self._learned:
            made: asyncio.Future[Made] = loop.create_future()
            made.set_result(self._learned[text])
            return Sentence(made, loop.create_future())
        sentence = self._kept.pop(text, None) or self._start(text, loop)
        self._kept[text] = sentence
        if len(self._kept) > REHEARSED:
            del self._kept[next(iter(self._kept))]
        return sentence

    async def rehearse(self, text: str) -> None:
        """Make the sound of `text` ahead."""
        await self.begin(text).whole()

    def learn(self, text: str) -> None:
        """Keep the sound of `text` for good; blocks, so before the first call."""
        self._learned[text] = self._make(text)

    def _start(self, text: str, loop: asyncio.AbstractEventLoop) -> Sentence:
        begun: asyncio.Future[bytes] = loop.create_future()

        def on_begun(pcm: bytes) -> None:
            loop.call_soon_threadsafe(begun.set_result, pcm)

        made = loop.run_in_executor(self._thread, self._make, text, on_begun)
        sentence = Sentence(made, begun)
        made.add_done_callback(partial(self._forget_failed, text, sentence))
        return sentence

    def _make(self, text: str, on_begun: OnBegun | None = None) -> Made:
        ear = ear_text(text)
        return ear, self._espeak.synthesize(ear.text, on_begun)

    def _forget_failed(self, text: str, sentence: Sentence, made: asyncio.Future[Made]) -> None:
        has_failed = made.cancelled() or made.exception() is not None
        if has_failed and self._kept.get(text) is sentence:
            del self._kept[text]


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
        """Yield the sound that is there first, and then the rest of the sentence."""
        sentence, rate = self._voice.begin(text), self._voice.sample_rate
        begins = await sentence.beginning()
        starts_ms = self._schedule(context_id, len(begins) * 500 // rate)
        yield TTSAudioRawFrame(begins, rate, 1, context_id=context_id)
        ear, speech = await sentence.whole()
        # Before its words: each is a step of its own on the way, and the sound would wait for all.
        if rest := speech.pcm[len(begins) :]:
            self._schedule(context_id, len(rest) * 500 // rate)
            yield TTSAudioRawFrame(rest, rate, 1, context_id=context_id)
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
