"""One call, from Start to summary: the pipeline, and what ends it. Start reading here."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, cast

from fastapi import WebSocket
from loguru import logger
from pipecat.frames.frames import InterruptionFrame, TTSSpeakFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    AssistantTurnStoppedMessage,
    LLMContextAggregatorPair,
    UserTurnStoppedMessage,
)
from pipecat.workers.runner import WorkerRunner

from kavita import wire
from kavita.agent.answering import Answered
from kavita.agent.budget import Budget
from kavita.agent.call_state import CallState
from kavita.agent.phrases import INACTIVITY_GOODBYE, INACTIVITY_NUDGE, greeting
from kavita.agent.tools import AppointmentTools
from kavita.receptionist.expectation import Reading, read_answer
from kavita.receptionist.receptionist import Receptionist
from kavita.scheduling.clinic import Clinic
from kavita.settings import Settings
from kavita.store.database import Database
from kavita.voice.call_recorder import CallRecorder
from kavita.voice.echo_gate import EchoGate
from kavita.voice.requests import PageRequests
from kavita.voice.services import Engines
from kavita.voice.transports import PageTransport
from kavita.voice.turns import Patience

MAX_PLAYOUT_SECONDS = 2.0
PLAYOUT_MARGIN_SECONDS = 0.4
"""A goodbye is played to its end before the line is cut, as far as the page tells."""

SETTLE_SECONDS = 5.0
"""How long a tool that is still running may hold up the end of the call."""

FLUSH_SECONDS = 0.5
"""How long the words heard so far may take to come out of the pipeline."""


@dataclass(frozen=True)
class Reception:
    """What all calls of this process share."""

    settings: Settings
    clinic: Clinic
    database: Database
    engines: Engines
    budget: Budget
    clock: Callable[[], datetime]
    show: Callable[[str], None]
    """Prints a line of a conversation for the operator."""


class Call:
    """One caller on the line."""

    def __init__(
        self, reception: Reception, websocket: WebSocket, call_id: str, echo: EchoGate
    ) -> None:
        """`call_id` names the call in log, record and page; `echo` may know the room already."""
        self._reception = reception
        self._call_id = call_id
        self._websocket = websocket
        self._leaving: wire.EndReason | None = None
        self._cut_goodbye: wire.EndReason | None = None
        self._ending: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._recorder = CallRecorder(
            *(call_id, reception.database, reception.clinic, reception.clock, reception.budget),
            keep_transcript=reception.settings.keep_transcripts,
        )
        self._tools = AppointmentTools(
            reception.database,
            CallState(call_id),
            reception.clinic,
            reception.clock,
            on_result=self._tool_ran,
        )
        self._transport = PageTransport(
            websocket,
            reception.engines.sample_rate,
            turn_id=lambda: self._recorder.turn,
            on_spoken=self._spoken,
            echo=echo,
        )
        agent_name = reception.settings.agent_name
        self._receptionist = Receptionist(reception.clinic, agent_name)
        self._brain = reception.engines.brain(
            self._receptionist, self._tools, agent_name, self._answered, self._recorder.count
        )
        self._recorder.connect(self.send)
        self._patience = Patience(
            reception.settings.inactivity_seconds, on_nudge=self._nudge, on_end=self._give_up
        )
        self._nudged = False
        self._greeted = False
        self._partial = ""
        self._caller_speaks = False
        self._agent_done = asyncio.Event()
        self._worker: PipelineWorker | None = None
        self.gone = asyncio.Event()
        """Set when nothing of the call is left, its socket neither."""

    @property
    def is_over(self) -> bool:
        """Whether the page has been told so; what is left is to put the things away."""
        return self._transport.output().has_hung_up

    async def run(self) -> None:
        """Hold the call until it ends, whatever ends it."""
        try:
            worker = self._build()
            if self._ending is None:
                self._worker = worker
                await self._converse(worker)
        finally:
            await self.end("error")
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._recorder.close()
            if self._worker is None:
                await self._websocket.close()
            self.gone.set()

    async def _converse(self, worker: PipelineWorker) -> None:
        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(worker)
        await self._say(greeting(self._reception.clinic.name))
        patience = asyncio.create_task(self._patience.run())
        try:
            await runner.run()
        finally:
            patience.cancel()

    def _build(self) -> PipelineWorker:
        reception, transport = self._reception, self._transport
        context = LLMContext()
        listening = reception.engines.listening(
            reception.settings, partial(self._read, context), transport.output()
        )
        if listening.vad is not None:
            transport.hear_with(listening.vad, not reception.engines.needs_silence)
        user, assistant = LLMContextAggregatorPair(context, user_params=listening.turns)
        pipeline = Pipeline(
            [
                transport.input(),
                PageRequests(self),
                reception.engines.stt(
                    self._partly_heard, self._recorder.ears_switched, self._recorder.count
                ),
                user,
                self._brain,
                reception.engines.tts(self._recorder.voice_switched, self._recorder.count),
                transport.output(),
                assistant,
            ]
        )
        transport.add_event_handler("on_client_disconnected", self._page_left)
        user.add_event_handler("on_user_turn_started", self._caller_began)
        user.add_event_handler("on_user_turn_stopped", self._caller_finished)
        assistant.add_event_handler("on_assistant_turn_stopped", self._agent_finished)
        return PipelineWorker(
            pipeline,
            params=PipelineParams(
                audio_in_sample_rate=wire.MICROPHONE_RATE,
                audio_out_sample_rate=reception.engines.sample_rate,
            ),
            enable_rtvi=False,
            enable_turn_tracking=False,
            idle_timeout_secs=None,
        )

    def _read(self, context: LLMContext, text: str) -> Reading:
        """What `text` is worth as an answer to what was asked, or is being asked."""
        messages = cast(list[dict[str, Any]], context.get_messages())
        if saying := self._transport.output().saying:
            messages = [*messages, {"role": "assistant", "content": saying}]
        clinic, now = self._reception.clinic, self._reception.clock()
        return read_answer(self._receptionist, messages, text, clinic, now)

    async def send(self, event: wire.ServerMessage) -> None:
        """Tell the page."""
        await self._transport.output().send(event)

    async def _partly_heard(self, text: str) -> None:
        """Show the words of a turn that goes on; they are kept nowhere."""
        self._transport.output().latency.words_came()
        if self._caller_speaks and text != self._partial:
            self._partial = text
            await self.send(wire.UserPartial(text=text))

    async def heard(self, text: str) -> None:
        """The caller typed a turn."""
        self._transport.output().latency.forget()
        await self._take_turn(text)

    async def _take_turn(self, text: str) -> None:
        self._leaving = self._cut_goodbye = None
        self._nudged = False
        self._patience.suspend()
        kept = self._tools.kept_words(text)
        self._reception.show(f"👤 User: {kept}")
        await self._recorder.caller_said(text, kept)

    def note_played(self, message: wire.Played) -> None:
        """The page tells what its loudspeaker has played."""
        self._transport.output().note_played(message)

    def end_soon(self, reason: wire.EndReason) -> None:
        """End the call from within the pipeline, which must not wait for its own end."""
        self._later(self.end(reason))

    async def end(self, reason: wire.EndReason) -> None:
        """Close the record, give the page its summary, hang up; once, however often it is asked."""
        if self._ending is None:
            self._ending = asyncio.create_task(self._end(reason))
        await asyncio.shield(self._ending)

    async def _end(self, reason: wire.EndReason) -> None:
        with logger.contextualize(call_id=self._call_id):
            try:
                if self._worker is not None:
                    await self.cut_short(partial(self._worker.queue_frame, InterruptionFrame()))
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._tools.settle(), SETTLE_SECONDS)
                self._later(self._tools.close())
                summary = await self._recorder.finish(reason, self._reception.engines.models)
                self._reception.show(summary.text)
                await self.send(summary.event())
            finally:
                await self.send(wire.Shutdown(reason=reason))
                logger.info("call ended: {}", reason)
                if self._worker is not None:
                    await self._worker.cancel()

    async def cut_short(self, interrupt: Callable[[], Awaitable[None]]) -> None:
        """Stop the agent by `interrupt`, once what was heard of it is in the record."""
        was_speaking = self._transport.output().is_speaking
        self._agent_done.clear()
        await interrupt()
        if was_speaking:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._agent_done.wait(), FLUSH_SECONDS)

    async def _say(self, text: str) -> None:
        if self._worker is not None:
            await self._worker.queue_frame(TTSSpeakFrame(text, append_to_context=True))

    async def _nudge(self) -> None:
        if self._leaving is None and not self._transport.output().is_speaking:
            self._nudged = True
            await self._say(INACTIVITY_NUDGE)

    async def _give_up(self) -> None:
        if self._leaving is not None:
            self.end_soon(self._leaving)
        elif not self._transport.output().is_speaking:
            self._leaving = "inactivity"
            await self._say(INACTIVITY_GOODBYE)

    async def _spoken(self) -> None:
        self._brain.has_unspoken = False
        if self._brain.is_answering:
            return
        if self._leaving is not None:
            self._later(self._hang_up(self._leaving))
            return
        was_nudge, self._nudged = self._nudged, False
        if not was_nudge:
            self._patience.renew()
        if not self._greeted:
            self._greeted = True
            self._reception.show("Ready — speak anytime!")
        await self.send(wire.Listening())

    async def _hang_up(self, reason: wire.EndReason) -> None:
        unplayed = self._transport.output().unplayed_ms / 1000
        await asyncio.sleep(min(unplayed, MAX_PLAYOUT_SECONDS) + PLAYOUT_MARGIN_SECONDS)
        if self._leaving == reason and not self._transport.output().is_speaking:
            await self.end(reason)

    async def _tool_ran(self, name: str, arguments: dict[str, Any], result: dict[str, Any]) -> None:
        if name == "end_conversation" and result["status"] == "ended":
            self._leaving = "goodbye"
        await self._recorder.tool_ran(name, arguments, result)

    async def _answered(self, answered: Answered) -> None:
        if answered.failures:
            await self._recorder.brain_switched(answered)
        if not self._brain.has_unspoken and not self._transport.output().is_speaking:
            await self._spoken()

    async def _page_left(self, *_: object) -> None:
        self.end_soon("page")

    async def _caller_began(self, *_: object) -> None:
        self._cut_goodbye, self._leaving = self._leaving, None
        self._partial, self._caller_speaks = "", True

    async def _caller_finished(
        self, _user: object, _strategy: object, message: UserTurnStoppedMessage
    ) -> None:
        if message.content:
            self._caller_speaks = False
            await self._take_turn(message.content)
            return
        await self._partly_heard("")
        self._caller_speaks = False
        if self._cut_goodbye is not None:
            self.end_soon(self._cut_goodbye)

    async def _agent_finished(self, _: object, message: AssistantTurnStoppedMessage) -> None:
        if message.content:
            self._reception.show(f"🤖 Agent: {message.content}")
            self._recorder.agent_said(message.content, message.interrupted)
        self._agent_done.set()

    def _later(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
