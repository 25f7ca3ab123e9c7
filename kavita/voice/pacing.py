"""When the pieces of the agent's sound leave: in real time, or sooner after a hold-up."""

MOST_LATE_SECONDS = 1.0
"""Sound that is so late is not made up for: a page that had it all at once would be far behind."""


class Pacing:
    """The schedule of one call's sound; times are seconds of any clock that does not jump."""

    def __init__(self) -> None:
        """Nothing has left yet."""
        self._due = 0.0
        self._begins_anew = True

    def begin_anew(self) -> None:
        """The next piece begins a sentence, or follows a pause: it is late for nothing."""
        self._begins_anew = True

    def wait(self, now: float, seconds: float) -> float:
        """How long to wait behind a piece of so many `seconds` that leaves `now`.

        Who was late waits less until the schedule is met again. Pipecat begins a new one each time:
        the page, which has two pieces in hand, runs dry after a few such moments in a sentence.
        """
        if now - self._due > (0.0 if self._begins_anew else MOST_LATE_SECONDS):
            self._due = now
        self._begins_anew = False
        wait = max(0.0, self._due - now)
        self._due += seconds
        return wait
