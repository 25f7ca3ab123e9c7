"""The synthetic caller answers what it is asked, by its agenda."""

from datetime import date, time
from itertools import pairwise

import pytest

from kavita.caller.agenda import MAX_GOODBYES, MAX_TRIES, Agenda, Caller

TODAY = date(2026, 2, 9)
AGENDA = Agenda("1001", date(2026, 2, 12), time(12, 0), "Lab visit", TODAY, name="Archit Ojha")
GREETING = "Hello! Welcome to our clinic. Could you please share your 4-digit user ID?"
OFFER = "On Thursday, February 12, I have 9:30 AM, 12 PM, and 3:30 PM. Which works?"
DONE = "Done! Booked Thursday, Feb 12 at 12 PM. ID: f-3-g-4-h-5-i-6. Anything else?"
BYE = "Thank you, Archit! Have a great day. Goodbye!"

ID, DAY, TIME, YES = "one, zero, zero, one", "Thursday", "twelve", "Yes"


def answer(agent: str, agenda: Agenda = AGENDA) -> str:
    said = Caller(agenda).answer(agent)
    assert said is not None
    return said


def test_the_example_conversation_is_held_to_its_end() -> None:
    caller = Caller(AGENDA)
    said = [
        caller.answer(agent)
        for agent in (
            GREETING,
            "Welcome back, Archit! You have 2 appointments. How can I help?",
            OFFER,
            DONE,
            BYE,
        )
    ]
    assert said == [
        "My user ID is one, zero, zero, one.",
        "I want to make an appointment, for a lab visit, on Thursday.",
        "At twelve o'clock.",
        "That's all, bye.",
        None,
    ]
    assert caller.booked
    assert not caller.gave_up


@pytest.mark.parametrize(
    ("agent", "part"),
    [
        ("Sorry, I didn't catch that. Please say your ID digit by digit.", ID),
        ("I still need your user ID, four digits. If you don't have one, say: I'm new.", ID),
        ("I have 1-0 so far. What are the other 2 digits?", ID),
        ("I can't find the ID 1-1-0-1. Please say your four digits again.", ID),
        ("I need an ID to find you. If you are new here, I can register you. Are you new?", ID),
        ("May I have your ID, please?", ID),
        ("Welcome back, Priya! You have 1 appointment. How can I help?", ID),
        ("What is your full name, please?", ID),
        ("Sorry, I didn't catch that. For example: book an appointment for Friday.", DAY),
        ("I can book, move, cancel or list appointments. Which would you like?", DAY),
        ("Which day would you like?", DAY),
        ("Sorry, which day was that? For example: tomorrow, or next Tuesday.", DAY),
        ("Please name a day, such as Thursday, or a date, such as the twelfth.", DAY),
        ("On Friday, February 13, I have 9:30 AM, 12 PM, and 3:30 PM. Which works?", DAY),
        ("Thursday, February 13? I don't know that day. Which day would you like?", DAY),
        (OFFER, TIME),
        ("Sorry, which time was that? For example: half past nine.", TIME),
        ("Sorry, I didn't catch that. Please say one of the times.", TIME),
        ("You can choose 9:30 AM or 3:30 PM. You can also name another day.", TIME),
        ("On Thursday, February 12, 11:30 AM is free. Shall I book it?", TIME),
        ("On Thursday, February 12, 12 PM is free. Shall I book it?", YES),
        ("So that is Thursday, February 12 at 12 PM, correct?", YES),
        ("Sorry, I didn't catch that. Shall I book it: yes, or no?", YES),
        ("What is the reason for your visit?", "lab visit"),
        ("Shall I cancel your general checkup on Tuesday, February 10 at 10 AM?", "No"),
    ],
)  # fmt: skip
def test_it_answers_what_it_is_asked(agent: str, part: str) -> None:
    assert part.casefold() in answer(agent).casefold()


def test_a_wrong_day_in_a_read_back_is_corrected_not_confirmed() -> None:
    said = answer("On Friday, February 13, 12 PM is free. Shall I book it?")
    assert "Yes" not in said
    assert "Thursday" in said


