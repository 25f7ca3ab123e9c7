"""How long each turn took, from the end of the caller's speech, for the page's `metrics`."""

import time
from collections.abc import Awaitable, Callable

from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    Frame,
    UserStoppedSpeakingFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)

from kavita import wire


class TurnLatency:
    """Times each turn as the VAD hears it, once.

    It is told by who sees the frames: an observer of Pipecat's is handed every frame at every step.
    """

    def __init__(
        self, turn: Callable[[], int], send: Callable[[wire.ServerMessage], Awaitable[None]]
    ) -> None:
        """`turn` numbers the turn; each measured turn is sent as a `metrics` event."""
        self._turn = turn
        self._send = send
        self._speech_end: float | None = None
        self._transcript_ms: int | None = None
        self._turn_end_ms: int | None = None

    async def note(self, frame: Frame) -> None:
        """A frame has come to the end of the pipeline."""
        match frame:
            case VADUserStartedSpeakingFrame():
                self.forget()
            case VADUserStoppedSpeakingFrame():
                on_its_way = max(0.0, time.time() - frame.timestamp)
                self._speech_end = time.monotonic() - frame.stop_secs - on_its_way
                self._transcript_ms = self._turn_end_ms = None
            case UserStoppedSpeakingFrame():
                self._turn_end_ms = self._elapsed_ms()
            case BotStartedSpeakingFrame() if self._speech_end is not None:
                metrics = wire.Metrics(
                    turn=self._turn(),
                    transcript_ms=self._transcript_ms,
                    turn_end_ms=self._turn_end_ms,
                    first_audio_ms=self._elapsed_ms(),
                )
                self.forget()
                await self._send(metrics)

    def words_came(self) -> None:
        """The words of the turn so far are there."""
        if self._transcript_ms is None:
            self._transcript_ms = self._elapsed_ms()

    def forget(self) -> None:
        """Nothing that was said aloud is to be answered: the caller speaks, or types."""
        self._speech_end = None

    def _elapsed_ms(self) -> int | None:
        if self._speech_end is None:
            return None
        return int((time.monotonic() - self._speech_end) * 1000)
