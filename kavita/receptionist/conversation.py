"""Where a conversation stands: all that the receptionist knows, derived from the messages."""

from dataclasses import dataclass, replace
from datetime import date, time
from enum import Enum, auto
from typing import Any, Literal

from kavita.receptionist.understanding.clock_times import TimeWish
from kavita.receptionist.understanding.understanding import Heard, Question

Suggestion = Literal["", "register", "book", "change", "wait"]


class Goal(Enum):
    """What the caller wants done with the book."""

    BOOK = auto()
    MOVE = auto()
    CANCEL = auto()
    WAIT = auto()
    """To be told of a time that becomes free."""


@dataclass(frozen=True)
class Appointment:
    """An appointment as a tool showed it, in the clinic's time."""

    appointment_id: str
    day: date
    at: time
    purpose: str
    practitioner: str = ""
    visit_type: str = ""
    """Names; both empty in a plain clinic."""


@dataclass(frozen=True)
class KeptTime:
    """A time that became free and is kept for the patient, who waited for it."""

    day: date
    at: time
    instead_of: str
    """The ID of the appointment that would be moved there; empty: it would be booked."""
    practitioner: str = ""
    visit_type: str = ""


@dataclass(frozen=True)
class DayTimes:
    """The free and the booked times of a day, as fetch_slots gave them."""

    day: date
    free: tuple[time, ...]
    booked: tuple[time, ...] = ()
    practitioner: str = ""
    """With whom they are, where the caller can choose."""


@dataclass(frozen=True)
class Conversation:
    """Everything that follows from the messages so far; each message makes a new one."""

    user_id: str = ""
    name: str = ""
    """The identified patient's; both empty before that."""
    appointments: tuple[Appointment, ...] = ()
    tries_over: bool = False
    """No more IDs are accepted in this call."""
    registering: bool = False
    given_name: str = ""
    """A name that was said before registration was spoken of."""
    digits: str = ""
    """The first digits of an ID that came in two turns."""
    claimed_id: str = ""
    """The ID that a date of birth was asked for."""
    birth_date: date | None = None
    """As the caller said it; never told to anybody."""
    birth_words: str = ""
    """What was said of a date of birth that came in several turns."""
    kept: KeptTime | None = None
    """What became free for the patient, until they take or leave it."""

    goal: Goal | None = None
    held: Heard | None = None
    """A wish that can only be understood once the caller is identified."""
    later: tuple[Heard, ...] = ()
    """Further wishes of the same turn, to be taken up one after the other."""
    day: date | None = None
    month: date | None = None
    """The first day of the month that was named without a day."""
    wish: TimeWish | None = None
    purpose: str = ""
    practitioner: str = ""
    """With whom the caller wants it: a name, a specialty, or "any" for another one than booked."""
    visit_type: str = ""
    target: Appointment | None = None
    """The appointment to move or cancel, or to find an earlier time for."""
    pin_asked: bool = False
    """The change in hand waits for the caller's PIN."""
    full_day: date | None = None
    """A day that had no time for the caller."""
    choices: tuple[Appointment, ...] = ()
    """Those that the caller may mean."""
    cancel_all: bool = False
    times: DayTimes | None = None
    offered: tuple[time, ...] = ()
    seen: tuple[time, ...] = ()
    """All times offered for this day so far."""
    avoid: tuple[time, ...] = ()
    """Times that the caller did not want."""
    soonest: bool = False
    last: Appointment | None = None
    """The appointment that was booked, moved or spoken of last: "that"."""
    done: Goal | None = None
    """What was done last, so that "the other one too" can be understood."""
    served: bool = False
    """Something was done for the caller, so that "no" means goodbye."""
    suggested: Suggestion = ""
    """What a "yes" would mean beyond the question."""
    puzzled: int = 0
    """Turns in a row that were not understood."""
    offers_waitlist: bool = False
    """The waiting list has still to be offered, which is done once."""

    suggestion: Suggestion = ""
    claim: str = ""
    new_name: str = ""
    pin: str = ""
    """As the caller has just said it."""
    confirmed: bool = False
    leaves_waitlist: bool = False
    listing: Literal["", "all", "next"] = ""
    listing_day: date | None = None
    listing_with: str = ""
    leaving: bool = False
    repeat: Literal["", "again", "slower", "wait"] = ""
    """What was said last is wanted once more, or the caller needs a moment."""
    urgent: bool = False
    alarmed: bool = False
    """Danger to life was spoken of in this call."""
    ended: bool = False
    news: tuple[str, ...] = ()
    """Sentences that this turn owes the caller."""
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()
    """The tools called in this turn."""

    def begin_turn(self) -> "Conversation":
        """Forget what only mattered in the turn before."""
        return replace(
            self,
            suggested=self.suggestion,
            suggestion="",
            claim="",
            new_name="",
            pin="",
            confirmed=False,
            leaves_waitlist=False,
            listing="",
            listing_day=None,
            listing_with="",
            leaving=False,
            repeat="",
            urgent=False,
            ended=False,
            news=(),
            calls=(),
        )

    def begin(self, goal: Goal | None) -> "Conversation":
        """Take up a new goal, or none, with nothing known about it yet."""
        return replace(
            self,
            goal=goal,
            held=None,
            day=None,
            month=None,
            wish=None,
            purpose="",
            practitioner="",
            visit_type="",
            target=None,
            pin_asked=False,
            full_day=None,
            choices=(),
            cancel_all=False,
            times=None,
            offered=(),
            seen=(),
            avoid=(),
            soonest=False,
        )

    def on_day(self, day: date | None) -> "Conversation":
        """Talk about another day; what was offered on the old one is forgotten."""
        if day == self.day and day is not None:
            return self
        return replace(
            self, day=day, month=None, times=None, offered=(), seen=(), avoid=(), soonest=False
        )

    def forget_times(self) -> "Conversation":
        """Look at the day anew, for it was looked at for somebody or something else."""
        return replace(self, times=None, offered=(), seen=(), avoid=())

    def tell(self, *sentences: str) -> "Conversation":
        """Add sentences to what this turn owes the caller."""
        return replace(self, news=(*self.news, *sentences))

    @property
    def question(self) -> Question:
        """What the caller is being asked: the first thing that is missing."""
        if not self.user_id or self.claimed_id:
            return self._question_of_identity
        if self.pin_asked:
            return Question.PIN
        if self.goal is None:
            return Question.KEPT_TIME if self.kept else Question.NEED
        if self.goal is Goal.WAIT:
            return Question.WHICH if self.choices else Question.DAY
        if self.goal is not Goal.BOOK and self.target is None:
            return Question.WHICH
        if self.goal is Goal.CANCEL:
            return Question.CONFIRM
        return Question.DAY if self.day is None else Question.TIME

    @property
    def _question_of_identity(self) -> Question:
        if self.registering:
            return Question.NAME
        return Question.BIRTH_DATE if self.claimed_id else Question.USER_ID
