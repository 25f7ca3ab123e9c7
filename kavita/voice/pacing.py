"""When the pieces of the agent's sound leave: in real time, a little ahead of it."""

AHEAD_SECONDS = 0.2
"""Sound sent at once where a sentence begins, beyond the two pieces that a page needs to begin: it
has so much more in hand when the server is held up, and is given it again afterwards."""


class Pacing:
    """The schedule of one call's sound; times are seconds of any clock."""

    def __init__(self, ahead_seconds: float = AHEAD_SECONDS) -> None:
        """Nothing has left yet."""
        self._ahead = ahead_seconds
        self._due = 0.0

    def wait(self, now: float, seconds: float) -> float:
        """How long to wait behind a piece of so many `seconds` that leaves `now`."""
        self._due = max(self._due, now - self._ahead)
        wait = max(0.0, self._due - now)
        self._due += seconds
        return wait

    def lead(self, now: float) -> float:
        """How many seconds before it is to be heard a piece leaves, if it leaves `now`."""
        return max(0.0, self._due + self._ahead - now)

    def begin_anew(self) -> None:
        """The page has thrown away what it was given."""
        self._due = 0.0
