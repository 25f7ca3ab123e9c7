"""What a visit is for, and what a new patient is called."""

import pytest

from kavita.receptionist.understanding.names import find_name
from kavita.receptionist.understanding.purposes import find_purpose
from kavita.receptionist.understanding.words import split_words

PURPOSES = {
    "it's for a blood test": "Blood test",
    "It's for the lamp visit.": "Lab visit",
    "12 PM please, it's a lab visit": "Lab visit",
    "Book a lab visit for February 12th": "Lab visit",
    "the dental cleaning": "Dental cleaning",
    "I need a check-up": "Checkup",
    "a general checkup please": "General checkup",
    "it's a follow-up": "Follow-up",
    "a chest x-ray": "Chest X-ray",
    "for my back pain on Friday": "Back pain",
    "it's about my knee": "Knee",
    "because of a cough": "Cough",
    "an appointment for my diabetes, Friday ten": "Diabetes",
    "a heart checkup": "Heart checkup",
    "I have a toothache": "Toothache",
    "an appointment for my son": "",
    "Book for Thursday": "",
    "book an appointment for the 12th": "",
    "Book for next week": "",
    "for a moment": "",
    "for my appointment": "",
    "12 PM please": "",
}


@pytest.mark.parametrize(("text", "purpose"), PURPOSES.items())
def test_a_purpose_is_found_where_one_is_said(text: str, purpose: str) -> None:
    assert find_purpose(split_words(text)) == purpose


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Test Patient", "Test Patient"),
        ("test patient.", "Test Patient"),
        ("My name is Test Patient", "Test Patient"),
        ("You My name is Test patient.", "Test Patient"),
        ("It's Test Patient, please", "Test Patient"),
        ("Yes, I'm Test Patient", "Test Patient"),
        ("T-E-S-T Patient", "Test Patient"),
        ("Okay. Test O'Patient and my ID is new", "Test O'Patient"),
        ("TEST PATIENT", "Test Patient"),
        ("My name is Test Patient, that's T-E-S-T P-A-T-I-E-N-T", "Test Patient"),
        ("My name is Test Patient of the Very Long House", ""),
        ("actually I do have one, 1001", ""),
        ("no", ""),
        ("what?", ""),
        ("I want to cancel", ""),
        ("is that needed?", ""),
        ("1001", ""),
        ("", ""),
    ],
)
def test_asked_for_a_name_it_is_found(text: str, name: str) -> None:
    assert find_name(text, expected=True) == name


def test_a_name_that_was_not_asked_for_needs_to_be_called_one() -> None:
    assert find_name("Test Patient", expected=False) == ""
    assert find_name("I'm new, my name is Test Patient", expected=False) == "Test Patient"
