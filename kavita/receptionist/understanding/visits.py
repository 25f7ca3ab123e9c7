"""Which of the clinic's kinds of visit is meant: "a cleaning", "a physiotherapy session"."""

from kavita.receptionist.understanding.practitioners import share_stem, words_of_name
from kavita.receptionist.understanding.words import Words, split_words, word_set
from kavita.scheduling.clinic import Clinic, VisitType

_SAY_LITTLE = word_set("visit appointment session general test check new patient and the a of for")


def find_visit_type(words: Words, purpose: str, clinic: Clinic) -> str:
    """The name of the kind of visit of which most is said, or ""; "" in a plain clinic."""
    said = {*words, *split_words(purpose)}
    best, most = "", 0.0
    for visit in clinic.visit_types:
        share = _share(visit, said)
        if share > most:
            best, most = visit.name, share
    return best


def _share(visit: VisitType, said: set[str]) -> float:
    if not visit.key:
        return 0.0
    telling = {word for word in words_of_name(visit.name) if word not in _SAY_LITTLE}
    found = [word for word in telling if any(share_stem(word, one) for one in said)]
    return len(found) / len(telling) if telling else 0.0
