"""How many digits of a dictated ID were said: by the words, and by the beat of the voice. Pure."""

import re
from dataclasses import dataclass

from kavita.receptionist.understanding.numbers import ID_DIGITS, digit_runs, sounds_like_digits
from kavita.receptionist.understanding.words import Words

_ASIDE = re.compile(
    r"\b(?:(?:my|the|its|it is|that is|thats|and) )*(?:user |patient )?"
    r"(?:ids?|ideas?|aid|number|user|patient)(?: number)?(?: (?:is|was|are))?\b|"
    r"\b(?:its|it is|is|thats|that is|i said|i think|let me (?:see|think)|"
    r"hello|hi|hey|yes|yeah|no|please|sorry|well|so|ok|okay|sure|the)\b"
)
"""What people say around the digits. A lone "I", "a" or "my" is a misheard digit."""

_SYLLABLES = {"id": 2, "ids": 2, "idea": 3, "ideas": 3}
_VOWELS = re.compile(r"[aeiouy]+")
_SILENT_E = re.compile(r"(?<=[^aeiouyl])es?$")

DIGIT_SECONDS = 0.18
"""A spoken digit is voice for at least so long (100 IDs of three people: 0.20 s)."""

DOUBLED = "07"
"""Digits of two syllables, though "zero" is often said in one beat."""

FEWEST_WORDS = 2
"""Fewer words tell nothing, whatever the beat."""


@dataclass(frozen=True)
class Dictation:
    """A turn of which the caller's ID is expected, read as digits."""

    words: int
    """Digits that the words stand for; a word that is no digit counts as one misheard."""
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
        beats = self._sounded(syllables, seconds) - self.doubled
        missing = ID_DIGITS - self.before
        return beats >= missing and self.words == missing - 1 >= FEWEST_WORDS

    def _sounded(self, syllables: int, seconds: float) -> int:
        """Digits of which there is a beat; a voice has so much time for each."""
        beats = syllables - self.aside
        return min(beats, int(seconds * beats / syllables / DIGIT_SECONDS)) if syllables else 0


def read_dictation(words: Words, before: int) -> Dictation:
    """Read the words of a turn as digits, `before` of which are known already."""
    said = " ".join(words)
    aside = " ".join(_ASIDE.findall(said)).split()
    known = [_digits_in(word) for word in _ASIDE.sub(" ", said).split()]
    doubled = sum(digit in DOUBLED for digits in known for digit in digits)
    return Dictation(
        sum(len(digits) or 1 for digits in known), sum(map(syllables_of, aside)), doubled, before
    )


def _digits_in(word: str) -> str:
    return "".join(digit_runs((sounds_like_digits(word),)))


def syllables_of(word: str) -> int:
    """Syllables of an English word, about."""
    return _SYLLABLES.get(word) or max(1, len(_VOWELS.findall(_SILENT_E.sub("", word))))
