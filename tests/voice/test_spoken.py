"""Text for the ear, and the way back to the text for the eye."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kavita.voice.espeak import Espeak
from kavita.voice.spoken import ear_text, for_ear


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("9:30 AM, 12 PM, and 3:30 PM.", "nine thirty AM, twelve PM, and three thirty PM."),
        ("At 09:00 AM or 10:05 AM?", "At nine AM or ten oh five AM?"),
        ("At 9:30 a.m. or 5 p.m. Which?", "At nine thirty AM or five PM. Which?"),
        ("At 15:30, at 09:15.", "At three thirty PM, at nine fifteen AM."),
        ("At 9:00.", "At nine o'clock."),
        ("Open 9 AM - 6 PM", "Open nine AM to six PM"),
        ("Thursday, February 12", "Thursday, February twelfth"),
        ("Booked Feb 12 at 12 PM.", "Booked February twelfth at twelve PM."),
        ("May 21st, 2026", "May twenty first, twenty twenty six"),
        ("on 30 June", "on the thirtieth of June"),
        ("the 3rd of March, 2026", "the third of March, twenty twenty six"),
        ("2026-02-12", "February twelfth, twenty twenty six"),
        ("born 2005-07-22", "born July twenty second, two thousand five"),
        ("in 2026", "in twenty twenty six"),
        ("ID: f-3-g-4-h-5-i-6.", "ID: F, three, G, four, H, five, I, six."),
        ("ID: a1b2c3d4", "ID: A, one, B, two, C, three, D, four"),
        ("ID: abcdefab", "ID: A, B, C, D, E, F, A, B"),
        ("Your ID is 1001.", "Your ID is one, zero, zero, one."),
        ("Is 2045 right?", "Is two, zero, four, five right?"),
        ("Call 112 now.", "Call one one two now."),
        ("+91 98765 43210", "plus nine one, nine eight seven six five, four three two one zero"),
        ("9876543210", "nine eight seven, six five four, three two one zero"),
        ("555-0134", "five five five, zero one three four"),
        ("Dr. Sharma", "Doctor Sharma"),
        ("**Great!**", "Great!"),
    ],
)  # fmt: skip
def test_writing_becomes_words(written: str, spoken: str) -> None:
    assert for_ear(written) == spoken


@pytest.mark.parametrize(
    "text",
    [
        "Hello! Could you please share your 4-digit user ID?",
        "You have 2 appointments, and 17 times are free.",
        "It may 12 times march 3 abreast.",
        "That is $1500, or 1,500 euros, or 25%.",
        "Room 4, or 10 of 12.",
        "",
    ],
)
def test_what_needs_no_words_stays_as_it_is(text: str) -> None:
    assert for_ear(text) == text


def test_speech_for_the_ear_has_no_digits_left_in_times_dates_and_ids() -> None:
    text = "Done! Booked Thursday, February 12 at 9:30 AM for 1001. ID: f-3-g-4-h-5-i-6."
    assert not re.search(r"\d", for_ear(text))


def test_a_heard_time_counts_with_its_last_word_only() -> None:
    text = "I have 9:30 AM, 12 PM."
    ear = ear_text(text)
    assert ear.text == "I have nine thirty AM, twelve PM."
    assert text[: ear.original_end(ear.text.index("nine"))] == "I have "
    assert text[: ear.original_end(ear.text.index(" AM"))] == "I have "
    assert text[: ear.original_end(ear.text.index(", twelve"))] == "I have 9:30 AM"
    assert text[: ear.original_end(len(ear.text))] == text


def test_the_words_that_the_voice_reports_lead_back_through_the_whole_text() -> None:
    text = (
        "Thursday, February 12: I have 9:30 AM, 12 PM, and 3:30 PM. Your ID is 1001. Which works?"
    )
    ear = ear_text(text)
    heard = [
        text[: ear.original_end(word.text_end)] for word in Espeak().synthesize(ear.text).words
    ]
    assert heard[-1] == text
    assert all(len(a) <= len(b) for a, b in pairwise(heard))
    assert "Thursday, February 12: I have 9:30 AM," in heard


@given(st.text(alphabet="0123456789:-. ,apmAPMFebIDfg+*$", max_size=40))
def test_any_text_maps_back_to_its_own_end(text: str) -> None:
    ear = ear_text(text)
    ends = [ear.original_end(position) for position in range(len(ear.text) + 1)]
    assert ends == sorted(ends)
    assert ends[-1] == len(text)
