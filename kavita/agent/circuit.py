"""A circuit breaker: a provider that fails is left alone until a probe finds it well again."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from loguru import logger

FAILURES_TO_OPEN = 2
WINDOW_SECONDS = 30.0
"""So many failures within this time open the circuit."""

PROBE_SECONDS = 15.0
"""Between two probes of a provider that is left alone."""

LONGEST_WAIT_SECONDS = 300.0
"""A provider that asks for more patience than this is probed all the same."""


class ProviderFailed(Exception):
    """A provider outside did not do its part; `code` says how, in one word for log and record."""

    def __init__(self, code: str, retry_after: float | None = None, lasting: bool = False) -> None:
        """`retry_after` seconds were asked for by the provider; `lasting`: it will fail again."""
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after
        self.lasting = lasting


class Circuit:
    """One per provider, shared by all calls of the process; needs a running event loop."""

    def __init__(self, name: str, probe: Callable[[], Awaitable[None]]) -> None:
        """`name` is for the log; `probe` raises ProviderFailed while the provider is not well."""
        self._name = name
        self._probe = probe
        self._failures: deque[float] = deque(maxlen=FAILURES_TO_OPEN)
        self._probing: asyncio.Task[None] | None = None
        self._is_too_dear: Callable[[], bool] = lambda: False

    def limit_by(self, is_too_dear: Callable[[], bool]) -> None:
        """Leave the provider alone also as long as `is_too_dear` says so."""
        self._is_too_dear = is_too_dear

    @property
    def is_open(self) -> bool:
        """Whether the provider is to be left alone."""
        return bool(self.why_open)

    @property
    def why_open(self) -> str:
        """Why it is to be left alone, in one word for the record; empty when it is not."""
        if self._is_too_dear():
            return "daily_limit"
        return "left_alone" if self._probing is not None else ""

    def succeeded(self) -> None:
        """The provider did its part."""
        self._failures.clear()

    def failed(self, failure: ProviderFailed) -> None:
        """Note a failure; opens the circuit when it is one too many."""
        now = asyncio.get_running_loop().time()
        self._failures.append(now)
        often = len(self._failures) == FAILURES_TO_OPEN
        often = often and now - self._failures[0] <= WINDOW_SECONDS
        if (often or failure.lasting or failure.retry_after) and self._probing is None:
            logger.warning("{} is left alone: {}", self._name, failure.code)
            self._probing = asyncio.create_task(self._until_well(failure.retry_after))

    async def close(self) -> None:
        """Stop probing, at the end of the process."""
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.wait([self._probing])
            self._probing = None

    async def _until_well(self, retry_after: float | None) -> None:
        while True:
            await asyncio.sleep(min(retry_after or PROBE_SECONDS, LONGEST_WAIT_SECONDS))
            try:
                await self._probe()
            except ProviderFailed as failure:
                retry_after = failure.retry_after
                continue
            logger.info("{} is used again", self._name)
            self._failures.clear()
            self._probing = None
            return
