"""Garbage is looked for when nobody hears it."""

import gc
import weakref
from collections.abc import Iterator

import pytest
from websockets.asyncio.client import ClientConnection

from kavita.web.garbage import keep_what_is_loaded
from tests.fakes.running_server import Page, RunningServer, page


@pytest.fixture
def what_is_loaded_is_kept() -> Iterator[None]:
    """As in a process that serves; nothing is collected by chance."""
    keep_what_is_loaded()
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


class Leftover:
    """Something that a call leaves: only a collection frees it."""

    def __init__(self) -> None:
        self.itself = self


def leftover() -> weakref.ref[Leftover]:
    return weakref.ref(Leftover())


def test_a_collection_need_not_look_at_what_was_loaded_before_the_calls() -> None:
    loaded: list[list[int]] = [[]]
    keep_what_is_loaded()
    try:
        assert not any(each is loaded for each in gc.get_objects())
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()
    assert any(each is loaded for each in gc.get_objects())


@pytest.mark.usefixtures("what_is_loaded_is_kept")
async def test_what_calls_left_is_collected_before_a_call_that_is_alone(
    server: RunningServer,
) -> None:
    left = leftover()
    async with page(server) as socket:
        await call(socket)
        assert left() is None


@pytest.mark.usefixtures("what_is_loaded_is_kept")
async def test_nothing_is_collected_while_another_caller_would_hear_it(
    server: RunningServer,
) -> None:
    async with page(server) as first, page(server) as second:
        await call(first)
        left = leftover()
        await call(second)
        assert left() is not None


async def call(socket: ClientConnection) -> None:
    mine = Page(socket)
    await mine.send(action="start", mode="text")
    await mine.until("speaking_start")
