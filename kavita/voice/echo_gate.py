"""The agent's own voice in the caller's microphone: told from the caller by what was just sent."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from pipecat.audio.filters.base_audio_filter import BaseAudioFilter
from pipecat.frames.frames import FilterControlFrame

from kavita.voice.echo_likeness import ALIKE, LATEST_ECHO_SECONDS, Playback, latest_sound, likeness
from kavita.voice.loudness import mean_square

Powers = npt.NDArray[np.float64]
"""The power in each band; in rows, of each piece."""

PIECE_SECONDS = 0.02
"""Sound is compared in pieces of this length."""

BAND_EDGES = (100, 300, 500, 700, 950, 1250, 1600, 2000, 2500, 3200, 4200, 5500, 7500)
"""Hz. Rooms colour sound, so each band has a leak of its own."""

BANDS = len(BAND_EDGES) - 1

_EDGES = [round(edge * PIECE_SECONDS) for edge in BAND_EDGES]
"""In lines of the spectrum of one piece."""

LATEST_SECONDS = 0.6
"""Sound comes back so late at most: network, the page's buffer, and the way through the air."""

TAIL_A_SECOND = 60.0 / 10 * math.log(10)
"""After that it dies away like a reverberant room (60 dB in a second)."""

MEMORY_SECONDS = 1.4
"""What was sent before that is no longer heard."""

FORGETTING_SECONDS = 0.2
"""It is forgotten so much at a time."""

IN_HAND_SECONDS = 0.1
"""What is to be heard now may still lie in the page's buffer."""

MOST_LEAK = 1.0

CREEP = 10 ** (0.3 * PIECE_SECONDS)
"""It grows by 3 dB a second beside another voice, which may be an echo louder than believed."""

UNEXPLAINED_SHARE = 0.3
"""With this share of its power beyond any echo, a piece holds another voice."""

HELD_OPEN_SECONDS = 0.25
"""A voice is let through so long after it was last certain: words have quiet sounds in them."""

FAR_FLOOR = 1e-7
"""Power (of full scale) below which what was sent, or heard, is silence."""

_SILENT = 2 * FAR_FLOOR * 32768**2
"""Mean square of PCM16 that comes to no more than that: the window halves it, and its spectrum has
two sides."""


@dataclass(frozen=True)
class Belief:
    """What is taken for granted of an echo; powers as shares of what was sent."""

    first: float
    """Before anything was heard."""
    least: float
    """However little comes back."""
    forget: float
    """Factor for each piece while less comes back than believed."""
    rise: float
    """Factor for each piece at most while more comes back, and nothing else is heard: the first
    soft sounds of a voice are not to be learned as echo."""
    margin: float
    """Sound up to so much above the expected echo may still be echo."""


IN_A_BROWSER = Belief(
    first=10**-1.8,
    least=1e-5,
    forget=10 ** (-0.4 * PIECE_SECONDS),
    rise=10 ** (15.0 * PIECE_SECONDS),
    margin=10**0.8,
)
"""-18 dB and 8 more: with 2 on top, soft words of callers without any echo came late as a call
began, with 6 they were silenced. The belief shrinks by 4 dB a second and grows by 150. By 6 dB a
second, single bands of an echo at -15 dB had been forgotten when they came back, and she
interrupted herself. A margin of 10 dB against that silenced more of the callers who spoke over such
an echo."""

AT_A_DESK = Belief(
    first=10**-0.3,
    least=10**-2.2,
    forget=10 ** (-1.0 * PIECE_SECONDS),
    rise=10 ** (4.0 * PIECE_SECONDS),
    margin=10**0.8,
)
"""Loudspeaker and microphone share a room, behind a canceller that has to learn it in the first
words. From -3 dB and by 10 dB a second nothing of these was let through, computed in four rooms.
The canceller takes away what is steady, so the belief grows by no more than 40 dB a second: a
drawn-out "s" over the agent's voice was learned as echo, and "stop" was "top"."""


