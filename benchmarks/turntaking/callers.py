"""What callers say: synthetic voices with pauses where people think, and recordings of people."""

import json
import wave
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Protocol

from turntaking.playout import end_of_speech

from kavita.caller.voice import CallerVoice
from kavita.wire import MICROPHONE_RATE

VOICES = (("en-gb-x-rp", 150), ("en-us+f3", 155), ("en-gb-scotland", 150))
"""espeak-ng voices and words a minute; Moonshine tiny understands the first two best."""

PAUSES = (0.3, 1.2, 0.5, 0.9, 1.5, 0.7)
"""Seconds that a caller falls silent inside an answer."""

PATIENT = "1001"


@dataclass(frozen=True)
class Utterance:
    """One turn to be played, and how to come to the question that it answers."""

    name: str
    kind: str
    setup: tuple[str, ...]
    """Typed turns that lead to the question; none for the greeting's."""
    pcm: bytes
    """16 kHz mono PCM16."""
    end_seconds: float
    """Where the caller's speech ends in it."""
    has_pauses: bool
    """The caller falls silent for 0.3 to 1.5 s in the middle."""


class CallersError(Exception):
    """The callers' directory cannot be used; the words say why."""


class Voice(Protocol):
    """Makes a caller's sentence."""

    def speak(self, text: str) -> bytes:
        """PCM16 mono at 16 kHz."""


def espeak_voices() -> dict[str, Voice]:
    """By name."""
    return {name: CallerVoice(name, speed) for name, speed in VOICES}


def synthetic_callers(today: date, voices: Mapping[str, Voice]) -> list[Utterance]:
    """Answers to each of the receptionist's questions; voices and kinds take turns."""
    pauses, names = cycle(PAUSES), cycle(voices)
    made: list[Utterance] = []
    for kind, setup, text in _mixed(_sentences(today)):
        name = next(names)
        parts = [part.strip() for part in text.split("...")]
        gaps = [*islice(pauses, len(parts) - 1), 0.0]
        sound = b"".join(
            voices[name].speak(part) + _silence(gap) for part, gap in zip(parts, gaps, strict=True)
        )
        end = end_of_speech(sound)
        made.append(Utterance(f"{name}: {text}", kind, setup, sound, end, len(parts) > 1))
    return made


def recorded_callers(folder: Path) -> list[Utterance]:
    """The recordings that a manifest in `folder` names; see the benchmarks' README for its format.

    Raises:
        CallersError: there is no manifest, or a recording cannot be used.
    """
    manifests = sorted(folder.glob("manifest.jsonl")) or sorted(folder.glob("*.jsonl"))
    if not manifests:
        raise CallersError(f"{folder} holds no manifest.jsonl")
    lines = manifests[0].read_text(encoding="utf-8").splitlines()
    pauses = cycle(PAUSES)
    return [_recorded(folder, json.loads(line), pauses) for line in lines if line.strip()]


def _recorded(folder: Path, row: dict[str, Any], pauses: Iterator[float]) -> Utterance:
    path = folder / str(row["wav"])
    try:
        with wave.open(str(path)) as file:
            shape = (file.getframerate(), file.getnchannels(), file.getsampwidth())
            pcm = file.readframes(file.getnframes())
    except (OSError, wave.Error, EOFError) as error:
        raise CallersError(f"{path}: {error}") from error
    if shape != (MICROPHONE_RATE, 1, 2):
        raise CallersError(f"{path}: must be 16 kHz, mono, 16 bit")
    bounds = row.get("digit_bounds_s")
    end = row.get("end_s") or (bounds[-1][1] if bounds else len(pcm) / 2 / MICROPHONE_RATE)
    middle, falls_silent = row.get("pause_at_s"), 0.0
    if middle is None and bounds and row.get("style") == "pairs":
        middle = (bounds[1][1] + bounds[2][0]) / 2
        falls_silent = bounds[2][0] - bounds[1][1]
    if middle is not None:
        at = 2 * round(middle * MICROPHONE_RATE)
        silence = _silence(max(0.0, next(pauses) - falls_silent))
        pcm, end = pcm[:at] + silence + pcm[at:], end + len(silence) / 2 / MICROPHONE_RATE
    return Utterance(
        name=path.name,
        kind=str(row.get("kind", f"person, {row['style']}" if "style" in row else "person")),
        setup=tuple(row.get("setup", ())),
        pcm=pcm,
        end_seconds=min(end, end_of_speech(pcm)),
        has_pauses=bool(row.get("pauses", middle is not None)),
    )


