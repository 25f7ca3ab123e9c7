"""espeak-ng by ctypes: text to PCM, with the time of every word and phoneme."""

import ctypes
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

_SYNCHRONOUS = 2
_PHONEME_EVENTS_IPA = 0x0001 | 0x0002
_CHARS_UTF8 = 1
_POS_CHARACTER = 1
_EVENT_END_OF_LIST, _EVENT_WORD, _EVENT_PHONEME = 0, 1, 7
_RATE, _PITCH = 1, 3
_DEFAULT_PITCH = 50
_AUDIBLE = 100
"""A sample above this (about -50 dBFS) is speech, not silence."""
_KEPT_BEFORE_MS, _KEPT_BEHIND_MS = 5, 20
"""Of the silence around a sentence; whoever waits for an answer waits for what is before it too."""
_BEGINNING_MS = 100
"""Of sound that is handed on before the rest is made: a page needs so much to begin."""
_BUFFER_MS = 60
"""Of sound handed over at a time, its default: behind the end of a sentence in larger pieces comes
up to 0.2 s of noise."""
_LOADING = threading.Lock()


OnBegun = Callable[[bytes], None]
"""Hears the first PCM16 of a sentence, in the thread that makes it."""


class EngineMissing(RuntimeError):
    """A speech engine is not installed; the message says how to get it."""


@dataclass(frozen=True)
class Word:
    """A word of the text given, with the punctuation that clings to it."""

    start_ms: int
    """When the word begins."""
    text_start: int
    text_end: int
    """The text's characters from `text_start` up to here, without it."""


@dataclass(frozen=True)
class Phoneme:
    """A sound in IPA, and when it begins; `ipa` is empty for a pause."""

    start_ms: int
    ipa: str


@dataclass(frozen=True)
class Speech:
    """PCM16 mono with its timeline; times count from the first sample."""

    pcm: bytes
    sample_rate: int
    words: tuple[Word, ...]
    phonemes: tuple[Phoneme, ...]

    @property
    def duration_ms(self) -> int:
        """Length of the sound in milliseconds."""
        return len(self.pcm) * 500 // self.sample_rate


class Espeak:
    """A voice of espeak-ng; safe to share between threads, and to have several of.

    Raises EngineMissing when the library is not installed and ValueError for an unknown voice.
    """

    def __init__(
        self, voice: str = "en-us", words_per_minute: int = 165, pitch: int | None = None
    ) -> None:
        self._voice = voice
        self._words_per_minute = words_per_minute
        self._pitch = _DEFAULT_PITCH if pitch is None else pitch
        with _LOADING:
            self._library = _library()
        self._library.select(voice, words_per_minute, self._pitch)

    @property
    def sample_rate(self) -> int:
        """Samples a second of the PCM."""
        return self._library.sample_rate

    def synthesize(self, text: str, on_begun: OnBegun | None = None) -> Speech:
        """Speak `text`; blocks for a few milliseconds for each second of speech.

        `on_begun` is given the first 0.1 s of the sound, as soon as there is so much of it.
        """
        # A NUL would end the C string and with it the sentence.
        text = text.replace("\0", " ")
        voice = (self._voice, self._words_per_minute, self._pitch)
        pcm, marks = self._library.speak(text, *voice, on_begun)
        return _trim(pcm, self.sample_rate, marks, text)


class _EventId(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    )


_SynthCallback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


@dataclass(frozen=True)
class _Mark:
    """A word (at a character) or a phoneme (`ipa`) that begins at a sample of the raw PCM."""

    sample: int
    character: int = 0
    ipa: str | None = None


