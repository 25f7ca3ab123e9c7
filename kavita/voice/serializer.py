"""Bytes of `/ws` to Pipecat frames and back: binary is PCM16, text is JSON of `kavita.wire`."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from pipecat.frames.frames import Frame, InputAudioRawFrame, OutputAudioRawFrame, SystemFrame
from pipecat.serializers.base_serializer import FrameSerializer
from pydantic import ValidationError

from kavita import wire

MAX_SECONDS_AHEAD = 3.0
"""Sound that a page may send ahead of real time, after a stall; more would fill the memory."""

_TOO_FAST = wire.Error(
    code="bad_audio",
    message="Sound came faster than anybody can speak; this piece was left out.",
    recoverable=True,
)


@dataclass
class ClientFrame(SystemFrame):
    """What the page asks for, understood."""

    message: wire.ClientMessage


@dataclass
class RefusedFrame(SystemFrame):
    """A message of the page that cannot be used, as the error event that answers it."""

    error: wire.Error


class PageSerializer(FrameSerializer):
    """The wire of the patient page and of the satellite."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` counts seconds."""
        super().__init__()
        self._clock = clock
        self._ahead = 0.0
        self._heard_at = clock()

    async def serialize(self, frame: Frame) -> bytes | None:
        """Only sound leaves by frames; events are sent by `PageTransport.send`."""
        return frame.audio if isinstance(frame, OutputAudioRawFrame) else None

    async def deserialize(self, data: str | bytes) -> Frame | None:
        """Sound of whole samples, or a message; never raises, whatever the page sent."""
        if isinstance(data, str):
            return read_message(data)
        if not data or len(data) % 2:
            return RefusedFrame(bad_sound())
        if self._is_too_fast(data):
            return RefusedFrame(_TOO_FAST)
        return InputAudioRawFrame(audio=data, sample_rate=wire.MICROPHONE_RATE, num_channels=1)

    def _is_too_fast(self, pcm: bytes) -> bool:
        """Whether the page is ahead of real time by more than a microphone can be."""
        now = self._clock()
        ahead = max(0.0, self._ahead - (now - self._heard_at))
        self._heard_at = now
        self._ahead = ahead + len(pcm) / (2 * wire.MICROPHONE_RATE)
        if self._ahead <= MAX_SECONDS_AHEAD:
            return False
        self._ahead = ahead
        return True


def read_message(text: str) -> ClientFrame | RefusedFrame:
    """One JSON message of the page, or the error that answers it."""
    try:
        return ClientFrame(wire.CLIENT_MESSAGE.validate_json(text))
    except ValidationError as error:
        kinds = {problem["type"] for problem in error.errors(include_url=False)}
        return RefusedFrame(_refusal(kinds))


def bad_sound() -> wire.Error:
    """The answer to a binary frame that is no PCM16."""
    return wire.Error(
        code="bad_audio",
        message="Sound has to come as 16-bit samples; this piece was left out.",
        recoverable=True,
    )


def _refusal(kinds: set[str]) -> wire.Error:
    if "json_invalid" in kinds:
        code, message = "bad_json", "That message was not JSON."
    elif kinds & {"union_tag_invalid", "union_tag_not_found"}:
        code, message = "unknown_action", "That message names no action of this protocol."
    elif "string_too_long" in kinds:
        code, message = "text_too_long", f"Please keep it under {wire.MAX_TEXT_CHARS} characters."
    else:
        code, message = "bad_message", "That message lacks a field, or a field has a wrong value."
    return wire.Error(code=code, message=message, recoverable=True)
