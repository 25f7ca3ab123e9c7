"""The receptionist's sentences: short, warm, for the ear, no markup."""

from collections.abc import Sequence
from datetime import date, time

from kavita.receptionist.conversation import Appointment, KeptTime
from kavita.receptionist.understanding.dates import DayMention
from kavita.receptionist.written import (
    write_day,
    write_id,
    write_list,
    write_month,
    write_short_day,
    write_time,
)
from kavita.scheduling.times import weekday_name

DEFAULT_PURPOSE = "General visit"

NEVER_MIND = "No problem, I've dropped that."
NO_PROBLEM = "No problem."
GO_AHEAD = "Of course. What else would you like?"
TAKE_YOUR_TIME = ("Of course, take your time.", "No hurry, I'm here.")
KEPT = "All right, I've left it as it is."
ALL_RIGHT = "All right."
WELCOME = "You're welcome!"
HELLO = "Hello!"
HERE = "Yes, I'm here."
NOTHING_TO_CANCEL = "You have no upcoming appointments, so there is nothing to cancel."
NOTHING_TO_MOVE = "You have no upcoming appointments to move."
NO_SUCH_APPOINTMENT = "I don't see an appointment like that."
MOVE_OR_CANCEL = "Would you like to move an appointment, or cancel one?"
PURPOSE_STAYS = (
    "I can't change what a booked visit is for. Please mention it at the desk when you come."
)
WHAT_TO_CHANGE = "I'm sorry. Shall I cancel it, or which day or time would be right?"
HUMAN = (
    "I can't put you through to a person. The front desk can help you during opening hours, "
    "and I can book, move or cancel appointments right now."
)
ROBOT = "I'm {agent}, an automated assistant for {clinic}."
WHO = (
    "This is {agent}, the automated receptionist of {clinic}. "
    "I can book, move, cancel or list your appointments."
)
MEDICAL = "I can't advise on that, but a clinician here can."
MEDICAL_OFFER = "I can't advise on that, but I can book you a visit with a clinician. Shall I?"
ASK_THE_DESK = "I don't have that information. The front desk can tell you."
OFF_TOPIC = "I can only help with appointments here."
LATE = (
    "Thank you for telling me. Please let the front desk know as well. "
    "I can also move your appointment."
)
LANGUAGE = "I only speak English, I'm sorry."
UPSET = "I'm sorry about that."
SOMEONE_ELSE = "I can only speak about the appointments of your own ID."
PATIENTS_ID = "Could you please share the 4-digit user ID of that patient?"
WHY_ID = (
    "Your ID tells me which appointments are yours. Without one I can only register you as a new "
    "patient."
)
WHY_BIRTH_DATE = "Your date of birth makes sure that nobody else can open your record."
NO_BIRTH_DATE = "All right. Without it the front desk can help you."
WRONG_DETAILS = "I can't find a record with that ID and that date of birth."
WRONG_BIRTH_DATE = "I'm sorry, I didn't get your date of birth."
LOCKED = "I'm sorry, I can't check that ID any more today. The front desk can help you."
PIN_NEEDED = "To change an appointment I need your PIN."
PIN_SHORT = "That was too short for a PIN."
PIN_WRONG = "I'm sorry, that PIN is not right."
PIN_OVER = "I'm sorry, I can't change the appointment without the right PIN. The front desk can."
NO_PIN = "I'm sorry, you have no PIN yet. The front desk can change the appointment for you."
ON_WAITLIST = (
    "You're on the waiting list. If an earlier time opens, I'll keep it for you and tell you when "
    "you call."
)
NOTHING_EARLIER = "There is no earlier time than that to wait for."
WHICH_DAY_TO_WAIT_FOR = "I can put you on the waiting list for a day."
OFF_WAITLIST = "You're off the waiting list."
NOT_ON_WAITLIST = "You're not on the waiting list."
WHY_NAME = "I need a name to register you."
REGISTERED_ALREADY = "You are registered already. Each new patient needs a call of their own."
DESK_KNOWS_ID = "All right. The front desk can look up your ID."
LOST_ID = (
    "I can only open your record with your ID. "
    "Without it, I can register you as a new patient. Shall I?"
)
ARE_YOU_NEW = "I need an ID to find you. If you are new here, I can register you. Are you new?"
TROUBLE = "I'm sorry, that didn't work on my side just now."
CANNOT_DO = "I'm sorry, I can't do that right now."
TRIES_OVER = "I'm sorry, I can't try another ID in this call. The front desk can look up your ID."

