"""The page's microphone in the pipeline: only sound that may hold a voice travels on."""

from typing import Any

from pipecat.audio.vad.vad_controller import VADController
from pipecat.frames.frames import (
    CancelFrame,
    EndFrame,
    Frame,
    InputAudioRawFrame,
    StartFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessorSetup
from pipecat.transports.websocket.fastapi import (
    FastAPIWebsocketClient,
    FastAPIWebsocketInputTransport,
    FastAPIWebsocketParams,
    FastAPIWebsocketTransport,
)

from kavita import wire
from kavita.voice.turn_models import SharedSilero, VoicePausesFrame

PIECE_SECONDS = 0.1
"""Sound of a voice travels in pieces of this length, and at once when the voice begins or ends."""

HELD_SECONDS = 8.0
"""Silence kept, to be sent ahead of the next voice: as much as Smart Turn looks at."""


class Microphone(FastAPIWebsocketInputTransport):
    """Hears where the caller's voice begins and ends, before any frame is made of the sound.

    Each frame passes a dozen queues, fifty times a second in stock Pipecat: for a silent caller
    that is most of the cost of a call. Here silence waits, and leaves as one frame when a voice
    follows, so whoever listens further on misses nothing of it.
    """

    def __init__(
        self,
        transport: FastAPIWebsocketTransport,
        client: FastAPIWebsocketClient,
        params: FastAPIWebsocketParams,
        vad: SharedSilero,
        holds_silence: bool,
    ) -> None:
        """`holds_silence` is for listeners that need no silence to know that a phrase is over."""
        super().__init__(transport, client, params)
        self._vad = vad
        self._holds_silence = holds_silence
        self._unheard = bytearray()
        """Too little for the VAD yet."""
        self._held = bytearray()
        self._vad_controller = VADController(vad)
        for event, handler in (
            ("on_speech_started", self._voice_began),
            ("on_speech_stopped", self._voice_ended),
            ("on_broadcast_frame", self._broadcast),
        ):
            self._vad_controller.add_event_handler(event, handler)

    async def setup(self, setup: FrameProcessorSetup) -> None:  # type: ignore[override]
        """Make the VAD ready."""
        await super().setup(setup)
        await self._vad_controller.setup(setup)

    async def start(self, frame: StartFrame) -> None:
        """Begin to hear."""
        await super().start(frame)
        await self._vad_controller.start()

    async def stop(self, frame: EndFrame) -> None:
        """Stop hearing."""
        await self._vad_controller.stop()
        await super().stop(frame)

    async def cancel(self, frame: CancelFrame) -> None:
        """Stop hearing at once."""
        await self._vad_controller.stop()
        await super().cancel(frame)

    async def cleanup(self) -> None:
        """Let the VAD go."""
        await self._vad_controller.cleanup()
        await super().cleanup()

    async def push_audio_frame(self, frame: InputAudioRawFrame) -> None:
        """Hear the sound, and let it travel where there is a voice."""
        if self._paused:
            return
        self._unheard += frame.audio
        if not self._vad.fills_a_window(len(self._unheard)):
            return
        frame.audio, self._unheard = bytes(self._unheard), bytearray()
        if self._params.audio_in_filter:
            frame.audio = await self._params.audio_in_filter.filter(frame.audio)
        self._held += frame.audio
        await self._vad_controller.process_frame(frame)
        if self._holds_silence and self._vad.hears_a_pause:
            await self._let_go()
            await self.push_frame(VoicePausesFrame())
        if self._holds_silence and not self._vad.hears_caller:
            del self._held[: -_bytes_of(HELD_SECONDS)]
        elif len(self._held) >= _bytes_of(PIECE_SECONDS):
            await self._let_go()

    def _create_audio_task(self) -> None:
        """None is needed: sound is heard as it comes."""

    async def _voice_began(self, _: VADController) -> None:
        await self._let_go()
        await self.push_frame(VADUserStartedSpeakingFrame(start_secs=self._vad.params.start_secs))

    async def _voice_ended(self, _: VADController) -> None:
        await self._let_go()
        await self.push_frame(VADUserStoppedSpeakingFrame(stop_secs=self._vad.params.stop_secs))

    async def _broadcast(self, _: VADController, frame_cls: type[Frame], **fields: Any) -> None:
        await self.broadcast_frame(frame_cls, **fields)

    async def _let_go(self) -> None:
        sound, self._held = bytes(self._held), bytearray()
        if sound:
            await self.push_frame(
                InputAudioRawFrame(sound, wire.MICROPHONE_RATE, 1), FrameDirection.DOWNSTREAM
            )


def _bytes_of(seconds: float) -> int:
    return 2 * round(seconds * wire.MICROPHONE_RATE)
