"""Takes the loudspeaker's sound out of the microphone's, and steady noise, and evens the level."""

from collections import deque
from types import ModuleType
from typing import Any

import numpy as np

from kavita import wire
from kavita.satellite.playout import Samples
from kavita.satellite.resampling import Frames, Resampler

FRAME = wire.MICROPHONE_RATE // 100
"""WebRTC's audio processing works on frames of 10 ms."""

MOST_WAITING = 100
"""Frames of the loudspeaker's, one second; nobody takes them while no microphone runs."""


class EchoCanceller:
    """WebRTC's audio processing module over both directions of the sound.

    `played` is called by the thread of the loudspeaker; everything else by the microphone's.
    """

    def __init__(self, speaker_rate: int, echo: bool, noise: bool, gain: bool) -> None:
        """`speaker_rate` in Hz; what to take out of the microphone's sound, and to even."""
        self._far: deque[Samples] = deque(maxlen=MOST_WAITING)
        self._resampler = Resampler(speaker_rate, wire.MICROPHONE_RATE)
        self._frames = Frames(FRAME)
        self._echo = echo
        self._rtc: ModuleType | None = None
        if echo or noise or gain:
            from livekit import rtc

            self._rtc = rtc
            self._module = rtc.AudioProcessingModule(
                echo_cancellation=echo,
                noise_suppression=noise,
                auto_gain_control=gain,
                high_pass_filter=echo,
            )

    def played(self, samples: Samples) -> None:
        """The loudspeaker was given this sound."""
        if self._echo:
            self._far.extend(self._frames.push(self._resampler.push(samples)))

    def set_delay(self, seconds: float) -> None:
        """How long the sound takes from `played` through both devices to `cleaned`."""
        if self._echo:
            self._module.set_stream_delay_ms(min(500, max(0, round(seconds * 1000))))

    def cleaned(self, frame: Samples) -> bytes:
        """10 ms of the microphone without what the loudspeaker said."""
        if self._rtc is None:
            return frame.tobytes()
        while self._far:
            self._module.process_reverse_stream(self._audio(self._far.popleft()))
        near = self._audio(frame)
        self._module.process_stream(near)
        return np.frombuffer(near.data, np.int16).tobytes()

    def _audio(self, samples: Samples) -> Any:
        assert self._rtc is not None
        return self._rtc.AudioFrame(bytearray(samples), wire.MICROPHONE_RATE, 1, FRAME)
