"""With whom a caller wants to be seen: "Doctor Rao", "a dentist", "anybody", misheard names too."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise

from kavita.receptionist.understanding.words import Words, split_words, word_set
from kavita.scheduling.clinic import Clinic, Practitioner

ANYBODY = "any"
"""What a caller without a preference wants, as the tools call it."""
ANOTHER = "another"
"""Somebody else than the one who is spoken of."""

_TITLES = word_set("dr doctor doc mr mrs ms miss nurse")
_LEADS = _TITLES | word_set("with see")
_NO_NAMES = word_set(
    "a an the my your our some any another other different same one someone somebody anyone "
    "anybody that this it is are was who whom what which when where please now today tomorrow "
    "tonight on at in for to of about by and or not no yes me us you i he she they we "
    "appointment appointments visit available free there here if next first new good best "
    "right again soon earlier later monday tuesday wednesday thursday friday saturday sunday "
    "would will can could should do does have has had said says told asked wants need needs "
    "want like as because so but then instead doctor doctors dr dentist nurse person human "
    "out how name named called work works working"
)
_ANYBODY = re.compile(
    r"\b(any|either|whichever|whatever) (doctor|dentist|physician|practitioner|of (the|your) "
    r"(doctors|practitioners))\b|\b(anybody|anyone|whoever|someone else|somebody else)\b"
    r"(?! there| here| elses?)|"
    r"\b(doesnt|does not|dont|do not) (matter|mind|care) (who|which doctor)|"
    r"\bno matter (who|which doctor)"
)
_ANOTHER = re.compile(
    r"\b(another|a different|some other|any other|other) (doctor|practitioner|dentist)\b"
)
_DENIED = re.compile(
    r"\b(not|except|instead of|rather than|other than|but|apart from|dont want|dont like)"
    r"( to)?( see| with)*( dr| doctor)?$"
)
_ALIKE_AFTER_TITLE, _ALIKE = 0.6, 0.75
"""How much of a misheard name must be right: after "Doctor", and after "with" or "see"."""
_ALIKE_IN_PIECES = 0.9
"""The same, where it begins like another word: "Doctor I yer"."""
_LEAST_STEM = 5


@dataclass(frozen=True)
class PractitionerMention:
    """Who is wanted: a name or a specialty of the clinic's, ANYBODY, ANOTHER, or ""."""

    wanted: str = ""
    leads_there: bool = False
    """A "to" or "instead" says that this is with whom it shall be, not with whom it is."""
    stranger: bool = False
    """Somebody was named whom the clinic does not have."""


def find_practitioner(words: Words, clinic: Clinic, led: bool = False) -> PractitionerMention:
    """Who is wanted, in a clinic that has practitioners; with `led`, no name stands alone."""
    if clinic.is_plain:
        return PractitionerMention()
    said = " ".join(words)
    named = list(_named(words, clinic, led))
    kept = [one for at, one in named if not _DENIED.search(" ".join(words[:at]))]
    leads_there = bool(re.search(r"\bto (dr|doctor|see)\b|\binstead\b|\brather\b", said))
    if kept:
        chosen = kept[0] if "or" in words else kept[-1]
        return PractitionerMention(chosen.name, leads_there)
    if _ANOTHER.search(said):
        return PractitionerMention(ANOTHER, True)
    if _ANYBODY.search(said) or named:
        return PractitionerMention(ANYBODY, True)
    if skilled := _skilled(words, clinic):
        return PractitionerMention(skilled, leads_there)
    return PractitionerMention(stranger=_names_stranger(words))


def _named(words: Words, clinic: Clinic, led: bool) -> Iterator[tuple[int, Practitioner]]:
    """Every practitioner whose name is said, with the word where it begins."""
    names = {
        part: one
        for one in clinic.practitioners
        for part in words_of_name(one.name)
        if part not in _TITLES and len(part) > 1
    }
    for at, word in enumerate(words):
        before = words[at - 1] if at else ""
        if word in names and (not led or before in _LEADS):
            yield at, names[word]
        elif before in _LEADS:
            least = _ALIKE_AFTER_TITLE if before in _TITLES else _ALIKE
            heard: tuple[str, ...] = (word, "".join(words[at : at + 2]))
            if word in _NO_NAMES:
                heard, least = heard[1:], _ALIKE_IN_PIECES
            if (alike := _closest(heard, names, least)) is not None:
                yield at, alike


def _closest(
    heard: tuple[str, ...], names: dict[str, Practitioner], least: float
) -> Practitioner | None:
    """The practitioner whose name is spelled most like what was heard."""
    likeness = {
        name: max(SequenceMatcher(None, name, one).ratio() for one in heard) for name in names
    }
    best = max(likeness, key=likeness.__getitem__, default="")
    return names[best] if best and likeness[best] >= least else None


def _skilled(words: Words, clinic: Clinic) -> str:
    """A specialty that is said: its own name, or the one who has it where there is only one."""
    for one in clinic.practitioners:
        telling = words_of_name(one.specialty)
        if telling and all(any(share_stem(part, word) for word in words) for part in telling):
            alike = [each for each in clinic.practitioners if each.specialty == one.specialty]
            return one.specialty if len(alike) > 1 else one.name
    return ""


@lru_cache(maxsize=1024)
def words_of_name(name: str) -> Words:
    """The words of a name of the clinic's, which are asked for in each turn."""
    return split_words(name)


def share_stem(first: str, second: str) -> bool:
    """Whether two words are one, or forms of one: "dentist" and "dentistry"."""
    if first == second:
        return True
    shorter = min(len(first), len(second))
    same = next((n for n in range(shorter) if first[n] != second[n]), shorter)
    return same >= _LEAST_STEM and same >= shorter - 3


def _names_stranger(words: Words) -> bool:
    """Whether "Dr. X" is said, of whom the clinic knows nothing."""
    return any(
        before == "dr" or (before == "doctor" and words[max(0, at - 1)] in {"with", "see"})
        for at, (before, word) in enumerate(pairwise(words))
        if word not in _NO_NAMES and word.isalpha()
    )
