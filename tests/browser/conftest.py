"""Real Chromium, and a server for the page, for the tests of what a person sees and hears."""

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from kavita.web.pages import page_routes, security_headers

from .scripted import HELLO, ScriptedServer

CHROMIUM_ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
ASSUMPTIONS = Path(__file__).with_name("assumptions")

LaunchChromium = Callable[..., Browser]


def chromium_path() -> str:
    """Debian's full Chromium; Playwright's own headless shell has no microphone."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not found:
        pytest.fail("Chromium was not found: install Debian's `chromium`, or set CHROMIUM.")
    return found


def microphone_arguments(wav: Path | None, deny: bool, device: bool) -> list[str]:
    if not device:
        return ["--use-fake-ui-for-media-stream"]
    chosen = ["--use-fake-device-for-media-stream"]
    if wav:
        chosen.append(f"--use-file-for-fake-audio-capture={wav.resolve()}%noloop")
    return [*chosen, "--deny-permission-prompts" if deny else "--use-fake-ui-for-media-stream"]


# Playwright's sync API keeps an event loop running in this thread while it is open, so nothing
# of it may outlive a module: a later asyncio test could not start its own loop.
@pytest.fixture(scope="module")
def playwright_driver() -> Iterator[Playwright]:
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="module")
def launch_chromium(playwright_driver: Playwright) -> Iterator[LaunchChromium]:
    """launch_chromium(microphone_wav=None, deny=False, device=True): a browser of its own.

    The WAV is the microphone, once, from the moment that the page opens it. `deny` refuses the
    microphone; `device=False` is a machine that has none.
    """
    browsers: list[Browser] = []

    def launch(
        microphone_wav: Path | None = None, deny: bool = False, device: bool = True
    ) -> Browser:
        browser = playwright_driver.chromium.launch(
            executable_path=chromium_path(),
            args=[*CHROMIUM_ARGUMENTS, *microphone_arguments(microphone_wav, deny, device)],
        )
        browsers.append(browser)
        return browser

    yield launch
    for browser in browsers:
        browser.close()


@pytest.fixture(scope="module")
def chromium(launch_chromium: LaunchChromium) -> Browser:
    """A browser whose microphone beeps, shared by the tests of a module."""
    return launch_chromium()


@dataclass
class Wire:
    """What pages sent to the little server's `/ws`, with the times of the binary frames."""

    texts: list[str] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)
    times: list[float] = field(default_factory=list)


async def greet_and_write_down(socket: WebSocket, wire: Wire) -> None:
    """A call in which nobody speaks: hello, conversation_started, and then only listening."""
    await socket.accept()
    await socket.send_json(HELLO)
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        if message.get("bytes"):
            wire.frames.append(message["bytes"])
            wire.times.append(time.monotonic())
            continue
        wire.texts.append(message["text"])
        if '"start"' in message["text"]:
            await socket.send_json({"type": "conversation_started"})


def page_app(wire: Wire) -> FastAPI:
    """The page, the page of the assumptions, and a `/ws` that writes down."""
    app = FastAPI()
    app.include_router(page_routes())

    @app.get("/assumptions")
    def assumptions() -> HTMLResponse:
        html = (ASSUMPTIONS / "index.html").read_text(encoding="utf-8")
        return HTMLResponse(html, headers=security_headers("127.0.0.1"))

    app.mount("/assumptions-files", StaticFiles(directory=ASSUMPTIONS))

    @app.websocket("/ws")
    async def ws(socket: WebSocket) -> None:
        with suppress(WebSocketDisconnect):
            await greet_and_write_down(socket, wire)

    return app


@pytest.fixture(scope="session")
def wire() -> Wire:
    return Wire()


@pytest.fixture(scope="session")
def page_url(wire: Wire) -> Iterator[str]:
    """The address of a server, in a thread, that serves the real page."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    config = uvicorn.Config(page_app(wire), log_level="warning", ws="websockets-sansio")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=5)


@dataclass
class Visit:
    """A page in a window of its own, the server that the test plays, and what went wrong."""

    page: Page
    server: ScriptedServer
    faults: list[str]
    requests: list[str]

    def pill(self, state: str) -> None:
        """Wait until the status pill shows a state."""
        self.page.locator(f".pill[data-state={state}]").wait_for(timeout=5000)


def watch(page: Page) -> tuple[list[str], list[str]]:
    """The page's console errors (a policy violation is one) and its requests, as they come."""
    faults: list[str] = []
    requests: list[str] = []
    page.on("console", lambda m: faults.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    return faults, requests


OpenPage = Callable[..., Visit]


@pytest.fixture
def open_page(chromium: Browser, page_url: str) -> Iterator[OpenPage]:
    """open_page(browser=None, script="", first=None, **context): a Visit of the start overlay.

    Whatever a test does, in the end its pages had no console error, broke no policy and asked
    no other origin for anything.
    """
    contexts: list[BrowserContext] = []
    visits: list[Visit] = []

    def open_(
        browser: Browser | None = None,
        script: str = "",
        first: dict[str, object] | None = None,
        **context: object,
    ) -> Visit:
        contexts.append((browser or chromium).new_context(**context))
        page = contexts[-1].new_page()
        if script:
            page.add_init_script(script)
        visits.append(Visit(page, ScriptedServer(page, first), *watch(page)))
        page.goto(f"{page_url}/?processing=off")
        page.get_by_role("button", name="Start Conversation").wait_for()
        return visits[-1]

    yield open_
    for context in contexts:
        context.close()
    for visit in visits:
        assert visit.faults == []
        assert [url for url in visit.requests if not url.startswith(page_url)] == []


@pytest.fixture
def visit(open_page: OpenPage) -> Visit:
    """A page with the start overlay, in a browser whose microphone beeps."""
    return open_page()


@pytest.fixture
def call(visit: Visit) -> Visit:
    """A typed call that has begun."""
    visit.server.begin()
    return visit
