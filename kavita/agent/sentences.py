"""A model's words as they come, cut into sentences that can be spoken, and those that may not."""

import re

_END = re.compile(r"(?<=[.?!])[\"')\]*_`]*\s+(?=\S)|\n+")
_ABBREVIATION = re.compile(r"(?:\b(?:Dr|Mr|Mrs|Ms|St|No|vs|approx|[AaPp]\.?[Mm])|\b[A-Za-z])\.$")
_MARKUP = re.compile(r"[*_`#|<>~]+|^\s*(?:[-•]|\d+[.)])\s+", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")

_CHANGED = (
    r"(?:re)?booked|(?:re)?scheduled|reserved|cancel?led|moved|changed|confirmed|registered|"
    r"postponed|updated|deleted|removed|arranged|secured|all set|taken care of|waiting list"
)
_CLAIM = re.compile(rf"\b(?:{_CHANGED})\b|^\W*done\b", re.IGNORECASE)
_ASKING = re.compile(
    r"^\W*(?:so |and |or |okay |ok )?,? ?(?:would|shall|should|do|did|can|could|may|which|what|"
    r"when|how|are you|is there|is that|who|if)\b",
    re.IGNORECASE,
)


class Sentences:
    """Collects pieces of text and gives out each sentence as soon as it stands."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._text = ""

    def add(self, piece: str) -> list[str]:
        """Take a piece in; return the sentences that it completes."""
        self._text += piece
        complete, start = [], 0
        for end in _END.finditer(self._text):
            sentence = self._text[start : end.start()]
            if _ABBREVIATION.search(sentence):
                continue
            complete.append(sentence)
            start = end.end()
        self._text = self._text[start:]
        return [spoken for sentence in complete if (spoken := speakable(sentence))]

    def rest(self) -> list[str]:
        """Return what is left at the end of the text."""
        text, self._text = speakable(self._text), ""
        return [text] if text else []


def speakable(text: str) -> str:
    """Return the text without markup; empty when there is nothing to say in it."""
    plain = _MARKUP.sub("", _LINK.sub(r"\1", text))
    words = " ".join(plain.split())
    return words if any(each.isalnum() for each in words) else ""


def claims_a_change(sentence: str) -> bool:
    """Whether a sentence may be taken to say that the book was changed.

    Rather too often than too seldom: such words are spoken by the line itself, from the row.
    """
    asks = sentence.rstrip().endswith("?") and _ASKING.search(sentence)
    return bool(_CLAIM.search(sentence)) and not asks
