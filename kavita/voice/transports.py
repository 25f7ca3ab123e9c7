"""The page's socket as a Pipecat transport, which also tells the page what is spoken, and when."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Any, TypeGuard

from fastapi import WebSocket, WebSocketDisconnect
from pipecat.frames.frames import (
    AggregatedTextFrame,
    BotSpeakingFrame,
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    Frame,
    InterruptionFrame,
    OutputAudioRawFrame,
    TTSStoppedFrame,
    TTSTextFrame,
)
from pipecat.processors.frame_processor import FrameDirection
from pipecat.transports.websocket.fastapi import (
    FastAPIWebsocketClient,
    FastAPIWebsocketOutputTransport,
    FastAPIWebsocketParams,
    FastAPIWebsocketTransport,
)
from starlette.websockets import WebSocketState

from kavita import wire
from kavita.voice.echo_gate import EchoGate
from kavita.voice.latency import TurnLatency
from kavita.voice.loudness import mean_square
from kavita.voice.microphone import Microphone
from kavita.voice.pacing import AHEAD_SECONDS, Pacing
from kavita.voice.serializer import PageSerializer
from kavita.voice.speech_pause import SpeechDelayedFrame, SpeechPause, ramped
from kavita.voice.turn_models import SharedSilero

FULL_ENERGY_RMS = 8_000
"""RMS of PCM16 at which the mouth is wide open."""

CHUNK_10MS = 10
"""Pipecat hands sound over by 100 ms: each time costs four rounds of the event loop, which are long
when many speak at once, and a page needs so much to begin anyway."""

PIECES = 2
"""It leaves in pieces of 50 ms, so that `audio_energy` comes 20 times a second."""

PLAYOUT_DELAY_MS = 100
"""How far a page that has not said so by `played` is behind sound that is sent in real time."""

LOWERED = 0.2
"""Gain of the voice while somebody may be cutting in: 14 dB softer, still to be understood."""

LONGEST_PAUSE_SECONDS = 3.0
"""The agent goes on after that, whatever became of the ruling."""


class PageOutput(FastAPIWebsocketOutputTransport):
    """Sends the sound in real time, and beside it the events of the speech."""

    def __init__(
        self,
        transport: FastAPIWebsocketTransport,
        client: FastAPIWebsocketClient,
        params: FastAPIWebsocketParams,
        turn_id: Callable[[], int],
        on_spoken: Callable[[], Awaitable[None]],
        echo: EchoGate,
    ) -> None:
        """`turn_id` numbers the turn being answered; `on_spoken` hears that speech has ended.

        `echo` hears what is sent.
        """
        super().__init__(transport, client, params)
        self._turn_id = turn_id
        self._on_spoken = on_spoken
        self._utterance: str | None = None
        self._text = ""
        self._spoken = 0
        self._sent_bytes = 0
        self._segment: int | str | None = None
        self._heard_words: list[str] = []
        self._played: tuple[str, int, float] = ("", 0, 0.0)
        self.has_hung_up = False
        """Whether the page has been told that the call is over."""
        self._echo = echo
        self.latency = TurnLatency(turn_id, self.send)
        """How long the turns took."""
        self.pacing = Pacing()
        """When sound leaves."""
        self._gain = self._last_gain = 1.0
        self._pause = SpeechPause()
        self._is_cut = False
        """Whether what is spoken was interrupted, and nothing else has begun."""

    async def send(self, event: wire.ServerMessage) -> None:
        """Send one event; nothing follows `shutdown`, and a socket that has gone is no error."""
        if self.has_hung_up:
            return
        self.has_hung_up = isinstance(event, wire.Shutdown)
        await self._client.send(event.model_dump_json())

    def note_played(self, message: wire.Played) -> None:
        """Keep what the loudspeaker has really played."""
        self._played = (message.utterance, message.ms, self._pause.clock())

    @property
    def is_speaking(self) -> bool:
        """Whether sound is being sent."""
        return self._utterance is not None and self._sent_bytes > 0

    @property
    def saying(self) -> str:
        """What is being spoken; empty for nothing."""
        return self._text if self._utterance is not None else ""

    @property
    def unplayed_ms(self) -> int:
        """Milliseconds of the last utterance that were sent but not yet heard."""
        return self._sent_ms - self._heard_ms()

    def is_own(self, sound: bytes) -> bool:
        """Whether the latest of this sound, heard until now, is the agent's own come back."""
        return self._echo.is_echo(sound)

    async def lower(self) -> None:
        """Speak softly: somebody may be cutting in."""
        self._gain = LOWERED
        await self.send(wire.Yielding(step="lower", gain=LOWERED))

    async def pause(self) -> None:
        """Fall silent, ready to go on."""
        self._pause.begin()
        await self.send(wire.Yielding(step="pause"))

    async def go_on(self) -> None:
        """Speak on as before, without loss of a sound."""
        late = self._resume()
        self._echo.held_back(late)
        await self.send(wire.Yielding(step="go_on"))
        if late:
            await self.push_frame(SpeechDelayedFrame(late), FrameDirection.UPSTREAM)

    def _resume(self) -> float:
        self._gain = 1.0
        return self._pause.end()

    async def write_transport_frame(self, frame: Frame) -> None:
        """A text about to be spoken stands in the queue before its sound: say so to the page."""
        if is_announcement(frame):
            await self._begin(frame)

    async def write_audio_frame(self, frame: OutputAudioRawFrame) -> bool:
        """Send the sound in its pieces."""
        size = self.audio_chunk_size // PIECES
        for begin in range(0, len(frame.audio), size):
            piece = OutputAudioRawFrame(
                frame.audio[begin : begin + size], frame.sample_rate, frame.num_channels
            )
            if not await self._write_piece(piece):
                return False
        return True

    async def _write_piece(self, frame: OutputAudioRawFrame) -> bool:
        """Send 50 ms of sound and how loud it is, once nobody else is let speak."""
        if not await self._pause.is_over(LONGEST_PAUSE_SECONDS):
            await self.go_on()
        # Pipecat still delivers what is being written, or on its way, as an interruption comes.
        if self.has_hung_up or self._is_cut:
            return False
        frame.audio = ramped(frame.audio, self._last_gain, self._gain)
        self._last_gain = self._gain
        self._echo.sent(frame.audio, self.sample_rate, self.pacing.lead(self._pause.clock()))
        if self._utterance is not None:
            self._sent_bytes += len(frame.audio)
            await self.send(wire.AudioEnergy(energy=energy_of(frame.audio)))
        return await super().write_audio_frame(frame)

    async def _write_audio_sleep(self) -> None:
        """Pipecat's place for it, behind each piece; its own schedule begins anew when it is late.

        A page then runs dry after a few such moments in one sentence.
        """
        if wait := self.pacing.wait(self._pause.clock(), self._send_interval / PIECES):
            await asyncio.sleep(wait)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """An interruption is told to the page before anything else is done about it."""
        if direction is FrameDirection.DOWNSTREAM:
            await self.latency.note(frame)
        if is_announcement(frame):
            # With a time stamp it would go by the clock and could pass its own sound.
            frame.pts = None
        elif frame.pts and direction is FrameDirection.DOWNSTREAM:
            frame.pts = self._pause.on_its_clock(frame.pts)
        if isinstance(frame, InterruptionFrame):
            await self._tell_interrupted()
        await super().process_frame(frame, direction)
        if isinstance(frame, InterruptionFrame):
            self._resume()
            self.pacing.begin_anew()

    async def broadcast_frame(self, frame_cls: type[Frame], **kwargs: Any) -> None:
        """Nobody here waits to be told, five times a second, that the agent still speaks."""
        if frame_cls is not BotSpeakingFrame:
            await super().broadcast_frame(frame_cls, **kwargs)

    async def _tell_interrupted(self) -> None:
        self._is_cut = True
        if self._utterance is not None:
            await self.send(
                wire.Interrupted(
                    utterance=self._utterance,
                    heard_ms=self._heard_ms(),
                    text=" ".join(self._heard_words) if self._sent_bytes else "",
                )
            )

    async def push_frame(
        self, frame: Frame, direction: FrameDirection = FrameDirection.DOWNSTREAM
    ) -> None:
        """Watch the words as their time comes, and the end of the speech."""
        if isinstance(frame, OutputAudioRawFrame):
            return  # it has been sent, and nobody behind listens
        if frame.pts and direction is FrameDirection.DOWNSTREAM:
            await self._pause.until(frame.pts, self.get_clock().get_time)
        await super().push_frame(frame, direction)
        if direction is FrameDirection.DOWNSTREAM:
            if isinstance(frame, TTSTextFrame) and frame.segment_id == self._segment:
                self._heard_words.append(frame.text)
            elif isinstance(frame, BotStartedSpeakingFrame):
                await self.latency.note(frame)
            elif isinstance(frame, BotStoppedSpeakingFrame):
                await self._end()
                await self._on_spoken()
            elif isinstance(frame, TTSStoppedFrame) and self._utterance and not self._sent_bytes:
                # A voice that failed before its first sound: Pipecat tells nobody that it stopped.
                await self._end()
                await self._on_spoken()

    async def _begin(self, frame: AggregatedTextFrame) -> None:
        await self._end()
        self._is_cut = False
        self._spoken += 1
        self._utterance, self._segment = f"u{self._spoken}", frame.id
        self._text, self._sent_bytes, self._heard_words = frame.text, 0, []
        await self.send(
            wire.SpeakingStart(text=frame.text, utterance=self._utterance, turn_id=self._turn_id())
        )

    async def _end(self) -> None:
        if self._utterance is not None:
            utterance, self._utterance = self._utterance, None
            await self.send(wire.SpeakingEnd(utterance=utterance))

    @property
    def _sent_ms(self) -> int:
        return self._sent_bytes * 1000 // (2 * self.sample_rate)

    def _heard_ms(self) -> int:
        utterance, ms, at = self._played
        if utterance == f"u{self._spoken}":
            return min(self._sent_ms, ms + int((self._pause.clock() - at) * 1000))
        return max(0, self._sent_ms - PLAYOUT_DELAY_MS - round(1000 * AHEAD_SECONDS))


