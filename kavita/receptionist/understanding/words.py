"""The words of a turn, evened out: speech recognizers disagree on case, dots, dashes and commas."""

import re
import unicodedata

Words = tuple[str, ...]
"""The tokens of one turn."""

MAX_CHARS = 4_000
"""Longer turns are read only this far."""

_TOKEN = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}:[0-9]{2}|"
    r"(?<![0-9/])[0-9]{1,2}/[0-9]{1,2}(?:/[0-9]{4})?(?![0-9/])|"
    r"[0-9]+(?:st|nd|rd|th)\b|[0-9]+|[^\W\d_]+"
)

_REWRITES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\bi'd\b|\bid (?=like|love|prefer|rather)", "i would "),
        (r"\b([0-9]{4})/([0-9]{2})/([0-9]{2})\b", r"\1-\2-\3"),
        (r"\b([0-9]{1,2})([.-])([0-9]{1,2})\2([0-9]{4})\b", r"\1/\3/\4"),
        (r"\b(today|tomorrow|tonight)'?s\b", r"\1"),
        (r"\bo'? ?clock\b|\ba clock\b", " oclock "),
        (r"'", ""),
        (r"\bi\. ?d\b\.?|\bi d\b", "id"),
        (r"(?<=\d),(?=\d{3}\b)", ""),
        (r"\b(\d{1,2})\.(\d{2})(?!\d)", r"\1:\2"),
        (r"(?<=\d)(?=[ap]\.? ?m\b)", " "),
        (r"\b([ap])[. ]{1,2}m\b\.?", r"\1m"),
        (r"\bre[- ]?schedul", "reschedul"),
        (r"\bcheck[- ]?ups?\b", "checkup"),
        (r"\bfollow[- ]?up\b", "followup"),
        (r"\bx[- ]?ray\b", "xray"),
        (r"\bto[- ](morrow|my lo|marlowe?|mollow)\b", "tomorrow"),
        (r"\b(tmrw|tmr|tmw|tomorow|tommorow|tommorrow)\b", "tomorrow"),
        (r"\bhundred hours?\b", " oclock "),
        (r"\bnoon-?ish\b", "noon ish"),
        (r"\bend of (the )?day\b|\blast thing\b", "late afternoon"),
        (r"\bgood[- ]bye?\b", "goodbye"),
        (
            r"\b(acquaintment|a?pointments?|(a )?point[- ](meant|mint|men|ment|mind))\b",
            "appointment",
        ),
        (r"\bmid[- ]?day\b", "midday"),
        (r"\b(forty|twenty|thirty|fifty)[- ](?=\w)", r"\1 "),
    )
)

_FILLERS = frozenset({"um", "uh", "er", "erm", "hmm", "mm", "uhm", "ah"})
_AFTER_REAL_YOU = frozenset(
    {"are", "can", "could", "do", "did", "have", "said", "there", "know", "will", "would", "got"}
)


def split_words(text: str) -> Words:
    """Lower-case tokens: words without apostrophes, "9:30", "12th", "2026-02-12", "2/12", "1001".

    A lone leading "You" is dropped: recognizers write it for a breath or a click.
    """
    even = unicodedata.normalize("NFKC", text[:MAX_CHARS]).lower().replace("’", "'")
    for pattern, replacement in _REWRITES:
        even = pattern.sub(replacement, even)
    words = [word for word in _TOKEN.findall(even) if word not in _FILLERS]
    if len(words) > 1 and words[0] == "you" and words[1] not in _AFTER_REAL_YOU:
        del words[0]
    return tuple(words)


def word_set(text: str) -> frozenset[str]:
    """The words of a list written as one string."""
    return frozenset(text.split())


def word_numbers(text: str, start: int, step: int = 1) -> dict[str, int]:
    """Number the groups of a comma-separated string; the words of a group share its number."""
    groups = enumerate(text.split(","))
    return {word: start + step * index for index, group in groups for word in group.split()}
