"""The bench of turns scores what an ear would hear."""

import json
import wave
from datetime import date
from inspect import signature
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from turntaking.call import Trial
from turntaking.callers import (
    PAUSES,
    Utterance,
    espeak_voices,
    recorded_callers,
    synthetic_callers,
)
from turntaking.figures import Run, goals
from turntaking.picture import picture
from turntaking.playout import JITTER_SECONDS, Playout, end_of_speech, onset
from turntaking.systems import SYSTEMS, Kavita

from kavita.voice.services import Engines

RATE = 16_000


def sound(ms: int, level: int = 3_000) -> bytes:
    return np.full(RATE * ms // 1000, level, np.int16).tobytes()


def test_sound_is_heard_after_the_jitter_buffer_and_its_own_silence() -> None:
    ear = Playout(RATE)
    ear.receive(sound(40, level=0) + sound(40), now=5.0)
    assert ear.audible_at == pytest.approx(5.0 + JITTER_SECONDS + 0.04)


def test_sound_that_follows_sound_is_not_delayed_again() -> None:
    ear = Playout(RATE)
    ear.receive(sound(50, level=0), now=1.0)
    ear.receive(sound(50), now=1.045)
    assert ear.audible_at == pytest.approx(1.0 + JITTER_SECONDS + 0.05)


def test_a_click_is_no_speech() -> None:
    click = np.frombuffer(sound(5) + sound(100, level=0) + sound(60), np.int16)
    assert onset(click, RATE) == RATE * 105 // 1000


def test_speech_too_quiet_to_hear_has_no_beginning() -> None:
    assert onset(np.frombuffer(sound(200, level=150), np.int16), RATE) is None


def run(ours: list[float], theirs: list[float]) -> Run:
    turn = Utterance("x", "ID", (), b"", 1.0, True)
    rows = [
        (turn, {"kavita": Trial(a, False), "P0": Trial(9 * b, False), "P1": Trial(b, False)})
        for a, b in zip(ours, theirs, strict=True)
    ]
    return Run("at once", rows)


def test_a_figure_that_does_not_hold_is_named() -> None:
    measured = run([300.0, 310.0, 900.0], [1500.0, 1600.0, 4000.0])
    missed = [goal.name for goal in goals(measured, measured) if not goal.holds]
    assert missed == ["p95 gap, ms"]


def test_a_cut_off_turn_has_no_gap_and_counts_against_us() -> None:
    measured = run([300.0] * 3, [1500.0] * 3)
    turn, trials = measured.rows[0]
    measured.rows[0] = (turn, {**trials, "kavita": Trial(None, True)})
    assert measured.gaps("kavita") == [300.0, 300.0]
    missed = [goal.name for goal in goals(measured, measured) if not goal.holds]
    assert "cut-offs of 3, against the better peer" in missed


def test_the_callers_pause_as_long_as_they_say() -> None:
    callers = synthetic_callers(date(2026, 2, 9), espeak_voices())
    turn = next(one for one in callers if one.has_pauses)
    samples = np.abs(np.frombuffer(turn.pcm, np.int16).astype(np.int32))
    (loud,) = np.nonzero(samples >= 184)
    assert np.diff(loud).max() >= 0.3 * RATE
    assert turn.end_seconds == pytest.approx(loud[-1] / RATE, abs=0.05)


def test_a_breath_behind_the_last_word_is_no_speech() -> None:
    assert end_of_speech(sound(300) + sound(400, level=60) + sound(100, level=0)) == 0.3
    assert end_of_speech(sound(200, level=0)) == 0.0


def recordings(folder: Path, **row: object) -> list[Utterance]:
    with wave.open(str(folder / "said.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(sound(400) + sound(200, level=0) + sound(400))
    (folder / "manifest.jsonl").write_text(json.dumps({"wav": "said.wav", **row}))
    return recorded_callers(folder)


def test_a_recording_is_played_as_it_is(tmp_path: Path) -> None:
    (turn,) = recordings(tmp_path, kind="day", setup=["1001", "book"])
    assert (turn.kind, turn.setup, turn.has_pauses) == ("day", ("1001", "book"), False)
    assert turn.end_seconds == 1.0


def test_people_fall_silent_where_the_manifest_says(tmp_path: Path) -> None:
    (turn,) = recordings(tmp_path, pause_at_s=0.5)
    assert turn.has_pauses
    assert turn.end_seconds == pytest.approx(1.0 + PAUSES[0])


def test_an_id_said_in_pairs_is_stretched_between_them_to_the_pause_wanted(tmp_path: Path) -> None:
    bounds = [[0.0, 0.2], [0.2, 0.4], [0.6, 0.8], [0.8, 1.0]]
    (turn,) = recordings(tmp_path, style="pairs", digit_bounds_s=bounds)
    assert turn.has_pauses
    assert turn.end_seconds == pytest.approx(1.0 + PAUSES[0] - 0.2)


def test_the_picture_holds_a_dot_for_each_turn_and_says_who_was_cut_off() -> None:
    measured = run([300.0, 310.0, 900.0], [1500.0, 1600.0, 4000.0])
    turn, trials = measured.rows[0]
    measured.rows[0] = (turn, {**trials, "P1": Trial(None, True)})
    drawn = ElementTree.fromstring(picture([measured], ("P0", "P1", "kavita"), "<commit>"))
    circles = drawn.findall("{http://www.w3.org/2000/svg}circle")
    assert len(circles) == 8
    assert "1 of 3 cut off" in [element.text for element in drawn]


@pytest.mark.parametrize("system", SYSTEMS.values())
def test_a_call_can_use_each_system_as_it_uses_kavita(system: type[Kavita]) -> None:
    for part in ("listening", "stt", "brain", "tts"):
        ours, theirs = (signature(getattr(each, part)) for each in (Engines, system))
        assert list(theirs.parameters) == list(ours.parameters)
