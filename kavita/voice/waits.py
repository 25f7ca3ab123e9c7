"""How long work has waited for its turn, lately."""

import time
from collections import deque
from collections.abc import Callable
from statistics import mean

LATELY_SECONDS = 5.0
"""Long enough for a single turn to be a small part of it."""


class Waits:
    """The waits of the last seconds; safe to share between threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` counts seconds."""
        self._clock = clock
        self._waits: deque[tuple[float, float]] = deque(maxlen=256)

    def note(self, seconds: float) -> None:
        """Something has waited so long."""
        self._waits.append((self._clock(), seconds))

    def mean_seconds(self) -> float:
        """Their mean; 0 where nothing had to wait."""
        since = self._clock() - LATELY_SECONDS
        recent = [seconds for at, seconds in list(self._waits) if at >= since]
        return mean(recent) if recent else 0.0
