"""The desk as a whole, between the microphone and the loudspeaker of a PulseAudio of its own."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from interrupting.sounds import interjections, rooms
from virtual_room.air import Way
from virtual_room.booking import book
from virtual_room.desk import Room, open_room
from virtual_room.echoes import cut_in, listen
from virtual_room.lag import SERVE, converse
from virtual_room.pulse import missing
from virtual_room.restarts import kill_satellite, restart_pulse, survive

from kavita.caller.voice import CallerVoice
from kavita.voice.local_stt import Transcriber
from kavita.wire import MICROPHONE_RATE

MISSING = missing()
ECHO = Way(rooms(None)[0], gain_db=-6.0, delay_ms=80)

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.timeout(180),
    pytest.mark.skipif(bool(MISSING), reason=f"PulseAudio is missing: {', '.join(MISSING)}"),
]


def test_a_caller_in_the_room_books_and_hears_it_confirmed(tmp_path: Path) -> None:
    with open_room() as room:
        booking = book(room, CallerVoice(), Transcriber(), says_goodbye=True)
        room.air.record(tmp_path / "room.wav")
    assert booking.is_in_the_book
    assert booking.is_heard, booking.heard
    assert booking.ended == "goodbye"
    assert (tmp_path / "room.wav").stat().st_size > 1_000_000


def test_the_agent_does_not_take_her_own_echo_for_a_caller() -> None:
    with open_room() as room:
        room.air.returns_by(ECHO)
        heard = listen(room, 5)
    assert (heard.interruptions, heard.phantom_turns) == (0, 0)


def test_a_caller_stops_her_over_her_echo() -> None:
    voices = [each for each in interjections("report", "March 3", None) if each.setup == ()]
    with open_room() as room:
        room.air.returns_by(ECHO)
        cut = cut_in(room, voices[0])
    assert cut.stopped


def test_a_caller_has_said_everything_before_the_next_call_begins() -> None:
    voice = interjections("report", "March 3", None)[0]
    longer = replace(voice, sound=np.concatenate([voice.sound, np.zeros(3 * MICROPHONE_RATE)]))
    with open_room() as room:
        cut_in(room, longer)
        assert room.air.still_speaks == 0


@pytest.mark.parametrize("kill", [kill_satellite, restart_pulse])
def test_a_sentence_goes_on_after_a_restart_and_the_call_with_it(
    kill: Callable[[Room], float],
) -> None:
    with open_room() as room:
        room.page.begin()
        begun, _ = room.page.type("1001")
        room.hear_out(begun)
        restart = survive(room, CallerVoice(), kill)
    assert restart.heard_again_ms < 5_000
    assert restart.understood


def test_sound_does_not_run_out_while_another_process_burns_a_core() -> None:
    with open_room(SERVE) as room:
        conversation = converse(room, CallerVoice(), 15)
    assert conversation.answered
    assert (conversation.late, conversation.dry) == (0, 0)
