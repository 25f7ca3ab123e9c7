"""The eight tools: all that an agent can do, whichever brain chooses among them.

Their docstrings are read by the model. The call's state decides what is allowed; arguments are
only claims. A tool never raises: what a rule refuses comes back as a result with a `code`.
"""

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from datetime import date, datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from loguru import logger

from kavita.agent.call_state import CallState, IdentifiedPatient
from kavita.scheduling.clinic import Clinic
from kavita.scheduling.details import clean_id, clean_name, clean_phone, clean_purpose, clean_text
from kavita.scheduling.errors import (
    InvalidArguments,
    NotIdentified,
    SchedulingError,
    TooManyTries,
    WrongUser,
)
from kavita.scheduling.rules import check_day
from kavita.scheduling.slots import is_open, next_open_day
from kavita.scheduling.times import (
    format_time,
    parse_date,
    parse_time,
    to_clinic,
    weekday_name,
)
from kavita.store import appointments as book
from kavita.store.appointments_json import appointment_row
from kavita.store.database import Database, StoreUnavailable
from kavita.store.patients import find_patient, register_patient
from kavita.store.tables import Appointment

TOOL_NAMES = (
    "identify_user",
    "register_user",
    "fetch_slots",
    "book_appointment",
    "retrieve_appointments",
    "cancel_appointment",
    "modify_appointment",
    "end_conversation",
)

Result = dict[str, Any]
OnResult = Callable[[str, dict[str, Any], Result], Awaitable[None] | None]
P = ParamSpec("P")
T = TypeVar("T")


def _tool(
    body: Callable[Concatenate["AppointmentTools", P], Coroutine[Any, Any, Result]],
) -> Callable[Concatenate["AppointmentTools", P], Coroutine[Any, Any, Result]]:
    """Make a body into a tool: arguments checked, refusals as results, everything observed."""
    signature = inspect.signature(body)

    @functools.wraps(body)
    async def tool(self: "AppointmentTools", /, *args: P.args, **kwargs: P.kwargs) -> Result:
        try:
            bound = signature.bind(self, *args, **kwargs)
        except TypeError:
            return await self._observed(body.__name__, dict(kwargs), _refuse_arguments)
        arguments = dict(list(bound.arguments.items())[1:])
        if not all(isinstance(value, str) for value in arguments.values()):
            return await self._observed(body.__name__, arguments, _refuse_arguments)
        return await self._observed(body.__name__, arguments, lambda: body(self, *args, **kwargs))

    return tool


async def _refuse_arguments() -> Result:
    raise InvalidArguments


