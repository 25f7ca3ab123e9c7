"""One turn of the caller while it is being answered: what was said, what was done."""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from kavita.agent.confirmations import confirmation
from kavita.agent.history import History, insert_after
from kavita.agent.phrases import FILLER
from kavita.agent.tools import AppointmentTools
from kavita.scheduling.times import to_clinic

Speak = Callable[[str], Awaitable[None]]
Result = dict[str, Any]


class Turn:
    """Speaks, runs tools and puts them into the history; used for one answer."""

    def __init__(self, history: History, tools: AppointmentTools, speak: Speak) -> None:
        """`speak` is handed each sentence as it stands."""
        self.history = history
        self.said: list[str] = []
        """What the brain has said in this turn; a filler is not among it."""
        self.confirmed: list[str] = []
        """What was told of committed changes, from their rows."""
        self.is_ended = False
        """The goodbye was asked for in this turn."""
        self.began = asyncio.get_running_loop().time()
        self._tools = tools
        self._speak = speak
        self._ran: set[tuple[str, str]] = set()
        self._running: set[asyncio.Task[Result]] = set()

    @property
    def has_question(self) -> bool:
        """Whether the caller has been asked something, so that the turn may end here."""
        return bool(self.said) and self.said[-1].endswith("?")

    async def say(self, sentence: str) -> None:
        """Speak, unless the same was said in this turn already."""
        if sentence in " ".join(self.said):
            return
        self.said.append(sentence)
        # The disk may take as long as the first word: nobody can answer before that.
        await asyncio.gather(self._speak(sentence), self._tools.hold_offered(sentence))

    async def confirm(self, result: Result) -> None:
        """Tell the caller of a committed change."""
        now = to_clinic(self._tools.clock(), self._tools.clinic.timezone)
        words = confirmation(result, now.date())
        if words:
            self.confirmed.append(words)
            await self.say(words)

    async def fill_after(self, seconds: float) -> None:
        """Ask for a moment when nothing was said for so long; cancel it when the turn is over."""
        await asyncio.sleep(seconds)
        if not self.said:
            await self._speak(FILLER)

    def has_run(self, name: str, arguments: dict[str, str]) -> bool:
        """Whether the very same was asked for in this turn."""
        return (name, json.dumps(arguments, sort_keys=True)) in self._ran

    async def run(self, name: str, arguments: dict[str, Any]) -> Result:
        """Run a tool; once begun it is finished and noted, even if nobody waits for it."""
        self._ran.add((name, json.dumps(arguments, sort_keys=True)))
        task = asyncio.create_task(self._run(name, arguments))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def settle(self) -> None:
        """Wait for tools that nobody waits for any more."""
        while self._running:
            await asyncio.wait(self._running)

    async def _run(self, name: str, arguments: dict[str, Any]) -> Result:
        tool_call_id = f"call_{uuid.uuid4().hex[:12]}"
        function = {"name": name, "arguments": json.dumps(arguments, ensure_ascii=False)}
        call = {"id": tool_call_id, "type": "function", "function": function}
        request: dict[str, Any] = {"role": "assistant", "content": None, "tool_calls": [call]}
        self.history.add_message(request)
        result = await self._tools.run(name, arguments)
        self.is_ended = self.is_ended or result["status"] == "ended"
        content = json.dumps(result, ensure_ascii=False)
        answer = {"role": "tool", "tool_call_id": tool_call_id, "content": content}
        insert_after(self.history, request, answer)
        return result
