"""The rule that ends turns."""

import pytest

from kavita.receptionist.expectation import Answer, Reading
from kavita.receptionist.understanding.understanding import Question
from kavita.voice.turn_end import Evidence, Waits, silence_needed

WAITS = Waits()


def evidence(
    answer: Answer | None, finished: float | None = None, dictating: bool = False
) -> Evidence:
    question = Question.USER_ID if dictating else Question.DAY
    return Evidence(Reading(answer, dictating, question) if answer else None, finished)


def test_a_complete_answer_ends_the_turn_at_once_whatever_it_sounds_like() -> None:
    for finished in (None, 0.0, 1.0):
        assert silence_needed(evidence(Answer.COMPLETE, finished), WAITS) == WAITS.complete


def test_an_unfinished_answer_is_waited_for_whatever_it_sounds_like() -> None:
    for finished in (None, 0.0, 1.0):
        assert silence_needed(evidence(Answer.UNFINISHED, finished), WAITS) == 2.0


def test_digits_in_groups_are_waited_for_longer() -> None:
    assert silence_needed(evidence(Answer.UNFINISHED, dictating=True), WAITS) == 2.5


@pytest.mark.parametrize("answer", [Answer.ENOUGH, Answer.OPEN, Answer.ASTRAY])
def test_where_words_leave_room_the_sound_decides(answer: Answer) -> None:
    silent, doubtful, sure = (
        silence_needed(evidence(answer, finished), WAITS) for finished in (None, 0.49, 0.5)
    )
    assert silent == doubtful > sure


def test_the_surer_the_words_the_shorter_the_wait() -> None:
    answers = (Answer.COMPLETE, Answer.ENOUGH, Answer.OPEN, Answer.ASTRAY, Answer.UNFINISHED)
    found = [silence_needed(evidence(answer, 0.0), WAITS) for answer in answers]
    assert found == sorted(found)


def test_nothing_is_ruled_before_the_words_are_known_but_by_the_longest_wait() -> None:
    assert silence_needed(evidence(None, 1.0), WAITS) == WAITS.longest == 2.5
