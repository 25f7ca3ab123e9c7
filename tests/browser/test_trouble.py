"""When something fails, the page says so in words and always offers a way on."""

import re

import pytest
from playwright.sync_api import expect

from .conftest import LaunchChromium, OpenPage, Visit
from .scripted import HELLO

# getUserMedia as on a machine where another program holds the microphone.
BUSY_MICROPHONE = """
    navigator.mediaDevices.getUserMedia = () =>
      Promise.reject(new DOMException("Could not start audio source", "NotReadableError"));
"""
INSECURE = "Object.defineProperty(window, 'isSecureContext', { value: false });"

# Keeps the microphone's stream where the test can end it.
KEPT_STREAM = """
    const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (wanted) => (window.stream = await ask(wanted));
"""


def can_go_on_by_typing(visit: Visit) -> None:
    visit.page.get_by_role("button", name="Continue by typing").click()
    visit.server.wait_for("start")
    visit.server.send("conversation_started")
    expect(visit.page.get_by_role("alert")).to_have_count(0)
    visit.page.get_by_label("Type a message").fill("My ID is 1001")
    visit.page.get_by_label("Type a message").press("Enter")
    assert visit.server.wait_for("text")[0]["text"] == "My ID is 1001"
    assert visit.server.actions("start") == [{"action": "start", "mode": "text"}]


@pytest.mark.parametrize(
    ("launch", "words"),
    [({"deny": True}, "blocked for this page"), ({"device": False}, "No microphone was found")],
)
def test_without_a_microphone_the_call_goes_on_by_typing(
    open_page: OpenPage, launch_chromium: LaunchChromium, launch: dict[str, bool], words: str
) -> None:
    visit = open_page(browser=launch_chromium(**launch))
    visit.page.get_by_role("button", name="Start Conversation").click()
    expect(visit.page.get_by_role("alert")).to_contain_text(words)
    assert visit.server.messages == []
    expect(visit.page.get_by_role("button", name="Try again")).to_be_visible()
    can_go_on_by_typing(visit)


@pytest.mark.parametrize(
    ("script", "words"),
    [(BUSY_MICROPHONE, "Another program"), (INSECURE, "only to secure pages")],
)
def test_a_microphone_that_cannot_be_opened_says_why(
    open_page: OpenPage, script: str, words: str
) -> None:
    visit = open_page(script=script)
    visit.page.get_by_role("button", name="Start Conversation").click()
    expect(visit.page.get_by_role("alert")).to_contain_text(words)
    can_go_on_by_typing(visit)


def test_while_the_browser_asks_for_the_microphone_one_can_type_instead(
    open_page: OpenPage,
) -> None:
    visit = open_page(script="navigator.mediaDevices.getUserMedia = () => new Promise(() => {});")
    visit.page.get_by_role("button", name="Start Conversation").click()
    visit.pill("asking")
    visit.page.get_by_role("button", name="Type instead").click()
    assert visit.server.wait_for("start") == [{"action": "start", "mode": "text"}]


def test_a_lost_connection_is_told_and_a_new_call_can_begin(call: Visit) -> None:
    call.server.send("user_speaking", text="Book for Thursday")
    call.server.sockets[-1].close(code=1011)
    expect(call.page.get_by_role("alert")).to_contain_text("The connection was lost")
    call.pill("ended")
    expect(call.page.locator(".bubble .text")).to_have_text("Book for Thursday")
    call.page.get_by_role("button", name="Continue by typing").click()
    call.server.wait_for("start", 2)
    assert len(call.server.sockets) == 2
    call.server.send("conversation_started")
    expect(call.page.locator(".bubble")).to_have_count(0)
    expect(call.page.get_by_role("alert")).to_have_count(0)


def test_a_line_that_drops_before_the_call_is_opened_again_quietly(visit: Visit) -> None:
    visit.server.sockets[-1].close()
    visit.page.wait_for_timeout(1000)
    assert len(visit.server.sockets) == 2
    expect(visit.page.get_by_role("alert")).to_have_count(0)
    visit.server.begin()


def test_a_busy_clinic_counts_down_and_calls_again_by_itself(open_page: OpenPage) -> None:
    visit = open_page(first={"type": "busy", "retry_after": 3})
    expect(visit.page.get_by_role("alert")).to_contain_text("All lines are busy")
    visit.page.get_by_role("button", name="Type instead").click()
    expect(visit.page.get_by_role("alert")).to_contain_text("again in 3 s")
    visit.server.first = HELLO
    # Playwright looks once a second in the end, so a text that stands for one may never be seen.
    expect(visit.page.get_by_role("alert")).to_contain_text(re.compile("again in [12] s"))
    visit.server.wait_for("start", seconds=8)
    visit.server.send("conversation_started")
    expect(visit.page.get_by_role("alert")).to_have_count(0)
    expect(visit.page.locator("main.call")).to_be_visible()


def test_a_line_that_turns_out_busy_at_start_is_waited_for(visit: Visit) -> None:
    visit.page.get_by_role("button", name="Start Conversation").click()
    visit.server.wait_for("start")
    visit.server.send("busy", retry_after=1)
    visit.server.sockets[-1].close(code=1013)
    visit.server.wait_for("start", 2)
    visit.server.send("conversation_started")
    expect(visit.page.locator("main.call")).to_be_visible()
    expect(visit.page.get_by_role("alert")).to_have_count(0)


def test_a_busy_clinic_can_be_tried_now_or_left(open_page: OpenPage) -> None:
    visit = open_page(first={"type": "busy", "retry_after": 60})
    visit.page.get_by_role("button", name="Try now").click()
    expect(visit.page.get_by_role("alert")).to_contain_text("again in 60 s")
    assert len(visit.server.sockets) == 2
    visit.page.get_by_role("button", name="Cancel").click()
    expect(visit.page.get_by_role("alert")).to_have_count(0)
    visit.server.first = HELLO
    visit.server.begin()


def test_an_error_is_told_in_the_servers_words(call: Visit) -> None:
    message = "I did not hear that. Please say it again."
    call.server.send("error", code="stt_failed", message=message, recoverable=True)
    expect(call.page.get_by_role("alert")).to_contain_text(message)
    call.page.get_by_role("button", name="OK").click()
    expect(call.page.get_by_role("alert")).to_have_count(0)
    call.server.send("error", code="internal", message="Something broke.", recoverable=False)
    call.server.sockets[-1].close()
    expect(call.page.get_by_role("alert")).to_contain_text("Something broke.")
    expect(call.page.get_by_role("button", name="Call again")).to_be_visible()


def test_a_microphone_that_goes_away_in_mid_call_is_told(open_page: OpenPage) -> None:
    visit = open_page(script=KEPT_STREAM)
    visit.server.begin("Start Conversation")
    visit.page.evaluate("stream.getAudioTracks()[0].dispatchEvent(new Event('ended'))")
    expect(visit.page.get_by_role("alert")).to_contain_text("The microphone went away")
    expect(visit.page.get_by_label("Type a message")).to_be_enabled()
