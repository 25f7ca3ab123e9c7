"""The process that serves."""

import asyncio
import threading
import time
import urllib.request
from pathlib import Path

from tests.fakes.running_server import running_server


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
