"""What callers want, in their own words and as recognizers hear them."""

import pytest

from kavita.receptionist.understanding.intents import Intent, find_intents
from kavita.receptionist.understanding.words import split_words

MEANS = [
    (Intent.BOOK, ["Book for Thursday", "I'd like to make an appointment", "I want to see a doctor",
                   "Can I come in tomorrow", "do you have anything on Saturday",
                   "what times do you have", "I need a checkup", "Work on appointment for May",
                   "I lead an appointment", "I leave an appointment", "I needed an appointment",
                   "I need a point meant", "when are you free?", "I should come see somebody"]),
    (Intent.CANCEL, ["Cancel my appointment", "Canstle my appointment.", "Actually cancelled that.",
                     "please delete my booking"]),
    (Intent.MOVE, ["Move my appointment to Friday", "Can I reschedule?", "I need to change my time",
                   "Can I raise schedule my appointment?", "Can I reshape your mind appointment?",
                   "push it back a bit"]),
    (Intent.LIST, ["What appointments do I have?", "When is my next appointment?",
                   "do I have any appointments", "read my appointments",
                   "Where is my appointment?", "Where's my next visit?"]),
    (Intent.REGISTER, ["I'm a new patient", "I'd like to register", "I don't have an ID",
                       "I don't have an idea.", "In the new patient.", "sign me up"]),
    (Intent.LOST_ID, ["I have forgotten my ID", "I don't remember my ID", "I lost my number"]),
    (Intent.YES, ["Yes", "yes please", "Yeah, sure", "ok", "that works", "That's fine.",
                  "Next file.", "please do", "sounds good", "I'll take it"]),
    (Intent.NO, ["No", "No thank you", "nope", "none of those", "that doesn't work", "too early"]),
    (Intent.NEVER_MIND, ["Never mind.", "forget it", "I changed my mind"]),
    (Intent.GOODBYE, ["That's all, bye", "That's all by.", "You Don't buy.", "Good-bye.", "By.",
                      "Thanks, that's all", "Thanks, let's all.", "I am done", "I am turned.",
                      "No, that's everything, thank you", "No, not everything thank you.",
                      "nothing else thanks", "have a good day"]),
    (Intent.REPEAT, ["Can you repeat that?", "Pardon?", "Hardin.", "what?", "say that again",
                     "Can I mure a peep at that?", "I didn't catch that"]),
    (Intent.SLOWER, ["Slower please", "Slaughter, please!", "slow down", "that was too fast"]),
    (Intent.HOURS, ["What are your opening hours?", "What are your opinion hours?",
                    "Are you open on Saturday?", "when do you close"]),
    (Intent.ROBOT, ["Are you a robot?", "Are you rogot?", "are you a person", "are you an AI"]),
    (Intent.WHO, ["Who are you?", "what's your name", "which clinic is this", "help"]),
    (Intent.HUMAN, ["Can I talk to a human?", "I want to speak to a person", "operator please",
                    "put me through to the front desk"]),
    (Intent.ADVICE, ["what should I take", "can I take aspirin", "is it serious"]),
    (Intent.MEDICAL, ["I have a headache", "my tooth hurts", "the test results"]),
    (Intent.CLINIC_QUESTION, ["what's your address", "how much is it", "do you take insurance"]),
    (Intent.OFF_TOPIC, ["What's the weather like?", "tell me a joke"]),
    (Intent.LATER, ["anything later?", "An easy thing later."]),
    (Intent.EARLIER, ["Do you have anything earlier?", "something sooner"]),
    (Intent.OTHER_DAY, ["another day please", "a different day"]),
    (Intent.SOONEST, ["as soon as possible", "the first available", "the earliest you have"]),
]  # fmt: skip

DOES_NOT_MEAN = [
    (Intent.YES, ["slower please", "12 PM please", "no, fine", "tomorrow please"]),
    (Intent.GOODBYE, ["Book for Thursday", "is that all you have", "not Thursday", "good morning"]),
    (Intent.BOOK, ["Cancel my appointment", "what appointments do I have", "bookkeeping"]),
    (
        Intent.LIST,
        [
            "cancel my appointment",
            "move my next appointment to Friday",
            "where is the clinic",
            "where are you",
        ],
    ),
    (Intent.LATER, ["see you later, bye", "at a later date"]),
    (Intent.HOURS, ["do you have any openings"]),
    (Intent.NO, ["no problem", "another one", "nothing"]),
    (
        Intent.BOOK,
        [
            "leave my appointment as it is",
            "how much does it cost to see a doctor",
            "I have an appointment on Tuesday",
        ],
    ),
    (Intent.SOMEONE_ELSE, ["what appointments do I have", "my appointment is on Tuesday"]),
    (Intent.REGISTER, ["I haven't been feeling well"]),
    (Intent.WRONG, ["no, not everything thank you"]),
    (Intent.MOVE, ["never mind, I changed my mind"]),
    (Intent.HUMAN, ["I want to see a doctor", "are you a human"]),
]


@pytest.mark.parametrize(
    ("intent", "text"), [(intent, text) for intent, texts in MEANS for text in texts]
)
def test_it_is_understood(intent: Intent, text: str) -> None:
    assert intent in find_intents(split_words(text))


@pytest.mark.parametrize(
    ("intent", "text"), [(intent, text) for intent, texts in DOES_NOT_MEAN for text in texts]
)
def test_it_is_not_read_into_other_words(intent: Intent, text: str) -> None:
    assert intent not in find_intents(split_words(text))