@pytest.mark.parametrize(
    "agent",
    [
        "Done! Booked Friday, Feb 13 at 12 PM. ID: f-3-g-4. Anything else?",
        "Done! Booked Thursday, Feb 12 at 2 PM. ID: f-3-g-4. Anything else?",
    ],
)
def test_a_wrong_booking_is_moved_to_what_was_wanted(agent: str) -> None:
    caller = Caller(AGENDA)
    said = caller.answer(agent)
    assert said == "No, that is wrong. Please move it to Thursday, at twelve o'clock."
    assert not caller.booked
    caller.answer("Done! Your lab visit is now on Thursday, Feb 12 at 12 PM. Anything else?")
    assert caller.booked


def test_appointments_that_are_listed_are_no_booking() -> None:
    caller = Caller(AGENDA)
    caller.answer("You have 2 appointments booked: one on Tuesday, February 10 at 10 AM. And now?")
    assert not caller.booked


def test_a_taken_time_gives_way_to_the_nearest_one_on_offer() -> None:
    caller = Caller(AGENDA)
    said = caller.answer(
        "I'm sorry, 12 PM is taken. On Thursday, February 12, the nearest I have are 10 AM, "
        "12:30 PM, and 3 PM. Which works?"
    )
    assert said == "At half past twelve."
    assert caller.wants.time == time(12, 30)
    caller.answer("Done! Booked Thursday, Feb 12 at 12:30 PM. Anything else?")
    assert caller.booked


def test_an_appointment_of_ones_own_at_that_time_makes_one_choose_another() -> None:
    caller = Caller(AGENDA)
    said = caller.answer(
        f"You already have an appointment at that time. {OFFER.replace('12 PM', '1 PM')}"
    )
    assert said == "At one o'clock."


def test_a_time_that_was_not_offered_is_asked_for() -> None:
    assert "twelve" in answer(OFFER.replace("12 PM", "1 PM"))


def test_a_closed_day_gives_way_to_the_one_on_offer() -> None:
    caller = Caller(AGENDA)
    said = caller.answer(
        "We are closed on Thursday, February 12. On Friday, February 13, I have 9 AM, 12 PM, and "
        "4 PM. Which works?"
    )
    assert said == "At twelve o'clock."
    assert caller.wants.day == date(2026, 2, 13)


def test_the_same_words_are_never_said_twice_running() -> None:
    caller = Caller(AGENDA)
    for question in (GREETING, "How can I help?", "Which day would you like?", OFFER):
        said = [caller.answer(question) for _ in range(MAX_TRIES)]
        assert all(first != second for first, second in pairwise(said))


def test_a_question_that_comes_back_too_often_ends_the_call_politely() -> None:
    caller = Caller(AGENDA)
    said = [caller.answer(GREETING) for _ in range(MAX_TRIES + 1 + MAX_GOODBYES)]
    assert all("one, zero" in str(words).lower() for words in said[:MAX_TRIES])
    assert "oodbye" in str(said[MAX_TRIES])
    assert said[-1] is None
    assert caller.gave_up == f"was asked for the user ID {MAX_TRIES + 1} times"


def test_something_not_understood_is_said_another_way() -> None:
    caller = Caller(AGENDA)
    first = caller.answer(GREETING)
    second = caller.answer("Are you still there? Take your time, I'm listening.")
    assert second != first
    assert ID in str(second)


def test_silence_makes_the_caller_say_it_again_in_other_words() -> None:
    caller = Caller(AGENDA)
    first = caller.answer(GREETING)
    again = caller.repeat()
    assert again != first
    assert ID in again


def test_a_goodbye_that_comes_too_early_is_not_accepted() -> None:
    assert "appointment" in answer(BYE)


def test_a_far_day_is_named_by_its_date() -> None:
    far = Agenda("2045", date(2026, 3, 20), time(9, 30), "Blood test", TODAY)
    assert answer("How can I help?", far) == (
        "I want to make an appointment, for a blood test, on March twentieth."
    )
    assert answer("Which time would you like?", far) == "At half past nine."
    assert answer(GREETING, far) == "My user ID is two, zero, four, five."


def test_the_place_among_three_offers_is_another_way_to_name_a_time() -> None:
    caller = Caller(AGENDA)
    said = [caller.answer(OFFER) for _ in range(3)]
    assert "The second one, please." in said
