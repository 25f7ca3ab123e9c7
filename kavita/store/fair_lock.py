"""A lock that is handed on in the order of arrival.

SQLAlchemy's pool gives a connection back to whoever asks first, and a thread that has just returned
one always does: under load the others would wait for ever.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class TurnTimeout(Exception):
    """The turn did not come in time."""


class FairLock:
    """Whoever has waited longest is next."""

    def __init__(self, wait_seconds: float) -> None:
        """Take how long to wait for a turn at most."""
        self._wait_seconds = wait_seconds
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._is_taken = False

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the turn and keep it; raises TurnTimeout."""
        mine = threading.Lock()
        mine.acquire()
        with self._guard:
            if self._is_taken:
                self._waiting.append(mine)
            else:
                self._is_taken = True
                mine.release()
        if not mine.acquire(timeout=self._wait_seconds):
            self._give_up(mine)
        try:
            yield
        finally:
            self._hand_on()

    def _give_up(self, mine: threading.Lock) -> None:
        """Leave the queue, unless the turn has come at the last moment."""
        with self._guard:
            if mine in self._waiting:
                self._waiting.remove(mine)
                raise TurnTimeout

    def _hand_on(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_taken = False
