"""Silero and Smart Turn, each loaded once for all calls of the process."""

import asyncio
import math
import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
from pipecat.audio.turn.smart_turn.local_smart_turn_v3 import LocalSmartTurnAnalyzerV3
from pipecat.audio.utils import exp_smoothing
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADAnalyzer, VADParams, VADState
from pipecat.frames.frames import SystemFrame
from threadpoolctl import ThreadpoolController

from kavita import wire
from kavita.voice.loudness import mean_square
from kavita.voice.silero import WINDOW, Ear, Silero

WINDOW_BYTES = 2 * WINDOW

SHORTEST_WORD_SECONDS = 0.1
""""Nope" holds no more voice without a gap."""

LEAST_VOLUME = 0.4
"""Of 1, smoothed over some 0.3 s: the shortest word is over before it counts as any louder."""

QUIET_DB = -54.0
"""dBFS of a window. No clear voice is below -50 LUFS, and LUFS weighting adds 3.3 dB."""

LOUDNESS_WINDOWS = 13
"""Windows, 0.4 s, over which loudness is measured (BS.1770)."""

LOUD_WINDOWS = 20
"""Windows (0.64 s) after a loud one that the model hears."""

QUIET_WINDOWS = 8
"""Quiet windows shown to the model before a loud one: it takes no word for a voice that begins
before anything else. Of 720 turns, 4 were missed without them, 2 with them and with all silence."""

GATE_DB = -70.0
"""What is quieter has no loudness at all (BS.1770)."""

FADING_DB = 18.0
"""Below the loudest window of a voice: what follows it and is no softer belongs to its last word,
which people let fade. The model calls the end of a drawn-out "four" silence at -21 dBFS."""

MOST_FADING_WINDOWS = 5
"""Windows (0.16 s) that a word may fade for; what is longer is noise."""

FORGOTTEN_WINDOWS = 60
"""Windows (1.9 s) without a voice after which the next one is measured anew."""

PAUSE_WINDOWS = 2
"""Silent windows (64 ms) behind a voice after which it may be over; or a "t" comes."""

GIVES_WAY = 10
"""Niceness: a tenth of the processor where the event loop wants it, too."""

VOICE = 0.5
"""Silero's probability from which a window holds a voice, however soft (its authors' threshold)."""


class VoicePausesFrame(SystemFrame):
    """The caller's voice may be over; VADUserStoppedSpeakingFrame follows if it is."""


