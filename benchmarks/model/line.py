"""A call without sound whose model is OpenAI's wire format on loopback, and what is seen of it."""

import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from kavita.agent.answering import Answered, Answering
from kavita.agent.call_state import CallState
from kavita.agent.chat_model import ChatModel
from kavita.agent.history import MessageList
from kavita.agent.phrases import FILLER
from kavita.agent.tools import AppointmentTools
from kavita.receptionist.receptionist import Receptionist
from kavita.scheduling.clinic import Clinic
from kavita.store.appointments import upcoming
from kavita.store.database import Database
from kavita.store.demo import seed_demo
from tests.fakes.openai_server import KEY, OpenAIServer

ZONE = ZoneInfo("Asia/Kolkata")
NOW = datetime(2026, 2, 9, 8, 0, tzinfo=ZONE)
"""A Monday morning."""

CLINIC = Clinic(name="Sunrise Clinic", timezone=ZONE)
CHANGED = ("booked", "modified", "cancelled", "registered")


@dataclass
class Heard:
    """One answer, as the caller hears it."""

    began: float = field(default_factory=time.monotonic)
    words: list[str] = field(default_factory=list)
    first_sound: float | None = None
    first_answer: float | None = None
    """The same, without "One moment"."""
    answered: Answered | None = None

    @property
    def text(self) -> str:
        """All of it."""
        return " ".join(self.words)

    @property
    def is_silent(self) -> bool:
        """Whether nothing was said but "One moment"."""
        return not [words for words in self.words if words != FILLER]


class Line:
    """One caller."""

    def __init__(self, database: Database, model: ChatModel) -> None:
        self.database = database
        self.history = MessageList()
        self.results: list[tuple[str, dict[str, Any]]] = []
        self.spoken: list[str] = []
        """All sentences, also of answers that were cut in on."""
        self.tools = AppointmentTools(
            database, CallState("be0c0000"), CLINIC, lambda: NOW, self._ran
        )
        self.answering = Answering(Receptionist(CLINIC), self.tools, [model])

    async def say(self, text: str) -> Heard:
        """Say a turn and hear the answer to its end."""
        heard = Heard()
        self.history.add_message({"role": "user", "content": text})

        async def speak(sentence: str) -> None:
            at = time.monotonic() - heard.began
            heard.first_sound = at if heard.first_sound is None else heard.first_sound
            if sentence != FILLER and heard.first_answer is None:
                heard.first_answer = at
            heard.words.append(sentence)
            self.spoken.append(sentence)

        try:
            heard.answered = await self.answering.answer(self.history, speak)
        finally:
            if heard.words:
                self.history.add_message({"role": "assistant", "content": heard.text})
        return heard

    def changes(self) -> list[str]:
        """The changes that tools have reported, in their order."""
        return [row["status"] for _, row in self.results if row["status"] in CHANGED]

    def book(self, patient: str = "1001") -> dict[str, str]:
        """A patient's coming visits: ID to moment."""
        rows = upcoming(self.database, patient, NOW)
        return {row.id: row.starts_at.isoformat() for row in rows}

    def _ran(self, name: str, _: dict[str, Any], result: dict[str, Any]) -> None:
        self.results.append((name, result))


class Books:
    """Copies of the demo clinic's book."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._count = 0
        self._first = Path(self._folder.name) / "first.db"
        database = Database(f"sqlite:///{self._first}")
        database.open()
        seed_demo(database, CLINIC, NOW)
        database.close()

    def copy(self) -> Database:
        """A book like new; close it."""
        self._count += 1
        path = shutil.copy(self._first, Path(self._folder.name) / f"{self._count}.db")
        database = Database(f"sqlite:///{path}")
        database.open()
        return database

    def close(self) -> None:
        """Throw them away."""
        self._folder.cleanup()


@asynccontextmanager
async def a_line(books: Books, model: ChatModel) -> AsyncIterator[Line]:
    """A call over a book of its own."""
    database = books.copy()
    line = Line(database, model)
    try:
        yield line
    finally:
        await line.tools.settle()
        database.close()


def model_at(server: OpenAIServer) -> ChatModel:
    """The server's model."""
    return ChatModel("openai", server.model, KEY, server.base_url)
