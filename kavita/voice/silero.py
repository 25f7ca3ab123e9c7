"""Silero's VAD: a voice as it comes, of all calls in one run, or speech in what was recorded."""

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from importlib import resources

import numpy as np
import numpy.typing as npt
import onnxruntime

from kavita import wire

Floats = npt.NDArray[np.float32]

WINDOW = 512
"""Samples that the model hears at a time, 32 ms."""

CONTEXT = 64
"""Samples of the window before that it is shown again (its authors' wrapper)."""

_RATE = np.array(wire.MICROPHONE_RATE, np.int64)

SPOKEN_WINDOWS = 8
SPOKEN = 0.6
"""Sound holds speech if the mean probability of so many windows (0.26 s) comes to that. Of 108
short words in six voices the least has 0.77; of 68 coughs and noises, one of music has more."""


GATHERING_SECONDS = 0.016
"""Between two runs: half a window, so that no call waits for its own next one."""


@dataclass
class Ear:
    """What the model remembers of one call."""

    state: Floats = field(default_factory=lambda: np.zeros((2, 128), np.float32))
    context: Floats = field(default_factory=lambda: np.zeros(CONTEXT, np.float32))

    def reset_states(self) -> None:
        """Forget all (the name that Pipecat's analyzer calls)."""
        self.state, self.context = np.zeros_like(self.state), np.zeros_like(self.context)


@dataclass
class _Batch:
    """Windows that are heard in one run."""

    found: asyncio.Future[list[float]]
    windows: list[tuple[Ear, bytes]] = field(default_factory=list)


class Silero:
    """The model, in a thread of its own; belongs to the event loop of the calls.

    The windows of several calls gather for a run. One costs 0.17 ms alone, 0.06 ms beside fifteen
    others, and none of it is the event loop's.
    """

    def __init__(self) -> None:
        """Load the model that lies in Pipecat's wheel."""
        self._session = _session()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="silero")
        self._gathering: _Batch | None = None
        self._last_run = 0.0

    async def probability(self, ear: Ear, window: bytes, at_once: bool = False) -> float:
        """Of a voice in the next window that this ear hears; `at_once` waits for no other call."""
        loop = asyncio.get_running_loop()
        batch = self._gathering
        if batch is None:
            batch = self._gathering = _Batch(loop.create_future())
            rest = self._last_run + GATHERING_SECONDS - loop.time()
            loop.call_later(max(0.0, rest), self._run, batch)
        place = len(batch.windows)
        batch.windows.append((ear, window))
        if at_once:
            self._run(batch)
        # Shielded: one call that ends must not take the others' answers along.
        return (await asyncio.shield(batch.found))[place]

    def _run(self, batch: _Batch) -> None:
        if batch is not self._gathering:
            return  # somebody was in a hurry
        loop = asyncio.get_running_loop()
        self._gathering, self._last_run = None, loop.time()
        run = loop.run_in_executor(self._thread, self._hear, batch.windows)
        run.add_done_callback(partial(_pass_on, batch.found))

    def _hear(self, windows: list[tuple[Ear, bytes]]) -> list[float]:
        ears = [ear for ear, _ in windows]
        samples = np.stack([np.frombuffer(window, np.int16) for _, window in windows])
        contexts = np.stack([ear.context for ear in ears])
        sound = np.concatenate([contexts, samples.astype(np.float32) / 32768], axis=1)
        states = np.stack([ear.state for ear in ears], axis=1)
        found, states = self._session.run(None, {"input": sound, "state": states, "sr": _RATE})
        for number, ear in enumerate(ears):
            ear.state, ear.context = states[:, number], sound[number, -CONTEXT:]
        return [float(probability) for probability in found[:, 0]]


class SpeechGate:
    """Whether anybody speaks in a sound that is already there; any thread may ask."""

    LEAD = 8 * WINDOW
    """Samples to be shown of what was before: it takes nothing for a voice that begins at once."""

    def __init__(self) -> None:
        """Take the model of the calls."""
        self._session = _session()

    def holds_speech(self, sound: Floats) -> bool:
        """In 16 kHz samples from -1 to 1; heard no further than to the first speech."""
        ear, last = Ear(), deque([0.0] * SPOKEN_WINDOWS, SPOKEN_WINDOWS)
        for at in range(0, sound.size - WINDOW + 1, WINDOW):
            window = np.concatenate([ear.context, sound[at : at + WINDOW]])[np.newaxis]
            feed = {"input": window, "state": ear.state[:, np.newaxis], "sr": _RATE}
            found, state = self._session.run(None, feed)
            ear.state, ear.context = state[:, 0], window[0, -CONTEXT:]
            last.append(float(found[0, 0]))
            if sum(last) >= SPOKEN * SPOKEN_WINDOWS:
                return True
        return False


def _pass_on(found: asyncio.Future[list[float]], run: asyncio.Future[list[float]]) -> None:
    if error := run.exception():
        found.set_exception(error)
    else:
        found.set_result(run.result())


@cache
def _session() -> onnxruntime.InferenceSession:
    """Loaded once; it may run in several threads at a time.

    As Pipecat loads it, without Pipecat: the recogniser's process needs nothing else of it.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    packed = resources.files("pipecat.audio.vad.data") / "silero_vad.onnx"
    with resources.as_file(packed) as file:
        return onnxruntime.InferenceSession(str(file), options, ["CPUExecutionProvider"])
