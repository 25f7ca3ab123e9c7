"""What to ask next, in several wordings: the first asks, the others rephrase with an example."""

from collections.abc import Sequence
from datetime import date, time

from kavita.receptionist.conversation import Appointment, Conversation, Goal
from kavita.receptionist.offers import choose_offers, within
from kavita.receptionist.replies import describe, kept_time
from kavita.receptionist.understanding.clock_times import TimeWish
from kavita.receptionist.understanding.numbers import ID_DIGITS
from kavita.receptionist.understanding.understanding import Question
from kavita.receptionist.written import write_day, write_list, write_time
from kavita.scheduling.times import weekday_name

Prompt = tuple[str, ...]
"""Wordings of one question: one that asks, two that help, then others that ask."""

SORRY = "Sorry, I didn't catch that. "
"""Opens a question that follows a turn which was not understood."""

_USER_ID: Prompt = (
    "Could you please share your 4-digit user ID?",
    SORRY + "Please say your ID digit by digit, for example: two, zero, four, five.",
    "I still need your user ID, four digits. If you don't have one, say: I'm new.",
    "May I have your 4-digit user ID, please?",
)
_REGISTER_OR_BYE = "Please say yes to be registered as a new patient, or say goodbye."
_BIRTH_DATE: Prompt = (
    "And what is your date of birth, please?",
    SORRY + "Please say day, month and year, for example: the fifth of March, 1985.",
    "I need your date of birth: the day, the month and the year.",
    "May I have your date of birth, please?",
)
_DETAILS_AGAIN: Prompt = (
    "Please say your date of birth or your ID again, or say: register me.",
    *_BIRTH_DATE[1:],
)
_REST_OF_DATE: Prompt = ("And the rest of the date, with the year?", *_BIRTH_DATE[1:])
_PIN: Prompt = (
    "Please say your PIN, digit by digit.",
    SORRY + "Please say only the digits of your PIN, one by one.",
    "I can't change the appointment without your PIN. Please say it, or say: never mind.",
    "What is your PIN, please?",
)
_NAME: Prompt = (
    "What is your full name, please?",
    SORRY + "Please say just your first and last name.",
    "Please tell me the name that you want to be registered with, or say: never mind.",
    "May I have your full name?",
)
_NEED: Prompt = (
    "How can I help?",
    SORRY + "You can say, for example: book an appointment for Thursday.",
    "I can book, move, cancel or list appointments. Which would you like?",
    "What can I do for you?",
)
_SERVED: Prompt = ("Anything else?", *_NEED[1:3], "Can I do anything else for you?")
_DAY: Prompt = (
    "Which day would you like?",
    SORRY + "Which day was that? For example: tomorrow, or next Tuesday.",
    "Please name a day, such as Thursday, or a date, such as the twelfth.",
    "What day would you like?",
)
_NEW_DAY: Prompt = ("To which day shall I move it?", *_DAY[1:])


def next_prompt(talk: Conversation, today: date) -> Prompt:
    """What the caller must tell us next."""
    prompt = _next_question(talk, today)
    if talk.suggestion != "wait" or talk.full_day is None:
        return prompt
    offer = _offer_to_wait(talk, talk.full_day)
    return tuple(f"{wording} {offer}" for wording in prompt)


def _next_question(talk: Conversation, today: date) -> Prompt:
    match talk.question:
        case Question.USER_ID:
            return _ask_user_id(talk)
        case Question.BIRTH_DATE:
            return _ask_birth_date(talk)
        case Question.PIN:
            return _PIN
        case Question.KEPT_TIME:
            return _ask_kept_time(talk, today)
        case Question.NAME:
            return _NAME
        case Question.NEED:
            return _SERVED if talk.served else _NEED
        case Question.WHICH:
            return _ask_which(talk.choices or talk.appointments, today)
        case Question.CONFIRM:
            return _ask_to_cancel(talk.target, today)
        case Question.DAY:
            return _NEW_DAY if talk.goal is Goal.MOVE else _DAY
        case Question.TIME:
            return _ask_time(talk, today)


def _ask_birth_date(talk: Conversation) -> Prompt:
    if talk.birth_words:
        return _REST_OF_DATE
    return _DETAILS_AGAIN if talk.suggestion == "register" else _BIRTH_DATE


def _offer_to_wait(talk: Conversation, day: date) -> str:
    on_day = f" for {weekday_name(day)}" if talk.day != day else ""
    return f"Or shall I put you on the waiting list{on_day}?"


