"""What is true of one call: who is identified, how often that failed, whether it is over."""

from dataclasses import dataclass
from datetime import date, time

from kavita.scheduling.clinic import Practitioner, VisitType
from kavita.scheduling.identity import MAX_TRIES_A_CALL


@dataclass(frozen=True)
class IdentifiedPatient:
    """The patient whose appointments this call may see and change."""

    user_id: str
    name: str


@dataclass(frozen=True)
class ShownDay:
    """The free times of a day that the call was shown last, and with whom each is free."""

    day: date
    visit: VisitType
    free_with: dict[time, tuple[Practitioner, ...]]


@dataclass
class CallState:
    """One per call; only the tools change it."""

    call_id: str
    patient: IdentifiedPatient | None = None
    turn: int = 0
    """Which turn of the caller is being answered: the same request is made once in a turn."""
    registered_in: int | None = None
    """The turn in which a new patient was registered; one a call, or a call could fill the book."""
    pin_checked: bool = False
    """The identified patient's PIN was right in this call."""
    failed_tries: int = 0
    """Wrong details given in this call."""
    pending_id: str = ""
    """An ID that was given without the date of birth which was then asked for."""
    asked_secret: bool = False
    """The caller was asked for a date of birth or a PIN: what they say next is not kept."""
    shown: ShownDay | None = None
    ended: bool = False
    """The goodbye has been asked for."""
    closed: bool = False
    """The line is cut: tools do nothing for this call any more."""

    @property
    def tries_left(self) -> int:
        """How many more wrong details will be looked up."""
        return max(0, MAX_TRIES_A_CALL - self.failed_tries)

    def identify(self, patient: IdentifiedPatient) -> None:
        """Take the caller for that patient from here on; what was proven for another is void."""
        if self.patient is not None and self.patient != patient:
            self.pin_checked = False
            self.shown = None
        self.patient = patient
        self.pending_id = ""

    def names(self, claimed_id: str) -> None:
        """Note which ID is tried; giving one up for another is a wrong try too."""
        if self.pending_id not in ("", claimed_id):
            self.failed_tries += 1
        self.pending_id = ""
