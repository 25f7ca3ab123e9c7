"""What the brain would do next, thought out while the caller's turn may still go on."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from kavita.receptionist.receptionist import CallTool, Say

Action = Say | CallTool
Messages = list[dict[str, Any]]


class Forethought:
    """One thought ahead, good for exactly the messages that it was about."""

    def __init__(self, think: Callable[[Messages], Awaitable[Action]]) -> None:
        """`think` gives the action after some messages; it runs no tool and notes nothing."""
        self._think = think
        self._kept: tuple[Messages, asyncio.Task[Action]] | None = None

    def begin(self, messages: Messages, rehearse: Callable[[str], Awaitable[None]]) -> None:
        """Think about `messages`, in place of any others; what would be said is rehearsed."""
        self.drop()
        self._kept = messages, asyncio.create_task(self._ahead(messages, rehearse))

    async def take(self, messages: Messages) -> Action:
        """What was thought about these very messages, or a new thought."""
        kept = self._kept
        if kept is not None and kept[0] == messages:
            self._kept = None
            return await kept[1]
        self.drop()
        return await self._think(messages)

    def drop(self) -> None:
        """Think of it no more."""
        kept, self._kept = self._kept, None
        if kept is not None:
            kept[1].cancel()

    async def _ahead(
        self, messages: Messages, rehearse: Callable[[str], Awaitable[None]]
    ) -> Action:
        action = await self._think(messages)
        if isinstance(action, Say):
            await rehearse(action.text)
        return action
