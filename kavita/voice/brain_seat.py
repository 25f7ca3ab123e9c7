"""The brain in the seat of Pipecat's LLM: context in, tools run, sentences out as they stand."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

from loguru import logger
from pipecat.frames.frames import (
    AggregatedTextFrame,
    DataFrame,
    Frame,
    InputAudioRawFrame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
)
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.frame_processor import FrameCallback, FrameDirection, FrameProcessor
from pipecat.utils.text.base_text_aggregator import TextType

from kavita.agent.answering import Answered, Answering
from kavita.agent.faults import place_of
from kavita.agent.phrases import LOST


@dataclass
class ProvisionalContextFrame(DataFrame):
    """The conversation as it would be if the caller's turn were over."""

    context: LLMContext


class BrainSeat(FrameProcessor):
    """Answers each context with one response, after as many tools as that needs."""

    def __init__(
        self,
        answering: Answering,
        on_answered: Callable[[Answered], Awaitable[None]],
        rehearse: Callable[[str], Awaitable[None]],
    ) -> None:
        """`on_answered` hears who answered, when the last sentence is on its way.

        `rehearse` makes the sound of an answer ahead.
        """
        super().__init__()
        self._answering = answering
        self._on_answered = on_answered
        self._rehearse = rehearse
        self._one_at_a_time = asyncio.Lock()
        self._response_begun = False
        self.is_answering = False
        """More may be said in this turn."""
        self.has_unspoken = False
        """A sentence is on its way to the voice; whoever hears the voice end takes it back."""

    async def queue_frame(
        self,
        frame: Frame,
        direction: FrameDirection = FrameDirection.DOWNSTREAM,
        callback: FrameCallback | None = None,
    ) -> None:
        """Tell contexts that want no answer yet from those that do, while they wait."""
        if isinstance(frame, LLMContextFrame) and frame.speculation:
            frame = ProvisionalContextFrame(frame.context)
        await super().queue_frame(frame, direction, callback)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Answer a context, or prepare for one that may come; let everything else pass."""
        await super().process_frame(frame, direction)
        if isinstance(frame, LLMContextFrame):
            await self._answer(frame.context)
        elif isinstance(frame, ProvisionalContextFrame):
            messages = cast(list[dict[str, Any]], frame.context.get_messages())
            self._answering.prepare(list(messages), self._rehearse)
        elif not isinstance(frame, InputAudioRawFrame):  # nobody behind the brain listens
            await self.push_frame(frame, direction)

    async def cleanup(self) -> None:
        """Drop what was prepared."""
        await super().cleanup()
        self._answering.drop_prepared()

    async def _answer(self, context: LLMContext) -> None:
        """Answer once, however many turns came in a burst: the last context holds them all."""
        if self.has_queued_frame(LLMContextFrame):
            return
        self.is_answering, self._response_begun, self.has_unspoken = True, False, False
        answered = None
        try:
            answered = await self._answering.answer(context, self._say)
        except Exception as error:  # noqa: BLE001  a bug of ours must not leave the caller in silence
            logger.error("the turn could not be answered: {}", place_of(error))
            await self._say(LOST)
        finally:
            self.is_answering = False
        if self._response_begun:
            await self.push_frame(LLMFullResponseEndFrame())
        if answered is not None:
            await self._on_answered(answered)

    async def _say(self, sentence: str) -> None:
        """Speak, unless the caller has gone on and the next answer takes that in too."""
        async with self._one_at_a_time:
            if self.has_queued_frame(LLMContextFrame):
                return
            self.has_unspoken = True
            if not self._response_begun:
                self._response_begun = True
                await self.push_frame(LLMFullResponseStartFrame())
            await self.speak(sentence)

    async def speak(self, sentence: str) -> None:
        """Hand a sentence to the voice."""
        text = AggregatedTextFrame(sentence, TextType.SENTENCE, raw_text=sentence)
        await self.push_frame(text)
