"""Holds one call with an agenda, over the real wire and in real time."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from itertools import cycle

from kavita import wire
from kavita.caller.agenda import Agenda, Caller
from kavita.caller.line import AgentSilent, AgentTurn, Line, open_line
from kavita.caller.report import DemoResult, ToolRun, Turn, booked_by
from kavita.caller.voice import CallerVoice
from kavita.scheduling.clinic import Clinic
from kavita.scheduling.slots import is_open, next_open_day

MAX_TURNS = 40
_THURSDAY = 3
_WEEK = 7


@dataclass(frozen=True)
class Manners:
    """How the caller behaves on the line; seconds."""

    pauses: tuple[float, ...] = (0.45, 0.3, 0.6, 0.35, 0.5)
    """Before each sentence, in turn: people do not answer at once."""
    start: float = 20.0
    """For the server to be ready."""
    answer: float = 15.0
    """Between two events of the agent; then the caller says it again."""
    patience: int = 2
    """How often it says a sentence again into silence."""


def demo_agenda(today: date, day: date) -> Agenda:
    """An identification, a day, 12 PM, a goodbye: the shortest booking, on an open day."""
    return Agenda("1001", day, time(12, 0), "Lab visit", today, name="Archit Ojha")


def demo_day(clinic: Clinic, today: date) -> date:
    """The coming Thursday, or else the first open day after it."""
    day = today + timedelta(days=(_THURSDAY - today.weekday() - 1) % _WEEK + 1)
    return day if is_open(clinic, day) else next_open_day(clinic, day) or day


async def run_demo_call(
    url: str,
    agenda: Agenda,
    on_turn: Callable[[Turn], None] | None = None,
    manners: Manners | None = None,
    voice: CallerVoice | None = None,
) -> DemoResult:
    """Call `url` (ws://host:port/ws) and follow `agenda` to the end of the call.

    `on_turn` is told each turn when it is over.

    Raises:
        LineError: no server, no free line, silence, or a line cut before the end.
        EngineMissing: the `local` extra is not installed.
    """
    if voice is None:
        voice = await asyncio.to_thread(CallerVoice)
    async with open_line(url) as line:
        call = _Conversation(line, Caller(agenda), voice, manners or Manners(), on_turn)
        return await call.hold()


class _Conversation:
    """One call from Start to shutdown."""

    def __init__(
        self,
        line: Line,
        caller: Caller,
        voice: CallerVoice,
        manners: Manners,
        on_turn: Callable[[Turn], None] | None,
    ) -> None:
        self._line = line
        self._caller = caller
        self._agenda = caller.wants
        self._voice = voice
        self._manners = manners
        self._pauses: Iterator[float] = cycle(manners.pauses)
        self._on_turn = on_turn
        self._turns: list[Turn] = []
        self._summary: wire.Summary | None = None

    async def hold(self) -> DemoResult:
        hello = await self._line.start(self._manners.start)
        said, agent = "", await self._line.listen(self._manners.start)
        while True:
            self._note(said, agent)
            if agent.ended or len(self._turns) > MAX_TURNS:
                return self._result(hello.call_id, agent.ended)
            answer = self._caller.answer(agent.text)
            if answer is None:
                said, agent = "", await self._line.listen(self._manners.answer)
            else:
                said, agent = await self._exchange(answer)

    async def _exchange(self, sentence: str) -> tuple[str, AgentTurn]:
        """Say something and hear the answer; say it another way when none comes."""
        for _ in range(self._manners.patience):
            try:
                return sentence, await self._speak(sentence)
            except AgentSilent:
                sentence = self._caller.repeat()
        return sentence, await self._speak(sentence)

    async def _speak(self, sentence: str) -> AgentTurn:
        await asyncio.sleep(next(self._pauses))
        await self._line.say(await asyncio.to_thread(self._voice.speak, sentence))
        return await self._line.listen(self._manners.answer)

    def _note(self, said: str, agent: AgentTurn) -> None:
        self._summary = agent.summary or self._summary
        if not said and not agent.text:
            return
        tools = tuple(ToolRun(t.function, t.arguments, t.result) for t in agent.tool_calls)
        turn = Turn(
            len(self._turns), said, agent.heard, agent.text, tools, agent.gap_ms, agent.metrics
        )
        self._turns.append(turn)
        if self._on_turn:
            self._on_turn(turn)

    def _result(self, call_id: str, ended: str) -> DemoResult:
        return DemoResult(
            call_id=call_id,
            agenda=self._agenda,
            turns=tuple(self._turns),
            booked=booked_by(self._turns, self._agenda.user_id),
            summary=self._summary.text if self._summary else "",
            ended=ended,
            gave_up=self._caller.gave_up,
        )
