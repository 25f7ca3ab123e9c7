"""Every way in which a rule says no, each with a code for programs and words for the caller.

SchedulingError
├── NotAllowed
│   ├── NotIdentified         not_identified
│   ├── WrongUser             wrong_user
│   ├── TooManyTries          too_many_tries
│   ├── RegisteredAlready     registered_already
│   ├── Locked                locked
│   ├── PinNeeded             pin_needed
│   ├── WrongPin              wrong_pin              (+ tries_left)
│   ├── NoPin                 no_pin
│   └── CallOver              call_over
├── InvalidRequest
│   ├── InvalidArguments      invalid_arguments
│   ├── InvalidName           invalid_name
│   ├── InvalidDate           invalid_date
│   ├── InvalidTime           invalid_time
│   ├── UnknownPractitioner   unknown_practitioner   (+ practitioners)
│   ├── UnknownVisitType      unknown_visit_type     (+ visit_types)
│   └── KeyReused             key_reused
├── NotOffered
│   ├── PastTime              past_time
│   ├── TooFarAhead           too_far_ahead
│   ├── TooSoon               too_soon
│   ├── ClinicClosed          clinic_closed          (+ next_open_date)
│   ├── NotWorking            not_working            (+ next_open_date)
│   ├── NotOfferedThere       not_offered            (+ practitioners)
│   └── NoFreeId              no_free_id
├── Conflict
│   ├── SlotTaken             slot_taken             (+ date, alternatives)
│   └── AlreadyBooked         already_booked
└── AppointmentRefused
    ├── AppointmentNotFound   appointment_not_found
    └── NotActive             not_active
"""

from typing import Any, ClassVar


class SchedulingError(Exception):
    """A rule says no; `message` can be said to the caller as it is."""

    code: ClassVar[str] = "refused"
    words: ClassVar[str] = "I'm sorry, I can't do that."

    def __init__(self, message: str = "", **details: Any) -> None:
        """Take the class's own words unless `message` is better; `details` go with the result."""
        self.message = message or self.words
        self.details = details
        super().__init__(self.message)


class NotAllowed(SchedulingError):
    """The caller may not do this, or not yet."""


class NotIdentified(NotAllowed):
    """Nobody is identified in this call yet."""

    code = "not_identified"
    words = "I need your 4-digit user ID before I can do that."


class WrongUser(NotAllowed):
    """The ID given is not that of the patient identified in this call."""

    code = "wrong_user"
    words = "I can only work with the appointments of the person I have identified on this call."


class RegisteredAlready(NotAllowed):
    """This call has registered a new patient before."""

    code = "registered_already"
    words = "Each new patient needs a call of their own."


class TooManyTries(NotAllowed):
    """Three IDs of this call were unknown."""

    code = "too_many_tries"
    words = "I could not find those IDs, so I can't try another one on this call."


class Locked(NotAllowed):
    """Too many wrong details were given for that ID today, whoever gave them."""

    code = "locked"
    words = "I can't check that ID any more today. The front desk can help you."


class PinNeeded(NotAllowed):
    """The clinic asks for the patient's PIN before it changes an appointment."""

    code = "pin_needed"
    words = "To change an appointment I need your PIN."


class WrongPin(NotAllowed):
    """The PIN given is not the patient's."""

    code = "wrong_pin"
    words = "That PIN is not right."


class NoPin(NotAllowed):
    """The clinic asks for a PIN, and this patient has none."""

    code = "no_pin"
    words = "You have no PIN yet. The front desk can change the appointment for you."


class CallOver(NotAllowed):
    """The call has ended; nothing is done for it any more."""

    code = "call_over"
    words = "This call is over."


class InvalidRequest(SchedulingError):
    """What was asked cannot be understood."""


class InvalidArguments(InvalidRequest):
    """A tool was called with arguments that it does not have or of another type."""

    code = "invalid_arguments"
    words = "Something in that request was missing or not clear."


class InvalidName(InvalidRequest):
    """No name that could be written down."""

    code = "invalid_name"
    words = "I did not get a full name. Could you tell me your name again?"


class InvalidDate(InvalidRequest):
    """Not a date."""

    code = "invalid_date"
    words = "I did not understand that date. Which day would you like?"


class InvalidTime(InvalidRequest):
    """Not a time at which an appointment can start."""

    code = "invalid_time"
    words = "I did not understand that time. What time would you like?"


class UnknownPractitioner(InvalidRequest):
    """Nobody of that name works here."""

    code = "unknown_practitioner"
    words = "I don't know a practitioner of that name here."


class UnknownVisitType(InvalidRequest):
    """The clinic has no such kind of visit."""

    code = "unknown_visit_type"
    words = "I don't know that kind of visit."


class KeyReused(InvalidRequest):
    """The idempotency key came before, with other arguments."""

    code = "key_reused"
    words = "That request was already made in another form."


class NotOffered(SchedulingError):
    """Understood, but the clinic does not offer it."""


class PastTime(NotOffered):
    """The time has passed."""

    code = "past_time"
    words = "That time has already passed."


class TooFarAhead(NotOffered):
    """Beyond the days that the book is open for."""

    code = "too_far_ahead"
    words = "That is too far ahead; the book is not open for that day yet."


class TooSoon(NotOffered):
    """Less than the clinic's notice is left."""

    code = "too_soon"
    words = "That is too soon; the clinic needs more notice."


class ClinicClosed(NotOffered):
    """The clinic is closed on that day."""

    code = "clinic_closed"
    words = "The clinic is closed on that day."


class NotWorking(NotOffered):
    """The clinic is open, but not the practitioner's practice."""

    code = "not_working"
    words = "They do not see patients on that day."


class NotOfferedThere(NotOffered):
    """The practitioner does not offer that kind of visit."""

    code = "not_offered"
    words = "That kind of visit is not offered by them."


class NoFreeId(NotOffered):
    """All four-digit IDs are in use."""

    code = "no_free_id"
    words = "I'm sorry, I can't register new patients at the moment."


class Conflict(SchedulingError):
    """Somebody else has it, or the patient does."""


class SlotTaken(Conflict):
    """Another appointment has that time."""

    code = "slot_taken"
    words = "That time is already taken."


class AlreadyBooked(Conflict):
    """The patient has an appointment at that time."""

    code = "already_booked"
    words = "You already have an appointment at that time."


class AppointmentRefused(SchedulingError):
    """The appointment named cannot be changed."""


class AppointmentNotFound(AppointmentRefused):
    """The patient has no such appointment."""

    code = "appointment_not_found"
    words = "I could not find that appointment."


class NotActive(AppointmentRefused):
    """The appointment is cancelled already, or past."""

    code = "not_active"
    words = "That appointment is already cancelled or has passed."
