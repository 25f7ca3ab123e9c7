"""Whom a caller wants to see, and for what, in a clinic where both can be chosen."""

import pytest

from kavita.receptionist.clinic_facts import opening_hours, practitioners
from kavita.receptionist.understanding.practitioners import find_practitioner
from kavita.receptionist.understanding.visits import find_visit_type
from kavita.receptionist.understanding.words import split_words
from kavita.scheduling.clinic import Clinic
from tests.conversations.prepared_books import MANY, NOW, PLAIN

TODAY = NOW.date()
WANTED = {
    "with Doctor Rao": "Dr. Rao",
    "I'd like to see Dr. Mehta": "Dr. Mehta",
    "book Dr. Iyer for Thursday": "Dr. Iyer",
    "Rao please": "Dr. Rao",
    "with doctor raw": "Dr. Rao",
    "doctor row on Friday": "Dr. Rao",
    "see doctor meta": "Dr. Mehta",
    "with Dr. Metha tomorrow": "Dr. Mehta",
    "doctor i yer": "Dr. Iyer",
    "Dr. Ayer in the morning": "Dr. Iyer",
    "a dentist on Wednesday": "Dr. Mehta",
    "general practice": "General practice",
    "any doctor": "any",
    "anybody is fine": "any",
    "it doesn't matter which doctor": "any",
    "not Dr. Rao": "any",
    "Dr. Iyer, not Dr. Rao": "Dr. Iyer",
    "Dr. Iyer instead of Dr. Rao": "Dr. Iyer",
    "Dr. Rao or Dr. Iyer": "Dr. Rao",
    "Dr. Rao, sorry, Dr. Iyer": "Dr. Iyer",
    "another doctor": "another",
    "is anybody there": "",
    "I want to see a doctor": "",
    "book with a doctor on Thursday": "",
    "see you on Friday": "",
    "the doctor said so": "",
    "Book for Thursday": "",
}
VISITS = {
    "a cleaning": "Dental cleaning",
    "I need my teeth cleaned, a dental cleaning": "Dental cleaning",
    "a physiotherapy session": "Physiotherapy",
    "physio please": "Physiotherapy",
    "just a consultation": "Consultation",
    "a dental checkup": "Dental checkup",
    "a blood test": "",
    "Book for Thursday": "",
}


@pytest.mark.parametrize(("text", "wanted"), WANTED.items())
def test_whom_somebody_wants_to_see(text: str, wanted: str) -> None:
    assert find_practitioner(split_words(text), MANY).wanted == wanted


@pytest.mark.parametrize("text", WANTED)
def test_in_a_plain_clinic_there_is_nobody_to_choose(text: str) -> None:
    assert find_practitioner(split_words(text), PLAIN).wanted == ""


@pytest.mark.parametrize("text", ["with Dr. Smith", "see doctor Wilson on Friday"])
def test_a_stranger_is_noticed(text: str) -> None:
    assert find_practitioner(split_words(text), MANY).stranger


def test_a_callers_own_name_is_no_practitioner() -> None:
    words = split_words("my name is Test Rao")
    assert find_practitioner(words, MANY, led=True).wanted == ""


@pytest.mark.parametrize(("text", "name"), VISITS.items())
def test_what_somebody_wants_done(text: str, name: str) -> None:
    assert find_visit_type(split_words(text), "", MANY) == name
    assert find_visit_type(split_words(text), "", PLAIN) == ""


def test_the_hours_of_a_plain_clinic_are_told_as_ever() -> None:
    assert opening_hours(PLAIN, None, TODAY) == "We are open Monday to Saturday, 9 AM to 6 PM."


def test_the_hours_of_a_clinic_are_those_of_its_practitioners() -> None:
    told = opening_hours(MANY, None, TODAY)
    assert told == "We are open Monday to Friday 9 AM to 6 PM and Saturday 9 AM to 1 PM."
    assert "Tuesday, Thursday, and Saturday" in opening_hours(MANY, None, TODAY, "Dr. Iyer")


def test_a_clinic_without_specialties_tells_names_only(clinic: Clinic) -> None:
    assert practitioners(clinic) == "You can see The clinic."
