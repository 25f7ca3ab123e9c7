"""A server played by the test: it says what the script says and writes down the page's answers."""

import json
import time
from typing import Any

import numpy as np
from playwright.sync_api import Page, WebSocketRoute

SAMPLE_RATE = 22_050

HELLO = {
    "type": "hello",
    "call_id": "daa2916a",
    "agent_name": "kavita",
    "clinic_name": "Sunrise Clinic",
    "engines": {"stt": "Moonshine tiny", "llm": "the receptionist's rules", "tts": "eSpeak NG"},
    "demo": True,
    "sample_rate": SAMPLE_RATE,
    "emergency_number": "112",
}

ALL_TIMES = [
    f"{(hour - 1) % 12 + 1:02}:{minute:02} {'AM' if hour < 12 else 'PM'}"
    for hour in range(9, 18)
    for minute in (0, 30)
]


def appointment(identity: str, date: str, time: str, purpose: str) -> dict[str, Any]:
    """A row of the book as the tools give it."""
    return {
        "appointment_id": identity,
        "user_id": "1001",
        "name": "Archit Ojha",
        "date": date,
        "time": time,
        "purpose": purpose,
        "status": "booked",
        "created_at": "2026-02-07T10:00:00",
        "modified_at": None,
    }


CHECKUP = appointment("a1b2c3d4", "2026-02-10", "10:00 AM", "General checkup")
REVIEW = appointment("b2c3d4e5", "2026-02-16", "03:00 PM", "Blood pressure review")
LAB_VISIT = appointment("f3g4h5i6", "2026-02-12", "12:00 PM", "Lab visit")

IDENTIFIED = {
    "status": "found",
    "user": {"user_id": "1001", "name": "Archit Ojha"},
    "active_appointments": [CHECKUP, REVIEW],
}
SLOTS = {
    "status": "ok",
    "date": "2026-02-12",
    "weekday": "Thursday",
    "available_slots": [time for time in ALL_TIMES if time != "11:00 AM"],
    "booked_slots": ["11:00 AM"],
    "available_count": 17,
}
SUMMARY = {
    "caller_intent": "Book a lab visit",
    "actions_taken": ["Recognised Archit Ojha (ID 1001)", "Booked Thursday, February 12 at 12 PM"],
    "key_details": ["Lab visit", "Booking ID f3g4h5i6"],
    "outcome": "The appointment is booked.",
    "duration_seconds": 65,
}


def tone(seconds: float, rate: int = SAMPLE_RATE) -> bytes:
    """A hum at half of full scale, as PCM16."""
    t = np.arange(int(seconds * rate)) / rate
    return (np.sin(2 * np.pi * 220 * t) * 16000).astype("<i2").tobytes()


class ScriptedServer:
    """Every `/ws` of one page; `socket` is the newest, `calls` counts them."""

    def __init__(self, page: Page, first: dict[str, Any] | None = None) -> None:
        self.page = page
        self.first = HELLO if first is None else first
        self.sockets: list[WebSocketRoute] = []
        self.messages: list[dict[str, Any]] = []
        self.microphone: list[bytes] = []
        page.route_web_socket("**/ws", self._open)

    def _open(self, socket: WebSocketRoute) -> None:
        self.sockets.append(socket)
        socket.on_message(self._receive)
        socket.send(json.dumps(self.first))

    def _receive(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self.microphone.append(message)
        else:
            self.messages.append(json.loads(message))

    def send(self, kind: str, **fields: Any) -> None:
        """One event to the page."""
        self.sockets[-1].send(json.dumps({"type": kind, **fields}))

    def send_pcm(self, pcm: bytes) -> None:
        self.sockets[-1].send(pcm)

    def tool(self, function: str, result: dict[str, Any], **arguments: Any) -> None:
        self.send("tool_call", function=function, arguments=arguments, result=result)

    def say(self, text: str, utterance: str, turn_id: int, seconds: float = 0.0) -> None:
        """A whole utterance: its start, its sound, its end."""
        self.send("speaking_start", text=text, utterance=utterance, turn_id=turn_id)
        if seconds:
            self.send_pcm(tone(seconds))
        self.send("speaking_end", utterance=utterance)

    def actions(self, name: str) -> list[dict[str, Any]]:
        """What the page sent under this name so far."""
        return [message for message in self.messages if message.get("action") == name]

    def wait_for(self, name: str, count: int = 1, seconds: float = 5.0) -> list[dict[str, Any]]:
        """The page's messages of this name, as soon as there are `count`."""
        until = time.monotonic() + seconds
        while len(self.actions(name)) < count:
            assert time.monotonic() < until, f"no {name!r} among {self.messages}"
            self.page.wait_for_timeout(20)
        return self.actions(name)

    def begin(self, button: str = "Type instead") -> None:
        """Press a button of the start overlay and answer the page's start."""
        before = len(self.actions("start"))
        self.page.get_by_role("button", name=button).click()
        self.wait_for("start", before + 1)
        self.send("conversation_started")
        self.page.locator("main.call").wait_for()
