"""When a turn is over: one rule, from silence, sound and sense. Pure; time is an argument."""

from dataclasses import dataclass

from kavita.receptionist.expectation import Answer, Reading
from kavita.voice.rhythm import Rhythm

SOUNDS_FINISHED = 0.5
"""Smart Turn's probability from which a turn sounds finished (its own threshold)."""


@dataclass(frozen=True)
class Waits:
    """Seconds of silence after which a turn is over, from the surest case to the least sure."""

    complete: float = 0.15
    """The question is answered and nothing is likely to follow."""
    finished: float = 0.25
    """It sounds finished, and the words do not speak against it."""
    counted: float = 0.25
    """The digits were not all understood, but as many were said as were asked for."""
    enough: float = 0.4
    """The question is answered, but it does not sound finished."""
    unsure: float = 0.6
    """The words do not tell, and it does not sound finished."""
    astray: float = 1.6
    """The words are no answer, though one was asked for. Smart Turn does not help here: it calls
    "how about" and "let me think" finished as often as a garbled answer."""
    silence: float = 2.0
    """More must follow, or nothing was understood: the upper bound."""
    dictating: float = 2.5
    """The same while digits are dictated."""

    @property
    def longest(self) -> float:
        """The most that any turn waits."""
        return max(self.silence, self.dictating)


@dataclass(frozen=True)
class Evidence:
    """What is known of a turn in which the caller has fallen silent."""

    reading: Reading | None = None
    """What the words are worth; None until they are decoded."""
    finished: float | None = None
    """Smart Turn's probability that the turn is over; None until it has answered."""
    rhythm: Rhythm | None = None
    """The syllables so far; None where nobody counted them."""

    @property
    def sounds_finished(self) -> bool:
        """Whether Smart Turn said so."""
        return self.finished is not None and self.finished >= SOUNDS_FINISHED


def silence_needed(evidence: Evidence, waits: Waits) -> float:
    """Seconds of silence after which the turn is over, as far as is known now."""
    reading = evidence.reading
    if reading is None:
        return waits.longest
    match reading.answer:
        case Answer.COMPLETE:
            return waits.complete
        case Answer.ENOUGH:
            return waits.finished if evidence.sounds_finished else waits.enough
        case Answer.OPEN:
            return waits.finished if evidence.sounds_finished else waits.unsure
        case Answer.ASTRAY:
            return waits.astray
        case Answer.UNFINISHED if counted := _counted(reading, evidence.rhythm, waits):
            return counted
        case Answer.UNFINISHED | Answer.NOTHING:
            return waits.dictating if reading.dictating else waits.silence


def _counted(reading: Reading, rhythm: Rhythm | None, waits: Waits) -> float | None:
    """The wait after digits that were said, though not all understood; None while some are not."""
    if reading.dictation is None or rhythm is None:
        return None
    if reading.dictation.is_whole(rhythm.syllables, rhythm.seconds):
        return waits.counted
    if reading.dictation.may_be_whole(rhythm.syllables, rhythm.seconds):
        return waits.unsure
    if reading.dictation.sounds_whole(rhythm.syllables, rhythm.seconds):
        return waits.astray
    return None


def sound_tells(answer: Answer) -> bool:
    """Whether Smart Turn's verdict would change the wait; it costs 60 ms of a core."""
    return answer in (Answer.OPEN, Answer.ENOUGH)
