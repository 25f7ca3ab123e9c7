"""The agent's own voice comes back from the room, and callers cut in over it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from interrupting.sounds import Interjection
from virtual_room.desk import Missed, Room

ASKED = ("1001", "What are your opening hours?", "What are my appointments?", "Can you help me?")
"""What makes the agent speak at length, besides the greeting."""

AFTERWARDS_SECONDS = 1.2
"""A phantom turn comes so long after the sentence at the latest: a pause and its decoding."""

STOPS_WITHIN_SECONDS = 2.5
"""Of the first sample of the voice that cuts in."""

SETTLES_SECONDS = 0.3
"""What the loudspeaker has in hand is out by then."""

GAP_SECONDS = 0.25
"""Two words are less far apart."""

SPEAKING_SECONDS = 1.2
"""The agent has spoken so long when a voice cuts in."""


@dataclass
class Heard:
    """What the agent took her own echo for."""

    sentences: int = 0
    interruptions: int = 0
    phantom_turns: int = 0
    hesitations: int = 0
    """She paused, and went on."""
    broken_off: int = 0
    """Calls that her echo led to where nobody asked her to go."""

    @property
    def fails(self) -> bool:
        """Whether she took her echo for somebody."""
        return bool(self.interruptions or self.phantom_turns or self.broken_off)


def listen(room: Room, sentences: int) -> Heard:
    """Let the agent speak so many sentences to her own echo, or as many as she gets to."""
    heard = Heard()
    for _ in range(sentences):
        since = time.monotonic()
        asked: list[str] = []
        try:
            _ask(room, since, asked, sentences - heard.sentences)
        except Missed:
            heard.broken_off += 1
        heard.sentences += _spoken(room, since)
        heard.interruptions += len(room.page.since(since, "interrupted"))
        heard.phantom_turns += len(room.page.since(since, "user_speaking")) - len(asked)
        yielded = room.page.since(since, "yielding")
        heard.hesitations += sum(event["step"] == "pause" for event in yielded)
        if not room.page.since(since, "shutdown"):
            room.page.end()
        if heard.sentences >= sentences:
            break
    return heard


def _ask(room: Room, since: float, asked: list[str], sentences: int) -> None:
    """A call in which she says at most so many sentences. Raises Missed when it goes elsewhere."""
    room.page.begin()
    for text in ASKED:
        time.sleep(AFTERWARDS_SECONDS)
        if _spoken(room, since) >= sentences:
            break
        asked.append(text)
        begun, _ = room.page.type(text)
        room.hear_out(begun)
    time.sleep(AFTERWARDS_SECONDS)


def _spoken(room: Room, since: float) -> int:
    return len(room.page.since(since, "speaking_start"))


@dataclass(frozen=True)
class CutIn:
    """A voice over the agent's, over her echo."""

    name: str
    stopped: bool
    silent_ms: float | None
    """From the first sample of the voice in the air to her silence in the air."""


def cut_in(room: Room, voice: Interjection) -> CutIn:
    """Lead the agent to her sentence, say something over it, and watch.

    The call ends when all of it is said: the rest would cut in on the call that follows.
    """
    since = time.monotonic()
    try:
        return _cut_in(room, voice)
    except Missed as error:
        return CutIn(f"{voice.name}: {error}", stopped=False, silent_ms=None)
    finally:
        time.sleep(room.air.still_speaks)
        if not room.page.since(since, "shutdown"):
            room.page.end()


def _cut_in(room: Room, voice: Interjection) -> CutIn:
    now = time.monotonic()
    room.page.send(action="start")
    begun, _ = room.page.wait("speaking_start", now)
    for text in voice.setup:
        begun, _ = room.page.type(text)
    audible = room.audible_from(begun)
    time.sleep(max(0.0, audible + SPEAKING_SECONDS - time.monotonic()))
    voiced = time.monotonic()
    room.air.say(voice.sound)
    try:
        room.page.wait("interrupted", voiced, STOPS_WITHIN_SECONDS)
    except Missed:
        return CutIn(voice.name, stopped=False, silent_ms=None)
    time.sleep(SETTLES_SECONDS)
    silent = _last_audible(room.air.audible_since(voiced))
    return CutIn(voice.name, True, None if silent is None else round(1000 * (silent - voiced)))


def _last_audible(moments: Sequence[float]) -> float | None:
    """The end of the first stretch of sound."""
    for one, following in pairwise(moments):
        if following - one > GAP_SECONDS:
            return one
    return moments[-1] if moments else None