def _ask_kept_time(talk: Conversation, today: date) -> Prompt:
    if talk.kept is None:
        return _NEED
    moved = [one for one in talk.appointments if one.appointment_id == talk.kept.instead_of]
    purpose = (moved[0].purpose or "appointment") if moved else ""
    news, still, shall_i = kept_time(talk.kept, purpose, today)
    first, again = (still, news) if talk.served else (news, still)
    with_question = (f"{first} {shall_i}" if talk.served else first,)
    return (
        *with_question,
        SORRY + "Please say yes to take that time, or no to leave it.",
        f"{still} Yes to take it, or no to leave it?",
        again if talk.served else f"{again} {shall_i}",
    )


def _ask_user_id(talk: Conversation) -> Prompt:
    if talk.tries_over:
        shall_i = "Shall I register you as a new patient?"
        return (shall_i, _REGISTER_OR_BYE, f"I can only register you now. {shall_i}")
    if talk.suggestion == "register":
        return (
            "Please say your four digits again, or say: register me.",
            *_USER_ID[1:],
        )
    if talk.digits:
        return (_ask_rest(talk.digits), *_USER_ID[1:])
    if talk.goal is not None or talk.held is not None:
        return ("I can do that. First, could you please share your 4-digit user ID?", *_USER_ID[1:])
    return _USER_ID


def _ask_rest(digits: str) -> str:
    missing = ID_DIGITS - len(digits)
    rest = f"are the other {missing} digits" if missing > 1 else "is the last digit"
    return f"I have {', '.join(digits)} so far. What {rest}?"


def _ask_which(choices: Sequence[Appointment], today: date) -> Prompt:
    named = write_list([f"the {describe(one, today)}" for one in choices[:3]], "or")
    return (
        f"Which one: {named}?",
        SORRY + "Which appointment do you mean? You can say its day, or: the first one.",
        f"Please choose one: {named}.",
        "Which one do you mean?",
    )


def _ask_to_cancel(target: Appointment | None, today: date) -> Prompt:
    named = describe(target, today) if target else "appointment"
    return (
        f"Shall I cancel your {named}?",
        SORRY + "Please say yes to cancel it, or no to keep it.",
        f"Your {named}: yes to cancel, no to keep?",
    )


def offered_times(talk: Conversation) -> tuple[time, ...]:
    """The times to offer now: those of before while nothing changed, else new ones."""
    if talk.times is None:
        return ()
    if talk.offered:
        return talk.offered
    left = [at for at in talk.times.free if at not in talk.avoid]
    if talk.soonest and (fitting := within(left, talk.wish or TimeWish())):
        return fitting[:1]
    same = talk.target.at if talk.goal is Goal.MOVE and talk.target else None
    if talk.wish is None and same in left:
        return (same,) if same else ()
    return choose_offers(talk.times.free, talk.wish, talk.avoid) or choose_offers(left, None)


def _ask_time(talk: Conversation, today: date) -> Prompt:
    offers = offered_times(talk)
    if talk.day is None or not offers:
        return (
            "Which time would you like?",
            SORRY + "Which time was that? For example: half past nine.",
            "Please name a time, or another day.",
        )
    who = talk.times.practitioner if talk.times else ""
    day = f"{f'With {who} on' if who else 'On'} {write_day(talk.day, today)},"
    times = [write_time(at) for at in offers]
    if len(times) == 1:
        return _ask_single(talk, f"{day} {times[0]}")
    return (
        _offer(talk, day, times),
        SORRY + "Please say one of the times, or for example: the second one.",
        f"{day} you can choose {write_list(times, 'or')}. You can also name another day.",
        f"I have {write_list(times)} that day. Which works?",
    )


def _offer(talk: Conversation, day: str, times: list[str]) -> str:
    wish = talk.wish
    about = wish.near or wish.at if wish else None
    if about is not None:
        return f"{day} the nearest I have are {write_list(times)}. Which works?"
    fits = (
        wish is None or talk.times is None or bool(choose_offers(talk.times.free, wish, talk.avoid))
    )
    if not fits:
        return (
            f"I have nothing in that part of the day. {day} I have {write_list(times)}. "
            "Which works?"
        )
    return f"{day} I have {write_list(times)}. Which works?"


def _ask_single(talk: Conversation, when: str) -> Prompt:
    verb = "move it there" if talk.goal is Goal.MOVE else "book it"
    return (
        f"{when} is free. Shall I {verb}?",
        f"{SORRY}Shall I {verb}: yes, or no?",
        f"{when}: yes to take it, or name another time or day.",
        f"{when} is still free. Shall I {verb}?",
    )
