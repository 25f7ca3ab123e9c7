from datetime import date

import pytest

from kavita.voice.requests import slot_words


@pytest.mark.parametrize(
    ("time", "words"),
    [
        ("09:30 AM", "9:30 AM on Thursday, February 12, please."),
        ("12:00 PM", "12:00 PM on Thursday, February 12, please."),
    ],
)
def test_a_tapped_slot_is_said_as_a_caller_would(time: str, words: str) -> None:
    assert slot_words(date(2026, 2, 12), time) == words
