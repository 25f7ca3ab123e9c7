"""The load generator: what it hears, what it takes for a fault, and that it keeps its time."""

import asyncio
import json
import wave
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from websockets.asyncio.server import ServerConnection, serve

from benchmarks.capacity import LADDER, keep
from benchmarks.load.caller import SPEAKING_SHARE, Caller
from benchmarks.load.loudspeaker import Loudspeaker
from benchmarks.load.processes import CallersProcess, ServerProcess
from benchmarks.load.sentences import Sentences
from benchmarks.load.verdict import Step, fault, growth, held, step_of
from benchmarks.report import Measured, Report
from kavita.caller.questions import Topic

RATE = 22_050
PIECE = (np.ones(RATE // 20) * 3000).astype(np.int16).tobytes()
"""50 ms of sound."""

ASKS = "Shall I book it?"

ONE = Step(
    calls=1,
    gaps_ms=(300.0, 320.0, 400.0),
    unanswered=0,
    cut_off=0,
    holes_ms=(),
    lost=(),
    share=0.4,
    server_cores=0.1,
    callers_cores=0.01,
    late_p99_ms=1.0,
    rss_mb=300.0,
)


def speaker_at(*arrivals: float) -> Loudspeaker:
    speaker = Loudspeaker(RATE)
    speaker.obey("speaking_start")
    for at in arrivals:
        speaker.receive(PIECE, at)
    return speaker


def test_sound_that_comes_in_time_or_a_little_late_leaves_no_hole() -> None:
    assert speaker_at(0.0, 0.05, 0.1, 0.15, 0.2).page.holes == []
    assert speaker_at(0.0, 0.05, 0.13, 0.22, 0.24).page.holes == []


def test_sound_later_than_the_pages_buffer_leaves_a_hole() -> None:
    # 50 ms at this rate are 1,102 samples: only with the third piece are 100 ms in hand.
    speaker = speaker_at(0.0, 0.05, 0.1, 0.35)
    assert speaker.page.holes == [pytest.approx(0.1, abs=0.001)]


@pytest.mark.parametrize("kind", ["speaking_end", "interrupted", "yielding"])
def test_a_silence_that_is_meant_is_no_hole(kind: str) -> None:
    speaker = speaker_at(0.0, 0.05, 0.1)
    speaker.obey(kind)
    speaker.receive(PIECE, 2.0)
    assert speaker.page.holes == []


def test_the_agent_is_heard_behind_a_jitter_buffer_of_20_ms() -> None:
    speaker = speaker_at(0.0)
    assert speaker.audible_at is None
    speaker.expect()
    speaker.receive(bytes(len(PIECE)), 1.0)
    speaker.receive(PIECE, 1.05)
    assert speaker.audible_at == pytest.approx(1.07, abs=0.001)


def test_who_was_not_answered_has_waited_to_the_end() -> None:
    assert ONE.p95_ms == 400.0
    assert replace(ONE, unanswered=1).p95_ms == 8000.0


def test_a_step_holds_until_gaps_grow_by_half_or_a_hole_is_heard_or_a_line_is_lost() -> None:
    assert not fault(replace(ONE, calls=9, gaps_ms=(600.0,)), ONE)
    assert "p95" in fault(replace(ONE, gaps_ms=(601.0,)), ONE)
    assert "underrun" in fault(replace(ONE, holes_ms=(3.0,)), ONE)
    assert "lost" in fault(replace(ONE, lost=("busy",)), ONE)


def test_what_is_held_is_the_last_step_before_the_first_fault() -> None:
    steps = [replace(ONE, calls=calls) for calls in (1, 2, 4, 6)]
    steps[2] = replace(steps[2], gaps_ms=(900.0,))
    assert held(steps) == 2
    assert held(steps[:2]) == 2


def test_growth_counts_what_is_there_beyond_the_warm_server() -> None:
    warm = {"rss_mb": 400.0, "tasks": 3, "threads": 9, "descriptors": 20}
    grown = growth(warm, warm | {"rss_mb": 410.0, "threads": 11})
    assert grown == {"memory_percent": 2.5, "tasks": 0, "threads": 2, "descriptors": 0}


def test_the_ladder_begins_with_one_call_and_only_rises() -> None:
    assert LADDER[0] == 1
    assert sorted(set(LADDER)) == list(LADDER)


def test_a_caller_answers_what_is_asked_and_has_a_wish_where_nothing_is() -> None:
    speaker = Sentences(date(2026, 2, 9)).speaker(0)
    assert speaker.answer(Topic.TIME).text == "At twelve o'clock."
    assert speaker.answer(Topic.TIME).text == "At half past nine."
    assert speaker.answer(Topic.DAY).text == "On February sixteenth, please."
    assert speaker.answer(Topic.AGAIN).text == "I want to make an appointment."


def test_a_caller_says_the_recordings_one_after_the_other_whatever_is_asked(
    tmp_path: Path,
) -> None:
    for name in ("a.wav", "b.wav"):
        with wave.open(str(tmp_path / name), "wb") as file:
            file.setparams((1, 2, 16_000, 0, "NONE", ""))
            file.writeframes((np.ones(8_000) * 3000).astype(np.int16).tobytes())
    rows = [{"wav": "a.wav"}, {"wav": "b.wav"}]
    (tmp_path / "manifest.jsonl").write_text("\n".join(map(json.dumps, rows)))
    speaker = Sentences(date(2026, 2, 9), tmp_path).speaker(1)
    said = [speaker.answer(topic) for topic in (Topic.NEED, Topic.TIME, Topic.CONFIRM)]
    assert [each.text for each in said] == ["b.wav", "a.wav", "b.wav"]
    assert said[0].end_seconds == pytest.approx(0.5, abs=0.03)
    assert len(said[0].frames) == 25


class Agent:
    """Answers each sentence 200 ms after its last audible frame; once the sound stalls for 300."""

    def __init__(self) -> None:
        self.frames = 0
        self.stalls = [0.3]

    async def answer(self, socket: ServerConnection) -> None:
        silence, is_spoken = 0, False
        await self._send(socket, "hello", sample_rate=RATE)
        async for message in socket:
            if isinstance(message, str):
                match json.loads(message)["action"]:
                    case "start" | "text":
                        await self._send(socket, "speaking_start", text=ASKS)
                    case "end":
                        return
                continue
            self.frames += 1
            if np.abs(np.frombuffer(message, np.int16)).max(initial=0) >= 184:
                silence, is_spoken = 0, True
            elif is_spoken:
                silence += 1
                if silence == 10:
                    is_spoken = False
                    await self._speak(socket)

    async def _speak(self, socket: ServerConnection) -> None:
        await self._send(socket, "user_speaking", text="...")
        await self._send(socket, "speaking_start", text=ASKS)
        for _ in range(3):
            await socket.send(PIECE)
        if self.stalls:
            await asyncio.sleep(self.stalls.pop())
        await socket.send(PIECE)
        await self._send(socket, "speaking_end")

    async def _send(self, socket: ServerConnection, kind: str, **fields: object) -> None:
        await socket.send(json.dumps({"type": kind, **fields}))


@pytest.mark.live
async def test_a_caller_keeps_time_and_tells_the_gap_the_hole_and_the_share() -> None:
    agent = Agent()
    async with serve(agent.answer, "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        speaker = Sentences(date(2026, 2, 9)).speaker(0)
        caller = Caller(url, "3000", speaker, date(2026, 2, 9))
        await caller.connect()
        await caller.talk(3.0, after=0.0)
        await caller.hang_up()
    heard = caller.heard
    assert len(heard.gaps_ms) == 2
    assert all(200 <= gap < 400 for gap in heard.gaps_ms), heard.gaps_ms
    assert len(heard.holes_ms) == 1
    assert (heard.lost, heard.cut_off, heard.unanswered) == ("", 0, 0)
    assert heard.spoken_seconds / heard.talked_seconds == pytest.approx(SPEAKING_SHARE, abs=0.05)
    assert agent.frames == pytest.approx(len(heard.late_ms), abs=2)


@pytest.mark.live
async def test_a_process_of_callers_holds_calls_and_makes_them_in_a_row() -> None:
    agent = Agent()
    async with serve(agent.answer, "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        row, found = await asyncio.to_thread(_hold_and_row, url)
    assert row == {"calls": 2, "lost": []}
    size = {"at": 0.0, "cpu_seconds": 1.0, "rss_mb": 300.0}
    step = step_of(found, size, size | {"at": 10.0, "cpu_seconds": 4.0})
    assert (step.calls, step.turns, step.lost, step.server_cores) == (2, 2, (), 0.3)


def _hold_and_row(url: str) -> tuple[dict[str, Any], dict[str, Any]]:
    with CallersProcess() as callers:
        callers.answer()
        row = callers.row(url, calls=2, lanes=2)
        found = callers.hold(url, calls=2, seconds=0.1, spread=0.2)
        callers.hang_up()
    return row, found


@pytest.mark.heavy
@pytest.mark.live
def test_two_workers_hold_calls_side_by_side_and_tell_their_size_together() -> None:
    with ServerProcess("kavita", workers=2) as server, CallersProcess() as callers:
        url, _ = server.url(), callers.answer()
        before = server.size()
        found = callers.hold(url, calls=4, seconds=4.0, spread=0.5)
        step = step_of(found, before, server.size())
        callers.hang_up()
    assert (step.calls, step.lost, step.unanswered) == (4, (), 0)
    assert step.turns >= 4
    assert step.rss_mb > 400, "of both"


def test_the_half_that_was_not_measured_stays_in_the_results(tmp_path: Path) -> None:
    path = tmp_path / "results" / "capacity.json"
    for figure, steps in (("live calls", {"kavita": [ONE]}), ("growth by calls in a row", {})):
        report = Report(0, False, {})
        report.figures = [Measured(figure, "kavita", "", {}, True, 1.0)]
        keep(path, report, steps)
    kept = json.loads(path.read_text())
    assert [each["figure"] for each in kept["figures"]] == [
        "live calls",
        "growth by calls in a row",
    ]
    assert [each["calls"] for each in kept["steps"]["kavita"]] == [1]
