"""The rule that ends turns."""

from dataclasses import fields

import pytest

from kavita.receptionist.dictation import Dictation
from kavita.receptionist.expectation import Answer, Reading
from kavita.receptionist.understanding.understanding import Question
from kavita.settings import Settings
from kavita.voice.rhythm import Rhythm
from kavita.voice.services import waits
from kavita.voice.turn_end import Evidence, Waits, silence_needed, sound_tells

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


@pytest.mark.parametrize("answer", [Answer.ENOUGH, Answer.OPEN])
def test_where_words_leave_room_the_sound_decides(answer: Answer) -> None:
    silent, doubtful, sure = (
        silence_needed(evidence(answer, finished), WAITS) for finished in (None, 0.49, 0.5)
    )
    assert silent == doubtful > sure


def test_of_words_that_are_no_answer_the_sound_tells_nothing() -> None:
    for finished in (None, 0.0, 1.0):
        assert silence_needed(evidence(Answer.ASTRAY, finished), WAITS) == WAITS.astray
    assert not sound_tells(Answer.ASTRAY)


def test_the_surer_the_words_the_shorter_the_wait() -> None:
    answers = (Answer.COMPLETE, Answer.ENOUGH, Answer.OPEN, Answer.ASTRAY, Answer.UNFINISHED)
    found = [silence_needed(evidence(answer, 0.0), WAITS) for answer in answers]
    assert found == sorted(found)


def test_nothing_is_ruled_before_the_words_are_known_but_by_the_longest_wait() -> None:
    assert silence_needed(evidence(None, 1.0), WAITS) == WAITS.longest == 2.5


@pytest.mark.parametrize(
    ("words", "syllables", "wait"),
    [(4, 4, WAITS.counted), (3, 4, WAITS.unsure), (2, 4, WAITS.astray), (4, 3, 2.5), (3, 3, 2.5)],
)
def test_misheard_digits_end_the_turn_as_soon_as_words_and_beat_agree_on_them(
    words: int, syllables: int, wait: float
) -> None:
    dictation = Dictation(words, known=2, aside=0, doubled=0, before=0)
    reading = Reading(Answer.UNFINISHED, True, Question.USER_ID, dictation)
    found = silence_needed(Evidence(reading, 1.0, Rhythm(syllables, 1.5)), WAITS)
    assert found == wait


def test_digits_that_nobody_counted_are_waited_for() -> None:
    dictation = Dictation(4, known=2, aside=0, doubled=0, before=0)
    reading = Reading(Answer.UNFINISHED, True, Question.USER_ID, dictation)
    assert silence_needed(Evidence(reading, 1.0), WAITS) == WAITS.dictating


def test_every_wait_is_a_setting() -> None:
    names = [field.name for field in fields(Waits)]
    settings = {
        {"silence": "silence_seconds", "dictating": "dictation_seconds"}.get(
            name, f"turn_{name}_seconds"
        ): 1.0 + number / 100
        for number, name in enumerate(names)
    }
    tuned = waits(Settings(_env_file=None).model_copy(update=settings))
    assert tuned == Waits(*(1.0 + number / 100 for number in range(len(names))))
    assert waits(Settings(_env_file=None)) == Waits()
