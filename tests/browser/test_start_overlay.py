"""Before the call: what the start overlay says, and what its buttons do."""

from typing import Any

from playwright.sync_api import expect

from .conftest import OpenPage, Visit
from .scripted import HELLO, IDENTIFIED, LAB_VISIT, SLOTS, SUMMARY, tone


def test_the_overlay_names_the_clinic_the_engines_and_the_demo(visit: Visit) -> None:
    page = visit.page
    expect(page.locator(".clinic")).to_have_text("Sunrise Clinic")
    expect(page.locator("h1")).to_have_text("Book or change an appointment by talking")
    expect(page.locator(".examples li")).to_have_count(3)
    expect(page.locator(".consent")).to_contain_text("The call is transcribed.")
    expect(page.locator(".engines")).to_contain_text("Moonshine tiny")
    page.get_by_role("button", name="Demo").click()
    expect(page.locator("#about")).to_contain_text("eSpeak NG")


def test_without_a_demo_there_is_no_demo_badge(open_page: OpenPage) -> None:
    visit = open_page(first={**HELLO, "demo": False})
    expect(visit.page.locator(".clinic")).to_have_text("Sunrise Clinic")
    expect(visit.page.get_by_text("Demo")).to_have_count(0)


def test_nothing_is_sent_or_heard_before_start(visit: Visit) -> None:
    visit.page.wait_for_timeout(300)
    assert visit.server.messages == []
    assert visit.server.microphone == []


def test_start_asks_for_a_spoken_call_and_the_overlay_goes_when_it_has_begun(visit: Visit) -> None:
    visit.page.get_by_role("button", name="Start Conversation").click()
    assert visit.server.wait_for("start") == [{"action": "start", "mode": "voice"}]
    expect(visit.page.locator("#start-overlay")).to_be_visible()
    assert visit.server.microphone == []
    visit.server.send("conversation_started")
    expect(visit.page.locator("#start-overlay")).to_have_count(0)
    expect(visit.page.locator("main.call")).to_be_visible()
    visit.server.send("listening")
    visit.pill("listening")
    visit.page.wait_for_timeout(300)
    assert visit.server.microphone
    assert {len(frame) for frame in visit.server.microphone} == {640}


def test_type_instead_opens_no_microphone(visit: Visit) -> None:
    visit.server.begin("Type instead")
    assert visit.server.actions("start") == [{"action": "start", "mode": "text"}]
    visit.page.wait_for_timeout(300)
    assert visit.server.microphone == []


def test_dark_and_light_follow_the_system_and_then_the_readers_choice(open_page: OpenPage) -> None:
    page = open_page(color_scheme="dark").page
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Switch light and dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_a_phone_of_320_pixels_never_scrolls_sideways(open_page: OpenPage) -> None:
    visit = open_page(viewport={"width": 320, "height": 640})
    page, server = visit.page, visit.server

    def is_narrow() -> bool:
        return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))

    assert is_narrow()
    server.begin()
    server.tool("identify_user", IDENTIFIED)
    server.tool("fetch_slots", SLOTS)
    page.locator(".chip").first.wait_for()
    assert is_narrow()
    expect(page.get_by_role("button", name="End", exact=True)).to_be_in_viewport()
    server.send("summary", text="", **SUMMARY)
    page.locator("dialog[open]").wait_for()
    assert is_narrow()


def test_a_whole_call_keeps_to_the_policy_and_to_its_own_origin(open_page: OpenPage) -> None:
    listen = """window.violations = [];
        addEventListener("securitypolicyviolation", (e) => violations.push(e.violatedDirective));"""
    visit = open_page(script=listen)
    server: Any = visit.server
    server.begin("Start Conversation")
    server.say("Hello!", "u0", 0, seconds=0.3)
    server.send("listening")
    server.send("user_speaking", text="My ID is 1001")
    server.send("thinking")
    server.tool("identify_user", IDENTIFIED)
    server.tool("fetch_slots", SLOTS)
    server.tool("book_appointment", {**LAB_VISIT, "status": "booked"})
    server.send("audio_energy", energy=0.5)
    server.send_pcm(tone(0.2))
    server.send("metrics", turn=1, first_audio_ms=640)
    server.send("something_new", field=1)
    server.sockets[-1].send("no JSON at all")
    server.send("summary", text="", **SUMMARY)
    visit.page.locator("dialog[open]").wait_for()
    assert visit.page.evaluate("violations") == []
