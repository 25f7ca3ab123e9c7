"""What is true of one call: who is identified, how often that failed, whether it is over."""

from dataclasses import dataclass

MAX_TRIES = 3


@dataclass(frozen=True)
class IdentifiedPatient:
    """The patient whose appointments this call may see and change."""

    user_id: str
    name: str


@dataclass
class CallState:
    """One per call; only the tools change it."""

    call_id: str
    patient: IdentifiedPatient | None = None
    failed_tries: int = 0
    """Unknown IDs given in this call."""
    ended: bool = False
    """The goodbye has been asked for."""

    @property
    def tries_left(self) -> int:
        """How many more unknown IDs will be looked up."""
        return max(0, MAX_TRIES - self.failed_tries)
