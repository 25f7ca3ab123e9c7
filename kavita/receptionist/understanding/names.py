"""A caller's own name: "my name is Test Patient", "it's Test", "T E S T"."""

import re

from kavita.receptionist.understanding.words import word_set

_LEAD = re.compile(
    r"\b(?:my (?:full |first )?name(?: is|'s|s)?|name is|name's|call me|this is|it is|it's|its|"
    r"i am|i'm|im)\s+",
    re.IGNORECASE,
)
_EXPLICIT = re.compile(r"\bname(?: is|'s|s)?\s+", re.IGNORECASE)
_OPENING = re.compile(
    r"^(?:(?:yes|yeah|sure|ok|okay|um|uh|well|hi|hello|oh|you|of course|please|certainly)[\s,.]+)+",
    re.IGNORECASE,
)
_PIECE = re.compile(r"[^\W\d_][^\W\d_'’.-]*(?:[-'’][^\W\d_]+)*")
_SPELLED = re.compile(r"(?<!['’])\b(?:[^\W\d_][-. ]){2,}[^\W\d_]\b")
_STOP = word_set(
    "and please thanks thank i i'm i'd i've my with but so for that's thats spelled spelt it's its"
)
_NEVER = word_set(
    "a an the new not no yes yeah yep nope ok okay what who why when where which how book booking "
    "appointment appointments cancel move change help hello hi hey bye goodbye pardon repeat sorry "
    "sure fine good great id number register registered done that this it is are am was do does "
    "can they could would should will want need like have has had don't dont can't cant you your "
    "me we "
    "tomorrow today monday tuesday wednesday thursday friday saturday sunday here there calling "
    "looking just really about nothing something anything wait stop never mind weather doctor slow "
    "slower again say said didn't human robot person in on at to of from afraid trying having "
    "going sick ill name actually well but maybe because if or so then now already sorry i i'm i'd "
    "one two first second next last any some more rather private why business only still also too "
    "think know guess hang hold moment minute let see look find give go get got make "
    "morning afternoon evening noon today's cancelled okay alright perfect thanks thank"
)
MAX_WORDS = 4
"""Longer answers are not names."""
MAX_LED_WORDS = 7
"""The same, after "my name is"."""
MAX_CHARS = 80


def find_name(text: str, expected: bool) -> str:
    """The name in what was said, capitalised, or "".

    A bare answer counts only where the name was asked for (`expected`).
    """
    said = text.strip()
    lead = _EXPLICIT.search(said) or (_LEAD.search(said) if expected else None)
    said = said[lead.end() :] if lead else _OPENING.sub("", said)
    if not (lead or expected) or "?" in said:
        return ""
    said = _SPELLED.sub(lambda found: re.sub(r"[-. ]", "", found[0]).capitalize(), said)
    pieces: list[str] = []
    for piece in re.split(r"[\s,;:!]+|\.(?:\s|$)", said):
        word = piece.strip('."“”()')
        if not word:
            continue
        if word.lower() in _STOP and pieces:
            break
        pieces.append(word)
    return _as_name(pieces, MAX_LED_WORDS if lead else MAX_WORDS)


def _as_name(pieces: list[str], most: int) -> str:
    good = (
        0 < len(pieces) <= most
        and all(_PIECE.fullmatch(piece) for piece in pieces)
        and not any(piece.lower() in _NEVER for piece in pieces)
    )
    if not good:
        return ""
    return " ".join(_capitalised(piece) for piece in pieces)[:MAX_CHARS]


def _capitalised(piece: str) -> str:
    """ "TEST" and "test" become "Test", "McTest" stays."""
    return (
        piece.capitalize() if piece.isupper() and len(piece) > 2 else piece[0].upper() + piece[1:]
    )
