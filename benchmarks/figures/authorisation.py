"""Nobody reaches another patient's data: every tool in every state of a call, and a long sweep."""

import asyncio
import json
import time as clock
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import product
from random import Random
from statistics import median
from typing import Any

from sqlalchemy import func, select

from benchmarks.figures.books import fill
from benchmarks.figures.clinics import new_clinic
from kavita import wire
from kavita.agent.call_state import CallState
from kavita.agent.text_call import TextCall
from kavita.agent.tools import TOOL_NAMES, AppointmentTools
from kavita.scheduling.identity import MAX_TRIES_A_CALL
from kavita.store import tables
from kavita.store.appointments import book
from kavita.store.database import Database
from kavita.store.record_tables import JournalEntry

CLINIC = new_clinic(3, time(9), time(18), lengths=(30,), step_minutes=30)
NOW = datetime(2026, 2, 9, 8, 0, tzinfo=CLINIC.timezone)
DAY = date(2026, 2, 12)
STATES = ("anonymous", "identified", "another's", "locked", "ended")
CLAIMS = ("own", "another's", "unknown")
MATRIX = tuple(product(TOOL_NAMES, STATES, CLAIMS))
OWN, OTHER, UNKNOWN = "1001", "2045", "9999"
BORN = {OWN: date(1985, 3, 2), OTHER: date(1990, 5, 17)}
SECRETS = {OTHER: ("Priya", "Dental cleaning"), OWN: ("Archit", "Blood test")}
FILES = (tables.Patient, tables.Appointment, tables.PatientClaim, tables.PractitionerClaim)
FILES += (tables.WaitlistEntry, tables.Hold, tables.PatientPin)
MAX_DIFFERENCE_MS = 20.0
PATIENTS = 2000
SPOKEN = 40
"""IDs that are also tried by a caller who speaks with the receptionist, at most; a tenth of few."""


@dataclass(frozen=True)
class Matrix:
    """How many cells of the matrix were judged, by which tool calls, and what was wrong."""

    cells: int
    calls: int
    allowed: int
    """Of these, carried out for the patient of the call."""
    results_with_another_patients_data: int
    changes_of_another_patients_data: int
    journal_entries_for_another_patient: int
    done_without_being_allowed: int
    holds: bool


@dataclass(frozen=True)
class Sweep:
    """What somebody learned who tried every ID."""

    ids: int
    tries: int
    patients: int
    disclosures: int
    different_answers: int
    median_existing_ms: float
    median_unknown_ms: float
    holds: bool


def check_authorisation(url: str, seed: int, cells: int = len(MATRIX)) -> Matrix:
    """Call every tool in every state of a call with every kind of ID, in a new database.

    With fewer cells than the MATRIX has, as many that the seed picks.
    """
    database = fill(url, CLINIC, [], NOW)
    with database.transaction() as session:
        for key, name in ((OWN, "Archit Ojha"), (OTHER, "Priya Sharma")):
            session.add(tables.Patient(id=key, name=name, birth_date=BORN[key]))
    picked = Random(seed).sample(MATRIX, cells)
    asyncio.run(_judge_all(database, found := _Cells(), picked))
    database.close()
    faults = (found.shown, found.changed, found.told, found.done)
    holds = not any(faults) and found.allowed > 0
    return Matrix(cells, found.calls, found.allowed, *faults, holds=holds)


@dataclass
class _Cells:
    calls: int = 0
    allowed: int = 0
    shown: int = 0
    changed: int = 0
    told: int = 0
    done: int = 0


async def _judge_all(
    database: Database, cells: _Cells, matrix: Iterable[tuple[str, str, str]]
) -> None:
    for number, (tool, state, claim) in enumerate(matrix):
        keys = _new_appointments(database, number)
        tools = await _call(database, state, f"call-{number}")
        patient = tools.call_state.patient
        me = patient.user_id if patient and state != "ended" else ""
        user_id = {"own": me or OWN, "another's": OTHER if me != OTHER else OWN}.get(claim, UNKNOWN)
        appointment = keys.get(user_id, "00000000")
        before, entries = _contents(database), _last_entry(database)
        for arguments in _arguments(tool, user_id, appointment, me or OWN):
            result = await tools.run(tool, arguments)
            cells.calls += 1
            others = [each for each in (OWN, OTHER) if each != me]
            text = json.dumps(result, default=str)
            secrets = [keys[each] for each in others]
            secrets += [word for each in others for word in SECRETS[each]]
            cells.shown += any(secret in text for secret in secrets)
            may = bool(me) and user_id == me
            acts = result["status"] in ("booked", "modified", "cancelled", "waitlisted", "found")
            cells.allowed += acts and may
            cells.done += acts and not may and tool != "identify_user"
        after = _contents(database)
        others_before = {key: rows for key, rows in before.items() if key != me}
        cells.changed += any(after.get(key) != rows for key, rows in others_before.items())
        reads = _entries_after(database, entries)
        cells.told += sum(who not in ("", me) for who in reads)


