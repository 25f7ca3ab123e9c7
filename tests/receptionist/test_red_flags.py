"""Danger to life is heard in many words, and only where it is meant."""

import pytest

from kavita.receptionist.understanding.red_flags import is_red_flag
from kavita.receptionist.understanding.words import split_words

EMERGENCIES = (
    "I have chest pain",
    "I have a pain in my chest and my arm hurts",
    "There is a crushing pressure on my chest",
    "My chest hurts badly",
    "My chest feels tight",
    "I think I'm having a heart attack",
    "My father has collapsed",
    "I can't breathe",
    "I cannot breathe properly",
    "She is not breathing",
    "He stopped breathing",
    "I'm having trouble breathing",
    "He is struggling to breathe",
    "I think my mother is having a stroke",
    "Her face is drooping and her speech is slurred",
    "He has slurred speech",
    "She is unconscious",
    "He passed out and won't wake up",
    "I can't wake him up",
    "He is bleeding heavily",
    "There is blood everywhere and it won't stop",
    "I'm bleeding and it won't stop, severe bleeding",
    "She is vomiting blood",
    "I took an overdose",
    "My son swallowed bleach",
    "She took too many pills",
    "I feel suicidal",
    "I want to kill myself",
    "I want to die",
    "He is having a seizure",
    "My throat is swelling after a bee sting, I think it's anaphylaxis",
    "My baby is turning blue",
    "The baby is choking",
    "She fainted just now",
    "My water just broke",
    "I suddenly can't move my left arm",
    "He has been stabbed",
    "This is an emergency",
    "I need an ambulance",
    "Book for Thursday, actually I have chest pain right now",
    "I don't want to book, I can't breathe",
    "I can't cast pain.",
    "I have chess pain",
    "I can breathe.",
)

NOT_EMERGENCIES = (
    "My ID is 1001",
    "Book for Thursday",
    "12 PM please",
    "I'd like a chest x-ray",
    "It's for a chest infection",
    "It's a follow-up after my heart attack last year",
    "I had a stroke two years ago and need a checkup",
    "I recovered from a seizure as a child",
    "I have no chest pain",
    "I don't have chest pain, it's just a checkup",
    "There is no emergency, I just want an appointment",
    "It's not an emergency",
    "Who is your emergency contact",
    "What is the emergency number",
    "I'm dying to see the doctor",
    "By a stroke of luck I am free on Monday",
    "I nearly had a heart attack when I saw the price",
    "My back hurts",
    "I have a headache",
    "I have a sore throat",
    "My knee is swollen",
    "I need a blood test",
    "Can I donate blood on Friday",
    "I have a cold",
    "I'd like information about stroke prevention",
    "It's for a blood pressure check",
    "Is it at three thirty",
    "Could you shoot me an email",
    "I want to cancel my appointment",
    "I need a flu shot",
    "My daughter has a fever",
    "It's about my asthma medicine",
    "I have a breathing test on Monday",
    "Do you treat burns",
    "I want to diet",
    "What's the weather like",
    "I'm not bleeding any more, it was a small cut",
    "That's all, bye",
)


@pytest.mark.parametrize("text", EMERGENCIES)
def test_words_of_danger_are_a_red_flag(text: str) -> None:
    assert is_red_flag(split_words(text))


@pytest.mark.parametrize("text", NOT_EMERGENCIES)
def test_other_words_are_none(text: str) -> None:
    assert not is_red_flag(split_words(text))
