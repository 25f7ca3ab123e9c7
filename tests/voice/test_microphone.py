"""Where the caller's voice is heard, and what travels on of the sound."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

from pipecat.audio.filters.base_audio_filter import BaseAudioFilter
from pipecat.frames.frames import (
    FilterControlFrame,
    Frame,
    InputAudioRawFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.tests.utils import SleepFrame, run_test
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams

from kavita.caller.voice import CallerVoice
from kavita.voice.microphone import Microphone
from kavita.voice.turn_models import TurnModels, VoicePausesFrame
from kavita.wire import MICROPHONE_RATE

FRAME = 640
SECOND = 2 * MICROPHONE_RATE


HEARD = (
    InputAudioRawFrame,
    VADUserStartedSpeakingFrame,
    VoicePausesFrame,
    VADUserStoppedSpeakingFrame,
)


class IdleSocket:
    """A page that sends nothing."""

    is_closing = True

    async def setup(self, _: object) -> None: ...

    async def trigger_client_connected(self) -> None: ...

    async def disconnect(self) -> None: ...

    async def receive(self) -> AsyncIterator[bytes]:
        await asyncio.Event().wait()
        yield b""

    async def cleanup(self) -> None: ...


class CountingFilter(BaseAudioFilter):
    """Changes nothing."""

    def __init__(self) -> None:
        self.pieces: list[int] = []

    async def start(self, sample_rate: int) -> None: ...

    async def stop(self) -> None: ...

    async def process_frame(self, frame: FilterControlFrame) -> None: ...

    async def filter(self, audio: bytes) -> bytes:
        self.pieces.append(len(audio))
        return audio


async def heard(
    pcm: bytes, holds_silence: bool = True, echo: BaseAudioFilter | None = None
) -> list[Frame]:
    """What travels on of `pcm`, and where a voice begins and ends."""
    socket: Any = IdleSocket()
    params = FastAPIWebsocketParams(audio_in_enabled=True, audio_in_filter=echo)
    microphone = Microphone(socket, socket, params, TurnModels().vad(0.1), holds_silence)
    frames: list[Frame] = [
        InputAudioRawFrame(pcm[at : at + FRAME], MICROPHONE_RATE, 1)
        for at in range(0, len(pcm), FRAME)
    ]
    down, _ = await run_test(microphone, frames_to_send=[*frames, SleepFrame(0.1)])
    return [frame for frame in down if isinstance(frame, HEARD)]


def sound_of(frames: list[Frame]) -> bytes:
    return b"".join(
        cast(InputAudioRawFrame, frame).audio
        for frame in frames
        if isinstance(frame, InputAudioRawFrame)
    )


def whole_frames(pcm: bytes) -> bytes:
    return pcm[: len(pcm) // FRAME * FRAME]


async def test_silence_does_not_travel() -> None:
    assert await heard(bytes(2 * SECOND)) == []


async def test_nothing_is_lost_of_a_voice_and_the_silence_before_it() -> None:
    said = bytes(SECOND) + whole_frames(CallerVoice().speak("I would like to book")) + bytes(SECOND)
    frames = await heard(said)
    kinds = [type(frame) for frame in frames]
    assert kinds[:2] == [InputAudioRawFrame, VADUserStartedSpeakingFrame]
    assert kinds[-4:] == [
        *(InputAudioRawFrame, VoicePausesFrame),
        *(InputAudioRawFrame, VADUserStoppedSpeakingFrame),
    ]
    assert len(cast(InputAudioRawFrame, frames[-2]).audio) < 0.05 * SECOND
    assert said.startswith(sound_of(frames))
    assert len(sound_of(frames)) > len(said) - SECOND


async def test_a_voice_travels_in_few_frames() -> None:
    said = whole_frames(CallerVoice().speak("I would like to book an appointment"))
    frames = await heard(said)
    assert len(frames) < len(said) / FRAME / 3


async def test_a_second_voice_comes_with_the_silence_between() -> None:
    word = whole_frames(CallerVoice().speak("morning"))  # voiced all through: no gap in it
    said = bytes(SECOND) + word + bytes(2 * SECOND) + word + bytes(SECOND)
    frames = await heard(said)
    kinds = [type(frame) for frame in frames]
    assert kinds.count(VADUserStartedSpeakingFrame) == 2
    assert said.startswith(sound_of(frames))


async def test_who_needs_silence_gets_it_in_larger_frames() -> None:
    frames = await heard(bytes(2 * SECOND), holds_silence=False)
    assert sound_of(frames) == bytes(2 * SECOND)
    word = whole_frames(CallerVoice().speak("morning")) + bytes(SECOND)
    kinds = [type(frame) for frame in await heard(word, holds_silence=False)]
    assert VADUserStoppedSpeakingFrame in kinds
    assert VoicePausesFrame not in kinds
    assert 15 < len(frames) <= 20


async def test_sound_is_looked_at_as_soon_as_it_fills_a_window_of_the_vad_and_no_sooner() -> None:
    echo = CountingFilter()
    await heard(bytes(whole := 8 * FRAME), echo=echo)  # five windows
    assert echo.pieces == [2 * FRAME, 2 * FRAME, FRAME, 2 * FRAME, FRAME]
    assert sum(echo.pieces) == whole
