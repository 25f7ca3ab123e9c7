import asyncio
from contextlib import suppress

from kavita.voice.turns import Patience
from tests.fakes.virtual_time import run_virtual


class Over(Exception):
    """The call is over."""


class Heard:
    """What a silent caller hears, with the second at which it comes."""

    def __init__(self, seconds: float = 45.0) -> None:
        self.events: list[tuple[str, float]] = []
        self.patience = Patience(seconds, on_nudge=self._nudge, on_end=self._end)

    async def _nudge(self) -> None:
        self.events.append(("nudge", asyncio.get_running_loop().time()))

    async def _end(self) -> None:
        self.events.append(("end", asyncio.get_running_loop().time()))
        raise Over


def test_a_silent_caller_is_nudged_and_said_goodbye_to_after_45_seconds() -> None:
    async def silence() -> Heard:
        heard = Heard()
        with suppress(Over):
            await heard.patience.run()
        return heard

    assert run_virtual(silence()).events == [("nudge", 20.25), ("end", 45.0)]


def test_words_of_the_caller_start_the_clock_again() -> None:
    async def one_word_at_40_seconds() -> Heard:
        heard = Heard()
        watching = asyncio.create_task(heard.patience.run())
        await asyncio.sleep(40)
        heard.patience.renew()
        with suppress(Over):
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
        with suppress(Over):
            await watching
        return heard

    assert run_virtual(slow_answer()).events == [("nudge", 55.25), ("end", 80.0)]


def test_an_answer_that_never_comes_does_not_hold_the_line_for_ever() -> None:
    async def no_answer() -> Heard:
        heard = Heard()
        heard.patience.suspend()
        with suppress(Over):
            await heard.patience.run()
        return heard

    assert run_virtual(no_answer()).events == [("end", 45.0)]


def test_the_clock_starts_again_after_a_goodbye_that_did_not_end_the_call() -> None:
    async def stays() -> list[float]:
        ends: list[float] = []

        async def nothing() -> None:
            return None

        async def note() -> None:
            ends.append(asyncio.get_running_loop().time())

        watching = asyncio.create_task(Patience(45.0, on_nudge=nothing, on_end=note).run())
        await asyncio.sleep(100)
        watching.cancel()
        return ends

    assert run_virtual(stays()) == [45.0, 90.0]
