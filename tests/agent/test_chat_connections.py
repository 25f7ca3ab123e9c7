"""What a model's connections cost in the middle of a call."""

import asyncio
import subprocess
import sys

import pytest

from kavita.agent.chat_model import ChatModel
from tests.fakes.openai_server import KEY, Reply, openai_server

FIRST_REQUEST = """
import asyncio, sys
from kavita.agent.chat_model import ChatModel

async def ask():
    model = ChatModel("openai", "gpt-4o-mini", sys.argv[1], sys.argv[2])
    before = set(sys.modules)
    words = await model.complete([{"role": "user", "content": "Say OK."}])
    await model.close()
    print(words, len(set(sys.modules) - before))

asyncio.run(ask())
"""


def test_the_first_request_imports_next_to_nothing_while_calls_are_held() -> None:
    with openai_server(brain=lambda _: Reply("OK.")) as server:
        done = subprocess.run(
            [sys.executable, "-c", FIRST_REQUEST, KEY, server.base_url],
            capture_output=True,
            text=True,
            check=True,
        )
    words, imported = done.stdout.split()
    assert words == "OK."
    assert int(imported) <= 3


@pytest.mark.heavy
async def test_a_caller_who_thinks_for_six_seconds_waits_for_no_new_connection() -> None:
    with openai_server(brain=lambda _: Reply("OK.")) as server:
        model = ChatModel("openai", server.model, KEY, server.base_url)
        for pause in (0.0, 6.0):
            await asyncio.sleep(pause)
            await model.complete([{"role": "user", "content": "Say OK."}])
        await model.close()
        assert server.connections == 1
