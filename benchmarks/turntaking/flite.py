"""The voices of the program `flite`, where it is installed: callers of another make than espeak."""

import shutil
import subprocess
import tempfile
import wave
from pathlib import Path

import numpy as np

from kavita.caller.voice import audible_span, shorten_pauses
from kavita.wire import MICROPHONE_RATE

PROGRAM = "flite"
"""Debian's package of that name; its voices may be used freely, and no sound is kept."""

VOICES = ("kal16", "slt", "rms")
"""Two men and a woman, recorded at 16 kHz; of the others one repeats, one is Scottish and slow."""


class FliteVoice:
    """Speaks a caller's sentences."""

    def __init__(self, voice: str) -> None:
        """`voice` is one of `VOICES`."""
        self._voice = voice

    def speak(self, text: str) -> bytes:
        """PCM16 mono at 16 kHz, without silence around it."""
        with tempfile.TemporaryDirectory(prefix="kavita-flite-") as folder:
            path = Path(folder) / "said.wav"
            told = [PROGRAM, "-voice", self._voice, "-t", text, "-o", str(path)]
            subprocess.run(told, check=True, capture_output=True)
            with wave.open(str(path)) as file:
                assert file.getframerate() == MICROPHONE_RATE
                pcm = file.readframes(file.getnframes())
        first, last = audible_span(pcm) or (0, 0)
        return shorten_pauses(np.frombuffer(pcm, np.int16)[first:last]).tobytes()


def flite_voices() -> dict[str, FliteVoice]:
    """By name; none where the program is missing."""
    found = VOICES if shutil.which(PROGRAM) else ()
    return {f"flite {name}": FliteVoice(name) for name in found}
