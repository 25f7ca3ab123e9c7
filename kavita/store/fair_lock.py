"""A lock that is handed on in the order of arrival.

SQLAlchemy's pool gives a connection back to whoever asks first, and a thread that has just returned
one always does: under load the others would wait for ever.
"""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class TurnTimeout(Exception):
    """The turn did not come in time."""


class FairLock:
    """Whoever has waited longest is next; those who give way come behind the others."""

    def __init__(self, wait_seconds: float, give_way_seconds: float = 1.0) -> None:
        """Take how long to wait for a turn at most, and how long to give way to others."""
        self._wait_seconds = wait_seconds
        self._give_way_seconds = give_way_seconds
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._giving_way: deque[tuple[threading.Lock, float]] = deque()
        """Each with the time from which on it is next."""
        self._is_taken = False

    @contextmanager
    def turn(self, gives_way: bool = False) -> Iterator[None]:
        """Wait for the turn and keep it; raises TurnTimeout."""
        mine = threading.Lock()
        mine.acquire()
        with self._guard:
            if not self._is_taken:
                self._is_taken = True
                mine.release()
            elif gives_way:
                self._giving_way.append((mine, time.monotonic() + self._give_way_seconds))
            else:
                self._waiting.append(mine)
        if not mine.acquire(timeout=self._wait_seconds):
            self._give_up(mine)
        try:
            yield
        finally:
            self._hand_on()

    def _give_up(self, mine: threading.Lock) -> None:
        """Leave the queue, unless the turn has come at the last moment."""
        with self._guard:
            giving_way = [each for each in self._giving_way if each[0] is mine]
            if giving_way:
                self._giving_way.remove(giving_way[0])
            elif mine in self._waiting:
                self._waiting.remove(mine)
            else:
                return
        raise TurnTimeout

    def _hand_on(self) -> None:
        with self._guard:
            gave_way = self._giving_way and self._giving_way[0][1] < time.monotonic()
            if self._giving_way and (gave_way or not self._waiting):
                self._giving_way.popleft()[0].release()
            elif self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_taken = False
