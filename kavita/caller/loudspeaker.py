"""A loudspeaker without a sound card: received PCM on a simulated clock."""

import asyncio

from kavita.caller.voice import audible_span

JITTER_SECONDS = 0.04
"""Sound that follows silence waits this long, so that a late piece leaves no hole."""


class Loudspeaker:
    """Knows what of the received sound has been played at any moment."""

    def __init__(self) -> None:
        """Set `sample_rate` before the first sound comes."""
        self.sample_rate = 0
        """Hz of the PCM16 mono that is played."""
        self.first_audible_at: float | None = None
        """Loop time at which a sample above -45 dBFS was first heard; set it to None to rearm."""
        self._utterance = ""
        self._utterance_bytes = 0
        self._ends_at = 0.0

    def begin(self, utterance: str) -> None:
        """The sound that follows belongs to `utterance`."""
        self._utterance, self._utterance_bytes = utterance, 0

    def play(self, pcm: bytes) -> None:
        """Queue sound behind what is still to be played."""
        now = asyncio.get_running_loop().time()
        starts_at = self._ends_at if self._ends_at > now else now + JITTER_SECONDS
        if self.first_audible_at is None and (span := audible_span(pcm)):
            self.first_audible_at = starts_at + span[0] / self.sample_rate
        self._utterance_bytes += len(pcm)
        self._ends_at = starts_at + len(pcm) / 2 / self.sample_rate

    def stop(self) -> None:
        """Drop what has not been played yet."""
        now = asyncio.get_running_loop().time()
        unplayed = max(0.0, self._ends_at - now)
        self._utterance_bytes -= min(self._utterance_bytes, 2 * int(unplayed * self.sample_rate))
        self._ends_at = min(self._ends_at, now)

    def played(self) -> tuple[str, int] | None:
        """The utterance and how many milliseconds of it were heard; None before the first one."""
        if not self._utterance:
            return None
        unplayed = max(0.0, self._ends_at - asyncio.get_running_loop().time())
        whole = self._utterance_bytes / 2 / self.sample_rate
        return self._utterance, max(0, int((whole - unplayed) * 1000))

    async def drained(self) -> None:
        """Wait until everything has been played."""
        clock = asyncio.get_running_loop()
        rest = self._ends_at - clock.time()
        while rest > 0:
            await asyncio.sleep(rest)
            rest = self._ends_at - clock.time()  # more may have come meanwhile
