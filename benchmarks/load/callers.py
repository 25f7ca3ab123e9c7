"""A process of callers: orders come as lines of JSON, what they found goes out the same way."""

import asyncio
import json
import random
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import uvloop
from load.caller import FIRST_ID, PATIENTS, Caller
from load.sentences import Sentences

APART_SECONDS = 0.1
"""Between the beginnings of two calls."""


def main() -> None:
    """Make the sentences, say so, and carry out orders until the input ends."""
    recordings = Path(sys.argv[1]) if sys.argv[1:] else None
    sentences = Sentences(date.today(), recordings)  # noqa: DTZ011 the caller's own day
    print("{}", flush=True)
    uvloop.run(_serve(sentences))


async def _serve(sentences: Sentences) -> None:
    callers: list[Caller] = []
    while line := await asyncio.to_thread(sys.stdin.readline):
        match json.loads(line):
            case {"hold": int(calls), "url": url, "seconds": seconds, "spread": spread}:
                callers = [_caller(sentences, url, number) for number in range(calls)]
                found = await _hold(callers, seconds, spread)
            case {"row": int(calls), "url": url, "lanes": lanes}:
                numbers = (_caller(sentences, url, number) for number in range(calls))
                found = await _row(numbers, lanes)
            case "hang up":
                await asyncio.gather(*(caller.hang_up() for caller in callers))
                found = {}
        print(json.dumps(found), flush=True)


async def _hold(callers: list[Caller], seconds: float, spread: float) -> dict[str, Any]:
    """All talk for `seconds` from some moment within `spread`, and stay on the line."""
    chance = random.Random(len(callers))
    for caller in callers:
        with suppress(TimeoutError):  # told as a lost line
            await caller.connect()
        await asyncio.sleep(APART_SECONDS)
    for caller in callers:
        caller.heard.late_ms.clear()
    own, wall = time.process_time(), time.monotonic()
    await asyncio.gather(*(caller.talk(seconds, chance.random() * spread) for caller in callers))
    own, wall = time.process_time() - own, time.monotonic() - wall
    late = sorted(ms for caller in callers for ms in caller.heard.late_ms)
    return {
        "calls": len(callers),
        "callers_cores": round(own / wall, 3),
        "late_p99_ms": late[len(late) * 99 // 100] if late else 0.0,
        "heard": [vars(caller.heard) | {"late_ms": None} for caller in callers],
    }


async def _row(callers: Iterator[Caller], lanes: int) -> dict[str, Any]:
    """One call after the other, in `lanes` side by side, each with one spoken turn."""

    async def lane() -> list[str]:
        losses = []
        for caller in callers:
            with suppress(TimeoutError):  # told as a lost line
                await caller.connect()
            await caller.ask_once()
            losses.append(caller.heard.lost)
            await caller.hang_up()
        return losses

    losses = [
        loss for found in await asyncio.gather(*(lane() for _ in range(lanes))) for loss in found
    ]
    return {"calls": len(losses), "lost": [loss for loss in losses if loss]}


def _caller(sentences: Sentences, url: str, number: int) -> Caller:
    user_id = str(FIRST_ID + number % PATIENTS)
    today = date.today()  # noqa: DTZ011 the caller's own day
    return Caller(url, user_id, sentences.speaker(number), today)


if __name__ == "__main__":
    main()