OTHERWISE = {
    ASK_THE_DESK: "Our front desk can answer that, I'm sorry that I can't.",
    OFF_TOPIC: "I'm sorry, I can only help with appointments.",
    MEDICAL: "I'm not able to give medical advice.",
    MEDICAL_OFFER: "I'm not able to give medical advice. Would you like to see a clinician?",
    HUMAN: "I'm sorry, there is no person that I can put you through to.",
    ROBOT: "I'm a computer program, but a helpful one.",
    SOMEONE_ELSE: "Every patient's appointments are private, so I can only tell you about yours.",
    WHY_ID: "I'm afraid that I can't open a record without its ID.",
    WHY_BIRTH_DATE: "I'm afraid that I can't open the record without it.",
    PIN_SHORT: "I need all the digits of your PIN.",
    PIN_WRONG: "That isn't the right PIN either, I'm sorry.",
    WRONG_DETAILS: "There is still no record with such an ID and date of birth.",
    WHY_NAME: "Without a name I can't open a record for you.",
    WELCOME: "My pleasure!",
    UPSET: "I understand, and I'm sorry.",
}
"""Other words for what the caller has just been told."""

REFUSED = {
    "not_identified": "I need to know who you are first.",
    "wrong_user": "Let me check who you are once more.",
    "invalid_name": "I'm sorry, I didn't get your name.",
    "already_booked": "You already have an appointment at that time.",
    "registered_already": "Each new patient needs a call of their own.",
    "past_time": "That day has already passed.",
    "too_soon": "I'm sorry, that is too soon for us to get ready.",
    "unknown_visit_type": "I'm sorry, I don't know that kind of visit here.",
    "no_free_id": "I'm sorry, I can't register new patients right now. The front desk can.",
    "too_far_ahead": "That is further ahead than I can book.",
    "invalid_date": "I'm sorry, I didn't get the day.",
    "appointment_not_found": "I can't find that appointment any more.",
    "not_active": "That appointment is no longer active.",
    "book_unavailable": "I'm sorry, I can't reach the appointment book right now.",
}


def emergency(number: str) -> tuple[str, ...]:
    """The emergency line, said at once; the second wording is for a caller who goes on."""
    return (
        f"This sounds like an emergency. Please call {number} right now, "
        "or ask someone near you to call.",
        f"Please hang up and call {number} now. They can help you at once.",
    )


def for_someone(name: str) -> str:
    """Say in whose name an appointment for somebody else would be."""
    return (
        f"It will be in the name of {first_name(name)}. For another patient, please tell me their "
        "ID."
        if name
        else PATIENTS_ID
    )


def noted(purpose: str) -> str:
    """Say that the purpose of an appointment that is not booked yet was heard."""
    return f"Noted: {as_spoken(purpose)}."


def first_name(name: str) -> str:
    """The name to greet with."""
    return name.split()[0] if name.split() else ""


def goodbyes(name: str) -> tuple[str, ...]:
    """The last sentence of a call, and another for a caller who says goodbye once more."""
    comma_name = f", {first_name(name)}" if name else ""
    return f"Thank you{comma_name}! Have a great day. Goodbye!", "Goodbye, and take care!"


def welcome(name: str, appointments: int | None) -> str:
    """Greet an identified patient; None leaves their appointments out."""
    hello = f"Welcome back, {first_name(name)}!"
    if not appointments:
        return hello
    return f"{hello} You have {appointments} appointment{'s' if appointments > 1 else ''}."


def registered(name: str, user_id: str) -> str:
    """Read the new ID back, digit by digit."""
    return (
        f"Thank you, {first_name(name)}! You are registered. Your new user ID is "
        f"{write_id(user_id)}."
    )


def unknown_id(user_id: str) -> str:
    """Say which ID was looked for, so that a misheard digit is noticed."""
    return f"I can't find the ID {write_id(user_id)}." if user_id else "I can't find that ID."


def wrong_length(digits: str) -> str:
    """Say what was heard of an ID with too many digits."""
    heard = write_id(digits) if len(digits) <= 6 else f"{len(digits)} digits"
    return f"I heard {heard}, but an ID has 4 digits."


def day_problem(mention: DayMention, today: date) -> str:
    """Ask about a day that cannot be right as it was said."""
    if mention.problem == "mismatch":
        first, second = mention.nearby
        return (
            f"{weekday_name(first)} is {write_day(first, today).split(', ', 1)[1]}, and "
            f"{write_day(second, today).split(', ', 1)[1]} is a {weekday_name(second)}."
        )
    if mention.problem == "past" and mention.nearby:
        return f"{write_day(mention.nearby[0], today)} has already passed."
    if mention.problem == "either":
        return f"Is that {write_list([write_day(day, today) for day in mention.nearby], 'or')}?"
    if mention.problem == "month" and mention.nearby:
        return f"Which day in {write_month(mention.nearby[0], today)} would you like?"
    if mention.problem == "far":
        return REFUSED["too_far_ahead"]
    return "I don't know that day."


def no_room(day: date, today: date, closed: bool) -> str:
    """Say that a day is closed or full."""
    if closed:
        return f"We are closed on {write_day(day, today)}."
    return f"There are no free times left on {write_day(day, today)}."


def off_waitlist(wishes: int) -> str:
    """Confirm that a patient waits for nothing any more."""
    return OFF_WAITLIST if wishes else NOT_ON_WAITLIST


def away(who: str, day: date, today: date) -> str:
    """Say that the practitioner who is wanted does not work on a day."""
    on_day = f"on {write_day(day, today)}"
    return f"{who} is not in {on_day}." if who else f"Nobody offers that {on_day}."