class PageClient(FastAPIWebsocketClient):
    """The socket of a page, which may hang up first: at the end of a call both do."""

    def _on_close_done(self, task: asyncio.Task[None]) -> None:
        is_closed = self._websocket.application_state is WebSocketState.DISCONNECTED
        failure = None if task.cancelled() else task.exception()
        if failure is not None and (is_closed or isinstance(failure, WebSocketDisconnect)):
            return
        super()._on_close_done(task)


class PageTransport(FastAPIWebsocketTransport):
    """One call's socket: microphone in, voice and events out."""

    def __init__(
        self,
        websocket: WebSocket,
        sample_rate: int,
        turn_id: Callable[[], int],
        on_spoken: Callable[[], Awaitable[None]],
        echo: EchoGate,
    ) -> None:
        """`sample_rate` is that of the voice, in Hz; for the rest see `PageOutput`."""
        params = FastAPIWebsocketParams(
            audio_in_enabled=True,
            audio_in_filter=echo,
            audio_in_sample_rate=wire.MICROPHONE_RATE,
            audio_out_enabled=True,
            audio_out_sample_rate=sample_rate,
            audio_out_10ms_chunks=CHUNK_10MS,
            serializer=PageSerializer(),
        )
        super().__init__(websocket, params)
        self._client = PageClient(websocket, self._callbacks)
        self._page = PageOutput(self, self._client, params, turn_id, on_spoken, echo)
        self._output = self._page

    def hear_with(self, vad: SharedSilero, holds_silence: bool) -> None:
        """Hear the caller's voice where the sound comes in; before the call begins."""
        self._input = Microphone(self, self._client, self._params, vad, holds_silence)

    def output(self) -> PageOutput:
        """The processor that speaks to the page."""
        return self._page


def is_announcement(frame: Frame) -> TypeGuard[AggregatedTextFrame]:
    """Whether this is a text about to be spoken (and not a word that was)."""
    return (
        isinstance(frame, AggregatedTextFrame)
        and not isinstance(frame, TTSTextFrame)
        and frame.will_be_spoken
    )


def energy_of(pcm: bytes) -> float:
    """Loudness of PCM16 from 0 to 1: RMS / 8000, at most 1."""
    return round(min(1.0, math.sqrt(mean_square(pcm)) / FULL_ENERGY_RMS), 3)