async def _call(database: Database, state: str, call_id: str) -> AppointmentTools:
    """Bring a call into a state."""
    tools = _tools(database, call_id)
    if state in ("identified", "another's", "ended"):
        await tools.identify_user(OWN, BORN[OWN].isoformat())
    if state == "another's":
        await tools.identify_user(OTHER, BORN[OTHER].isoformat())
    if state == "locked":
        for number in range(MAX_TRIES_A_CALL):
            await tools.identify_user(str(8000 + number), "1970-01-01")
    if state == "ended":
        await tools.close()
    return tools


def _arguments(tool: str, user_id: str, appointment: str, me: str) -> Iterable[dict[str, str]]:
    """Yield what a caller, or a model that was talked into it, might ask the tool for."""
    when = {"date": DAY.isoformat(), "time_slot": "02:00 PM", "purpose": "Visit", "name": ""}
    new = {"new_date": DAY.isoformat(), "new_time_slot": "03:00 PM"}
    one = {"user_id": user_id, "appointment_id": appointment}
    mine = one | {"user_id": me}
    match tool:
        case "identify_user":
            yield {"user_id": user_id}
            yield {"user_id": user_id, "date_of_birth": "1970-01-01"}
        case "register_user":
            yield {"name": "Test Patient"}
        case "fetch_slots":
            yield {"date": DAY.isoformat()}
        case "book_appointment":
            yield {"user_id": user_id} | when
            yield {"user_id": user_id, "waitlist": "yes"} | when
        case "retrieve_appointments":
            yield {"user_id": user_id}
        case "cancel_appointment":
            yield one
            if user_id != me:
                yield mine
        case "modify_appointment":
            yield one | {"waitlist": "yes"}
            yield one | new
            if user_id != me:
                yield mine | new
        case _:
            yield {}


def _new_appointments(database: Database, number: int) -> dict[str, str]:
    """Book something for both patients; return the IDs by patient."""
    day = DAY + timedelta(days=1 + number)
    at = {OWN: time(10), OTHER: time(11)}
    return {key: book(database, CLINIC, key, day, at[key], SECRETS[key][1], NOW).id for key in BORN}


def _contents(database: Database) -> dict[str, list[Any]]:
    """Return all rows of the patients' tables, by patient; without patient: everybody's."""
    found: dict[str, list[Any]] = defaultdict(list)
    with database.transaction() as session:
        ids = select(tables.Appointment.id, tables.Appointment.patient_id)
        owners = dict(session.execute(ids).tuples().all())
        for table in FILES:
            rows = select(table.__table__).order_by(*table.__table__.primary_key)
            for row in session.execute(rows).mappings():
                who = row["id"] if table is tables.Patient else row.get("patient_id")
                who = who or owners.get(row.get("appointment_id"), "")
                found[who].append((table.__tablename__, *row.values()))
    return found


def _last_entry(database: Database) -> int:
    with database.transaction() as session:
        return session.scalar(select(func.max(JournalEntry.position))) or 0


def _entries_after(database: Database, position: int) -> list[str]:
    """Return whose data was read or written; a failed identification reads nobody's."""
    query = select(JournalEntry.patient_id).where(
        JournalEntry.position > position,
        ~((JournalEntry.action == "identify") & (JournalEntry.result != "found")),
        JournalEntry.result != "registered",
    )
    with database.transaction() as session:
        return [who or "" for who in session.scalars(query)]


