"""What the callers say to each question, made before the first call, as frames for the wire."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from pathlib import Path

from turntaking.callers import recorded_callers
from turntaking.playout import end_of_speech
from websockets.frames import Frame, Opcode

from kavita import wire
from kavita.caller import wording
from kavita.caller.questions import Topic
from kavita.caller.voice import CallerVoice

FRAME_BYTES = 2 * wire.MICROPHONE_RATE * wire.MICROPHONE_FRAME_MS // 1000
DAYS = 8
"""Different days that callers name, so that they do not all want the same times."""

_NEED = (
    "I want to make an appointment.",
    "Can you tell me my appointments, please?",
    "I want to make an appointment for a check up.",
    "I want to cancel my appointment, please.",
    "What are your opening hours?",
    "Do you have anything free on Thursday?",
)
_TIME = ("At twelve o'clock.", "At half past nine.", "At three thirty in the afternoon.")
"""By name: who stops her before the second time has not heard it, and cannot choose by number."""
_PURPOSE = ("It is for a general check up.",)


@dataclass(frozen=True)
class Sentence:
    """One turn of a caller."""

    text: str
    frames: tuple[bytes, ...]
    """Each 20 ms as it goes over the socket: masked once, so that sending costs next to nothing."""
    end_seconds: float
    """Where the speech ends in it."""


def on_wire(pcm: bytes) -> bytes:
    """A WebSocket frame of 20 ms of sound."""
    return Frame(Opcode.BINARY, pcm.ljust(FRAME_BYTES, b"\0")).serialize(mask=True)


SILENCE = on_wire(b"")


class Sentences:
    """The answers to every question, in turn."""

    def __init__(self, today: date, recordings: Path | None = None) -> None:
        """Make them all, a second or two; or take the `recordings`, whatever is asked.

        Raises:
            CallersError: the folder of recordings cannot be used.
        """
        if recordings is not None:
            people = recorded_callers(recordings)
            said = [Sentence(who.name, _frames(who.pcm), who.end_seconds) for who in people]
            self._by_topic = {Topic.NEED: said}
            return
        voice = CallerVoice()
        self._by_topic = {
            topic: [_sentence(text, voice.speak(text)) for text in texts]
            for topic, texts in _answers(today).items()
        }

    def speaker(self, first: int) -> "Speaker":
        """One caller, who begins with the answers numbered `first`."""
        return Speaker(self._by_topic, first)


class Speaker:
    """Chooses what one caller says."""

    def __init__(self, by_topic: dict[Topic, list[Sentence]], first: int) -> None:
        self._by_topic = by_topic
        self._numbers = {topic: count(first) for topic in by_topic}

    def answer(self, topic: Topic) -> Sentence:
        """The next answer to such a question; to any other, the next wish."""
        asked = topic if topic in self._by_topic else Topic.NEED
        answers = self._by_topic[asked]
        return answers[next(self._numbers[asked]) % len(answers)]


def _sentence(text: str, pcm: bytes) -> Sentence:
    return Sentence(text, _frames(pcm), end_of_speech(pcm))


def _frames(pcm: bytes) -> tuple[bytes, ...]:
    return tuple(on_wire(pcm[at : at + FRAME_BYTES]) for at in range(0, len(pcm), FRAME_BYTES))


def _answers(today: date) -> dict[Topic, tuple[str, ...]]:
    soon = [today + timedelta(days=ahead) for ahead in range(7, 7 + 2 * DAYS)]
    days = [day for day in soon if day.weekday() < 5][:DAYS]
    return {
        Topic.NEED: _NEED,
        Topic.DAY: tuple(wording.day(day, today)[0] for day in days),
        Topic.TIME: _TIME,
        Topic.PURPOSE: _PURPOSE,
        Topic.CONFIRM: wording.YES,
        Topic.REFUSE: wording.YES,
    }
