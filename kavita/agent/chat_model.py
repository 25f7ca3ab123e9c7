"""A language model behind OpenAI's chat completions."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING, Any, cast

from kavita.agent.budget import Count
from kavita.agent.circuit import ProviderFailed
from kavita.agent.language_model import (
    MAX_RESPONSE_CHARS,
    RESPONSE_SECONDS,
    Delta,
    LanguageModel,
    Message,
    Patience,
)
from kavita.agent.tokens import Tokens

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncStream
    from openai.types.chat import ChatCompletionChunk

CONNECT_SECONDS = 2.0
KEEP_SECONDS = 120.0
"""A connection is kept from one turn to the next; the client's own 5 s are shorter than most turns,
and to shake hands anew costs two or three ways to the provider and back."""


class ChatModel(LanguageModel):
    """A model at one address; shared by all calls of the process."""

    def __init__(self, label: str, model: str, api_key: str, base_url: str = "") -> None:
        """`label` names it in log and record; without `base_url` it is OpenAI's own.

        Importing the client takes about a second; what it would import at its first request, in the
        middle of a call, is imported here too.
        """
        import httpx2
        import openai

        _import_connections()
        super().__init__(label, model)
        self._tells_tokens = True
        self._client = openai.AsyncOpenAI(
            api_key=api_key,
            base_url=base_url or None,
            max_retries=0,
            timeout=openai.Timeout(RESPONSE_SECONDS, connect=CONNECT_SECONDS),
            http_client=openai.DefaultAsyncHttpxClient(
                limits=httpx2.Limits(keepalive_expiry=KEEP_SECONDS)
            ),
        )
        self._completions = self._client.chat.completions

    async def close(self) -> None:
        """Let go of the connections and of the probe."""
        await self.circuit.close()
        await self._client.close()

    async def deltas(
        self,
        messages: Sequence[Message],
        tools: Sequence[dict[str, Any]],
        patience: Patience,
        count: Count,
    ) -> AsyncGenerator[Delta, None]:
        """The pieces of a response that are of use; everything that can go wrong has one name."""
        import openai

        chunks, tokens = None, Tokens(prompt_chars=len(str(messages)) + len(str(tools)))
        try:
            async with asyncio.timeout_at(patience.until):
                chunks = await self._open(messages, tools)
            iterator = aiter(chunks)
            while True:
                async with asyncio.timeout_at(patience.until):
                    chunk = await anext(iterator)
                tokens.take(chunk)
                words, pieces = _delta(chunk)
                if words or pieces:
                    patience.renew()
                    tokens.answer_chars += len(words) + sum(map(_size, pieces))
                    if tokens.answer_chars > MAX_RESPONSE_CHARS:
                        raise ProviderFailed("too_long")
                    yield words, pieces
        except StopAsyncIteration:
            return
        except (TimeoutError, openai.APITimeoutError):
            raise ProviderFailed("timeout") from None
        except openai.APIStatusError as error:
            raise _refused(error) from None
        except openai.APIConnectionError:
            raise ProviderFailed("unreachable" if chunks is None else "cut") from None
        except openai.OpenAIError:
            raise ProviderFailed("error") from None
        except (ValueError, TypeError, AttributeError, LookupError):
            raise ProviderFailed("garbage") from None
        finally:
            if chunks is not None:
                count(tokens.used(self.model))
                await chunks.close()

    async def _open(
        self, messages: Sequence[Message], tools: Sequence[dict[str, Any]]
    ) -> "AsyncStream[ChatCompletionChunk]":
        """Ask; a server that knows nothing of `stream_options` is asked again without."""
        import openai

        create = cast(Any, self._completions.create)
        options: dict[str, Any] = {"tools": list(tools)} if tools else {}
        if self._tells_tokens:
            options["stream_options"] = {"include_usage": True}
        try:
            stream = await create(model=self.model, messages=list(messages), stream=True, **options)
        except (openai.BadRequestError, openai.UnprocessableEntityError):
            if not self._tells_tokens:
                raise
            self._tells_tokens = False
            return await self._open(messages, tools)
        return cast("AsyncStream[ChatCompletionChunk]", stream)


def _size(piece: Any) -> int:
    """Characters in a piece of a tool call."""
    function = piece.function
    return len(function.name or "") + len(function.arguments or "") if function else 0


def _import_connections() -> None:
    """Have anyio import what connections need, which it does when a loop of its own first runs."""
    from anyio.from_thread import start_blocking_portal

    with start_blocking_portal():
        pass


def _delta(chunk: "ChatCompletionChunk") -> Delta:
    """What a chunk adds; TypeError or AttributeError when it is none."""
    if not chunk.choices:
        return "", []
    delta = chunk.choices[0].delta
    return "" + (delta.content or ""), list(delta.tool_calls or ())


def _refused(error: "APIStatusError") -> ProviderFailed:
    status, code = error.status_code, str(getattr(error, "code", "") or "")
    if status == 401:
        return ProviderFailed("bad_key", lasting=True)
    if status == 402 or code in ("insufficient_quota", "credit_balance_exhausted"):
        return ProviderFailed("no_credit", lasting=True)
    if status in (403, 404):
        return ProviderFailed("not_allowed" if status == 403 else "no_model", lasting=True)
    if status == 429:
        return ProviderFailed("too_many_requests", retry_after=_retry_after(error))
    return ProviderFailed(f"status_{status}")


def _retry_after(error: "APIStatusError") -> float | None:
    try:
        return max(0.1, float(error.response.headers.get("retry-after", "")))
    except ValueError:
        return None