class _Library:
    """The one espeak-ng of this process: its state is global, so every use holds the lock."""

    def __init__(self, path: str, data_path: str) -> None:
        self._lock = threading.Lock()
        self._pcm = bytearray()
        self._marks: list[_Mark] = []
        self._on_begun: OnBegun | None = None
        self._c = ctypes.CDLL(path)
        self.sample_rate = int(
            self._c.espeak_Initialize(
                _SYNCHRONOUS, _BUFFER_MS, data_path.encode(), _PHONEME_EVENTS_IPA
            )
        )
        if self.sample_rate <= 0:
            raise EngineMissing("espeak-ng did not start: its voice data is missing or damaged")
        # The library keeps the pointer only; the attribute keeps the callback alive.
        self._callback = _SynthCallback(self._receive)
        self._c.espeak_SetSynthCallback(self._callback)

    def select(self, voice: str, words_per_minute: int, pitch: int) -> None:
        """Check that `voice` exists."""
        with self._lock:
            self._select(voice, words_per_minute, pitch)

    def speak(
        self,
        text: str,
        voice: str,
        words_per_minute: int,
        pitch: int,
        on_begun: OnBegun | None = None,
    ) -> tuple[bytes, list[_Mark]]:
        """Raw PCM16 and marks of `text`."""
        data = text.encode("utf-8", "replace")
        with self._lock:
            self._select(voice, words_per_minute, pitch)
            self._pcm, self._marks, self._on_begun = bytearray(), [], on_begun
            self._c.espeak_Synth(data, len(data) + 1, 0, _POS_CHARACTER, 0, _CHARS_UTF8, None, None)
            self._c.espeak_Synchronize()
            return bytes(self._pcm), self._marks

    def _select(self, voice: str, words_per_minute: int, pitch: int) -> None:
        if self._c.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice named {voice!r}")
        self._c.espeak_SetParameter(_RATE, words_per_minute, 0)
        self._c.espeak_SetParameter(_PITCH, pitch, 0)

    def _receive(self, samples: Any, count: int, events: Any) -> int:
        if samples and count > 0:
            self._pcm += ctypes.string_at(samples, count * 2)
            if self._on_begun and (beginning := _beginning(bytes(self._pcm), self.sample_rate)):
                self._on_begun(beginning)
                self._on_begun = None
        index = 0
        while events[index].type != _EVENT_END_OF_LIST:
            self._mark(events[index])
            index += 1
        return 0

    def _mark(self, event: _Event) -> None:
        if event.type == _EVENT_WORD:
            self._marks.append(_Mark(event.sample, max(0, event.text_position - 1)))
        elif event.type == _EVENT_PHONEME:
            ipa = bytes(event.id.string).split(b"\0")[0].decode("utf-8", "ignore")
            self._marks.append(_Mark(event.sample, ipa=ipa))


@cache
def _library() -> _Library:
    try:
        import espeakng_loader
    except ImportError as error:
        raise EngineMissing(
            "the keyless voice needs espeak-ng: install Kavita with its `local` extra "
            '(pip install "kavita[local]")'
        ) from error
    return _Library(espeakng_loader.get_library_path(), espeakng_loader.get_data_path())


def _extent(pcm: bytes, rate: int) -> tuple[int, int]:
    """The samples from which, and to which, there is speech, with a little silence around it."""
    samples = np.frombuffer(pcm, dtype=np.int16).astype(np.int32)
    (loud,) = np.nonzero(np.abs(samples) > _AUDIBLE)
    if loud.size == 0:
        return 0, 0
    before, behind = (rate * ms // 1000 for ms in (_KEPT_BEFORE_MS, _KEPT_BEHIND_MS))
    return max(0, int(loud[0]) - before), min(samples.size, int(loud[-1]) + 1 + behind)


def _beginning(pcm: bytes, rate: int) -> bytes:
    """What `_trim` will begin with; nothing as long as that is too little."""
    first, last = _extent(pcm, rate)
    enough = rate * _BEGINNING_MS // 1000
    return pcm[first * 2 : (first + enough) * 2] if last - first >= enough else b""


def _trim(pcm: bytes, rate: int, marks: list[_Mark], text: str) -> Speech:
    """Cut off most of the silence around the speech and move the marks with it."""
    first, last = _extent(pcm, rate)
    if not last:
        return Speech(b"", rate, (), ())
    timed = [((min(max(m.sample, first), last) - first) * 1000 // rate, m) for m in marks]
    phonemes = tuple(Phoneme(at_ms, m.ipa) for at_ms, m in timed if m.ipa is not None)
    words = _whole_words([(at_ms, m.character) for at_ms, m in timed if m.ipa is None], text)
    return Speech(pcm[first * 2 : last * 2], rate, words, phonemes)


def _whole_words(starts: list[tuple[int, int]], text: str) -> tuple[Word, ...]:
    """Words of `text` with the first time of each.

    espeak-ng's own word lengths cannot be used: it reports a number such as 2045 as several
    words of made-up extent.
    """
    tokens = [match.span() for match in re.finditer(r"\S+", text)]
    words: dict[int, Word] = {}
    for at_ms, character in starts:
        span = next(((start, end) for start, end in tokens if end > character), None)
        if span is not None:
            words.setdefault(span[0], Word(at_ms, *span))
    return tuple(words.values())
