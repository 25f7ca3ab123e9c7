"""Takes the loudspeaker's sound out of the microphone's, and steady noise, and evens the level."""

from collections import deque
from types import ModuleType
from typing import Any

import numpy as np

from kavita import wire
from kavita.satellite.adaptive_filter import FRAME, AdaptiveFilter
from kavita.satellite.playout import Samples
from kavita.satellite.resampling import Frames, Resampler

MOST_WAITING = 100
"""Frames of the loudspeaker's, one second; nobody takes them while no microphone runs."""

LOOK_EVERY = 500
"""Frames, five seconds: devices take and give in bursts, of up to a tenth of a second."""


class EchoCanceller:
    """An adaptive filter, and WebRTC's audio processing behind it.

    WebRTC's canceller silences what it cannot subtract, and whole words of whoever speaks at the
    same time. So it is heard only as long as the filter leaves too much of the echo: before the
    room is learned, and where the devices' clocks differ.

    `played` is called by the thread of the loudspeaker; everything else by the microphone's.
    """

    def __init__(self, speaker_rate: int, echo: bool, noise: bool, gain: bool) -> None:
        """`speaker_rate` in Hz; what to take out of the microphone's sound, and to even."""
        self._far: deque[Samples] = deque(maxlen=MOST_WAITING)
        self._resampler = Resampler(speaker_rate, wire.MICROPHONE_RATE, is_prompt=True)
        self._frames = Frames(FRAME)
        self._echo = echo
        self._filter = AdaptiveFilter()
        self._heard = 0
        self._fewest = MOST_WAITING
        """Frames that have waited at least, since the last look."""
        self._rtc: ModuleType | None = None
        if echo or noise or gain:
            from livekit import rtc

            self._rtc = rtc
            self._suppressor = rtc.AudioProcessingModule(echo_cancellation=echo)
            self._polish = rtc.AudioProcessingModule(
                noise_suppression=noise, auto_gain_control=gain, high_pass_filter=echo
            )

    def played(self, samples: Samples) -> None:
        """The loudspeaker was given this sound."""
        if self._echo:
            self._far.extend(self._frames.push(self._resampler.push(samples)))

    def set_delay(self, seconds: float) -> None:
        """How long the sound takes from `played` through both devices to `cleaned`."""
        if self._echo:
            self._suppressor.set_stream_delay_ms(min(500, max(0, round(seconds * 1000))))

    def cleaned(self, frame: Samples) -> bytes:
        """10 ms of the microphone without what the loudspeaker said."""
        if self._rtc is None:
            return frame.tobytes()
        if self._echo:
            left = self._filtered(frame)
            suppressed = self._through(self._suppressor, left)
            frame = left if self._filter.is_sure else suppressed
        return self._through(self._polish, frame).tobytes()

    def _filtered(self, frame: Samples) -> Samples:
        """One frame of the loudspeaker goes with each of the microphone; the filter is told where
        that cannot be."""
        taken = [self._far.popleft() for _ in range(min(self._due(), len(self._far)))]
        for far in taken:
            self._filter.played(far)
            self._suppressor.process_reverse_stream(self._audio(far))
        self._filter.returns_later(len(taken) - 1)
        return self._filter.without_echo(frame)

    def _due(self) -> int:
        """Frames of the loudspeaker to take: one, and now and then what never was needed."""
        waiting = len(self._far)
        self._fewest = min(self._fewest, waiting)
        self._heard += 1
        if self._heard % LOOK_EVERY != 1:
            return 1
        spare, self._fewest = max(0, self._fewest - 1), waiting
        return 1 + spare

    def _through(self, module: Any, frame: Samples) -> Samples:
        audio = self._audio(frame)
        module.process_stream(audio)
        return np.frombuffer(audio.data, np.int16)

    def _audio(self, samples: Samples) -> Any:
        assert self._rtc is not None
        return self._rtc.AudioFrame(bytearray(samples), wire.MICROPHONE_RATE, 1, FRAME)
