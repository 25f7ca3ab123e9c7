import pytest
from hypothesis import given
from hypothesis import strategies as st

from kavita.scheduling.details import (
    clean_id,
    clean_name,
    clean_phone,
    clean_purpose,
    clean_text,
)
from kavita.scheduling.errors import InvalidArguments, InvalidName


@given(st.text())
def test_cleaned_text_can_be_stored_and_shown_on_one_line(text: str) -> None:
    cleaned = clean_text(text)
    assert cleaned.encode("utf-8").decode() == cleaned == clean_text(cleaned)
    assert not set(cleaned) & set("\0\n\r\t\u202e\x1b")
    assert cleaned == cleaned.strip()


def test_joiners_that_belong_to_a_spelling_are_kept() -> None:
    assert clean_text("क्\u200dष") == "क्\u200dष"


@pytest.mark.parametrize("text", ["", "  ", "1001", "\0\n", "x" * 81])
def test_a_name_needs_a_letter_and_at_most_80_characters(text: str) -> None:
    with pytest.raises(InvalidName):
        clean_name(text)


def test_a_name_is_tidied() -> None:
    assert clean_name("  Test\n\x07  Patient ") == "Test Patient"


def test_a_long_purpose_is_cut_to_200_characters() -> None:
    assert clean_purpose("a " * 300) == ("a " * 100).rstrip()


def test_a_purpose_is_needed() -> None:
    with pytest.raises(InvalidArguments):
        clean_purpose(" \n ")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", None),
        (" ", None),
        ("+91 98765-43210", "+919876543210"),
        ("(030) 123 45 67", "0301234567"),
    ],
)
def test_a_phone_number_is_kept_as_digits(text: str, kept: str | None) -> None:
    assert clean_phone(text) == kept


@pytest.mark.parametrize("text", ["none", "123", "1" * 16])
def test_what_is_no_phone_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidArguments):
        clean_phone(text)


@pytest.mark.parametrize("text", ["1001", " 1 0 0 1 ", "1-0-0-1.", "1,001"])
def test_an_id_is_read_however_it_is_spelt(text: str) -> None:
    assert clean_id(text) == "1001"
