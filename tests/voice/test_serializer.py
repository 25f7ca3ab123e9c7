import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pipecat.frames.frames import InputAudioRawFrame, OutputAudioRawFrame, TextFrame

from kavita import wire
from kavita.voice.serializer import ClientFrame, PageSerializer, RefusedFrame, read_message


def deserialize(data: str | bytes):
    return asyncio.run(PageSerializer().deserialize(data))


def test_binary_is_sound_at_16_khz() -> None:
    frame = deserialize(b"\x01\x00" * 320)
    assert isinstance(frame, InputAudioRawFrame)
    assert (frame.sample_rate, frame.num_channels, len(frame.audio)) == (16_000, 1, 640)


@pytest.mark.parametrize("pcm", [b"", b"\x01", b"\x01\x02\x03"])
def test_sound_that_is_no_16_bit_sound_is_refused(pcm: bytes) -> None:
    frame = deserialize(pcm)
    assert isinstance(frame, RefusedFrame)
    assert frame.error.code == "bad_audio"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"action":"start"}', wire.Start()),
        ('{"action":"text","text":"hello","colour":"red"}', wire.Text(text="hello")),
        ('{"action":"played","utterance":"u1","ms":20}', wire.Played(utterance="u1", ms=20)),
        ('{"action":"end"}', wire.End()),
    ],
)
def test_messages_are_understood_and_unknown_fields_ignored(text: str, message: object) -> None:
    frame = read_message(text)
    assert isinstance(frame, ClientFrame)
    assert frame.message == message


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "bad_json"),
        ("", "bad_json"),
        ("[1, 2]", "bad_message"),
        ('{"action":"fly"}', "unknown_action"),
        ('{"type":"start"}', "unknown_action"),
        ('{"action":"text"}', "bad_message"),
        ('{"action":"select_slot","date":"soon","time":"09:30 AM"}', "bad_message"),
        ('{"action":"select_slot","date":"2026-02-30","time":"09:30 AM"}', "bad_message"),
        ('{"action":"select_slot","date":"2026-02-12","time":"13:99 AM"}', "bad_message"),
        (json.dumps({"action": "text", "text": "a" * 2001}), "text_too_long"),
    ],
)
def test_a_message_that_cannot_be_used_is_answered_with_a_reason(text: str, code: str) -> None:
    frame = read_message(text)
    assert isinstance(frame, RefusedFrame)
    assert (frame.error.code, frame.error.recoverable) == (code, True)


@given(st.one_of(st.text(), st.binary()))
def test_nothing_that_a_page_sends_raises(data: str | bytes) -> None:
    assert deserialize(data) is not None


def test_only_sound_leaves_as_a_frame() -> None:
    async def serialize(frame):
        return await PageSerializer().serialize(frame)

    sound = OutputAudioRawFrame(audio=b"\x01\x00", sample_rate=22_050, num_channels=1)
    assert asyncio.run(serialize(sound)) == b"\x01\x00"
    assert asyncio.run(serialize(TextFrame("words"))) is None


def test_a_page_that_sends_sound_faster_than_real_time_is_held_to_three_seconds() -> None:
    now = 0.0
    serializer = PageSerializer(clock=lambda: now)
    second = b"\0\0" * 16_000

    def taken() -> bool:
        return isinstance(asyncio.run(serializer.deserialize(second)), InputAudioRawFrame)

    assert [taken() for _ in range(5)] == [True, True, True, False, False]
    now = 1.0
    assert [taken(), taken()] == [True, False]
    now = 60.0
    assert [taken() for _ in range(4)] == [True, True, True, False]
