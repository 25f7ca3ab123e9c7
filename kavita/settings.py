"""Every setting, typed, with one line that says what it does; read from the environment and `.env`.

`docs/settings.md` and `.env.example` are generated from this module.
"""

import json
import re
from datetime import time, tzinfo
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from tzlocal import get_localzone

from kavita.scheduling.clinic import Clinic

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PLAIN_CLINIC = (
    *("clinic_name", "clinic_timezone", "clinic_opens", "clinic_closes", "clinic_closed_days"),
    *("slot_minutes", "emergency_number"),
)
"""What describes a clinic that has no file of its own."""

Stage = Literal["stt", "llm", "tts"]
ENGINES: dict[Stage, tuple[str, ...]] = {
    "stt": ("azure", "local"),
    "llm": ("openai", "rules"),
    "tts": ("cartesia", "local"),
}
SERVICE_NAME = r"[a-z]\w*|[A-Za-z_][\w.]*:[A-Za-z_]\w*"
"""A provider in Pipecat, such as deepgram, or a class of service as module:Class."""

SHORTEST_TOKEN, LONGEST_TOKEN = 16, 256


class SettingsError(Exception):
    """A setting has a value that cannot be used; the message names it, for the operator."""


class Settings(BaseSettings):
    """What an operator may set; a field in capitals is the name of its environment variable."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore")

    azure_speech_key: SecretStr = Field(SecretStr(""), description="Key of Azure Speech (STT)")
    azure_speech_region: str = Field("", description="Region of that key, for example `eastus`")
    azure_speech_host: str = Field(
        "", description="Another server of Azure's speech protocol, such as `ws://127.0.0.1:5000`"
    )
    stt: str = Field(
        "",
        description="What hears: `azure`, `local`, or a service of Pipecat's by its name "
        "(docs/services.md); empty: `azure` when its key is set, else `local`",
    )
    stt_api_key: SecretStr = Field(SecretStr(""), description="Key of that service of Pipecat's")
    stt_options: SecretStr = Field(
        SecretStr(""), description="Its other options, a JSON object; kept out of the log"
    )
    openai_api_key: SecretStr = Field(SecretStr(""), description="Key of OpenAI (LLM)")
    openai_model: str = Field("gpt-4o-mini", description="Model asked of OpenAI")
    openai_base_url: str = Field(
        "", description="Another server that speaks OpenAI's chat completions, with its `/v1`"
    )
    openai_backup_model: str = Field(
        "", description="Model asked when the first does not answer; empty: the receptionist"
    )
    openai_backup_base_url: str = Field(
        "", description="Server of the backup; empty: that of the first"
    )
    openai_backup_api_key: SecretStr = Field(
        SecretStr(""), description="Key of the backup; empty: that of the first"
    )
    llm: str = Field(
        "",
        description="What thinks: `openai`, `rules`, or a service of Pipecat's by its name "
        "(docs/services.md); empty: `openai` when its key is set, else `rules`",
    )
    llm_api_key: SecretStr = Field(SecretStr(""), description="Key of that service of Pipecat's")
    llm_options: SecretStr = Field(
        SecretStr(""), description="Its other options, a JSON object; kept out of the log"
    )
    cartesia_api_key: SecretStr = Field(SecretStr(""), description="Key of Cartesia (TTS)")
    cartesia_voice: str = Field(
        "f786b574-daa5-4673-aa0c-cbe3e8534c02", description="ID of Cartesia's voice"
    )
    cartesia_model: str = Field("sonic-3.5", description="Model asked of Cartesia")
    cartesia_url: str = Field(
        "wss://api.cartesia.ai/tts/websocket", description="Where Cartesia's WebSocket is"
    )
    tts: str = Field(
        "",
        description="What speaks: `cartesia`, `local`, or a service of Pipecat's by its name "
        "(docs/services.md); empty: `cartesia` when its key is set, else `local`",
    )
    tts_api_key: SecretStr = Field(SecretStr(""), description="Key of that service of Pipecat's")
    tts_options: SecretStr = Field(
        SecretStr(""), description="Its other options, a JSON object; kept out of the log"
    )
    prices_file: Path = Field(
        Path("prices.toml"),
        description="What the engines cost, and the daily limit; without it list prices hold",
    )
    agent_name: str = Field("kavita", description="What the receptionist calls herself")
    avatar_port: int = Field(8765, ge=0, le=65535, description="Port of the page and of `/ws`")
    avatar_host: str = Field(
        "127.0.0.1", description="Address to listen on; `0.0.0.0` admits other machines"
    )
    allowed_origins: Annotated[list[str], NoDecode] = Field(
        [], description="Further web origins that may open `/ws`, comma separated"
    )
    audio: Literal["browser", "device"] = Field(
        "browser", description="Where a caller speaks and listens; `device`: at this machine itself"
    )
    audio_input: str = Field(
        "", description="Microphone, or a part of its name; empty: the system's default"
    )
    audio_output: str = Field("", description="Loudspeaker, likewise")
    echo_cancellation: bool = Field(
        True, description="Take the loudspeaker's sound out of the microphone's; off with a headset"
    )
    noise_suppression: bool = Field(True, description="Take steady noise out of the microphone's")
    gain_control: bool = Field(
        False,
        description="Bring quiet and loud callers to one level; raises what is left of an echo",
    )
    desk_tokens: Annotated[dict[str, SecretStr], NoDecode] = Field(
        {}, description="Front desks with a satellite elsewhere and their tokens: `2=…,3=…`"
    )
    satellite_token: SecretStr = Field(
        SecretStr(""), description="Token of the desk that `kavita satellite` serves from here"
    )
    max_calls: int = Field(
        4, ge=1, description="Calls at a time; fewer while the machine cannot serve them well"
    )
    max_sockets: int = Field(32, ge=1, description="Open pages at a time, in a call or not")
    database_url: str = Field(
        "sqlite:///data/kavita.db",
        description="The appointment book: SQLite, or `postgresql://user:password@host/name`",
    )
    appointments_json: Path = Field(
        Path("data/appointments.json"),
        description="Imported on the first start, when the book is still empty",
    )
    backup_dir: Path | None = Field(
        Path("data/backups"),
        description="Where each night's backup of the book goes; empty: nowhere",
    )
    call_record_days: int = Field(
        365, ge=0, description="Records of calls are deleted after so many days; 0: never"
    )
    keep_transcripts: bool = Field(
        True, description="Keep what was said in the records of calls; else only what was done"
    )
    demo_data: bool = Field(
        True, description="Fill an empty book with the demo clinic's appointments"
    )
    clinic_file: Path = Field(
        Path("clinic.toml"),
        description="Practitioners, visit types, hours; without it the next seven settings hold",
    )
    clinic_name: str = Field("our clinic", description="The clinic, as spoken")
    clinic_timezone: str = Field(
        "", description="IANA zone of the clinic, for example `Asia/Kolkata`; empty: this machine's"
    )
    clinic_opens: time = Field(time(9, 0), description="First slot of a day begins, HH:MM")
    clinic_closes: time = Field(time(18, 0), description="Last slot of a day ends, HH:MM")
    clinic_closed_days: Annotated[list[str], NoDecode] = Field(
        ["sunday"], description="Weekdays without appointments, comma separated; may be empty"
    )
    slot_minutes: Literal[15, 20, 30, 45, 60] = Field(30, description="Length of a slot, minutes")
    emergency_number: str = Field("112", description="Told at once to a caller in danger")
    silence_seconds: float = Field(
        2.0, ge=0.6, le=10, description="A turn is over after this much silence at the latest"
    )
    dictation_seconds: float = Field(
        2.5, ge=0.6, le=10, description="The same while the caller dictates digits in groups"
    )
    turn_complete_seconds: float = Field(
        0.15, ge=0.1, le=2, description="Silence that ends a complete answer: yes, four digits"
    )
    turn_finished_seconds: float = Field(
        0.25, ge=0.1, le=2, description="Silence that ends a turn that sounds finished"
    )
    turn_counted_seconds: float = Field(
        0.25,
        ge=0.1,
        le=2,
        description="Silence that ends a dictated ID that was not all understood, but has as many "
        "syllables as it must",
    )
    turn_enough_seconds: float = Field(
        0.4, ge=0.1, le=2, description="The same for an answer that may be gone on with: a day"
    )
    turn_unsure_seconds: float = Field(
        0.6, ge=0.1, le=5, description="The same where neither words nor sound tell"
    )
    turn_astray_seconds: float = Field(
        1.6, ge=0.1, le=5, description="The same for words that do not answer a plain question"
    )
    inactivity_seconds: float = Field(
        45.0,
        ge=8,
        le=3600,
        description="A silent caller is said goodbye to after this many seconds",
    )
    local_voice: str = Field("en-us+f3", description="espeak-ng voice of the local TTS")
    show_conversation: bool = Field(
        True, description="Print what is said, and the summary, in the terminal (never in the log)"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="What the log tells the operator; never what a caller said"
    )

    @field_validator("allowed_origins", "clinic_closed_days", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("desk_tokens", mode="before")
    @classmethod
    def _pairs(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [part.partition("=") for part in value.split(",") if part.strip()]
        return {name.strip(): token.strip() for name, _, token in pairs}

    @field_validator("desk_tokens")
    @classmethod
    def _good_tokens(cls, tokens: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, token in tokens.items():
            if not re.fullmatch(r"[\w-]{1,32}", name):
                raise ValueError("a desk is named with letters, digits, _ and -, at most 32")
            if not SHORTEST_TOKEN <= len(token.get_secret_value()) <= LONGEST_TOKEN:
                raise ValueError(
                    f"the token of desk {name} needs {SHORTEST_TOKEN} to {LONGEST_TOKEN} characters"
                )
        return tokens

    @field_validator("stt", "llm", "tts")
    @classmethod
    def _engine(cls, name: str) -> str:
        if name and not re.fullmatch(SERVICE_NAME, name):
            raise ValueError(f"{name!r} is neither the name of an engine nor module:Class")
        return name

    @field_validator("stt_options", "llm_options", "tts_options")
    @classmethod
    def _object(cls, options: SecretStr) -> SecretStr:
        try:
            given = json.loads(options.get_secret_value() or "{}")
        except (ValueError, RecursionError):
            given = None
        if not isinstance(given, dict):
            raise ValueError('not a JSON object, such as {"model": "..."}')  # noqa: TRY004
        return options

    @field_validator("slot_minutes", mode="before")
    @classmethod
    def _number(cls, value: object) -> object:
        return int(value) if isinstance(value, str) and value.strip().isdecimal() else value

    @field_validator("backup_dir", mode="before")
    @classmethod
    def _no_folder(cls, value: object) -> object:
        return value or None

    @field_validator("clinic_closed_days")
    @classmethod
    def _weekdays(cls, days: list[str]) -> list[str]:
        days = [day.lower() for day in days]
        unknown = [day for day in days if day not in WEEKDAYS]
        if unknown:
            raise ValueError(f"{', '.join(unknown)}: not a weekday; use {', '.join(WEEKDAYS)}")
        return days

    @field_validator("clinic_timezone")
    @classmethod
    def _zone(cls, name: str) -> str:
        if name:
            try:
                ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError) as error:
                raise ValueError(f"{name!r} is not an IANA time zone") from error
        return name

    @model_validator(mode="after")
    def _hours(self) -> Self:
        self.clinic()
        return self

    def named_service(self, stage: Stage) -> str:
        """The service of Pipecat's that a stage names; empty for an engine of Kavita's own."""
        name: str = getattr(self, stage)
        return "" if name in ENGINES[stage] else name

    def timezone(self) -> tzinfo:
        """The plain clinic's zone, or this machine's when none is set."""
        return ZoneInfo(self.clinic_timezone) if self.clinic_timezone else get_localzone()

    def clinic(self) -> Clinic:
        """The plain clinic, which is there as long as no `clinic_file` was ever read."""
        return Clinic(
            name=self.clinic_name,
            timezone=self.timezone(),
            opens=self.clinic_opens,
            closes=self.clinic_closes,
            slot_minutes=self.slot_minutes,
            closed_weekdays=frozenset(WEEKDAYS.index(day) for day in self.clinic_closed_days),
            emergency_number=self.emergency_number,
        )

    def plain_settings(self) -> list[str]:
        """The variables that are set and describe the plain clinic."""
        return [name.upper() for name in PLAIN_CLINIC if name in self.model_fields_set]


def read_settings(**overrides: Any) -> Settings:
    """Read the environment and `.env`; `overrides` (from the command line) win.

    Raises:
        SettingsError: a value cannot be used; one line for each, naming the variable.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False)
        raise SettingsError("\n".join(map(_in_words, problems))) from None
    except UnicodeDecodeError:
        raise SettingsError(".env is not written in UTF-8") from None
    except ZoneInfoNotFoundError as error:
        raise SettingsError(
            f"this machine's time zone cannot be told ({error}); set CLINIC_TIMEZONE"
        ) from None


def _in_words(problem: ErrorDetails) -> str:
    variable = ".".join(str(part) for part in problem["loc"]).upper() or "CLINIC"
    return f"{variable}: {problem['msg']}"
