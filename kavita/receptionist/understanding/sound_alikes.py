"""Which of a few phrases some words sound like: "thirsty" is heard for "Thursday". Pure."""

import re
from collections.abc import Mapping, Sequence

import jellyfish

Wordings = Mapping[str, Sequence[str]]
"""What can be meant, with the ways to say it."""

_NOT_SPELLED = re.compile(r"[^a-z ]")
_ALIKE = str.maketrans("0MXBJL", "FNSPKR")
"""Metaphone's codes of consonants that recognizers take for each other: th and f, l and r, ..."""

FARTHEST = 0.3
"""Share of the consonants that may differ. Of 37 garbled days (ten synthetic voices) 13 are found
with it and one is taken for another day."""

CLEARLY = 0.1
"""By so much the nearest must be nearer than what comes next."""


def closest(text: str, wordings: Wordings) -> str:
    """What `text` sounds like, clearly; empty where it is like none, or like several."""
    code = _code(text)
    if not code:
        return ""
    nearest = sorted(
        (min(_distance(code, _code(each)) for each in said), meant)
        for meant, said in wordings.items()
    )
    (distance, meant), *others = nearest
    is_clear = not others or others[0][0] - distance >= CLEARLY
    return meant if distance <= FARTHEST and is_clear else ""


def _code(text: str) -> str:
    """The consonants, by Metaphone (Philips, 1990)."""
    spelled = _NOT_SPELLED.sub("", text.lower())
    return jellyfish.metaphone(spelled).replace(" ", "").translate(_ALIKE)


def _distance(code: str, other: str) -> float:
    return jellyfish.levenshtein_distance(code, other) / max(len(code), len(other))