class AppointmentTools:
    """The tools of one call; one at a time, each to its end even when nobody waits for it."""

    def __init__(
        self,
        database: Database,
        call_state: CallState,
        clinic: Clinic,
        clock: Callable[[], datetime],
        on_result: OnResult | None = None,
    ) -> None:
        """Take the book, the call's state and `clock`, which returns aware times."""
        self.call_state = call_state
        self.on_result = on_result
        self._database = database
        self._clinic = clinic
        self._clock = clock
        self._running: set[asyncio.Task[Result]] = set()
        self._turn = asyncio.Lock()

    async def run(self, name: str, arguments: object) -> Result:
        """Run a tool by its name, with whatever a model sent as its arguments."""
        if name not in TOOL_NAMES:
            return _error("unknown_tool", "There is no such tool.")
        if not isinstance(arguments, dict) or not all(isinstance(key, str) for key in arguments):
            return await self._observed(name, {}, _refuse_arguments)
        result: Result = await getattr(self, name)(**arguments)
        return result

    async def settle(self) -> None:
        """Wait until no tool is running any more; due before a call is closed."""
        while self._running:
            await asyncio.wait(self._running)

    @_tool
    async def identify_user(self, user_id: str) -> Result:
        """Find the patient by the 4-digit user ID that the caller gave.

        Call this first, as soon as the caller has said an ID. Nothing about appointments can be
        done before somebody is identified.

        Args:
            user_id: The ID, digits only, for example "1001".
        """
        wanted = clean_id(user_id)
        if not wanted:
            raise InvalidArguments("I did not hear an ID. Could you say it digit by digit?")
        if not self.call_state.tries_left:
            raise TooManyTries
        patient = await self._in_thread(find_patient, self._database, wanted)
        if patient is None:
            self.call_state.failed_tries += 1
            return {
                "status": "not_found",
                "message": "There is no patient with that ID.",
                "tries_left": self.call_state.tries_left,
            }
        self.call_state.patient = IdentifiedPatient(patient.id, patient.name)
        return {
            "status": "found",
            "user": {"user_id": patient.id, "name": patient.name},
            "active_appointments": await self._upcoming(patient.id),
        }

    @_tool
    async def register_user(self, name: str, phone: str = "") -> Result:
        """Register a new patient, who is then identified. Use it only for a caller without an ID.

        Ask for the name first, and tell the caller the new ID afterwards.

        Args:
            name: The patient's full name.
            phone: A phone number, if the caller offers one.
        """
        patient = await self._in_thread(
            register_patient, self._database, clean_name(name), clean_phone(phone)
        )
        self.call_state.patient = IdentifiedPatient(patient.id, patient.name)
        return {
            "status": "registered",
            "user": {"user_id": patient.id, "name": patient.name},
            "active_appointments": [],
        }

    @_tool
    async def fetch_slots(self, date: str) -> Result:
        """List the free times of a day. Offer the caller at most three of them.

        Args:
            date: The day as YYYY-MM-DD.
        """
        now, day = self._clock(), parse_date(date)
        check_day(self._clinic, day, now)
        if not is_open(self._clinic, day):
            return _day("closed", day) | {
                "next_open_date": _iso(next_open_day(self._clinic, day)),
            }
        slots = await self._in_thread(book.slots_of_day, self._database, self._clinic, day, now)
        result = _day("ok", day) | {
            "available_slots": [format_time(start) for start in slots.free],
            "booked_slots": [format_time(start) for start in slots.booked],
            "available_count": len(slots.free),
        }
        if not slots.free:
            result["next_open_date"] = await self._next_day_with_room(day, now)
        return result

    @_tool
    async def book_appointment(
        self, user_id: str, name: str, date: str, time_slot: str, purpose: str
    ) -> Result:
        """Book an appointment, after the caller has chosen a day and a time and said what for.

        It is booked only when the result says so; read the result back to the caller.

        Args:
            user_id: The ID of the identified patient.
            name: The identified patient's name.
            date: The day as YYYY-MM-DD.
            time_slot: The start time, for example "09:30 AM".
            purpose: What the visit is for, in a few words.
        """
        patient = self._identified(user_id)
        day, start = parse_date(date), parse_time(time_slot)
        reason = clean_purpose(purpose)
        booked = await self._in_thread(
            book.book,
            *(self._database, self._clinic, patient.user_id, day, start, reason, self._clock()),
        )
        return self._row(booked)

    @_tool
    async def retrieve_appointments(self, user_id: str) -> Result:
        """List the identified patient's coming appointments, soonest first.

        Args:
            user_id: The ID of the identified patient.
        """
        patient = self._identified(user_id)
        rows = await self._upcoming(patient.user_id)
        return {
            "status": "found",
            "user_id": patient.user_id,
            "count": len(rows),
            "appointments": rows,
        }

    @_tool
    async def cancel_appointment(self, user_id: str, appointment_id: str) -> Result:
        """Cancel one of the identified patient's appointments, after the caller has confirmed it.

        Args:
            user_id: The ID of the identified patient.
            appointment_id: The 8-character ID of the appointment.
        """
        patient = self._identified(user_id)
        cancelled = await self._in_thread(
            book.cancel, self._database, patient.user_id, clean_text(appointment_id), self._clock()
        )
        return self._row(cancelled)

    @_tool
    async def modify_appointment(
        self, user_id: str, appointment_id: str, new_date: str = "", new_time_slot: str = ""
    ) -> Result:
        """Move one of the identified patient's appointments to another day, time or both.

        When the new time is not possible, the old one is kept.

        Args:
            user_id: The ID of the identified patient.
            appointment_id: The 8-character ID of the appointment.
            new_date: The new day as YYYY-MM-DD; empty to keep the day.
            new_time_slot: The new start time, for example "02:00 PM"; empty to keep the time.
        """
        patient = self._identified(user_id)
        if not new_date.strip() and not new_time_slot.strip():
            raise InvalidArguments("Which day or time would you like instead?")
        moved = await self._in_thread(
            book.move,
            *(self._database, self._clinic, patient.user_id, clean_text(appointment_id)),
            self._clock(),
            parse_date(new_date) if new_date.strip() else None,
            parse_time(new_time_slot) if new_time_slot.strip() else None,
        )
        was = to_clinic(moved.previously, self._clinic.timezone)
        return self._row(moved.appointment) | {
            "status": "modified",
            "previous_date": was.date().isoformat(),
            "previous_time": format_time(was.time()),
        }

    @_tool
    async def end_conversation(self) -> Result:
        """End the call, once the caller has said goodbye or wants nothing more."""
        self.call_state.ended = True
        return {"status": "ended", "message": "The call ends after your goodbye."}

    def _identified(self, user_id: str) -> IdentifiedPatient:
        """Return the patient of this call; raises NotIdentified, or WrongUser for another ID."""
        patient = self.call_state.patient
        if patient is None:
            raise NotIdentified
        if clean_id(user_id) != patient.user_id:
            raise WrongUser
        return patient

    async def _upcoming(self, patient_id: str) -> list[Result]:
        rows = await self._in_thread(book.upcoming, self._database, patient_id, self._clock())
        return [self._row(row) for row in rows]

    async def _next_day_with_room(self, after: date, now: datetime) -> str | None:
        day = await self._in_thread(
            book.next_day_with_room, self._database, self._clinic, after, now
        )
        return _iso(day)

    def _row(self, appointment: Appointment) -> Result:
        return appointment_row(appointment, self._clinic)

    async def _in_thread(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Cross from the event loop to the synchronous store; the only place that does."""
        return await asyncio.to_thread(work, *args, **kwargs)

    async def _observed(
        self, name: str, arguments: dict[str, Any], body: Callable[[], Awaitable[Result]]
    ) -> Result:
        """Run a body in a task of our own: whoever stops waiting does not stop the work."""
        task = asyncio.create_task(self._execute(name, arguments, body), name=f"tool {name}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def _execute(
        self, name: str, arguments: dict[str, Any], body: Callable[[], Awaitable[Result]]
    ) -> Result:
        async with self._turn:
            try:
                result = await body()
            except SchedulingError as refusal:
                result = _error(refusal.code, refusal.message) | refusal.details
            except StoreUnavailable as error:
                logger.error("{} failed in call {}: {}", name, self.call_state.call_id, error)
                result = _error(
                    "book_unavailable", "I'm sorry, I can't reach the appointment book right now."
                )
            await self._report(name, arguments, result)
            return result

    async def _report(self, name: str, arguments: dict[str, Any], result: Result) -> None:
        """Tell the observer; what it cannot write down does not change what the tool has done."""
        if self.on_result is None:
            return
        try:
            observed = self.on_result(name, arguments, result)
            if inspect.isawaitable(observed):
                await observed
        except StoreUnavailable as error:
            logger.error(
                "{} is not in the record of call {}: {}", name, self.call_state.call_id, error
            )


def _error(code: str, message: str) -> Result:
    return {"status": "error", "code": code, "message": message}


def _day(status: str, day: date) -> Result:
    return {
        "status": status,
        "date": day.isoformat(),
        "weekday": weekday_name(day),
        "available_slots": [],
        "booked_slots": [],
        "available_count": 0,
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
