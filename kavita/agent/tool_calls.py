"""A tool call from its arguments to its result: checked, run to its end, reported, never raised."""

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from loguru import logger

from kavita.agent.call_state import CallState
from kavita.agent.offers import hold_offered
from kavita.scheduling.clinic import Clinic
from kavita.scheduling.errors import CallOver, InvalidArguments, SchedulingError
from kavita.store.database import Database, StoreUnavailable
from kavita.store.holds import release_call
from kavita.store.idempotency import request_key
from kavita.store.journal import Request

Result = dict[str, Any]
OnResult = Callable[[str, dict[str, Any], Result], Awaitable[None] | None]
P = ParamSpec("P")
S = TypeVar("S", bound="ToolCalls")
T = TypeVar("T")

SECRETS = ("pin", "date_of_birth")
"""Arguments that are not told to the record, the page or the log."""


def tool(
    body: Callable[Concatenate[S, P], Coroutine[Any, Any, Result]],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, Result]]:
    """Make a body into a tool: arguments checked, refusals as results, everything observed."""
    signature = inspect.signature(body)

    @functools.wraps(body)
    async def run(self: S, /, *args: P.args, **kwargs: P.kwargs) -> Result:
        try:
            bound = signature.bind(self, *args, **kwargs)
        except TypeError:
            return await self.observed(body.__name__, dict(kwargs), refuse_arguments)
        arguments = dict(list(bound.arguments.items())[1:])
        if not all(isinstance(value, str) for value in arguments.values()):
            return await self.observed(body.__name__, arguments, refuse_arguments)
        return await self.observed(body.__name__, arguments, lambda: body(self, *args, **kwargs))

    return run


async def refuse_arguments() -> Result:
    """The body of a tool that was called with arguments which it does not have."""
    raise InvalidArguments


class ToolCalls:
    """The tool calls of one call: one at a time, each to its end even when nobody waits for it."""

    def __init__(
        self,
        database: Database,
        call_state: CallState,
        clinic: Clinic,
        clock: Callable[[], datetime],
        on_result: OnResult | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Take the book, the call's state and `clock`, which returns aware times.

        `on_result` is told the name, the arguments and the result of every tool call. `sleep`
        keeps answers about an ID back, longer and longer, after wrong tries.
        """
        self.database = database
        self.call_state = call_state
        self.clinic = clinic
        self.clock = clock
        self.on_result = on_result
        self.sleep = sleep
        self._running: set[asyncio.Task[Result]] = set()
        self._turn = asyncio.Lock()

    def begin_turn(self) -> None:
        """A new turn of the caller is answered from here on: what is asked for is asked anew."""
        self.call_state.turn += 1

    def request(self, name: str, arguments: dict[str, str] | None = None) -> Request:
        """Say who asks; with `arguments`, for something that is done once in a turn."""
        call_id, turn = self.call_state.call_id, self.call_state.turn
        key = "" if arguments is None else request_key(call_id, turn, name, arguments)
        return Request(call_id, turn, name, key)

    async def hold_offered(self, said: str) -> None:
        """Keep for the caller the times that the agent is about to offer in these words."""
        state = self.call_state
        if state.shown is not None and state.patient is not None and not state.closed:
            arguments = (self.database, self.clinic, self.call_state, said, self.clock())
            await self.in_thread(hold_offered, *arguments)

    async def close(self) -> None:
        """Do nothing more for this call, and give back what it held; due at its end."""
        self.call_state.closed = True
        call_id = self.call_state.call_id
        try:
            await self.in_thread(release_call, self.database, self.clinic, call_id, self.clock())
        except StoreUnavailable as error:
            logger.error("what call {} held is not given back: {}", call_id, error)

    async def settle(self) -> None:
        """Wait until no tool is running any more; due before a call is closed."""
        while self._running:
            await asyncio.wait(self._running)

    async def observed(
        self, name: str, arguments: dict[str, Any], body: Callable[[], Awaitable[Result]]
    ) -> Result:
        """Run a body in a task of our own: whoever stops waiting does not stop the work."""
        task = asyncio.create_task(self._execute(name, arguments, body), name=f"tool {name}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def in_thread(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Cross from the event loop to the synchronous store; the only place that does."""
        return await asyncio.to_thread(work, *args, **kwargs)

    async def _execute(
        self, name: str, arguments: dict[str, Any], body: Callable[[], Awaitable[Result]]
    ) -> Result:
        async with self._turn:
            try:
                if self.call_state.closed:
                    raise CallOver
                result = await body()
            except SchedulingError as refusal:
                result = error_result(refusal.code, refusal.message) | refusal.details
            except StoreUnavailable as error:
                logger.error("{} failed in call {}: {}", name, self.call_state.call_id, error)
                result = error_result(
                    "book_unavailable", "I'm sorry, I can't reach the appointment book right now."
                )
            await self._report(name, arguments, result)
            return result

    async def _report(self, name: str, arguments: dict[str, Any], result: Result) -> None:
        """Tell the observer; what it cannot write down does not change what the tool has done."""
        if self.on_result is None:
            return
        try:
            observed = self.on_result(name, without_secrets(arguments), result)
            if inspect.isawaitable(observed):
                await observed
        except StoreUnavailable as error:
            logger.error(
                "{} is not in the record of call {}: {}", name, self.call_state.call_id, error
            )


def error_result(code: str, message: str) -> Result:
    """Return a refusal as a tool's result."""
    return {"status": "error", "code": code, "message": message}


def without_secrets(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return a tool's arguments as they may be shown and kept."""
    return {
        name: "(not shown)" if name in SECRETS and value else value
        for name, value in arguments.items()
    }
