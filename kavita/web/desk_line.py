"""The sockets of a desk as the one socket of its call: what Pipecat's transport asks of one."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from starlette.websockets import WebSocketState

from kavita.voice.echo_gate import EchoGate

HOLD_SECONDS = 10.0
"""The agent waits so long in mid-sentence for a loudspeaker that is being started again."""

FLEETING = {"audio_energy", "metrics", "pong", "error"}
"""Events that a page which comes later has no use for."""


class DeskLine:
    """Outlives the satellite: sound waits for the next one, and the call goes on."""

    def __init__(
        self,
        on_text: Callable[[str], None],
        on_sound: Callable[[bytes], None],
        speaker_ready: asyncio.Event,
        echo: EchoGate,
        hold_seconds: float = HOLD_SECONDS,
    ) -> None:
        """What the call sends goes to `on_text` and, while `speaker_ready`, to `on_sound`."""
        self.echo = echo
        """Knows the room from the calls before."""
        self.client_state = self.application_state = WebSocketState.CONNECTED
        self.history: list[str] = []
        """What a page has to hear that comes to a running call."""
        self.is_over = False
        """Whether the last event has been sent."""
        self._spoken_now = ""
        """The event that began the utterance under way; empty between two."""
        self._on_text = on_text
        self._on_sound = on_sound
        self._speaker_ready = speaker_ready
        self._hold_seconds = hold_seconds
        self._patient = speaker_ready.is_set()
        self._incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    @property
    def for_loudspeaker(self) -> list[str]:
        """What a satellite has to hear that comes to a running call, perhaps in mid-sentence."""
        return [*self.history[:1], *filter(None, [self._spoken_now])]

    def take(self, message: str | bytes) -> None:
        """A socket of the desk has sent something to the call."""
        kind = "text" if isinstance(message, str) else "bytes"
        self._incoming.put_nowait({"type": "websocket.receive", kind: message})

    async def receive(self) -> dict[str, Any]:
        """The next message to the call, as ASGI words it."""
        return await self._incoming.get()

    async def send_text(self, text: str) -> None:
        """Send an event to everybody."""
        kind = json.loads(text)["type"]
        if kind == "shutdown":
            self.is_over = True
            self.history.clear()
        elif kind not in FLEETING:
            self.history.append(text)
        if kind == "speaking_start":
            self._spoken_now = text
        elif kind in ("speaking_end", "interrupted"):
            self._spoken_now = ""
        self._on_text(text)

    async def send_bytes(self, pcm: bytes) -> None:
        """Send sound to the loudspeaker, and wait for one that is being started again.

        After `hold_seconds` in vain, and where there was none from the beginning, the sound is
        dropped: pages show the words.
        """
        if self._speaker_ready.is_set():
            self._patient = True
        elif self._patient:
            try:
                await asyncio.wait_for(self._speaker_ready.wait(), self._hold_seconds)
            except TimeoutError:
                self._patient = False
        if self._speaker_ready.is_set():
            self._on_sound(pcm)

    async def close(self, code: int = 1000) -> None:
        """End the line; the sockets of the desk stay open, whatever the `code`."""
        self.is_over = True
        self.client_state = self.application_state = WebSocketState.DISCONNECTED
        self._incoming.put_nowait({"type": "websocket.disconnect", "code": code})
