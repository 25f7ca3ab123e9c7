"""A caller in the room books an appointment; what the loudspeaker said then is transcribed."""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import datetime

from virtual_room.desk import Missed, Room

from kavita.caller.agenda import Agenda, Caller
from kavita.caller.demo import MAX_TURNS, demo_agenda, demo_day
from kavita.caller.voice import CallerVoice
from kavita.receptionist.understanding.clock_times import find_times
from kavita.receptionist.understanding.dates import find_days
from kavita.receptionist.understanding.words import split_words
from kavita.scheduling.clinic import Clinic
from kavita.settings import Settings
from kavita.store.appointments import upcoming
from kavita.store.database import Database
from kavita.voice.local_stt import Transcriber

ANSWER_SECONDS = 8.0
"""Then the caller says it in other words."""

PATIENCE = 2
"""How often."""


@dataclass
class Booking:
    """What became of the call."""

    gaps_ms: list[float] = field(default_factory=list)
    """From the last sample of the caller in the air to the first of the agent in the air."""
    said_again: int = 0
    confirmation: str = ""
    """As the page showed it."""
    heard: str = ""
    """As it was transcribed from the loudspeaker."""
    is_in_the_book: bool = False
    is_heard: bool = False
    """Whether the transcript confirms the day and the time that were asked for."""
    ended: str = ""
    """Why the call ended; empty if it did not."""


def book(room: Room, voice: CallerVoice, transcriber: Transcriber, says_goodbye: bool) -> Booking:
    """Hold the call; who does not say goodbye presses End. Raises Missed."""
    clinic = Settings(_env_file=None).clinic()
    today = datetime.now(clinic.timezone).date()
    caller = Caller(demo_agenda(today, demo_day(clinic, today)))
    found = Booking()
    since = time.monotonic()
    room.page.send(action="start")
    for _ in range(MAX_TURNS):
        said = _turn(room, since)
        answer = caller.answer(said)
        if caller.booked and not found.confirmation:
            found.confirmation = said
            sound = room.air.played(since, time.monotonic())
            found.heard = asyncio.run(transcriber.transcribe(sound.tobytes()))
            found.is_heard = confirms(found.heard, caller.wants, clinic)
        if answer is None or room.page.since(since, "shutdown"):
            break
        if found.confirmation and not says_goodbye:
            room.page.end()
            break
        since = _answer(room, voice, caller, answer, found)
    _, shutdown = room.page.wait("shutdown", since)
    found.ended = shutdown["reason"]
    found.is_in_the_book = _holds(room, caller.wants, datetime.now(clinic.timezone))
    return found


def _turn(room: Room, since: float) -> str:
    """Hear the agent out; returns the words of her turn."""
    room.hear_out(since)
    return " ".join(event["text"] for event in room.page.since(since, "speaking_start"))


def _answer(room: Room, voice: CallerVoice, caller: Caller, words: str, found: Booking) -> float:
    """Say it, again if need be, until the agent answers; returns when that began."""
    for _ in range(PATIENCE + 1):
        ended = room.speak(voice, words)
        try:
            begun, _ = room.page.wait("speaking_start", ended, ANSWER_SECONDS)
        except Missed:
            words, found.said_again = caller.repeat(), found.said_again + 1
            continue
        first = room.audible_from(ended)
        found.gaps_ms.append(round(1000 * (first - ended)))
        return min(begun, first)
    raise Missed("the agent did not answer")


def confirms(heard: str, wants: Agenda, clinic: Clinic) -> bool:
    """Whether a transcript says that this day and time were booked, in figures or in words."""
    words = split_words(heard)
    if "booked" not in words:
        return False
    said = words[words.index("booked") :]
    days = [mention.day for mention in find_days(said, wants.today)]
    times = [mention.wish.at for mention in find_times(said, clinic)]
    return wants.day in days and wants.time in times


def _holds(room: Room, wants: Agenda, now: datetime) -> bool:
    """Whether the book has just that appointment, beside those of the demo."""
    database = Database(f"sqlite:///{room.folder / 'kavita.db'}")
    try:
        found = upcoming(database, wants.user_id, now)
    finally:
        database.close()
    asked_for = datetime.combine(wants.day, wants.time)
    return [each.starts_at.replace(tzinfo=None) for each in found].count(asked_for) == 1
