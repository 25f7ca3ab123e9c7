"""A named language model of Pipecat's, asked as any other: sentences out, then tool calls."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any

from pipecat.adapters.llm.schemas.function_schema import FunctionSchema
from pipecat.adapters.llm.schemas.tools_schema import ToolsSchema
from pipecat.frames.frames import (
    Frame,
    FunctionCallsStartedFrame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMTextFrame,
    MetricsFrame,
)
from pipecat.metrics.metrics import LLMUsageMetricsData
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.services.llm_service import FunctionCallParams, LLMService

from kavita.agent.budget import Count
from kavita.agent.circuit import ProviderFailed
from kavita.agent.language_model import (
    MAX_RESPONSE_CHARS,
    Delta,
    LanguageModel,
    Message,
    Patience,
)
from kavita.agent.tokens import Tokens
from kavita.voice.named_service import NamedService
from kavita.voice.service_pipeline import ServicePipeline, ServicePool


@dataclass
class _Function:
    name: str
    arguments: str


@dataclass
class _Piece:
    """A whole tool call, in the shape of a piece of one."""

    index: int
    id: str
    function: _Function


class NamedModel(LanguageModel):
    """The service and its pipelines; tools are only reported, never run, by the service."""

    def __init__(self, named: NamedService) -> None:
        """`named` is built anew for each request at a time."""
        super().__init__(named.label, named.label)
        self._pool = ServicePool(named, _report_tools)

    async def close(self) -> None:
        """Let go of the service and of the probe."""
        await self.circuit.close()
        await self._pool.close()

    async def deltas(
        self,
        messages: Sequence[Message],
        tools: Sequence[dict[str, Any]],
        patience: Patience,
        count: Count,
    ) -> AsyncGenerator[Delta, None]:
        """The pieces of a response; raises ProviderFailed."""
        pipeline, is_over = None, False
        tokens = Tokens(prompt_chars=len(str(messages)) + len(str(tools)))
        try:
            async with asyncio.timeout_at(patience.until):
                pipeline = await self._pool.take()
                await pipeline.send(_request(messages, tools))
            while not is_over:
                async with asyncio.timeout_at(patience.until):
                    frame = await pipeline.next()
                is_over = isinstance(frame, LLMFullResponseEndFrame)
                _take_usage(frame, tokens)
                words, pieces = _delta(frame)
                if words or pieces:
                    patience.renew()
                    tokens.answer_chars += len(words) + len(str(pieces))
                    if tokens.answer_chars > MAX_RESPONSE_CHARS:
                        raise ProviderFailed("too_long")
                    yield words, pieces
        except TimeoutError:
            raise ProviderFailed("timeout") from None
        finally:
            if pipeline is not None:
                count(tokens.used(self.model))
                self._let_go(pipeline, is_over)

    def _let_go(self, pipeline: ServicePipeline, is_over: bool) -> None:
        """Keep the pipeline for the next turn, unless it is still at work."""
        if is_over:
            self._pool.put_back(pipeline)
        else:
            self._pool.discard(pipeline)


def _report_tools(service: LLMService[Any]) -> None:
    """Keep the service from complaining of tools that it cannot run."""

    async def run_nothing(params: FunctionCallParams) -> None:
        await params.result_callback(None)

    service.register_function(None, run_nothing)


def _request(messages: Sequence[Message], tools: Sequence[dict[str, Any]]) -> LLMContextFrame:
    """The conversation and the tools in Pipecat's own form, which each service translates."""
    functions = [tool["function"] for tool in tools]
    schemas = [
        FunctionSchema(
            name=function["name"],
            description=function["description"],
            properties=function["parameters"]["properties"],
            required=function["parameters"]["required"],
        )
        for function in functions
    ]
    context = LLMContext([dict(message) for message in messages])  # type: ignore[misc]
    if schemas:
        context.set_tools(ToolsSchema(standard_tools=schemas))
    return LLMContextFrame(context)


def _delta(frame: Frame) -> Delta:
    """What a frame adds to the response."""
    if isinstance(frame, LLMTextFrame):
        return frame.text, []
    if isinstance(frame, FunctionCallsStartedFrame):
        return "", [
            _Piece(number, call.tool_call_id, _Function(call.function_name, _json(call.arguments)))
            for number, call in enumerate(frame.function_calls)
        ]
    return "", []


def _json(arguments: Any) -> str:
    try:
        return json.dumps(dict(arguments))
    except (TypeError, ValueError):
        raise ProviderFailed("garbage") from None


def _take_usage(frame: Frame, tokens: Tokens) -> None:
    if isinstance(frame, MetricsFrame):
        for data in frame.data:
            if isinstance(data, LLMUsageMetricsData):
                used = data.value
                # Only the total holds the cached tokens with every service.
                prompt = used.total_tokens - used.completion_tokens
                tokens.tell(prompt, used.cache_read_input_tokens or 0, used.completion_tokens)