def _silence(seconds: float) -> bytes:
    return bytes(2 * round(seconds * MICROPHONE_RATE))


def _mixed(
    sentences: list[tuple[str, tuple[str, ...], str]],
) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """One of each kind in turn, so that a short run holds all kinds."""
    kinds: dict[str, list[tuple[str, tuple[str, ...], str]]] = {}
    for sentence in sentences:
        kinds.setdefault(sentence[0], []).append(sentence)
    for row in range(max(map(len, kinds.values()))):
        for group in kinds.values():
            if row < len(group):
                yield group[row]


def _sentences(today: date) -> list[tuple[str, tuple[str, ...], str]]:
    """(kind, setup, text); three dots are a pause for thought."""
    soon = [today + timedelta(days=days) for days in range(3, 16)]
    weekdays = [day for day in soon if day.weekday() < 5]
    named = [f"{day:%B} {day.day}" for day in weekdays]
    known = (PATIENT,)
    booking = (*known, "I would like to book an appointment")
    texts: dict[str, tuple[list[tuple[str, ...]], tuple[str, ...]]] = {
        "ID in pairs": ([()], _PAIRED_IDS),
        "yes or no": ([(*known, f"What is the earliest on {name}?") for name in named], _YES_NO),
        "date": ([booking], (*_DATES, *(f"on {name}" for name in named[:4]))),
        "time": ([(*known, f"I would like to book on {name}") for name in named], _TIMES),
        "date thought over": (
            [booking],
            (*_THOUGHT_OVER, *(f"um, maybe ... {name}" for name in named[4:6])),
        ),
        "ID": ([()], _IDS),
        "open": ([known], _OPEN),
        "long": ([known], _LONG),
    }
    return [
        (kind, setups[index % len(setups)], text)
        for kind, (setups, said) in texts.items()
        for index, text in enumerate(said)
    ]


_IDS = (
    "one zero zero one",
    "my ID is one, zero, zero, one",
    "two, zero, four, five",
    "it's two zero four five",
    "ten oh one",
    "my user ID is two zero four five",
    "twenty forty-five",
    "one, double zero, one",
)
_PAIRED_IDS = (
    "one zero ... zero one",
    "two zero ... four five",
    "my ID is two zero ... four five",
    "two ... zero ... four ... five",
    "it's one zero ... zero one",
    "my ID is ... one zero zero one",
    "two zero four ... five",
    "one, zero ... zero, one",
    "the number is twenty ... forty-five",
    "one ... zero zero one",
    "two, zero ... four, five",
    "um ... two zero four five",
    "ten ... oh one",
    "my user ID is one zero ... zero one",
    "it is two zero ... four five",
    "two ... zero four five",
)
_YES_NO = (
    "yes",
    "no",
    "yes please",
    "no thank you",
    "yeah",
    "that's right",
    "okay",
    "no, not that one",
    "sure",
    "yes, that works",
    "nope",
    "yes, book it",
)
_TIMES = (
    "half past nine",
    "at ten thirty",
    "twelve o'clock",
    "three thirty in the afternoon",
    "the first one please",
    "eleven AM",
    "the second one",
    "two PM please",
    "quarter to five",
    "at four in the afternoon",
)
_DATES = (
    "next Tuesday",
    "tomorrow please",
    "on Thursday",
    "the day after tomorrow",
    "on Friday next week",
    "next Monday please",
)
_THOUGHT_OVER = (
    "um ... next Tuesday",
    "let me think ... Thursday",
    "maybe on ... Friday",
    "how about ... next Wednesday",
    "I would like ... the day after tomorrow",
    "well, perhaps ... on Monday",
    "on ... Thursday please",
    "let me see, um ... Friday",
    "I think ... tomorrow",
    "could we say ... next Monday",
)
_OPEN = (
    "I would like to book an appointment",
    "can you tell me my appointments",
    "I need to move my appointment",
    "what are your opening hours",
    "I want to cancel my appointment",
    "do you have anything free on Thursday",
    "I'd like a check up next week",
    "that's all, thank you, goodbye",
)
_LONG = (
    "hello, I would like to book an appointment for a general check up on Thursday morning please",
    "I have an appointment next week but I can't come, so could you please move it to Friday",
    "I'm calling because my daughter has a cough and I would like to see a doctor this week",
    "could you tell me when my next appointment is, and whether there is anything earlier",
)
