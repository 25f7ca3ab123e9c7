"""What words mean that are said while the agent speaks: listening, or wanting the floor."""

import re
from enum import Enum

from kavita.receptionist.expectation import Answer, Reading
from kavita.receptionist.understanding.intents import Intent, find_intents
from kavita.receptionist.understanding.numbers import digit_runs, sounds_like_digits
from kavita.receptionist.understanding.words import split_words, word_set


class Interjection(Enum):
    """What a voice over the agent's is."""

    NOTHING = "nothing"
    """No words: a cough, a noise, a voice too far away to be understood."""
    BACKCHANNEL = "backchannel"
    """The caller listens and says so: "mm-hm", "okay"."""
    INTERRUPTION = "interruption"
    """The caller wants to say something, or answers."""


SHORT_SECONDS = 0.65
"""A vocal tic is no longer. A recognizer hears some word for it; only words that it hears reliably
count in so short a sound."""

FEW_WORDS = 3
"""So many words are speech, however quickly they were said."""

_CONTINUERS = word_set(
    "okay ok k right alright all mhm mmhm hm hmm mm mmm m h uh huh uhhuh aha ah oh ooh um er i see "
    "got it gotcha fine good great cool nice perfect sure of course understood thanks thank you so"
)
"""Said to somebody who is to go on; also in pieces, as recognizers write them."""
_AFFIRMATIONS = word_set("yes yeah yep yup ya please")
"""The same, unless the agent is asking for a yes."""
_CUTS_IN = word_set(
    "stop wait no nope hold hang pause sorry excuse pardon actually what hello hey help cancel "
    "change repeat again listen question wrong"
)
"""One of these is an interruption. In a short sound it comes first, or behind a filler: a later one
is a hum misheard ("Don't help.", "But what?")."""
_PLEASANT = frozenset(
    {Intent.YES, Intent.THANKS, Intent.LATER, Intent.TOO, Intent.ALL, Intent.MY_APPOINTMENT}
)
_TIC = re.compile(r"^[mhu\W]+$", re.IGNORECASE)


def weigh_interjection(text: str, seconds: float, reading: Reading) -> Interjection:
    """Weigh `text`, said in `seconds` of voice; `reading` takes it for an answer."""
    if not any(letter.isalnum() for letter in text):
        return Interjection.NOTHING
    words = split_words(text)
    if not words or _TIC.match(text) or set(words) <= _CONTINUERS:
        return Interjection.BACKCHANNEL
    if set(words) <= _CONTINUERS | _AFFIRMATIONS:
        answers = reading.answer is Answer.COMPLETE
        return Interjection.INTERRUPTION if answers else Interjection.BACKCHANNEL
    if seconds > SHORT_SECONDS or len(words) >= FEW_WORDS:
        return Interjection.INTERRUPTION
    first = next(word for word in words if word not in _CONTINUERS | _AFFIRMATIONS)
    wants = find_intents(words) - _PLEASANT
    if not reading.dictating:
        wants -= {Intent.LOST_ID}  # "don't know": said of an ID that is asked for, else a hum
    if first in _CUTS_IN or wants:
        return Interjection.INTERRUPTION
    # An ID is often begun before it was asked for to the end; no hum is taken for a digit but "oh".
    digit = sounds_like_digits(first)
    if reading.dictating and digit != "oh" and digit_runs((digit,)):
        return Interjection.INTERRUPTION
    # "No" is misheard too often to go on reading an offer to whoever may have refused it.
    answers = reading.answer in (Answer.COMPLETE, Answer.ENOUGH) or reading.yes_or_no
    return Interjection.INTERRUPTION if answers else Interjection.BACKCHANNEL
