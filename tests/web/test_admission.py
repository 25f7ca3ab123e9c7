"""Who can still be served well, by number and by load."""

import asyncio
import time
from pathlib import Path

from kavita.voice.waits import LATELY_SECONDS, Waits
from kavita.web.admission import EVERY_SECONDS, SAMPLES, Admission, Sample
from tests.fakes.running_server import Page, page, running_server

IDLE = Sample(late=0.001, passed=0.25, worked=0.01)
BUSY = Sample(late=0.01, passed=0.25, worked=0.24)
LATE = Sample(late=0.2, passed=0.45, worked=0.02)


def admission(*samples: Sample, wait: float = 0.0) -> Admission:
    admitting = Admission(max_calls=4, recogniser_wait=lambda: wait)
    for sample in samples:
        admitting.note(sample)
    return admitting


def test_there_are_never_more_calls_than_the_setting_says() -> None:
    assert admission().refusal(3) == ""
    assert "MAX_CALLS (4)" in admission().refusal(4)


def test_a_loop_that_works_all_the_time_takes_no_further_call() -> None:
    assert admission(*[IDLE] * SAMPLES).refusal(1) == ""
    assert "96% of the time" in admission(*[BUSY] * SAMPLES).refusal(1)


def test_a_loop_that_is_late_as_a_rule_takes_no_further_call_and_one_that_was_once_does() -> None:
    assert "0.20 s late" in admission(*[LATE] * SAMPLES).refusal(1)
    assert admission(*[IDLE] * (SAMPLES - 3), *[LATE] * 3).refusal(1) == ""


def test_no_call_is_taken_while_sound_waits_for_the_recogniser() -> None:
    assert "0.4 s for the recogniser" in admission(wait=0.4).refusal(1)
    assert admission(wait=0.2).refusal(1) == ""


def test_the_first_call_is_always_taken() -> None:
    assert admission(*[BUSY] * SAMPLES, wait=2.0).refusal(0) == ""


def test_load_is_forgotten_when_it_is_over() -> None:
    assert admission(*[BUSY] * SAMPLES, *[IDLE] * SAMPLES).refusal(1) == ""


def test_nothing_is_held_against_a_server_that_has_just_begun() -> None:
    assert admission(*[BUSY] * (SAMPLES - 1)).refusal(1) == ""


def test_waits_are_those_of_the_last_seconds() -> None:
    now = 100.0
    waits = Waits(clock=lambda: now)
    assert waits.mean_seconds() == 0.0
    waits.note(0.2)
    now += LATELY_SECONDS / 2
    waits.note(0.4)
    assert round(waits.mean_seconds(), 3) == 0.3
    now += LATELY_SECONDS / 2 + 0.1
    assert waits.mean_seconds() == 0.4


class Notes(Admission):
    """An admission that shows its samples."""

    def __init__(self) -> None:
        super().__init__(4, lambda: 0.0)
        self.samples: list[Sample] = []

    def note(self, sample: Sample) -> None:
        self.samples.append(sample)


async def test_a_blocked_event_loop_is_seen_to_be_late_and_work_to_be_work() -> None:
    notes = Notes()
    watching = asyncio.create_task(notes.watch())
    await asyncio.sleep(EVERY_SECONDS / 2)
    time.sleep(EVERY_SECONDS)  # noqa: ASYNC251  the loop is to stand still
    await asyncio.sleep(EVERY_SECONDS)
    until = time.thread_time() + EVERY_SECONDS
    while time.thread_time() < until:
        pass
    await asyncio.sleep(EVERY_SECONDS)
    watching.cancel()
    assert notes.samples[0].late >= EVERY_SECONDS / 3
    assert notes.samples[0].worked < EVERY_SECONDS / 2
    assert sum(sample.worked for sample in notes.samples) >= EVERY_SECONDS * 0.9


async def test_a_caller_hears_busy_while_the_one_before_keeps_the_server_busy(
    tmp_path: Path,
) -> None:
    with running_server(tmp_path, max_calls=3) as server:
        async with page(server) as one, page(server) as two, page(server) as three:
            first, second, third = Page(one), Page(two), Page(three)
            await first.send(action="start")
            await first.until("speaking_start")
            for _ in range(SAMPLES):
                server.lines.admission.note(LATE)
            await second.send(action="start")
            assert (await second.until("busy"))["retry_after"] > 0
            for _ in range(SAMPLES):
                server.lines.admission.note(IDLE)
            await third.send(action="start")
            await third.until("speaking_start")