def sweep(url: str, ids: int, seed: int, calls: int = 8) -> Sweep:
    """Try every ID alone and with a guessed date of birth, in several calls at a time."""
    random = Random(seed)
    everybody = [f"{number:04}" for number in range(ids)]
    known = random.sample(everybody, min(PATIENTS, ids // 5))
    database = fill(url, CLINIC, [], NOW)
    born = {key: date(1940, 1, 1) + timedelta(days=random.randrange(27_000)) for key in known}
    names = {key: f"Test Patient {chr(65 + n % 26)}{n}" for n, key in enumerate(known)}
    with database.transaction() as session:
        session.add_all(
            tables.Patient(id=key, name=names[key], birth_date=born[key]) for key in known
        )
    thief = _Thief(database, random, born, names)
    random.shuffle(everybody)
    asyncio.run(_sweep(thief, everybody, calls))
    database.close()
    existing, unknown = (median(thief.times[each]) for each in (True, False))
    alike = len(thief.answers[True] ^ thief.answers[False])
    holds = not thief.disclosures and not alike and abs(existing - unknown) <= MAX_DIFFERENCE_MS
    medians = (round(existing, 2), round(unknown, 2))
    return Sweep(ids, thief.tries, len(known), thief.disclosures, alike, *medians, holds)


class _Thief:
    """Somebody who tries IDs, and what they were told."""

    def __init__(
        self, database: Database, random: Random, born: dict[str, date], names: dict[str, str]
    ) -> None:
        self.database = database
        self.random = random
        self.born = born
        self.names = names
        self.tries = 0
        self.disclosures = 0
        self.answers: dict[bool, set[str]] = {True: set(), False: set()}
        self.times: dict[bool, list[float]] = {True: [], False: []}

    async def try_ids(self, user_ids: list[str], call: str) -> None:
        """Try some IDs in one call, first alone and then with a date."""
        tools = _tools(self.database, call)
        for number, user_id in enumerate(user_ids):
            await self._try(tools, number, user_id, "")
            guess = date(1940, 1, 1) + timedelta(days=self.random.randrange(27_000))
            await self._try(tools, number, user_id, guess.isoformat())
        await tools.close()

    async def _try(self, tools: AppointmentTools, number: int, user_id: str, said: str) -> None:
        began = clock.perf_counter()
        result = await tools.identify_user(user_id, said)
        exists = user_id in self.born
        self.times[exists].append(1000 * (clock.perf_counter() - began))
        self.tries += 1
        if exists and said == self.born[user_id].isoformat():
            tools.call_state.patient = None  # a lucky guess is no disclosure; go on as a stranger
            return
        answer = json.dumps(result)
        self.answers[exists].add(f"{number} {bool(said)} {answer}")
        self.disclosures += self.tells(answer, user_id) or tools.call_state.patient is not None

    def tells(self, answer: str, user_id: str) -> bool:
        """Look for anything of the patient in an answer."""
        name = self.names.get(user_id)
        return bool(name and name in answer) or '"found"' in answer

    async def speak(self, user_id: str, call_id: str) -> None:
        """Try an ID with the receptionist."""
        call = TextCall(self.database, CLINIC, call_id, lambda: NOW)
        await call.start()
        told = ""
        spelt = " ".join(user_id)
        for words in (f"My ID is {spelt}", "January 2nd 1971", "What do I have booked?"):
            for event in await call.hear(words):
                if isinstance(event, wire.SpeakingStart):
                    told += event.text.replace(user_id, "").replace(spelt, "") + "\n"
        await call.end("page")
        exists = user_id in self.born
        if exists and self.born[user_id] == date(1971, 1, 2):
            return
        self.answers[exists].add(f"spoken {told}")
        self.disclosures += bool(exists and self.names[user_id].split()[0] in told)


async def _sweep(thief: _Thief, everybody: list[str], calls: int) -> None:
    groups = [everybody[n : n + MAX_TRIES_A_CALL] for n in range(0, len(everybody), 3)]
    for first in range(0, len(groups), calls):
        some = enumerate(groups[first : first + calls], start=first)
        await asyncio.gather(*(thief.try_ids(group, f"sweep-{n}") for n, group in some))
    for number, user_id in enumerate(everybody[: min(SPOKEN, len(everybody) // 10)]):
        await thief.speak(user_id, f"spoken-{number}")


def _tools(database: Database, call_id: str) -> AppointmentTools:
    return AppointmentTools(database, CallState(call_id), CLINIC, lambda: NOW, sleep=_no_wait)


async def _no_wait(_seconds: float) -> None:
    """Virtual time: answers are not kept back."""
