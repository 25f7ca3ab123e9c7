"""What a visit is for: "it's for a blood test" -> "Blood test"."""

import re

from kavita.receptionist.understanding.words import Words, word_set

_KNOWN: tuple[tuple[re.Pattern[str], str], ...] = tuple(  # "" keeps the words as said
    (re.compile(rf"\b(?:{pattern})\b"), label)
    for pattern, label in (
        (r"(lab|lamp|labs|labo) (visit|visits|risit|as it)|lab appointment", "Lab visit"),
        (r"(lab|lamp) (test|tests|work)", "Lab test"),
        (r"blood (test|tests|work|draw|testing)|blitest", "Blood test"),
        (r"(dental|ventil|teeth|tooth) clean(ing|ings)?", "Dental cleaning"),
        (r"dental (checkup|check|exam)", "Dental checkup"),
        (
            r"general checkup|physical exam|annual (checkup|physical)|full checkup",
            "General checkup",
        ),
        (r"(heart|skin|health|hearing|thyroid|routine|baby) checkup", ""),
        (r"checkup", "Checkup"),
        (r"followup( visit)?", "Follow-up"),
        (r"flu (shot|jab|vaccine)", "Flu shot"),
        (r"vaccinations?|vaccines?|immunization|booster shot", "Vaccination"),
        (r"chest xray", "Chest X-ray"),
        (r"xrays?", "X-ray"),
        (r"(eye|vision) (test|exam|check|checkup)", "Eye test"),
        (r"blood pressure( check)?", "Blood pressure check"),
        (r"(repeat |new )?prescription( refill| renewal)?", "Prescription"),
        (r"ultrasound( scan)?", "Ultrasound"),
        (r"physio(therapy)?|physical therapy", "Physiotherapy"),
        (r"toothache|tooth (ache|pain)", "Toothache"),
        (r"see (a|the|your|my) dentist|dentist (visit|appointment)", "Dental visit"),
        (r"consultation|second opinion", "Consultation"),
        (r"general visit", "General visit"),
    )
)
_GENERIC = re.compile(
    r"\b(?:its|it is|thats|this is|visit is|appointment)? ?"
    r"(?:(?:for|about) (?:a|an|my|some|the|his|her)|because of(?: my| a| an| the)?|"
    r"regarding(?: my)?)"
    r" ((?:\w+ ?){1,4})"
)
_NOT_A_PURPOSE = word_set(
    "appointment appointments visit slot time moment while minute second third first last day days "
    "week weeks month months bit thing friend one another new next id date booking earliest latest "
    "soonest earlier later different name patient number doctor change mistake call help "
    "person human information dentist nurse weather wife husband son daughter mother father mom "
    "mum dad sister brother partner child children kid kids baby grandson granddaughter aunt uncle "
    "grandmother grandfather neighbour neighbor boss friend now fucking bloody"
)
_ENDS = word_set(
    "on at in this next tomorrow today please and for with if then thanks thank to that when or by "
    "is it its my i you around after before so because as soon monday tuesday wednesday thursday "
    "friday saturday sunday morning afternoon evening noon"
)


def find_purpose(words: Words) -> str:
    """The purpose as it is written in the book, or ""."""
    said = " ".join(words)
    for pattern, label in _KNOWN:
        if known := pattern.search(said):
            return label or known[0].capitalize()
    for found in _GENERIC.finditer(said):
        wanted: list[str] = []
        for word in found[1].split():
            if word in _ENDS or not word.isalpha():
                break
            wanted.append(word)
        if wanted and not _NOT_A_PURPOSE.intersection(wanted):
            return " ".join(wanted).capitalize()
    return ""