class EchoGate(BaseAudioFilter):
    """Lets the caller through and makes silence of the agent's echo.

    No sample is compared: delay and room are unknown, and change. A piece of the microphone is echo
    as long as no band of it is louder than what was sent in that band within the last moments,
    times the leak learned for it. The leak is learned from the echo itself.
    """

    def __init__(
        self, belief: Belief = IN_A_BROWSER, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`clock` counts seconds."""
        self._belief = belief
        self._clock = clock
        self._sent_at = np.zeros(0)
        self._sent: Powers = np.zeros((0, BANDS))
        self._rate = 0
        self._open_until = 0.0
        self._playback = Playback()
        self.enter_another_room()

    def enter_another_room(self) -> None:
        """Forget what was learned, here or in calls before."""
        self._leak: Powers = np.full(BANDS, self._belief.first)
        self._silent_pieces = 0
        """Of which nothing has been learned yet."""

    async def start(self, sample_rate: int) -> None:
        """`sample_rate` is the microphone's."""
        self._rate = sample_rate

    async def stop(self) -> None:
        """Nothing is held."""

    async def process_frame(self, frame: FilterControlFrame) -> None:
        """It is always on."""

    def sent(self, pcm: bytes, sample_rate: int, lead: float = 0.0) -> None:
        """This sound leaves for the loudspeaker, `lead` seconds before it is to be heard."""
        now = self._clock()
        self._playback.add(now + lead, pcm, sample_rate)
        self._forget(now)
        pieces = _cut(pcm, 2 * round(sample_rate * PIECE_SECONDS))
        powers = [_powers(piece, sample_rate) for piece in pieces]
        sounds = [number for number, power in enumerate(powers) if power.sum() > FAR_FLOOR]
        if sounds:
            sent_at = [now + lead + PIECE_SECONDS * number for number in sounds]
            self._sent_at = np.concatenate((self._sent_at, sent_at))
            self._sent = np.concatenate((self._sent, [powers[number] for number in sounds]))

    def held_back(self, seconds: float) -> None:
        """What was not yet heard so many `seconds` ago goes on to be heard now."""
        since = self._clock() - seconds - IN_HAND_SECONDS
        self._sent_at[self._sent_at > since] += seconds
        self._playback.hold(since, seconds)

    def is_echo(self, pcm: bytes) -> bool:
        """Whether the latest of this sound of the microphone, heard until now, came back from it.

        By its waveform: what got through although it is echo, as where a canceller failed.
        """
        heard, ago = latest_sound(pcm)
        until = self._clock() - ago
        since = until - heard.size / self._rate - LATEST_ECHO_SECONDS
        return bool(heard.size) and likeness(heard, self._playback.between(since, until)) > ALIKE

    async def filter(self, audio: bytes) -> bytes:
        """The sound of the microphone, silent where it is only echo."""
        now = self._clock()
        self._forget(now)
        if not self._sent_at.size:
            return audio
        piece_bytes = 2 * round(self._rate * PIECE_SECONDS)
        kept = bytearray()
        for piece in _cut(audio, piece_bytes):
            kept += piece if self._lets_through(piece, now) else bytes(piece_bytes)
        return bytes(kept) + audio[len(kept) :]

    def _forget(self, now: float) -> None:
        oldest = now - MEMORY_SECONDS
        if self._sent_at.size and self._sent_at[0] < oldest - FORGETTING_SECONDS:
            first = self._sent_at.searchsorted(oldest)
            self._sent_at, self._sent = self._sent_at[first:], self._sent[first:]

    def _lets_through(self, piece: bytes, now: float) -> bool:
        """Whether somebody else than the agent is heard in `piece`, or was just before."""
        if mean_square(piece) <= _SILENT:
            self._silent_pieces += 1
            return now < self._open_until
        heard, loudest = _powers(piece, self._rate), self._loudest(now)
        self._learn_from_silence(loudest)
        unexplained = np.maximum(0.0, heard - self._belief.margin * self._leak * loudest).sum()
        if unexplained > UNEXPLAINED_SHARE * heard.sum() + FAR_FLOOR:
            self._open_until = now + HELD_OPEN_SECONDS
        is_open = now < self._open_until
        self._learn(heard, loudest, CREEP if is_open else self._belief.rise)
        return is_open

    def _loudest(self, now: float) -> Powers:
        """For each band the most that may still sound in the room, before the leak."""
        first, latest = self._sent_at.searchsorted((now - MEMORY_SECONDS, now - LATEST_SECONDS))
        late = now - LATEST_SECONDS - self._sent_at[first:latest]
        fading = self._sent[first:latest] * np.exp(-TAIL_A_SECOND * late)[:, None]
        loudest: Powers = np.maximum(
            fading.max(axis=0, initial=0.0), self._sent[latest:].max(axis=0, initial=0.0)
        )
        return loudest

    def _learn(self, heard: Powers, loudest: Powers, rise: float) -> None:
        """Up by `rise` at most, down slowly: a leak is what comes back at its loudest."""
        active = loudest > FAR_FLOOR / BANDS
        came_back = heard / np.where(active, loudest, 1.0)
        fallen, risen = self._leak * self._belief.forget, self._leak * rise
        leak = np.minimum(np.maximum(came_back, fallen), risen)
        leak = np.minimum(np.maximum(leak, self._belief.least), MOST_LEAK)
        self._leak = np.where(active, leak, self._leak)

    def _learn_from_silence(self, loudest: Powers) -> None:
        """What silence so far has taught, all at once."""
        pieces, self._silent_pieces = self._silent_pieces, 0
        fallen = self._leak * self._belief.forget**pieces
        fallen = np.maximum(fallen, self._belief.least)
        self._leak = np.where(loudest > FAR_FLOOR / BANDS, fallen, self._leak)


def _cut(pcm: bytes, size: int) -> list[bytes]:
    """The whole pieces of so many bytes."""
    return [pcm[start : start + size] for start in range(0, len(pcm) - size + 1, size)]


def _powers(piece: bytes, sample_rate: int) -> Powers:
    """The power in each band of one piece of PCM16.

    One at a time: for more than 500 numbers NumPy lets the other threads in (see `mean_square`).
    """
    size = round(sample_rate * PIECE_SECONDS)
    spectrum = np.fft.rfft(np.frombuffer(piece, np.int16) * _window(size))[: _EDGES[-1]]
    powers: Powers = np.add.reduceat(spectrum.real**2 + spectrum.imag**2, _EDGES[:-1])
    return powers


@cache
def _window(size: int) -> npt.NDArray[np.float64]:
    """Of a piece of so many samples; the power of full scale is 1 behind it."""
    return np.hanning(size) / (32768 * size)
