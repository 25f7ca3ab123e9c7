"""What is told of a turn's times."""

from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)

from kavita import wire
from kavita.voice.latency import TurnLatency


def latency_of_turn(number: int, told: list[wire.ServerMessage]) -> TurnLatency:
    async def send(event: wire.ServerMessage) -> None:
        told.append(event)

    return TurnLatency(lambda: number, send)


async def test_a_turn_is_timed_once_from_the_end_of_the_speech() -> None:
    told: list[wire.ServerMessage] = []
    latency = latency_of_turn(3, told)
    await latency.note(VADUserStoppedSpeakingFrame(stop_secs=0.1))
    latency.words_came()
    await latency.note(UserStoppedSpeakingFrame())
    for _ in range(2):
        await latency.note(BotStartedSpeakingFrame())
    (metrics,) = told
    assert isinstance(metrics, wire.Metrics)
    assert metrics.turn == 3
    assert metrics.transcript_ms is not None
    assert metrics.turn_end_ms is not None
    assert metrics.first_audio_ms is not None
    assert 100 <= metrics.transcript_ms <= metrics.turn_end_ms <= metrics.first_audio_ms


async def test_speech_that_answers_nothing_said_aloud_is_not_timed() -> None:
    told: list[wire.ServerMessage] = []
    latency = latency_of_turn(1, told)
    await latency.note(BotStartedSpeakingFrame())  # the greeting
    await latency.note(VADUserStoppedSpeakingFrame(stop_secs=0.1))
    latency.forget()  # the caller typed
    await latency.note(BotStartedSpeakingFrame())
    await latency.note(VADUserStoppedSpeakingFrame(stop_secs=0.1))
    await latency.note(VADUserStartedSpeakingFrame())
    await latency.note(BotStartedSpeakingFrame())
    assert told == []
