"""The protocol of `/ws`: the PCM format and every event, both ways.

Text frames are JSON events; binary frames are PCM16 mono, little endian: 16 kHz in 20 ms frames
from the page, `hello.sample_rate` to the page. `docs/protocol.md` is generated from this module.
Unknown fields are ignored on both sides and unknown events by the page; an unknown action is
answered by `error` and changes nothing. So either end may be the older one.
"""

import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

MICROPHONE_RATE = 16_000
"""Samples a second of the PCM that the page sends."""

MICROPHONE_FRAME_MS = 20
"""Milliseconds of sound in one binary frame from the page (640 bytes)."""

MAX_MESSAGE_BYTES = 64 * 1024
"""A longer message, either kind, closes the socket with code 1009."""

MAX_TEXT_CHARS = 2_000
"""Characters of one typed turn; the rest is refused with an `error` event."""


EndReason = Literal["goodbye", "inactivity", "page", "server", "error"]
"""What ended a call: the agent's goodbye, a silent caller, the page, a server going down, a bug."""


class _Message(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Start(_Message):
    """The caller pressed Start Conversation; the greeting follows."""

    action: Literal["start"] = "start"
    mode: Literal["voice", "text"] = Field(
        "voice", description="text: no microphone will be heard; noted in the log"
    )


class Text(_Message):
    """A typed turn, in the same call as the spoken ones."""

    action: Literal["text"] = "text"
    text: str = Field(max_length=MAX_TEXT_CHARS)


class SelectSlot(_Message):
    """The caller tapped a free time in the slot grid; the agent goes on as if it had been said."""

    action: Literal["select_slot"] = "select_slot"
    date: datetime.date = Field(description="ISO date, 2026-02-12")
    time: str = Field(
        pattern=r"^(0[1-9]|1[0-2]):[0-5]\d [AP]M$", description="12-hour time, 09:30 AM"
    )


class StopSpeaking(_Message):
    """The caller asked for silence (Esc, or a tap on the avatar)."""

    action: Literal["stop_speaking"] = "stop_speaking"


class Played(_Message):
    """How much of an utterance the loudspeaker has really played."""

    action: Literal["played"] = "played"
    utterance: str
    ms: int = Field(ge=0, description="milliseconds from the utterance's first sample")


class End(_Message):
    """The caller ended the call in the page; the summary follows."""

    action: Literal["end"] = "end"


class Ping(_Message):
    """Asks for a `pong`, to measure the line or to keep it open."""

    action: Literal["ping"] = "ping"


DeskRole = Literal["satellite", "page", "watcher"]
"""The microphone and loudspeaker of a desk, a page that may act there, and one that only looks."""

DESK_NAME = r"^[\w-]{1,32}$"


class Join(_Message):
    """This socket belongs to a front desk, whose sockets share one call at a time.

    Comes before `start`, and is answered by `desk`, or by `error` and a closed socket.
    """

    action: Literal["join"] = "join"
    desk: str = Field("1", pattern=DESK_NAME)
    role: DeskRole = "page"
    token: str = Field("", max_length=256, description="the desk's, where it has one")


class Device(_Message):
    """The satellite tells its microphone and loudspeaker, and when something is wrong with them."""

    action: Literal["device"] = "device"
    microphone: str = Field("", max_length=256)
    speaker: str = Field("", max_length=256)
    problem: str = Field("", max_length=500, description="empty: both work")


ClientMessage = Annotated[
    Start | Text | SelectSlot | StopSpeaking | Played | End | Ping | Join | Device,
    Field(discriminator="action"),
]
CLIENT_MESSAGE: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)


class Engines(_Message):
    """What hears, thinks and speaks in this call, in words for a person."""

    stt: str
    llm: str
    tts: str


class Hello(_Message):
    """The first event on every socket."""

    type: Literal["hello"] = "hello"
    call_id: str = Field(description="8 characters")
    agent_name: str
    clinic_name: str
    engines: Engines
    demo: bool = Field(description="the book holds sample data")
    sample_rate: int = Field(description="Hz of the PCM that follows")
    emergency_number: str = Field(description="what a person in danger should call instead")


class ConversationStarted(_Message):
    """Answers `start`; the page hides its start overlay."""

    type: Literal["conversation_started"] = "conversation_started"


class Listening(_Message):
    """The agent has finished speaking and listens."""

    type: Literal["listening"] = "listening"


class UserPartial(_Message):
    """What the caller has said so far in a turn that goes on; only `user_speaking` counts."""

    type: Literal["user_partial"] = "user_partial"
    text: str = Field(description="the whole turn so far; empty: there were no words in it")


