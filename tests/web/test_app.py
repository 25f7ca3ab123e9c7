"""The process that serves."""

import asyncio
import gc
import threading
import time
import urllib.request
from pathlib import Path

from kavita.app import keep_what_is_loaded
from tests.fakes.running_server import running_server


def test_a_collection_need_not_look_at_what_was_loaded_before_the_calls() -> None:
    loaded: list[list[int]] = [[]]
    keep_what_is_loaded()
    try:
        assert not any(each is loaded for each in gc.get_objects())
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()
    assert any(each is loaded for each in gc.get_objects())


def test_every_thread_for_what_blocks_is_there_before_the_first_call(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        urllib.request.urlopen(f"{server.url}/health").close()
        before = threading.enumerate()

        async def much_at_once() -> set[threading.Thread]:
            return set(await asyncio.gather(*(asyncio.to_thread(_busy) for _ in range(40))))

        used = asyncio.run_coroutine_threadsafe(much_at_once(), server.loop).result(10)
    assert len(used) > 1
    assert used <= set(before)


def _busy() -> threading.Thread:
    time.sleep(0.01)
    return threading.current_thread()
