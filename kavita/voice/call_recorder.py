"""What happened in a call: the events for the page, and the call record."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from loguru import logger

from kavita import wire
from kavita.agent.answering import Answered
from kavita.agent.budget import Budget
from kavita.agent.language_model import LanguageModel
from kavita.agent.model_summary import summarize_by_model
from kavita.agent.summary import CallSummary
from kavita.scheduling.clinic import Clinic
from kavita.store import calls
from kavita.store.database import Database, StoreUnavailable
from kavita.store.usage import Charged, Used

DISK_PATIENCE_SECONDS = 3.0
"""How long the end of a call waits for its record to be written."""

_THREAD = ThreadPoolExecutor(1, thread_name_prefix="record")
"""Of all calls: a record that waits for the book must not keep a thread from a caller who waits."""

Send = Callable[[wire.ServerMessage], Awaitable[None]]


class CallRecorder:
    """Keeps the record of a call, writes it down as things happen, and tells the page.

    The writing goes through one queue, so that the record keeps the order of things and the
    conversation never waits for the disk. A book that cannot be written costs nobody the call
    or its summary: it is logged once, and the rest of the record is not written.
    """

    def __init__(
        self,
        call_id: str,
        database: Database,
        clinic: Clinic,
        clock: Callable[[], datetime],
        budget: Budget,
        keep_transcript: bool,
    ) -> None:
        """`clock` gives the clinic's now; needs a running event loop.

        Without `keep_transcript` it is only noted that something was said, and nobody is asked to
        put the call into words of their own.
        """
        self._call_id = call_id
        self._database = database
        self._clinic = clinic
        self._clock = clock
        self._budget = budget
        self._keep_transcript = keep_transcript
        self._charges: list[Charged] = []
        """What is not written down yet."""
        self._started_at = clock()
        self._turns: list[calls.Turn] = []
        self._tool_calls: list[calls.ToolCallRecord] = []
        self._switches: list[str] = []
        self._send: Send | None = None
        self._writes: asyncio.Queue[Callable[[], None] | None] = asyncio.Queue()
        self._writer = asyncio.create_task(self._write_all())
        self._write(calls.start_call, started_at=self._started_at)
        self.turn = 0
        """Number of the turn being answered; the greeting answers turn 0."""

    def connect(self, send: Send) -> None:
        """From here on the page is told."""
        self._send = send

    async def caller_said(self, text: str, kept: str) -> None:
        """A turn of the caller is complete; `kept` is what the record may hold of it."""
        self.turn += 1
        self._add_turn(calls.Turn("caller", kept, False, self._clock()))
        await self._tell(wire.UserSpeaking(text=text))
        await self._tell(wire.Thinking())

    def agent_said(self, text: str, interrupted: bool) -> None:
        """The agent's words of one turn, as far as they were heard."""
        self._add_turn(calls.Turn("agent", text, interrupted, self._clock()))

    async def tool_ran(self, name: str, arguments: dict[str, Any], result: dict[str, Any]) -> None:
        """A tool has answered."""
        ran = calls.ToolCallRecord(name, arguments, result, self._clock())
        self._tool_calls.append(ran)
        self._write(calls.add_tool_call, **vars(ran))
        await self._tell(wire.ToolCall(function=name, arguments=arguments, result=result))

    def count(self, uses: Sequence[Used]) -> None:
        """Something that costs money was used; it is written down with the turn."""
        self._charges += self._budget.charge(uses)

    async def brain_switched(self, answered: Answered) -> None:
        """A turn was answered, but not by the brain that should have."""
        failures = list(answered.failures)
        why = ", ".join(failures)
        self._switches.append(f"Turn {self.turn} was answered by {answered.brain} ({why})")
        await self._tell(wire.Metrics(turn=self.turn, llm=answered.brain, llm_failures=failures))

    async def voice_switched(self, why: str) -> None:
        """The local voice had to speak; noted once in a turn."""
        if self._notes(f"Turn {self.turn} was spoken by the local voice ({why})"):
            await self._tell(wire.Metrics(turn=self.turn, tts_failures=[why]))

    async def ears_switched(self, why: str) -> None:
        """The local recogniser had to hear, in the turn that is about to be complete."""
        if self._notes(f"Turn {self.turn + 1} was heard by the local recogniser ({why})"):
            await self._tell(wire.Metrics(turn=self.turn + 1, stt_failures=[why]))

    def _notes(self, switch: str) -> bool:
        """Keep a note for the record; whether it is new."""
        is_new = switch not in self._switches
        if is_new:
            self._switches.append(switch)
        return is_new

    async def finish(
        self, reason: wire.EndReason, models: Sequence[LanguageModel] = ()
    ) -> CallSummary:
        """End the record with its summary; waits for a model and the disk a few seconds each."""
        ended_at = self._clock()
        record = calls.CallRecord(
            call_id=self._call_id,
            started_at=self._started_at,
            ended_at=ended_at,
            reason=reason,
            summary=None,
            turns=tuple(self._turns),
            tool_calls=tuple(self._tool_calls),
        )
        asked = models if self._keep_transcript else ()
        summary = await summarize_by_model(record, self._clinic, asked, self._switches, self.count)
        self._write_charges()
        self._write(calls.finish_call, reason=reason, summary=summary.text, ended_at=ended_at)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._writes.join(), DISK_PATIENCE_SECONDS)
        return summary

    async def close(self) -> None:
        """Write down what the engines told at their end, and write no more."""
        self._write_charges()
        self._writes.put_nowait(None)
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._writer), DISK_PATIENCE_SECONDS)

    def _write_charges(self) -> None:
        charges, self._charges = self._charges, []
        if charges:
            self._writes.put_nowait(partial(self._budget.keep, self._call_id, charges))

    def _add_turn(self, turn: calls.Turn) -> None:
        self._write_charges()
        if self._keep_transcript:
            self._turns.append(turn)
            self._write(calls.add_turn, **vars(turn))
        else:
            self._turns.append(replace(turn, text=""))

    def _write(self, write: Callable[..., None], **values: Any) -> None:
        self._writes.put_nowait(partial(write, self._database, self._call_id, **values))

    async def _write_all(self) -> None:
        failed = False
        while (write := await self._writes.get()) is not None:
            try:
                if not failed:
                    await asyncio.get_running_loop().run_in_executor(_THREAD, write)
            except StoreUnavailable as error:
                failed = True
                logger.error("the call record cannot be written: {}", error)
            finally:
                self._writes.task_done()

    async def _tell(self, event: wire.ServerMessage) -> None:
        if self._send is not None:
            await self._send(event)
