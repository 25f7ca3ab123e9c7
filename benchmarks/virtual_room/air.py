"""The air of the room: the loudspeaker comes back to the microphone, and callers speak into it."""

import threading
import time
import wave
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from interrupting.loudspeaker import Echo
from turntaking.playout import AUDIBLE
from virtual_room.pulse import Pulse, hurry
from virtual_room.stream import Stream

from kavita.wire import MICROPHONE_RATE

TICK = MICROPHONE_RATE // 100
"""Samples that go around at a time."""

LATENCY_MS = 30
"""What may wait in PulseAudio, each way; with 10 ms it loses some samples now and then, and the
room is another from then on."""

RECONNECT_SECONDS = 0.02
START_SECONDS = 10.0

Sound = npt.NDArray[np.float64]
Samples = npt.NDArray[np.int16]


@dataclass(frozen=True)
class Way:
    """How the loudspeaker's sound comes back to the microphone."""

    response: Sound
    """Of the room, at 16 kHz."""
    gain_db: float
    """Of what comes back, against what was played."""
    delay_ms: int
    """To the first strong sample; beside what PulseAudio and its clients take, about 100 ms."""

    def echo(self) -> Echo:
        """As a filter."""
        loud = np.abs(self.response)
        response = self.response[int(np.argmax(loud > 0.5 * loud.max())) :]
        delayed = np.concatenate([np.zeros(self.delay_ms * MICROPHONE_RATE // 1000), response])
        return Echo(delayed, MICROPHONE_RATE, self.gain_db)


class Air:
    """A thread between loudspeaker and microphone, 10 ms at a time; keeps both on record."""

    def __init__(self, pulse: Pulse) -> None:
        """Nothing runs yet."""
        self._server = pulse.environment["PULSE_SERVER"]
        self._echo: Echo | None = None
        self._speech: Sound = np.zeros(0)
        self._over = threading.Event()
        self._flows = threading.Event()
        self._lock = threading.Lock()
        self._loudspeaker: list[tuple[float, Samples]] = []
        self._microphone: list[Samples] = []
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin; returns when sound goes around."""
        self._thread.start()
        self._flows.wait(START_SECONDS)

    def close(self) -> None:
        """End."""
        self._over.set()
        self._thread.join(5)

    def returns_by(self, way: Way | None) -> None:
        """Let the loudspeaker come back like this, or not at all."""
        echo = None if way is None else way.echo()
        with self._lock:
            self._echo = echo

    def say(self, sound: Sound | Samples) -> float:
        """Speak into the microphone; returns the seconds until that is over."""
        with self._lock:
            self._speech = np.concatenate([self._speech, sound.astype(np.float64)])
        return self.still_speaks

    @property
    def still_speaks(self) -> float:
        """The seconds until everything has been said."""
        return self._speech.size / MICROPHONE_RATE

    def audible_since(self, when: float) -> list[float]:
        """The moments in which the loudspeaker was audible, from `when` on."""
        return [
            at
            for at, tick in list(self._loudspeaker)
            if at >= when and np.abs(tick.astype(np.int32)).max() >= AUDIBLE
        ]

    def played(self, since: float, until: float) -> Samples:
        """What the loudspeaker said in that time."""
        ticks = [tick for at, tick in list(self._loudspeaker) if since <= at <= until]
        return np.concatenate(ticks) if ticks else np.zeros(0, np.int16)

    def record(self, path: Path) -> None:
        """Write loudspeaker and microphone as the two channels of a WAV."""
        left = np.concatenate([tick for _, tick in self._loudspeaker])
        right = np.concatenate(self._microphone)
        length = min(left.size, right.size)
        path.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(path), "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(MICROPHONE_RATE)
            file.writeframes(np.stack([left[:length], right[:length]], 1).tobytes())

    def _run(self) -> None:
        hurry()
        while not self._over.is_set():
            with suppress(OSError):  # PulseAudio has gone; it will be back
                self._carry()
            time.sleep(RECONNECT_SECONDS)

    def _carry(self) -> None:
        """Until it is over; a stream whose server has gone is left: letting it go never returns."""
        mouth = Stream(self._server, "play", "air", MICROPHONE_RATE, LATENCY_MS)
        ear = Stream(self._server, "record", "speaker.monitor", MICROPHONE_RATE, LATENCY_MS)
        while not self._over.is_set():
            tick = np.frombuffer(ear.read(2 * TICK), np.int16)
            self._flows.set()
            self._loudspeaker.append((time.monotonic(), tick))
            heard = self._mixed(tick)
            self._microphone.append(heard)
            mouth.write(heard.tobytes())
        mouth.close()
        ear.close()

    def _mixed(self, tick: Samples) -> Samples:
        with self._lock:
            heard = np.zeros(TICK) if self._echo is None else self._echo.hear(tick)
            said, self._speech = self._speech[:TICK], self._speech[TICK:]
        heard[: said.size] += said
        return np.clip(np.rint(heard), -32768, 32767).astype(np.int16)
