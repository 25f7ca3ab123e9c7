"""Words over the agent's: who only listens, and who wants the floor."""

import pytest

from kavita.receptionist.expectation import Answer, Reading
from kavita.receptionist.interjection import Interjection, weigh_interjection
from kavita.receptionist.understanding.understanding import Question


def weigh(
    text: str, seconds: float = 0.5, answer: Answer = Answer.OPEN, yes_or_no: bool = False
) -> Interjection:
    reading = Reading(answer, False, Question.DAY, yes_or_no=yes_or_no)
    return weigh_interjection(text, seconds, reading)


@pytest.mark.parametrize(
    "text",
    [
        "Okay.",
        "Ok,",
        "Mm-hmm.",
        "M. M.",
        "Right.",
        "All right.",
        "I see.",
        "Got it.",
        "Uh-huh",
        "Oh,",
    ],
)
def test_who_says_that_they_listen_does_not_interrupt(text: str) -> None:
    assert weigh(text) is Interjection.BACKCHANNEL
    assert weigh(text, seconds=1.2) is Interjection.BACKCHANNEL


@pytest.mark.parametrize("text", ["Stop.", "Wait", "No,", "Hello?", "Cancel that.", "Sorry."])
def test_one_word_is_enough_to_interrupt(text: str) -> None:
    assert weigh(text, seconds=0.3) is Interjection.INTERRUPTION


def test_yes_is_an_answer_only_to_a_question_that_asks_for_it() -> None:
    assert weigh("Yes.", answer=Answer.COMPLETE) is Interjection.INTERRUPTION
    assert weigh("Yes, please.", answer=Answer.COMPLETE) is Interjection.INTERRUPTION
    assert weigh("Yes.", answer=Answer.ENOUGH) is Interjection.BACKCHANNEL
    assert weigh("Okay.", answer=Answer.COMPLETE) is Interjection.BACKCHANNEL


def test_a_misheard_word_may_be_the_answer_where_a_yes_or_a_no_is_asked_for() -> None:
    assert weigh("And all,", seconds=0.35, yes_or_no=True) is Interjection.INTERRUPTION
    assert weigh("Okay.", yes_or_no=True) is Interjection.BACKCHANNEL
    assert weigh("Mm-hmm,", yes_or_no=True) is Interjection.BACKCHANNEL
    assert weigh("", yes_or_no=True) is Interjection.NOTHING


def test_what_a_recognizer_makes_of_a_short_hum_does_not_interrupt() -> None:
    assert weigh("Other.", seconds=0.4) is Interjection.BACKCHANNEL
    assert weigh("Amendment,", seconds=0.5) is Interjection.BACKCHANNEL
    assert weigh("But, uh,", seconds=0.45) is Interjection.BACKCHANNEL
    assert weigh("Don't help.", seconds=0.4) is Interjection.BACKCHANNEL
    assert weigh("But what?", seconds=0.45) is Interjection.BACKCHANNEL
    assert weigh("Oh, wait.", seconds=0.45) is Interjection.INTERRUPTION
    assert weigh("Please stop.", seconds=0.5) is Interjection.INTERRUPTION
    assert weigh("But I need Friday.", seconds=1.2) is Interjection.INTERRUPTION


def test_a_short_answer_and_any_longer_speech_interrupt() -> None:
    assert weigh("Thursday.", seconds=0.5, answer=Answer.ENOUGH) is Interjection.INTERRUPTION
    assert weigh("Actually, I need Friday.", seconds=1.4) is Interjection.INTERRUPTION
    assert weigh("My ID is", seconds=0.6) is Interjection.INTERRUPTION
    assert weigh("My daughter's car", seconds=0.9) is Interjection.INTERRUPTION


def test_a_digit_is_an_answer_begun_where_digits_are_asked_for() -> None:
    asked = Reading(Answer.UNFINISHED, dictating=True, question=Question.USER_ID)
    for text in ("Three.", "Nine, four,", "Okay, two", "For.", "Hero,", "Ate."):
        assert weigh_interjection(text, 0.4, asked) is Interjection.INTERRUPTION
        assert weigh(text, seconds=0.4) is Interjection.BACKCHANNEL
    for text in ("Oh.", "Oh, right.", "Other.", "Ow!", "Or."):
        assert weigh_interjection(text, 0.4, asked) is Interjection.BACKCHANNEL


def test_not_to_know_is_an_answer_only_where_the_id_is_asked_for() -> None:
    asked = Reading(Answer.UNFINISHED, dictating=True, question=Question.USER_ID)
    assert weigh_interjection("Don't know.", 0.45, asked) is Interjection.INTERRUPTION
    assert weigh("Don't know.", seconds=0.45) is Interjection.BACKCHANNEL
    assert weigh("I don't know my ID.", seconds=0.9) is Interjection.INTERRUPTION


def test_a_sound_without_words_is_nothing() -> None:
    assert weigh("") is Interjection.NOTHING
    assert weigh(" . ", seconds=3.0) is Interjection.NOTHING
