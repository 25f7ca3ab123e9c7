"""The receptionist in the seat of Pipecat's LLM: context in, tools run, reply out."""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, cast

from loguru import logger
from pipecat.frames.frames import (
    AggregatedTextFrame,
    Frame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
)
from pipecat.processors.aggregators.llm_context import LLMContext, LLMContextMessage
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.utils.text.base_text_aggregator import TextType

from kavita.agent.faults import place_of
from kavita.agent.phrases import LOST
from kavita.agent.tools import TOOL_NAMES, AppointmentTools
from kavita.receptionist.receptionist import CallTool, Receptionist, Say

MAX_TOOL_ROUNDS = 5
"""Tool calls in one turn."""


class RuleLLM(FrameProcessor):
    """Answers each context with one reply, after as many tools as that needs."""

    def __init__(
        self,
        receptionist: Receptionist,
        tools: AppointmentTools,
        clock: Callable[[], datetime],
        rehearse: Callable[[str], Awaitable[None]],
    ) -> None:
        """`clock` gives the clinic's now; `rehearse` makes the sound of an answer ahead."""
        super().__init__()
        self._rehearse = rehearse
        self._prepared: tuple[list[dict[str, Any]], asyncio.Task[Say | CallTool]] | None = None
        self._receptionist = receptionist
        self._tools = tools
        self._clock = clock

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Answer a context; let everything else pass."""
        await super().process_frame(frame, direction)
        if not isinstance(frame, LLMContextFrame):
            await self.push_frame(frame, direction)
        elif frame.speculation:
            await self._prepare(_messages(frame.context))
        else:
            await self._answer(frame.context)

    async def cleanup(self) -> None:
        """Drop what was prepared."""
        await super().cleanup()
        await self._drop_prepared()

    async def _prepare(self, messages: list[dict[str, Any]]) -> None:
        """Think ahead about a turn that may be over.

        The thought is good for exactly these messages. A tool that it calls for is not run before
        the turn is over.
        """
        await self._drop_prepared()
        self._prepared = messages, self.create_task(self._think_ahead(messages))

    async def _think_ahead(self, messages: list[dict[str, Any]]) -> Say | CallTool:
        action = await self.think(messages)
        if isinstance(action, Say):
            await self._rehearse(action.text)
        return action

    async def _drop_prepared(self) -> None:
        prepared, self._prepared = self._prepared, None
        if prepared is not None and not prepared[1].done():
            await self.cancel_task(prepared[1])

    async def _next_action(self, messages: list[dict[str, Any]]) -> Say | CallTool:
        """What was prepared for these messages, or a new thought."""
        prepared = self._prepared
        if prepared is not None and prepared[0] == messages:
            self._prepared = None
            return await prepared[1]
        await self._drop_prepared()
        return await self.think(messages)

    async def _answer(self, context: LLMContext) -> None:
        """Answer once, however many turns came in a burst: the last context holds them all."""
        if self.has_queued_frame(LLMContextFrame):
            return
        await self._tools.settle()
        self._tools.begin_turn()
        try:
            text = await self._decide(context)
        except Exception as error:  # noqa: BLE001  a bug of ours must not leave the caller in silence
            logger.error("the turn could not be answered: {}", place_of(error))
            text = LOST
        if self.has_queued_frame(LLMContextFrame):
            return
        await self._tools.hold_offered(text)
        await self.push_frame(LLMFullResponseStartFrame())
        await self.speak(text)
        await self.push_frame(LLMFullResponseEndFrame())

    async def think(self, messages: list[dict[str, Any]]) -> Say | CallTool:
        """What to do after `messages`; touches nothing."""
        return self._receptionist.reply(messages, TOOL_NAMES, self._clock())

    async def speak(self, text: str) -> None:
        """Hand over an answer to be spoken."""
        await self.push_frame(AggregatedTextFrame(text, TextType.SENTENCE, raw_text=text))

    async def _decide(self, context: LLMContext) -> str:
        for _ in range(MAX_TOOL_ROUNDS):
            action = await self._next_action(_messages(context))
            if isinstance(action, Say):
                return action.text
            # A tool that has begun is finished and noted even if the caller cuts in now.
            await asyncio.shield(asyncio.ensure_future(self._run(context, action)))
        return LOST

    async def _run(self, context: LLMContext, call: CallTool) -> None:
        call_id = f"call_{uuid.uuid4().hex[:12]}"
        request = {
            "role": "assistant",
            "tool_calls": [
                {
                    "id": call_id,
                    "type": "function",
                    "function": {"name": call.name, "arguments": json.dumps(call.arguments)},
                }
            ],
        }
        context.add_message(cast(LLMContextMessage, request))
        result = await self._tools.run(call.name, call.arguments)
        answer = {
            "role": "tool",
            "tool_call_id": call_id,
            "content": json.dumps(result, ensure_ascii=False),
        }
        _insert_after(context, request, answer)


def _messages(context: LLMContext) -> list[dict[str, Any]]:
    return list(cast(list[dict[str, Any]], context.get_messages()))


def _insert_after(context: LLMContext, request: dict[str, Any], answer: dict[str, Any]) -> None:
    messages = list(context.get_messages())
    place = next(index for index, message in enumerate(messages) if message is request)
    messages.insert(place + 1, cast(LLMContextMessage, answer))
    context.set_messages(messages)
