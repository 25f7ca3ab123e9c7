"""What is heard and seen of the voice: the mouth, the ring, the queue, the microphone."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from .conftest import LaunchChromium, OpenPage, Visit, Wire
from .recordings import RATE, likeness, speech_like, write_wav
from .scripted import tone

pytestmark = pytest.mark.live

PURPLE = "rgb(124, 58, 237)"
GREEN = "rgb(4, 120, 87)"

# Measures what the page sends to the loudspeaker, every few milliseconds.
LOUDSPEAKER = """
    window.output = [];
    const connect = AudioNode.prototype.connect;
    AudioNode.prototype.connect = function (to, ...rest) {
      if (this instanceof AudioWorkletNode && to === this.context.destination) {
        const meter = new AnalyserNode(this.context, { fftSize: 256 });
        connect.call(this, meter);
        const samples = new Float32Array(256);
        setInterval(() => {
          meter.getFloatTimeDomainData(samples);
          output.push([Date.now(), Math.max(...samples.map(Math.abs))]);
        }, 4);
      }
      return connect.call(this, to, ...rest);
    };
"""

# A browser that never lets the page be heard.
NO_SOUND = """
    AudioContext.prototype.resume = () => new Promise(() => {});
    Object.defineProperty(BaseAudioContext.prototype, "state", { get: () => "suspended" });
