"""What happened in a call: the events for the page, the call record, the latency of each turn."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from loguru import logger
from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    LLMMessagesAppendFrame,
    TranscriptionFrame,
    UserStoppedSpeakingFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.observers.base_observer import BaseObserver, FramePushed

from kavita import wire
from kavita.agent.summary import CallSummary, summarize
from kavita.scheduling.clinic import Clinic
from kavita.store import calls
from kavita.store.database import Database, StoreUnavailable

Send = Callable[[wire.ServerMessage], Awaitable[None]]


class CallRecorder:
    """Writes each turn and tool call down as it happens, and tells the page.

    The writing goes through one queue, so that the record keeps the order of things and the
    conversation never waits for the disk. A record that cannot be written is logged once and
    costs nobody the call.
    """

    def __init__(
        self, call_id: str, database: Database, clinic: Clinic, clock: Callable[[], datetime]
    ) -> None:
        """`clock` gives the clinic's now; needs a running event loop."""
        self._call_id = call_id
        self._database = database
        self._clinic = clinic
        self._clock = clock
        self._send: Send | None = None
        self._writes: asyncio.Queue[Callable[[], None] | None] = asyncio.Queue()
        self._writer = asyncio.create_task(self._write_all())
        self._failed = False
        self._write(calls.start_call, started_at=clock())
        self.turn = 0
        """Number of the turn being answered; the greeting answers turn 0."""

    def connect(self, send: Send) -> None:
        """From here on the page is told."""
        self._send = send

    async def caller_said(self, text: str) -> None:
        """A turn of the caller is complete."""
        self.turn += 1
        self._write(
            calls.add_turn, speaker="caller", text=text, interrupted=False, at=self._clock()
        )
        await self._tell(wire.UserSpeaking(text=text))
        await self._tell(wire.Thinking())

    def agent_said(self, text: str, interrupted: bool) -> None:
        """The agent's words of one turn, as far as they were heard."""
        self._write(
            calls.add_turn, speaker="agent", text=text, interrupted=interrupted, at=self._clock()
        )

    async def tool_ran(self, name: str, arguments: dict[str, Any], result: dict[str, Any]) -> None:
        """A tool has answered."""
        self._write(
            calls.add_tool_call, name=name, arguments=arguments, result=result, at=self._clock()
        )
        await self._tell(wire.ToolCall(function=name, arguments=arguments, result=result))

    async def finish(self, reason: wire.EndReason) -> CallSummary | None:
        """Close the record with its summary; None when the book cannot be written."""
        ended_at = self._clock()
        self._writes.put_nowait(None)
        await self._writer
        try:
            return await asyncio.to_thread(self._close, reason, ended_at)
        except StoreUnavailable as error:
            self._note_failure(error)
            return None

    def _close(self, reason: wire.EndReason, ended_at: datetime) -> CallSummary | None:
        record = calls.read_call(self._database, self._call_id)
        if record is None:
            return None
        summary = summarize(replace(record, ended_at=ended_at, reason=reason), self._clinic)
        calls.finish_call(self._database, self._call_id, reason, summary.text, ended_at)
        return summary

    def _write(self, write: Callable[..., None], **values: Any) -> None:
        self._writes.put_nowait(partial(write, self._database, self._call_id, **values))

    async def _write_all(self) -> None:
        while (write := await self._writes.get()) is not None:
            try:
                await asyncio.to_thread(write)
            except StoreUnavailable as error:
                self._note_failure(error)

    def _note_failure(self, error: StoreUnavailable) -> None:
        if not self._failed:
            self._failed = True
            logger.error("the call record cannot be written: {}", error)

    async def _tell(self, event: wire.ServerMessage) -> None:
        if self._send is not None:
            await self._send(event)


class TurnLatency(BaseObserver):
    """Times each turn from the end of the caller's speech, as the VAD hears it."""

    def __init__(self, turn: Callable[[], int], send: Send) -> None:
        """`turn` numbers the turn; each measured turn is sent as a `metrics` event."""
        super().__init__()
        self._turn = turn
        self._send = send
        self._speech_end: float | None = None
        self._transcript_ms: int | None = None
        self._turn_end_ms: int | None = None

    async def on_push_frame(self, data: FramePushed) -> None:
        """Look at the few frames that mark a turn, the first time each is pushed."""
        frame = data.frame
        if not data.first_push:
            return
        if isinstance(frame, VADUserStartedSpeakingFrame | LLMMessagesAppendFrame):
            self._speech_end = None
        elif isinstance(frame, VADUserStoppedSpeakingFrame):
            self._speech_end = time.monotonic() - frame.stop_secs
            self._transcript_ms = self._turn_end_ms = None
        elif self._speech_end is None:
            return
        elif isinstance(frame, TranscriptionFrame):
            self._transcript_ms = self._elapsed_ms(self._speech_end)
        elif isinstance(frame, UserStoppedSpeakingFrame):
            self._turn_end_ms = self._elapsed_ms(self._speech_end)
        elif isinstance(frame, BotStartedSpeakingFrame):
            await self._send(
                wire.Metrics(
                    turn=self._turn(),
                    transcript_ms=self._transcript_ms,
                    turn_end_ms=self._turn_end_ms,
                    first_audio_ms=self._elapsed_ms(self._speech_end),
                )
            )
            self._speech_end = None

    @staticmethod
    def _elapsed_ms(since: float) -> int:
        return int((time.monotonic() - since) * 1000)
