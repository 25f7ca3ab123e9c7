"""The satellite is killed, or PulseAudio, in the middle of a sentence."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from virtual_room.desk import Missed, Room

from kavita.caller.voice import CallerVoice

LONG = "What are your opening hours?"
SPEAKING_SECONDS = 1.0
PULSE_GONE_SECONDS = 1.0
TIMES_ASKED = 2
"""The caller says it again where it was misheard."""
ON_ITS_WAY_SECONDS = 0.3
"""Sound that PulseAudio had already when the satellite died."""


@dataclass(frozen=True)
class Restart:
    """How a call survived."""

    what: str
    heard_again_ms: float
    """From the kill, or from PulseAudio's return, to the loudspeaker's next sound."""
    ready_ms: float
    """To the page's word that the sound is there."""
    understood: bool
    """The caller was heard then, in the same call, and as the same patient."""
    words: tuple[str, ...]
    """What was heard."""


def kill_satellite(room: Room) -> float:
    """The moment of its death."""
    room.satellite().kill()
    return time.monotonic()


def restart_pulse(room: Room) -> float:
    """The moment of PulseAudio's return."""
    room.pulse.stop()
    time.sleep(PULSE_GONE_SECONDS)
    room.pulse.start()
    return time.monotonic()


def survive(room: Room, voice: CallerVoice, kill: Callable[[Room], float]) -> Restart:
    """Kill something in the middle of a sentence of a call that goes on. Raises Missed.

    The patient has said an ID before.
    """
    since = time.monotonic()
    begun, _ = room.page.type(LONG)
    audible = room.audible_from(begun)
    time.sleep(max(0.0, audible + SPEAKING_SECONDS - time.monotonic()))
    before = time.monotonic()
    at = kill(room)
    heard = room.audible_from(at + ON_ITS_WAY_SECONDS)
    ready, _ = room.page.wait("desk", before, where=lambda event: event["sound"] == "ready")
    room.hear_out(at)
    understood = _is_known(room, voice, at)
    ended = room.page.since(since, "shutdown", "hello", "conversation_started")
    return Restart(
        kill.__name__,
        round(1000 * (heard - at)),
        round(1000 * (ready - at)),
        understood and not ended,
        tuple(event["text"] for event in room.page.since(at, "user_speaking")),
    )


def _is_known(room: Room, voice: CallerVoice, since: float) -> bool:
    """Whether a question of this patient is answered; it is asked again if need be."""
    for _ in range(TIMES_ASKED):
        try:
            answered, _ = room.ask(voice, "When is my appointment?")
        except Missed:
            continue
        room.hear_out(answered)
        listed = room.page.since(since, "tool_call")
        if any(each["function"] == "retrieve_appointments" for each in listed):
            return True
    return False
