"""User IDs as people say them and recognizers write them."""

import pytest

from kavita.receptionist.understanding.numbers import digit_runs, find_user_id
from kavita.receptionist.understanding.words import split_words

IDS = {
    "My ID is 1001": "1001",
    "My idea is 1001.": "1001",
    "My ID is one thousand and one": "1001",
    "You My idea is one thousand one.": "1001",
    "My ID is ten oh one": "1001",
    "Ten o one.": "1001",
    "My I.D. is 1-0-0-1": "1001",
    "1,001": "1001",
    "1 0 0 1.": "1001",
    "10:01": "1001",
    "It's one o o one.": "1001",
    "one zero zero one": "1001",
    "double oh seven seven": "0077",
    "one double zero one": "1001",
    "One, zero... zero, um, one.": "1001",
    "My user is twenty forty-five.": "2045",
    "two thousand and forty five": "2045",
    "My it is too zero for five.": "2045",
    "nine thousand nine hundred ninety nine": "9999",
    "nine nine nine nine": "9999",
    "1002, no sorry, 1001": "1001",
    "actually I do have one, 1001": "1001",
    "id: 1001.": "1001",
    "one zero": "10",
    "It's 1 0 0": "100",
    "one zero zero zero one": "10001",
    "Book for four thirty": "",
    "I have two questions": "",
    "hello": "",
    "": "",
}


@pytest.mark.parametrize(("text", "digits"), IDS.items())
def test_the_digits_of_an_id_are_found(text: str, digits: str) -> None:
    assert find_user_id(split_words(text)) == digits


def test_other_words_end_a_run_of_digits() -> None:
    assert digit_runs(split_words("one zero for a nine nine")) == ["10", "99"]