"""


def openness(page: Page) -> float:
    return float(page.locator("#mouth").get_attribute("ry") or 0)


def wait_until(page: Page, happened: Callable[[], bool], seconds: float = 3) -> None:
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until
        page.wait_for_timeout(10)


def test_the_mouth_follows_audio_energy_and_closes_when_the_speech_ends(call: Visit) -> None:
    page, server = call.page, call.server
    server.send("speaking_start", text="Hello!", utterance="u0", turn_id=0)
    assert openness(page) == 0
    server.send("audio_energy", energy=0.8)
    wait_until(page, lambda: openness(page) > 6)
    server.send("audio_energy", energy=0.1)
    wait_until(page, lambda: 0 < openness(page) < 5)
    server.send("speaking_end", utterance="u0")
    wait_until(page, lambda: openness(page) == 0)


def test_the_ring_is_purple_exactly_while_samples_are_played(call: Visit) -> None:
    page, server = call.page, call.server
    ring = page.locator("#ring")
    server.send("thinking")
    call.pill("thinking")
    server.send("speaking_start", text="Hello!", utterance="u0", turn_id=0)
    page.wait_for_timeout(200)
    call.pill("thinking")
    server.send_pcm(tone(1.0))
    server.send("speaking_end", utterance="u0")
    server.send("listening")
    call.pill("speaking")
    expect(ring).to_have_css("stroke", PURPLE)
    wait_until(page, lambda: openness(page) > 6)
    call.pill("listening")
    expect(ring).to_have_css("stroke", GREEN)
    wait_until(page, lambda: openness(page) == 0)


def test_the_page_reports_what_was_played_and_says_when_an_utterance_is_over(call: Visit) -> None:
    call.server.say("Hello!", "u0", 0, seconds=1.0)
    call.server.say("Welcome.", "u1", 0, seconds=0.5)
    last = {"action": "played", "utterance": "u1", "ms": 500}
    wait_until(call.page, lambda: last in call.server.actions("played"))
    reports = call.server.actions("played")
    first = [report["ms"] for report in reports if report["utterance"] == "u0"]
    assert first == sorted(first)
    assert first[-1] == 1000
    assert 4 <= len(reports) <= 9


def test_an_interruption_silences_the_loudspeaker_within_150_ms(open_page: OpenPage) -> None:
    call = open_page(script=LOUDSPEAKER)
    page, server = call.page, call.server
    server.begin()
    server.send("speaking_start", text="A long story.", utterance="u0", turn_id=0)
    server.send_pcm(tone(2.9))
    call.pill("speaking")
    page.wait_for_timeout(500)
    sent_at = time.time() * 1000
    server.send("interrupted", utterance="u0", heard_ms=400, text="A long")
    page.wait_for_timeout(600)
    output = page.evaluate("output")
    before = [peak for at, peak in output if at < sent_at][-20:]
    loud = [at for at, peak in output if peak > 0.001]
    print({"silent after ms": round(loud[-1] - sent_at)})
    assert min(before) > 0.3
    assert loud[-1] - sent_at < 150
    call.pill("listening")
    played = server.actions("played")[-1]
    assert played["utterance"] == "u0"
    assert 300 < played["ms"] < 1500


def test_a_voice_that_yields_is_lowered_then_held_and_goes_on_without_loss(
    open_page: OpenPage,
) -> None:
    call = open_page(script=LOUDSPEAKER)
    page, server = call.page, call.server
    server.begin()
    server.send("speaking_start", text="A story.", utterance="u0", turn_id=0)
    server.send_pcm(tone(2.0))
    server.send("speaking_end", utterance="u0")
    call.pill("speaking")
    page.wait_for_timeout(300)
    steps = {}
    for step in ("lower", "pause", "go_on"):
        steps[step] = time.time() * 1000
        server.send("yielding", step=step, gain=0.2)
        page.wait_for_timeout(500)
    wait_until(page, lambda: server.actions("played")[-1]["ms"] == 2000)
    output = page.evaluate("output")

    def loudest(step: str) -> float:
        since = steps[step] + 150
        return float(max(peak for at, peak in output if since < at < since + 300))

    assert 0.05 < loudest("lower") < 0.15
    assert loudest("pause") < 0.001
    assert 0.05 < loudest("go_on") < 0.15
    loud = [at for at, peak in output if peak > 0.01]
    assert 1750 < loud[-1] - loud[0] - (steps["go_on"] - steps["pause"]) < 2250


def test_an_interruption_of_a_held_voice_leaves_nothing_to_be_played(call: Visit) -> None:
    call.server.send("speaking_start", text="A story.", utterance="u0", turn_id=0)
    call.server.send_pcm(tone(1.0))
    call.pill("speaking")
    call.server.send("yielding", step="pause", gain=1.0)
    call.page.wait_for_timeout(100)
    call.server.send("interrupted", utterance="u0", heard_ms=100, text="A")
    call.pill("listening")
    call.server.say("Yes?", "u1", 1, seconds=0.3)
    last = {"action": "played", "utterance": "u1", "ms": 300}
    wait_until(call.page, lambda: last in call.server.actions("played"))


def test_sound_that_arrives_after_an_interruption_is_not_played(call: Visit) -> None:
    call.server.send("speaking_start", text="A story.", utterance="u0", turn_id=0)
    call.server.send_pcm(tone(1.0))
    call.pill("speaking")
    call.server.send("interrupted", utterance="u0", heard_ms=100, text="A")
    call.server.send_pcm(tone(1.0))
    call.pill("listening")
    call.page.wait_for_timeout(300)
    call.pill("listening")


def test_escape_or_a_tap_on_the_face_stops_the_speech(call: Visit) -> None:
    ways = [
        lambda: call.page.keyboard.press("Escape"),
        lambda: call.page.locator(".avatar").click(),
        lambda: call.page.get_by_role("button", name="Stop speaking").click(),
    ]
    for count, stop in enumerate(ways, start=1):
        call.server.send("speaking_start", text="Story.", utterance=f"u{count}", turn_id=count)
        call.server.send_pcm(tone(1.5))
        call.pill("speaking")
        stop()
        call.server.wait_for("stop_speaking", count)
        expect(call.page.locator(".pill[data-state=speaking]")).to_have_count(0)
        call.server.send("interrupted", utterance=f"u{count}", heard_ms=0, text="")
        call.server.send("listening")
        call.pill("listening")
    call.page.keyboard.press("Escape")
    call.page.wait_for_timeout(100)
    assert len(call.server.actions("stop_speaking")) == 3


def test_without_sound_the_ring_follows_the_servers_word_and_a_banner_offers_sound(
    open_page: OpenPage,
) -> None:
    call = open_page(script=NO_SOUND)
    call.server.begin()
    expect(call.page.get_by_role("alert")).to_contain_text("keeps the sound off")
    expect(call.page.get_by_role("button", name="Turn sound on")).to_be_visible()
    call.server.send("speaking_start", text="Hello!", utterance="u0", turn_id=0)
    call.server.send_pcm(tone(0.5))
    call.pill("speaking")
    call.server.send("audio_energy", energy=0.7)
    wait_until(call.page, lambda: openness(call.page) > 5)
    call.server.send("speaking_end", utterance="u0")
    call.server.send("listening")
    call.pill("listening")
    assert call.server.actions("played") == []


def test_still_motion_is_honoured_but_the_mouth_still_moves(open_page: OpenPage) -> None:
    call = open_page(reduced_motion="reduce")
    call.server.begin()
    call.server.say("Hello!", "u0", 0, seconds=1.0)
    call.pill("speaking")
    wait_until(call.page, lambda: openness(call.page) > 5)
    assert call.page.evaluate("document.getAnimations().length") == 0


def test_a_muted_microphone_sends_silence(visit: Visit) -> None:
    page, server = visit.page, visit.server
    server.begin("Start Conversation")
    page.get_by_role("button", name="Mute the microphone").click()
    page.wait_for_timeout(200)
    server.microphone.clear()
    page.wait_for_timeout(1200)
    assert len(server.microphone) > 20
    assert set(b"".join(server.microphone)) == {0}
    page.get_by_role("button", name="Mute the microphone").click()
    wait_until(page, lambda: any(any(frame) for frame in server.microphone))


def test_the_microphone_reaches_the_server_as_50_frames_a_second_that_sound_like_it(
    launch_chromium: LaunchChromium, page_url: str, wire: Wire, tmp_path: Path
) -> None:
    said = speech_like(2.0)
    quiet = np.zeros(RATE)
    wav = write_wav(tmp_path / "caller.wav", np.concatenate([quiet, said, quiet]))
    page = launch_chromium(wav).new_page()
    page.goto(f"{page_url}/?processing=off")
    page.get_by_role("button", name="Start Conversation").click()
    page.locator("main.call").wait_for()
    page.wait_for_timeout(4500)
    page.close()
    assert {"action": "start", "mode": "voice"} in [json.loads(text) for text in wire.texts]
    assert {len(frame) for frame in wire.frames} == {640}
    rate = (len(wire.frames) - 1) / (wire.times[-1] - wire.times[0])
    heard = np.frombuffer(b"".join(wire.frames), "<i2").astype(float)
    correlation = likeness(heard, said)
    print({"frames a second": round(rate, 2), "correlation": round(correlation, 4)})
    assert 45 <= rate <= 55
    assert correlation > 0.9
