"""What is said over the agent: synthetic voices, made coughs, and recordings."""

import json
import shutil
import subprocess
import tempfile
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
from turntaking.callers import CallersError
from turntaking.playout import AUDIBLE

from kavita.caller.voice import CallerVoice, resampled
from kavita.wire import MICROPHONE_RATE

Sound = npt.NDArray[np.float64]

VOICES = {
    "tuning": ("espeak en-gb-x-rp", "flite slt", "espeak en-us+f3"),
    "report": ("espeak en-gb-scotland", "flite rms", "espeak en-us+m3", "flite awb"),
}
"""The first half was tuned on; no voice is in both."""

PEOPLE = {"tuning": ("jackson", "nicolas"), "report": ("theo",)}
"""Speakers of recordings, where a manifest names them; others count for the report."""

LISTENING = (
    "okay",
    "right",
    "mm-hm",
    "yeah",
    "I see",
    "uh-huh",
    "all right",
    "got it",
    "okay, right",
    "yes",
)
LONGEST_NOISE_SECONDS = 4.0


@dataclass(frozen=True)
class Interjection:
    """A sound, over which sentence, and what is expected."""

    name: str
    kind: str
    """interruption, answer, backchannel, cough or noise."""
    setup: tuple[str, ...]
    """Typed turns that lead to the sentence; none for the greeting."""
    sound: Sound
    """At 16 kHz, from its first audible sample."""


def bookable_day(today: date) -> str:
    """A day that is open, in words."""
    day = today + timedelta(days=3)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return f"{day:%B} {day.day}"


def interjections(half: str, day: str, folder: Path | None) -> list[Interjection]:
    """All of one half, the kinds mixed; `day` is one that can be booked, in words."""
    rng = np.random.default_rng(0 if half == "tuning" else 1)
    made = [*_spoken(half, day), *_coughs(rng, day)]
    recorded = list(_recorded(half, day, folder)) if folder else []
    kinds: dict[str, list[Interjection]] = {}
    for one in (*made, *recorded):
        kinds.setdefault(one.kind, []).append(one)
    return [one for row in _rows(list(kinds.values())) for one in row]


def rooms(folder: Path | None) -> list[Sound]:
    """Room impulse responses: those of the folder's manifests, or made ones."""
    found = [
        _read(folder / row["wav"])
        for row in (_manifest(folder) if folder else [])
        if row.get("kind") == "room impulse response"
    ]
    rng = np.random.default_rng(2)
    return [sound.astype(np.float64) for sound in found] or [
        _room(rng, seconds) for seconds in (0.3, 0.5, 0.7)
    ]


def _rows(columns: list[list[Interjection]]) -> Iterator[list[Interjection]]:
    for row in range(max(map(len, columns), default=0)):
        yield [column[row] for column in columns if row < len(column)]


def _spoken(half: str, day: str) -> Iterator[Interjection]:
    known = ("1001",)
    sentences: dict[tuple[str, ...], tuple[str, ...]] = {
        (): (
            "one zero zero one",
            "wait, I don't have an ID",
            "hello, can you hear me",
            "sorry, I want to cancel my appointment",
            "stop, stop",
        ),
        (*known, f"I would like to book on {day}"): (
            "no, not that day",
            "wait, what about Friday",
            "the first one please",
            "actually I need another day",
            "half past nine please",
            "stop",
        ),
        (*known, "What are your opening hours?"): (
            "excuse me, I have a question",
            "okay, then I want to book an appointment",
            "stop please",
            "no, that's not what I asked",
            "wait, wait",
        ),
    }
    listened_to = tuple(sentences)
    asking = (*known, f"What is the earliest on {day}?")
    for number, name in enumerate(VOICES[half]):
        for setup, said in sentences.items():
            for text in said:
                yield Interjection(f"{name}: {text}", "interruption", setup, _say(name, text))
        for text in ("yes", "yes please", "no"):
            yield Interjection(f"{name}: {text}", "answer", asking, _say(name, text))
        for index, text in enumerate(LISTENING):
            setup = listened_to[(index + number) % len(listened_to)]
            sound = _hum(number, index) if text == "mm-hm" else _say(name, text)
            yield Interjection(f"{name}: {text}", "backchannel", setup, sound)


def _say(name: str, text: str) -> Sound:
    engine, _, voice = name.partition(" ")
    if engine == "espeak":
        return _from_onset(np.frombuffer(CallerVoice(voice, 155).speak(text), np.int16))
    if shutil.which("flite") is None:
        return _from_onset(np.frombuffer(CallerVoice("en-us+f4", 150).speak(text), np.int16))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(path)], check=True)
        return _from_onset(_read(path))


