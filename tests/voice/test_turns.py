import asyncio

from kavita.voice.turns import Patience
from tests.fakes.virtual_time import run_virtual


class Heard:
    """What a silent caller hears, with the second at which it comes."""

    def __init__(self, seconds: float = 45.0) -> None:
        self.events: list[tuple[str, float]] = []
        self.may_end = True
        self.patience = Patience(seconds, on_nudge=self._nudge, on_end=self._end)

    async def _nudge(self) -> None:
        self.events.append(("nudge", asyncio.get_running_loop().time()))

    async def _end(self) -> bool:
        self.events.append(("end", asyncio.get_running_loop().time()))
        return self.may_end


def test_a_silent_caller_is_nudged_and_said_goodbye_to_after_45_seconds() -> None:
    async def silence() -> Heard:
        heard = Heard()
        await heard.patience.run()
        return heard

    assert run_virtual(silence()).events == [("nudge", 20.25), ("end", 45.0)]


def test_words_of_the_caller_start_the_clock_again() -> None:
    async def one_word_at_40_seconds() -> Heard:
        heard = Heard()
        watching = asyncio.create_task(heard.patience.run())
        await asyncio.sleep(40)
        heard.patience.renew()
        await watching
        return heard

    assert run_virtual(one_word_at_40_seconds()).events == [
        ("nudge", 20.25),
        ("nudge", 60.25),
        ("end", 85.0),
    ]


def test_a_caller_who_waits_for_an_answer_is_not_nudged() -> None:
    async def slow_answer() -> Heard:
        heard = Heard()
        watching = asyncio.create_task(heard.patience.run())
        await asyncio.sleep(5)
        heard.patience.suspend()
        await asyncio.sleep(30)
        heard.patience.renew()
        await watching
        return heard

    assert run_virtual(slow_answer()).events == [("nudge", 55.25), ("end", 80.0)]


def test_an_answer_that_never_comes_does_not_hold_the_line_for_ever() -> None:
    async def no_answer() -> Heard:
        heard = Heard()
        heard.patience.suspend()
        await heard.patience.run()
        return heard

    assert run_virtual(no_answer()).events == [("end", 45.0)]


def test_while_the_agent_speaks_the_clock_starts_again() -> None:
    async def long_answer() -> Heard:
        heard = Heard()
        heard.may_end = False
        heard.patience.suspend()
        watching = asyncio.create_task(heard.patience.run())
        await asyncio.sleep(60)
        heard.may_end = True
        await watching
        return heard

    assert run_virtual(long_answer()).events == [("end", 45.0), ("end", 90.0)]
