"""Azure's speech recognition through its own SDK (extra `cloud`): sound in, phrases out."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread
from typing import Any

from pipecat.frames.frames import Frame

from kavita.agent.circuit import Circuit, ProviderFailed
from kavita.voice.espeak import EngineMissing

CONNECT_SECONDS = 3.0
SEGMENTATION_SILENCE_MS = 250
"""Silence that ends a phrase: about what the VAD takes for the end of speech."""

END_SLACK_MS = 700
"""The last phrase may end so much before the VAD heard the caller fall silent."""

TICKS_A_MS = 10_000
BYTES_A_MS = 32
"""Of 16 kHz PCM16."""

_CODES = {
    "AuthenticationFailure": "bad_key",
    "Forbidden": "no_credit",
    "BadRequest": "not_allowed",
    "TooManyRequests": "too_many_requests",
    "ConnectionFailure": "unreachable",
    "ServiceTimeout": "timeout",
}
_LASTING = ("bad_key", "no_credit", "not_allowed")


@dataclass(frozen=True)
class Phrase:
    """What was recognised, and its place in the sound in milliseconds."""

    text: str
    begins_ms: int
    ends_ms: int


@dataclass(frozen=True)
class Hypothesis:
    """What a phrase that goes on may be, and where it begins in the sound, in milliseconds."""

    text: str
    begins_ms: int


Event = Phrase | Hypothesis | ProviderFailed


class AzureSpeech:
    """The account and the circuit; shared by all calls of the process."""

    def __init__(self, key: str, region: str, host: str = "") -> None:
        """`host`, such as "ws://127.0.0.1:5000", instead of the cloud's for the region.

        Raises:
            EngineMissing: the `cloud` extra is not installed.
        """
        try:
            import azure.cognitiveservices.speech as sdk
        except ImportError as error:
            raise EngineMissing(
                "Azure's speech recognition needs the `cloud` extra: pip install 'kavita[cloud]'"
            ) from error
        self.label = "azure"
        self.end_slack_ms = END_SLACK_MS
        self.tells_places = True
        self.circuit = Circuit(self.label, self.probe)
        self._sdk: Any = sdk
        where = {"host": host} if host else {"region": region}
        self._config = sdk.SpeechConfig(subscription=key, **where)
        self._config.speech_recognition_language = "en-US"
        self._config.set_property(
            sdk.PropertyId.Speech_SegmentationSilenceTimeoutMs, str(SEGMENTATION_SILENCE_MS)
        )

    async def open(self, on_event: Callable[[Event], None]) -> "AzureEar":
        """Begin to hear; `on_event` is called in the event loop."""
        return await AzureEar.open(self, on_event)

    async def close(self) -> None:
        """Stop probing."""
        await self.circuit.close()

    async def probe(self) -> None:
        """Connect, and send no sound; raises ProviderFailed."""
        outcome: asyncio.Future[Event | None] = asyncio.get_running_loop().create_future()

        def settle(event: Event | None) -> None:
            if not outcome.done():
                outcome.set_result(event)

        ear = await AzureEar.open(self, settle, on_connected=lambda: settle(None))
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                failure = await outcome
        except TimeoutError:
            raise ProviderFailed("timeout") from None
        finally:
            ear.close()
        if isinstance(failure, ProviderFailed):
            raise failure

    def recognizer(self) -> tuple[Any, Any]:
        """A stream to write sound to, and the recogniser that hears it."""
        sdk = self._sdk
        stream = sdk.audio.PushAudioInputStream(sdk.audio.AudioStreamFormat(16_000, 16, 1))
        audio = sdk.audio.AudioConfig(stream=stream)
        return stream, sdk.SpeechRecognizer(self._config, audio_config=audio)

    def connection(self, recognizer: Any) -> Any:
        """What tells when the recogniser has reached the service."""
        return self._sdk.Connection.from_recognizer(recognizer)

    def failure(self, cancelled: Any) -> ProviderFailed | None:
        """Why recognition was given up; None when its sound is over."""
        if cancelled.reason != self._sdk.CancellationReason.Error:
            return None
        code = _CODES.get(cancelled.code.name, "error")
        return ProviderFailed(code, lasting=code in _LASTING)


class AzureEar:
    """Hears a stream of sound, from its opening to its end."""

    def __init__(self, stream: Any, recognizer: Any, connection: Any) -> None:
        """Use `open`."""
        self._recognizer: Any = recognizer
        self._connection: Any = connection
        self._stream = stream
        self._written = 0

    @classmethod
    async def open(
        cls,
        azure: AzureSpeech,
        on_event: Callable[[Event], None],
        on_connected: Callable[[], None] = lambda: None,
    ) -> "AzureEar":
        """Begin to hear; both are called in the event loop.

        The connection is opened by beginning to hear: the SDK refuses to do both at once.
        """
        loop = asyncio.get_running_loop()
        stream, recognizer = await asyncio.to_thread(azure.recognizer)

        def recognizing(event: Any) -> None:
            guess = Hypothesis(event.result.text, event.result.offset // TICKS_A_MS)
            loop.call_soon_threadsafe(on_event, guess)

        def recognized(event: Any) -> None:
            result = event.result
            begins = result.offset // TICKS_A_MS
            phrase = Phrase(result.text, begins, begins + result.duration // TICKS_A_MS)
            loop.call_soon_threadsafe(on_event, phrase)

        def cancelled(event: Any) -> None:
            failure = azure.failure(event.cancellation_details)
            if failure is not None:
                loop.call_soon_threadsafe(on_event, failure)

        recognizer.recognizing.connect(recognizing)
        recognizer.recognized.connect(recognized)
        recognizer.canceled.connect(cancelled)
        connection = azure.connection(recognizer)
        connection.connected.connect(lambda _: loop.call_soon_threadsafe(on_connected))
        recognizer.start_continuous_recognition_async()
        return cls(stream, recognizer, connection)

    @property
    def position_ms(self) -> int:
        """How much sound was written."""
        return self._written // BYTES_A_MS

    def write(self, pcm: bytes) -> None:
        """Let it hear some more 16 kHz PCM16 mono."""
        self._written += len(pcm)
        self._stream.write(pcm)

    def mark(self, frame: Frame) -> None:
        """Azure finds the ends of phrases by itself."""

    def close(self) -> None:
        """Stop hearing; events may still come for a moment.

        The SDK waits up to 10 s for a service that hangs, also when its objects are let go of, so
        a thread of its own does both.
        """
        heard = self._recognizer, self._connection, self._stream
        self._recognizer = self._connection = None
        Thread(target=_stop, args=heard, daemon=True).start()


def _stop(recognizer: Any, connection: Any, stream: Any) -> None:
    connection.connected.disconnect_all()
    recognizer.recognizing.disconnect_all()
    recognizer.recognized.disconnect_all()
    recognizer.canceled.disconnect_all()
    stream.close()
    recognizer.stop_continuous_recognition_async().get()