def _hum(voice: int, take: int) -> Sound:
    """ "Mm-hm": two hums through the nose, the second one higher."""
    pitch = (110.0, 190.0, 140.0, 215.0)[voice % 4] * (1 + 0.02 * take)
    first, gap, second = (round(part * MICROPHONE_RATE) for part in (0.16, 0.05, 0.22))
    steps = np.concatenate([np.full(first + gap, pitch), np.linspace(1.1, 1.25, second) * pitch])
    phase = 2 * np.pi * np.cumsum(steps) / MICROPHONE_RATE
    nose = sum(np.sin(n * phase) * 0.75 ** (n * n) for n in range(1, 6))
    loud = np.concatenate([np.hanning(first), np.zeros(gap), np.hanning(second)])
    return np.asarray(nose * loud * 5000 / np.abs(nose).max(), dtype=np.float64)


def _coughs(rng: np.random.Generator, day: str) -> Iterator[Interjection]:
    """Bursts of breath: a sharp attack, energy around 1 kHz, sometimes with voice in it."""
    for index in range(20):
        bursts = []
        for _ in range(rng.integers(1, 4)):
            size = round(MICROPHONE_RATE * rng.uniform(0.12, 0.3))
            at = np.arange(size) / MICROPHONE_RATE
            spectrum = np.fft.rfft(rng.standard_normal(size))
            hertz = np.fft.rfftfreq(size, 1 / MICROPHONE_RATE)
            middle = rng.uniform(700, 1500)
            breath = np.fft.irfft(spectrum / (1 + ((hertz - middle) / 600) ** 2), size)
            voice = np.sign(np.sin(2 * np.pi * rng.uniform(110, 220) * at)) * rng.choice([0, 0.3])
            sound = breath / np.abs(breath).max() + voice
            bursts += [sound * np.exp(-at * 14), np.zeros(round(MICROPHONE_RATE * 0.12))]
        sound = np.concatenate(bursts)
        setup = ((), ("1001", f"I would like to book on {day}"))[index % 2]
        yield Interjection(f"cough {index}", "cough", setup, sound * 9000 / np.abs(sound).max())


def _room(rng: np.random.Generator, seconds: float) -> Sound:
    """A direct sound and an exponential tail that falls by 60 dB in `seconds`."""
    at = np.arange(round(seconds * MICROPHONE_RATE)) / MICROPHONE_RATE
    response = rng.standard_normal(at.size) * 10 ** (-3 * at / seconds) * 0.15
    response[:32] = 0
    response[32] = 1
    return response


def _recorded(half: str, day: str, folder: Path) -> Iterator[Interjection]:
    """The WAVs of a manifest; people who say IDs interrupt the greeting."""
    noises = 0
    for row in _manifest(folder):
        kind = row.get("kind") or ("interruption" if "truth" in row else "")
        if kind not in ("interruption", "answer", "backchannel", "cough", "noise"):
            continue
        if "speaker" in row:
            if (row["speaker"] in PEOPLE["tuning"]) != (half == "tuning"):
                continue
        elif kind == "noise":
            noises += 1
            if noises % 2 != (half == "tuning"):
                continue
        setup = row.get("setup") or ([] if "truth" in row else ["1001", f"book on {day}"])
        sound = _from_onset(_read(folder / row["wav"]))
        longest = round(LONGEST_NOISE_SECONDS * MICROPHONE_RATE)
        parts = [sound]
        if kind == "noise":
            parts = [sound[at : at + longest] for at in range(0, sound.size, longest)]
            parts = [part for part in parts if part.size >= longest // 2]
        for part in parts:
            yield Interjection(Path(row["wav"]).stem, kind, tuple(setup), part)


def _manifest(folder: Path) -> list[dict[str, str]]:
    manifests = sorted(folder.glob("*.jsonl"))
    if not manifests:
        raise CallersError(f"{folder} holds no manifest.jsonl")
    lines = [line for path in manifests for line in path.read_text("utf-8").splitlines()]
    return [json.loads(line) for line in lines if line.strip()]


def _read(path: Path) -> npt.NDArray[np.int16]:
    try:
        with wave.open(str(path)) as file:
            rate = file.getframerate()
            samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    except (OSError, wave.Error, EOFError) as error:
        raise CallersError(f"{path}: {error}") from error
    return samples if rate == MICROPHONE_RATE else resampled(samples, rate, MICROPHONE_RATE)


def _from_onset(samples: npt.NDArray[np.int16]) -> Sound:
    (loud,) = np.nonzero(np.abs(samples.astype(np.int32)) >= AUDIBLE)
    cut = samples[loud[0] : loud[-1] + 1] if loud.size else samples
    return cut.astype(np.float64)