class UserSpeaking(_Message):
    """What the caller said in a finished turn."""

    type: Literal["user_speaking"] = "user_speaking"
    text: str


class Thinking(_Message):
    """The turn is over and the answer is being made."""

    type: Literal["thinking"] = "thinking"


class SpeakingStart(_Message):
    """The agent begins to speak; the PCM of this utterance follows."""

    type: Literal["speaking_start"] = "speaking_start"
    text: str
    utterance: str = Field(description="names this piece of speech in `played` and `interrupted`")
    turn_id: int = Field(description="utterances of one turn share it; the greeting is turn 0")


class AudioEnergy(_Message):
    """Loudness of the PCM being sent, about 20 a second; moves the mouth."""

    type: Literal["audio_energy"] = "audio_energy"
    energy: float = Field(ge=0.0, le=1.0, description="RMS / 8000, at most 1")


class SpeakingEnd(_Message):
    """The last PCM of the utterance has been sent."""

    type: Literal["speaking_end"] = "speaking_end"
    utterance: str


class Interrupted(_Message):
    """The caller cut in: the page drops what it has not played yet, at once."""

    type: Literal["interrupted"] = "interrupted"
    utterance: str
    heard_ms: int = Field(description="milliseconds of the utterance that were heard")
    text: str = Field(description="the words that were heard, as they stay in the conversation")


class Yielding(_Message):
    """Somebody speaks while the agent does; `interrupted` follows, or the agent goes on.

    `lower`: play what has not been played yet at `gain` (what follows comes at that loudness).
    `pause`: play nothing, and keep it. `go_on`: play on from there.
    """

    type: Literal["yielding"] = "yielding"
    step: Literal["lower", "pause", "go_on"]
    gain: float = Field(1.0, ge=0.0, le=1.0, description="factor of the samples, with `lower`")


class ToolCall(_Message):
    """A tool has run; the page shows a card."""

    type: Literal["tool_call"] = "tool_call"
    function: str
    arguments: dict[str, Any]
    result: dict[str, Any]


class Metrics(_Message):
    """Times of a turn, in milliseconds from the end of the caller's speech, and who answered it."""

    type: Literal["metrics"] = "metrics"
    turn: int
    transcript_ms: int | None = Field(None, description="to the transcript of the last words")
    turn_end_ms: int | None = Field(None, description="to the ruling that the turn is over")
    first_audio_ms: int | None = Field(None, description="to the first audible sample sent")
    llm: str = Field("", description="who answered, in a turn where another one should have")
    llm_failures: list[str] = Field(
        [], description="each language model that did not answer, and why: `openai: timeout`"
    )
    stt_failures: list[str] = Field([], description="why the local recogniser had to hear")
    tts_failures: list[str] = Field([], description="why the local voice had to speak")


class Desk(_Message):
    """The state of the desk's sound: answers `join`, and comes again when it changes."""

    type: Literal["desk"] = "desk"
    desk: str
    sound: Literal["ready", "missing", "failed"] = Field(
        description="missing: no satellite is there; failed: it cannot use its device"
    )
    microphone: str = ""
    speaker: str = ""
    problem: str = Field("", description="in words for the staff")
    in_call: bool = Field(False, description="a call goes on, whose events follow `join`")


class Summary(_Message):
    """The call is over; `text` has all five headings, the fields hold them apart."""

    type: Literal["summary"] = "summary"
    text: str
    caller_intent: str
    actions_taken: list[str]
    key_details: list[str]
    outcome: str
    duration_seconds: int


class Shutdown(_Message):
    """The last event; the server closes the socket after it."""

    type: Literal["shutdown"] = "shutdown"
    reason: EndReason


class Busy(_Message):
    """No line is free; the server closes the socket with code 1013."""

    type: Literal["busy"] = "busy"
    retry_after: int = Field(description="seconds")


class Error(_Message):
    """Something went wrong, in words for the caller."""

    type: Literal["error"] = "error"
    code: str
    message: str
    recoverable: bool


class Pong(_Message):
    """Answers `ping`."""

    type: Literal["pong"] = "pong"


ServerMessage = Annotated[
    Hello
    | ConversationStarted
    | Listening
    | UserPartial
    | UserSpeaking
    | Thinking
    | SpeakingStart
    | AudioEnergy
    | SpeakingEnd
    | Interrupted
    | Yielding
    | ToolCall
    | Metrics
    | Desk
    | Summary
    | Shutdown
    | Busy
    | Error
    | Pong,
    Field(discriminator="type"),
]
SERVER_MESSAGE: TypeAdapter[ServerMessage] = TypeAdapter(ServerMessage)
