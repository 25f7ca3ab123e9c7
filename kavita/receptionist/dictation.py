"""How many digits of a dictated ID were said: by the words, and by the beat of the voice. Pure."""

import re
from dataclasses import dataclass

from kavita.receptionist.understanding.numbers import ID_DIGITS, digit_runs, sounds_like_digits
from kavita.receptionist.understanding.words import Words

_ASIDE = re.compile(
    r"\b(?:(?:my|the|its|it is|that is|thats|and) )*(?:user |patient )?"
    r"(?:ids?|ideas?|aid|number|user|patient)(?: number)?(?: (?:is|was|are))?\b|"
    r"\b(?:its|it is|is|thats|that is|i said|i think|let me (?:see|think)|"
    r"hello|hi|hey|yes|yeah|no|sorry|well|so|ok|okay|sure|the)\b"
)
"""What people say around the digits. A lone "I", "a" or "my" is a misheard digit."""

_ONE_BEAT = ("_its", "_is", "_hi", "_hey", "_yes", "_no", "_well", "_so", "_sure")
"""Behind digits these are misheard ones: "Nine, two. No one" is said of no ID."""

_ZER = ("here", "hear", "near", "year", "dear")
"""With an "oh" behind it, a misheard "zero"."""

_UNENDED = ("user", "patient")
_SYLLABLES = {"id": 2, "ids": 2, "idea": 3, "ideas": 3}
_VOWELS = re.compile(r"[aeiouy]+")
_SILENT_E = re.compile(r"(?<=[^aeiouyl])es?$")

DIGIT_SECONDS = 0.17
"""A spoken digit is voice for at least so long (100 IDs of three people: 0.175 s)."""

DOUBLED = "07"
"""Digits of two syllables, though "zero" is often said in one beat."""

FEWEST_KNOWN = 1
"""With fewer of the digits understood, the beat may be that of anything."""


@dataclass(frozen=True)
class Dictation:
    """A turn of which the caller's ID is expected, read as digits."""

    words: int
    """Digits that the words stand for; a word that is no digit counts as one misheard."""
    known: int
    """Those of them that are digits, or sound like some."""
    aside: int
    """Syllables of what is said around them."""
    doubled: int
    """Second syllables of digits that were understood: "zero", "seven"."""
    before: int
    """Digits that stand from the turns before."""

    def is_whole(self, syllables: int, seconds: float) -> bool:
        """Whether words and beat agree that the ID was said to its end."""
        return min(self.words, self._sounded(syllables, seconds)) >= ID_DIGITS - self.before

    def may_be_whole(self, syllables: int, seconds: float) -> bool:
        """Whether the beat alone says so, and the words are too few by one."""
        is_likely = self.words == ID_DIGITS - self.before - 1 and self.known >= FEWEST_KNOWN
        return is_likely and self.sounds_whole(syllables, seconds)

    def sounds_whole(self, syllables: int, seconds: float) -> bool:
        """Whether the beat says so, whatever the words."""
        return self._sounded(syllables, seconds) - self.doubled >= ID_DIGITS - self.before

    def _sounded(self, syllables: int, seconds: float) -> int:
        """Digits of which there is a beat; a voice has so much time for each."""
        beats = syllables - self.aside
        return min(beats, int(seconds * beats / syllables / DIGIT_SECONDS)) if syllables else 0


def read_dictation(words: Words, before: int) -> Dictation:
    """Read the words of a turn as digits, `before` of which are known already."""
    said = _ASIDE.sub(lambda match: "_".join(["", *match.group().split()]), " ".join(words))
    digits: list[str] = []
    aside: list[str] = []
    is_unended, last = False, ""
    for word in said.split():
        understood = _digits_in(word)
        # "My user in this one zero": what follows "my user" is a misheard "ID is".
        if is_unended and not (understood or digits):
            aside.append(word)
        elif word in ("oh", "o") and last in _ZER:
            digits[-1] = "0"
        elif word in _ONE_BEAT and any(digits):
            digits.append("")
        elif word.startswith("_"):
            aside += word.split("_")
            is_unended = word.endswith(_UNENDED)
        else:
            digits.append(understood)
        last = word
    known = "".join(digits)
    return Dictation(
        words=sum(len(each) or 1 for each in digits),
        known=len(known),
        aside=sum(syllables_of(word) for word in aside if word),
        doubled=sum(digit in DOUBLED for digit in known),
        before=before,
    )


def _digits_in(word: str) -> str:
    return "".join(digit_runs((sounds_like_digits(word),)))


def syllables_of(word: str) -> int:
    """Syllables of an English word, about."""
    return _SYLLABLES.get(word) or max(1, len(_VOWELS.findall(_SILENT_E.sub("", word))))
