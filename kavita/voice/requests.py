"""What the page asks for in a call besides being heard: typing, tapping, stopping, ending."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Protocol

from pipecat.frames.frames import Frame, LLMMessagesAppendFrame
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from kavita import wire
from kavita.scheduling.times import MONTHS, weekday_name
from kavita.voice.serializer import ClientFrame, RefusedFrame

MAX_REFUSED = 20
"""Unusable messages after which a page is taken for broken, and the call is ended."""


class Line(Protocol):
    """What a request may do to the call."""

    async def send(self, event: wire.ServerMessage) -> None:
        """Tell the page."""

    async def heard(self, text: str) -> None:
        """The caller finished a turn."""

    async def cut_short(self, interrupt: Callable[[], Awaitable[None]]) -> None:
        """Stop the agent."""

    def note_played(self, message: wire.Played) -> None:
        """The page tells what its loudspeaker has played."""

    def end_soon(self, reason: wire.EndReason) -> None:
        """End the call."""


class PageRequests(FrameProcessor):
    """Carries out the page's messages; sound passes untouched."""

    def __init__(self, line: Line) -> None:
        """`line` is the call."""
        super().__init__()
        self._line = line
        self._refused = 0

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Take the page's messages out of the stream."""
        await super().process_frame(frame, direction)
        if isinstance(frame, ClientFrame):
            await self._carry_out(frame.message)
        elif isinstance(frame, RefusedFrame):
            await self._refuse(frame.error)
        else:
            await self.push_frame(frame, direction)

    async def _carry_out(self, message: wire.ClientMessage) -> None:
        match message:
            case wire.Text(text=text):
                if text.strip():
                    await self._take_turn(text.strip())
            case wire.SelectSlot(date=day, time=time):
                await self._take_turn(slot_words(day, time))
            case wire.StopSpeaking():
                await self.broadcast_interruption()
            case wire.Played():
                self._line.note_played(message)
            case wire.End():
                self._line.end_soon("page")
            case wire.Ping():
                await self._line.send(wire.Pong())
            case wire.Start() | wire.Join() | wire.Device():
                await self._refuse(
                    wire.Error(
                        code="already_started",
                        message="This call has begun already.",
                        recoverable=True,
                    )
                )

    async def _take_turn(self, text: str) -> None:
        await self._line.cut_short(self.broadcast_interruption)
        await self._line.heard(text)
        await self.push_frame(
            LLMMessagesAppendFrame(messages=[{"role": "user", "content": text}], run_llm=True)
        )

    async def _refuse(self, error: wire.Error) -> None:
        self._refused += error.code != "unknown_action"
        await self._line.send(error)
        if self._refused >= MAX_REFUSED:
            self._line.end_soon("error")


def slot_words(day: date, time: str) -> str:
    """What a caller would say who wants that slot."""
    hour = time.lstrip("0")
    return f"{hour} on {weekday_name(day)}, {MONTHS[day.month - 1]} {day.day}, please."