def unknown_practitioner(names: str) -> str:
    """Say that nobody of that name works there, and who does."""
    known = f" You can see {names}." if names else ""
    return f"I don't know anybody of that name here.{known}"


def kept_time(kept: KeptTime, purpose: str, today: date) -> tuple[str, str, str]:
    """Which time became free, what a yes would do, and the two in short."""
    who = f" with {kept.practitioner}" if kept.practitioner else ""
    when = f"{write_day(kept.day, today)} at {write_time(kept.at)}{who}"
    shall_i = f"Shall I move your {as_spoken(purpose)} there?" if purpose else "Shall I book it?"
    return f"Good news: {when} has opened up. {shall_i}", f"{when} is still kept for you.", shall_i


def not_offered(who: str, others: Sequence[str]) -> str:
    """Say that a practitioner does not offer a kind of visit, and who does."""
    refusal = f"{who or 'That practitioner'} doesn't offer that kind of visit."
    if not others:
        return refusal
    return f"{refusal} {write_list(others[:3])} {'do' if len(others) > 1 else 'does'}."


def nothing_later(day: date) -> str:
    """Say that the day has no later time."""
    return f"There is nothing later on {weekday_name(day)}."


def nothing_earlier(day: date) -> str:
    """Say that the day has no earlier time."""
    return f"There is nothing earlier on {weekday_name(day)}."


def nothing_else(day: date) -> str:
    """Say that all times of the day were offered."""
    return f"I have no other times on {weekday_name(day)}."


def refused_time(code: str, at: time | None) -> str:
    """Say why a time cannot be had."""
    named = write_time(at) if at else "that time"
    if code == "slot_taken":
        return f"I'm sorry, {named} is taken."
    if code == "past_time":
        return f"I'm sorry, {named} has already passed."
    if code == "too_soon":
        return REFUSED[code]
    return f"I can't book {named}."


def booked(appointment: Appointment) -> str:
    """Confirm a booking from its row."""
    return (
        f"Done! Booked {write_short_day(appointment.day)} at {write_time(appointment.at)}"
        f"{_with(appointment)}. ID: {write_id(appointment.appointment_id)}."
    )


def details(appointment: Appointment, today: date) -> str:
    """Say again what is known of an appointment."""
    identifier = write_id(appointment.appointment_id)
    return f"Your {describe(appointment, today)}. ID: {identifier}."


def your_id(user_id: str) -> str:
    """Say the ID of the patient who is identified."""
    return f"Your user ID is {write_id(user_id)}."


def moved(appointment: Appointment) -> str:
    """Confirm a move from its row."""
    return (
        f"Done! Your {as_spoken(appointment.purpose)} is now on "
        f"{write_short_day(appointment.day)} at {write_time(appointment.at)}{_with(appointment)}."
    )


def cancelled(appointment: Appointment, today: date) -> str:
    """Confirm a cancellation from its row."""
    return f"Done! I cancelled your {describe(appointment, today)}."


def describe(appointment: Appointment, today: date) -> str:
    """ "general checkup on Tuesday, February 10 at 10 AM"."""
    when = f"{write_day(appointment.day, today)} at {write_time(appointment.at)}"
    return f"{as_spoken(appointment.purpose)} on {when}{_with(appointment)}"


def _with(appointment: Appointment) -> str:
    return f" with {appointment.practitioner}" if appointment.practitioner else ""


def as_spoken(purpose: str) -> str:
    """A purpose within a sentence: "general checkup", but "X-ray"."""
    if not purpose:
        return "appointment"
    is_plain = purpose[1:2].islower()
    return purpose[0].lower() + purpose[1:] if is_plain else purpose


def listed(shown: Sequence[Appointment], count: int, today: date, who: str = "") -> str:
    """Read the appointments out, at most three; `count` is how many there are in all.

    With `who`, they are only those with a practitioner.
    """
    if not shown:
        return "You have no upcoming appointments."
    parts = [describe(one, today) for one in shown[:3]]
    if len(parts) < len(shown):
        parts.append(f"{len(shown) - len(parts)} more")
    if len(shown) == 1 and who:
        return f"You have your {parts[0]}."
    if len(shown) == 1:
        return f"Your {'next' if count > 1 else 'only'} appointment is your {parts[0]}."
    return f"You have {count} appointments: {write_list(parts)}."


def listed_on(day: date, shown: Sequence[Appointment], today: date) -> str:
    """Read out the appointments of one day."""
    if not shown:
        return f"You have no appointment on {write_day(day, today)}."
    parts = [f"{as_spoken(one.purpose)} at {write_time(one.at)}{_with(one)}" for one in shown]
    return f"On {write_day(day, today)}, you have your {write_list(parts)}."


def move_or_cancel(appointment: Appointment) -> str:
    """Ask what shall happen to an appointment that the caller cannot keep."""
    return (
        f"Your {as_spoken(appointment.purpose)} is at {write_time(appointment.at)} on "
        f"{weekday_name(appointment.day)}. Shall I move it, or cancel it?"
    )