class SharedSilero(SileroVADAnalyzer):
    """One call's VAD, on the model of all calls.

    Windows too quiet to count as a voice are shown to the model only when a loud one follows.
    """

    def __init__(self, silero: Silero, params: VADParams) -> None:
        """`silero` hears for all calls."""
        VADAnalyzer.__init__(self, params=params)
        self._silero = silero
        self._model: Any = Ear()
        """Where Pipecat's analyzer looks for what it resets after two seconds."""
        self._windows_since_reset = self._low_confidence_windows = 0
        self._unheard = bytearray()
        self._confidence = 0.0
        """Of the window that is being weighed."""
        self._powers: deque[float] = deque(maxlen=LOUDNESS_WINDOWS)
        self._loud_left = 0
        self._quiet: deque[bytes] = deque(maxlen=QUIET_WINDOWS)
        self.voiced = 0
        """Windows with a voice in them, of all that were heard."""
        self.unvoiced_run = 0
        """Windows without one since the last that had one."""
        self._loudest = 0.0
        self._fading_windows = 0
        self.on_window: Callable[[], None] | None = None
        """Told of each window when it has been heard."""

    def fills_a_window(self, more: int) -> bool:
        """Whether so many bytes more are enough for something to be heard."""
        return len(self._unheard) + more >= WINDOW_BYTES

    async def analyze_audio(self, buffer: bytes) -> VADState:
        """Hear the windows that are full."""
        self._unheard += buffer
        while len(self._unheard) >= WINDOW_BYTES:
            window = bytes(self._unheard[:WINDOW_BYTES])
            del self._unheard[:WINDOW_BYTES]
            is_behind = len(self._unheard) >= WINDOW_BYTES
            self._confidence = await self._hear(window, is_behind)
            self._run_analyzer(window)
        return self._vad_state

    def voice_confidence(self, buffer: bytes) -> float:
        """The probability of a voice in the window that was heard, which is also counted."""
        power = self._powers[-1]
        if self._confidence >= VOICE:
            self._loudest = power if self._is_forgotten else max(self._loudest, power)
            self.voiced, self.unvoiced_run, self._fading_windows = self.voiced + 1, 0, 0
        else:
            is_fading = self._fading_windows == self.unvoiced_run < MOST_FADING_WINDOWS
            is_loud = power > self._loudest * 10 ** (-FADING_DB / 10)
            self._fading_windows += is_fading and is_loud
            self.unvoiced_run += 1
        if self.on_window is not None:
            self.on_window()
        return self._confidence

    async def _hear(self, window: bytes, at_once: bool) -> float:
        """The model's probability; 0 where the window could not count as a voice anyway."""
        self._powers.append(mean_square(window) / 32768**2)
        is_loud = _decibels(self._powers[-1]) > QUIET_DB
        self._loud_left = LOUD_WINDOWS if is_loud else self._loud_left - 1
        if self._loud_left > 0:
            at_once = at_once or bool(self._quiet)
            while self._quiet:
                await self._ask(self._quiet.popleft(), at_once)
            return await self._ask(window, at_once)
        if self._windows_since_reset:
            self._model.reset_states()
            self._windows_since_reset = self._low_confidence_windows = 0
        self._quiet.append(window)
        return 0.0

    async def _ask(self, window: bytes, at_once: bool) -> float:
        probability = await self._silero.probability(self._model, window, at_once)
        self._maybe_reset_model(probability)
        return probability

    def _get_smoothed_volume(self, audio: bytes) -> float:
        """Pipecat's, on the plain level of the last 0.4 s instead of their loudness (BS.1770).

        Of a voice the two differ by some 3 dB, and the threshold is 16 dB below the softest.
        """
        level = _decibels(sum(self._powers) / LOUDNESS_WINDOWS)
        volume = (level + 110) / 100 if level > GATE_DB else 0.0
        return exp_smoothing(volume, self._prev_volume, self._smoothing_factor)

    @property
    def _is_forgotten(self) -> bool:
        return self.unvoiced_run > FORGOTTEN_WINDOWS

    @property
    def fading_seconds(self) -> float:
        """How long the last word was still to be heard when the model took it for silence."""
        return self._fading_windows * WINDOW / wire.MICROPHONE_RATE

    @property
    def hears_voice(self) -> bool:
        """Whether the last window was speech, also before that counts as the caller speaking."""
        return self._vad_state in (VADState.STARTING, VADState.SPEAKING)

    @property
    def hears_a_pause(self) -> bool:
        """Whether the caller has just fallen silent, perhaps only in the middle of a word."""
        is_stopping = self._vad_state is VADState.STOPPING
        return is_stopping and self._vad_stopping_count == PAUSE_WINDOWS

    @property
    def hears_caller(self) -> bool:
        """Whether the caller counts as speaking, also while that may be about to end."""
        return self._vad_state in (VADState.SPEAKING, VADState.STOPPING)


class TurnJudge(LocalSmartTurnAnalyzerV3):
    """Smart Turn without a call: sound in, probability out, one after another in one thread.

    It computes for 60 to 110 ms, and gives way to what keeps the calls going.
    """

    def __init__(self) -> None:
        """Load the model that lies in Pipecat's wheel."""
        super().__init__()
        self._model_executor.submit(_give_way)
        self._blas = ThreadpoolController()

    async def probability(self, pcm: bytes) -> float:
        """That the speaker of 16 kHz PCM16 has finished; the last 8 s count."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._model_executor, self._judge, pcm)

    def _judge(self, pcm: bytes) -> float:
        samples = np.frombuffer(pcm, np.int16).astype(np.float32) / 32768
        # For one small product a thread of OpenBLAS's would go on spinning beside the model.
        with self._blas.limit(limits=1, user_api="blas"):
            return float(self._predict_endpoint(samples)["probability"])


class TurnModels:
    """What listens for turns, shared by all calls."""

    def __init__(self) -> None:
        """Load both; about a tenth of a second."""
        self._silero = Silero()
        self.judge = TurnJudge()

    def vad(self, stop_seconds: float) -> SharedSilero:
        """For one call; silence counts after `stop_seconds` of it."""
        params = VADParams(
            start_secs=SHORTEST_WORD_SECONDS, stop_secs=stop_seconds, min_volume=LEAST_VOLUME
        )
        return SharedSilero(self._silero, params)


def _give_way() -> None:
    """Let the other threads of the process go first: on Linux, where each has its own niceness."""
    if sys.platform == "linux":
        nice = os.getpriority(os.PRIO_PROCESS, 0) + GIVES_WAY
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), nice)


def _decibels(power: float) -> float:
    return 10 * math.log10(power) if power else -math.inf
