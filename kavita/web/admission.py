"""Whether this process can serve one more call well: by number, and by what it has to do."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

EVERY_SECONDS = 0.25
SAMPLES = 20
"""Load is that of the last 5 s, and unknown before."""

MOST_BUSY = 0.85
"""Share of the time that the event loop works; the rest is for callers who speak at once."""

MOST_LATE_SECONDS = 0.05
"""How late the event loop may be as a rule: one piece of the agent's sound, of the two that a page
has in hand."""

MOST_WAIT_SECONDS = 0.25
"""How long sound may wait for the local recogniser as a rule: each answer comes so much later."""


@dataclass(frozen=True)
class Sample:
    """A quarter of a second of the event loop; all in seconds."""

    late: float
    """How much later than asked for the loop came to it."""
    passed: float
    worked: float
    """Of the processor, by the loop's thread."""


class Admission:
    """Says why the next caller has to hear `busy`, if so."""

    def __init__(self, max_calls: int, recogniser_wait: Callable[[], float]) -> None:
        """`recogniser_wait`: the seconds that sound has waited for the local recogniser lately."""
        self._max_calls = max_calls
        self._recogniser_wait = recogniser_wait
        self._samples: deque[Sample] = deque(maxlen=SAMPLES)

    async def watch(self) -> None:
        """Measure the event loop that this runs on, for ever."""
        clock = asyncio.get_running_loop()
        began, worked = clock.time(), time.thread_time()
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            now, work = clock.time(), time.thread_time()
            self.note(Sample(now - began - EVERY_SECONDS, now - began, work - worked))
            began, worked = now, work

    def note(self, sample: Sample) -> None:
        """Take the next quarter of a second into account."""
        self._samples.append(sample)

    def refusal(self, calls: int) -> str:
        """Why there can be no more than `calls`, in words for the operator; empty when there can.

        The first call is always taken: by refusing it nothing would become better.
        """
        if calls >= self._max_calls:
            return f"MAX_CALLS ({self._max_calls}) are held"
        if calls == 0:
            return ""
        if (wait := self._recogniser_wait()) > MOST_WAIT_SECONDS:
            return f"sound waits {wait:.1f} s for the recogniser"
        return self._refusal_by_loop() if len(self._samples) == SAMPLES else ""

    def _refusal_by_loop(self) -> str:
        passed = sum(sample.passed for sample in self._samples)
        busy = sum(sample.worked for sample in self._samples) / passed
        late = median(sample.late for sample in self._samples)
        if busy > MOST_BUSY:
            return f"the event loop works {busy:.0%} of the time"
        return f"the event loop is {late:.2f} s late" if late > MOST_LATE_SECONDS else ""
