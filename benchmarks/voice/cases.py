"""Which faults which stage is tried with, alone and in pairs."""

import asyncio
import sys
from collections.abc import Sequence

from benchmarks.voice.faulty_call import CallFound, Faults, call_with
from kavita.caller.voice import CallerVoice
from tests.fakes import azure_speech_server, cartesia_server, openai_server

SPEECH_SECONDS = {1: 4.0, 2: 8.0}
"""Longest wait of the caller, by how many stages fail."""

AT_ONCE = 4
"""Calls; each takes about half a minute, most of it waiting."""

SINGLES: tuple[Faults, ...] = (
    *({"stt": fault} for fault in azure_speech_server.FAULTS),
    *({"llm": fault} for fault in openai_server.FAULTS),
    *({"tts": fault} for fault in cartesia_server.FAULTS),
)
PAIRS: tuple[Faults, ...] = tuple(
    {one: fault, other: other_fault}
    for one, other in (("stt", "llm"), ("llm", "tts"), ("stt", "tts"))
    for fault, other_fault in (("hang", "hang"), ("500", "cut"), ("slow", "garbage"))
)
SAMPLE: tuple[Faults, ...] = (
    {"stt": "flapping"},
    {"llm": "429"},
    {"tts": "stall"},
    {"llm": "429", "tts": "cut"},
)
"""Some from which a provider is back in a moment."""


async def calls_with(cases: Sequence[Faults]) -> list[tuple[str, CallFound]]:
    """One call for each case, some at a time."""
    voice, free = CallerVoice(), asyncio.Semaphore(AT_ONCE)

    async def one(faults: Faults) -> tuple[str, CallFound]:
        async with free:
            found = await call_with(faults, SPEECH_SECONDS[len(faults)], voice)
        print(f"{name(faults)}: {'holds' if found.holds else found}", file=sys.stderr, flush=True)
        return name(faults), found

    return list(await asyncio.gather(*map(one, cases)))


def name(faults: Faults) -> str:
    """Such as "stt hang, llm 500"."""
    return ", ".join(f"{stage} {fault}" for stage, fault in faults.items())
