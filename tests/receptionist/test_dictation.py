"""Digits that were said, by the words and by the beat."""

import pytest

from kavita.receptionist.dictation import read_dictation
from kavita.receptionist.understanding.words import split_words


def is_whole(text: str, syllables: int, seconds: float, before: int = 0) -> bool:
    return read_dictation(split_words(text), before).is_whole(syllables, seconds)


@pytest.mark.parametrize(
    ("text", "syllables", "seconds"),
    [
        ("Two, nine. Year on board.", 5, 1.4),
        ("A, zero, nine, eight.", 4, 1.2),
        ("My teeth were true.", 4, 1.1),
        ("My idea is too zero. Four or five.", 9, 1.63),
        ("Once was a two.", 4, 0.9),
        ("Nine, two. No one.", 4, 1.37),
        ("One, please, one, I.", 4, 1.05),
        ("Seven-one. That in six.", 5, 0.7),
    ],
)
def test_misheard_digits_are_whole_when_words_and_beat_agree(
    text: str, syllables: int, seconds: float
) -> None:
    assert is_whole(text, syllables, seconds)


@pytest.mark.parametrize(
    ("text", "syllables", "seconds"),
    [
        ("They're eight.", 2, 0.7),
        ("My user ideas weren't zero.", 9, 1.53),
        ("The humbur is twenty.", 6, 1.0),
        ("It's too near", 3, 0.7),
        ("My user in this one zero.", 7, 1.29),
        ("My distunes, girl.", 5, 1.05),
        ("For the end of our.", 5, 0.82),
        ("Four, five.", 4, 0.9),
        ("Two. Here, oh, For.", 4, 1.2),
        ("You're on the way", 2, 0.8),
        ("", 0, 0.0),
    ],
)
def test_a_half_is_not_whole_though_one_of_them_says_so(
    text: str, syllables: int, seconds: float
) -> None:
    assert not is_whole(text, syllables, seconds)


def test_two_digits_heard_as_one_word_may_be_whole_by_the_beat() -> None:
    swallowed = read_dictation(("three", "three", "a"), 0)
    assert swallowed.may_be_whole(4, 1.1)
    assert not swallowed.is_whole(4, 1.1)
    assert not read_dictation(("two", "zero", "four"), 0).may_be_whole(4, 1.1)
    assert not read_dictation(("my", "distunes", "girl"), 0).may_be_whole(5, 1.1)


def test_digits_of_the_turn_before_are_not_asked_for_again() -> None:
    assert is_whole("for a", 2, 0.6, before=2)
    assert not is_whole("for", 1, 0.3, before=2)
