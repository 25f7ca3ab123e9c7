"""The eight tools: all that an agent can do, whichever brain chooses among them.

Their docstrings are read by the model. The call's state decides what is allowed; arguments are
only claims. A tool never raises: what a rule refuses comes back as a result with a `code`.
"""

from collections.abc import Sequence
from datetime import date, datetime

from kavita.agent import answers
from kavita.agent.call_state import IdentifiedPatient, ShownDay
from kavita.agent.choices import (
    choose_part_of_day,
    choose_practitioners,
    choose_visit,
    says_yes,
)
from kavita.agent.tool_calls import (
    Result,
    ToolCalls,
    error_result,
    refuse_arguments,
    tool,
)
from kavita.agent.waiting import wish_for_day, wish_for_earlier
from kavita.scheduling.clinic import Practitioner, VisitType
from kavita.scheduling.details import (
    MAX_ID_CHARS,
    clean_birth_date,
    clean_id,
    clean_name,
    clean_phone,
    clean_purpose,
    clean_text,
)
from kavita.scheduling.errors import (
    AppointmentNotFound,
    InvalidArguments,
    Locked,
    NotIdentified,
    RegisteredAlready,
    TooManyTries,
    WrongPin,
    WrongUser,
)
from kavita.scheduling.identity import wait_seconds
from kavita.scheduling.rules import check_day
from kavita.scheduling.slots import is_open, next_open_day, who_offers
from kavita.scheduling.times import parse_date, parse_time, to_clinic
from kavita.scheduling.working_time import hours_of
from kavita.store import appointments as book
from kavita.store.availability import next_day_with_room, slots_of_day
from kavita.store.exchange.appointments_json import appointment_row
from kavita.store.identity import check_pin, identify
from kavita.store.patients import register_patient
from kavita.store.tables import Appointment
from kavita.store.waitlist import Wish, join, leave

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


class AppointmentTools(ToolCalls):
    """The tools of one call."""

    async def run(self, name: str, arguments: object) -> Result:
        """Run a tool by its name, with whatever a model sent as its arguments."""
        if name not in TOOL_NAMES:
            return error_result("unknown_tool", "There is no such tool.")
        if not isinstance(arguments, dict) or not all(isinstance(key, str) for key in arguments):
            return await self.observed(name, {}, refuse_arguments)
        result: Result = await getattr(self, name)(**arguments)
        return result

    @tool
    async def identify_user(self, user_id: str, date_of_birth: str = "") -> Result:
        """Find the patient by the 4-digit user ID that the caller gave.

        Call this first, as soon as the caller has said an ID. Nothing about appointments can be
        done before somebody is identified. When the status is "date_of_birth_needed", ask for the
        date of birth and call it again with both.

        Args:
            user_id: The ID, digits only, for example "1001".
            date_of_birth: The date of birth as YYYY-MM-DD, if the caller was asked for it.
        """
        wanted = clean_id(user_id)
        if not wanted or len(wanted) > MAX_ID_CHARS:
            raise InvalidArguments("I did not hear an ID. Could you say it digit by digit?")
        born = clean_birth_date(date_of_birth, self._today())
        self.call_state.names(wanted)
        if not self.call_state.tries_left:
            raise TooManyTries
        done = await self.in_thread(
            identify,
            *(self.database, self.clinic, wanted, born, self.clock()),
            self.request("identify_user"),
        )
        await self.sleep(wait_seconds(done.failures_today))
        if done.patient is not None:
            self.call_state.identify(IdentifiedPatient(done.patient.id, done.patient.name))
            return answers.found(self.clinic, done)
        if done.outcome == "birth_date_needed":
            self.call_state.pending_id = wanted
            return answers.birth_date_needed()
        if done.outcome == "locked":
            raise Locked
        self.call_state.failed_tries += 1
        return answers.not_found(self.call_state.tries_left)

    @tool
    async def register_user(self, name: str, phone: str = "", date_of_birth: str = "") -> Result:
        """Register a new patient, who is then identified. Use it only for a caller without an ID.

        One patient a call: another one needs a call of their own.
        Ask for the name first, and tell the caller the new ID afterwards.

        Args:
            name: The patient's full name.
            phone: A phone number, if the caller offers one.
            date_of_birth: The date of birth as YYYY-MM-DD, if the caller offers it; from then on
                the caller is asked for it.
        """
        if self.call_state.registered_in not in (None, self.call_state.turn):
            raise RegisteredAlready
        born = clean_birth_date(date_of_birth, self._today())
        arguments = {"name": name, "phone": phone, "date_of_birth": date_of_birth}
        patient = await self.in_thread(
            register_patient,
            *(self.database, clean_name(name), self.clock(), clean_phone(phone), born),
            self.request("register_user", arguments),
        )
        self.call_state.registered_in = self.call_state.turn
        self.call_state.identify(IdentifiedPatient(patient.id, patient.name))
        return {
            "status": "registered",
            "user": {"user_id": patient.id, "name": patient.name},
            "active_appointments": [],
        }

    @tool
    async def fetch_slots(
        self, date: str, practitioner: str = "", visit_type: str = "", part_of_day: str = ""
    ) -> Result:
        """List the free times of a day. Offer the caller at most three of them.

        Args:
            date: The day as YYYY-MM-DD.
            practitioner: A practitioner's name, if the caller wants a certain one; else "any".
            visit_type: The kind of visit, if the clinic has several.
            part_of_day: "morning", "afternoon" or "evening", if the caller wants only that.
        """
        now, day = self.clock(), parse_date(date)
        self.call_state.shown = None
        check_day(self.clinic, day, now)
        visit = choose_visit(self.clinic, visit_type)
        who = who_offers(self.clinic, visit, choose_practitioners(self.clinic, practitioner))
        hours = choose_part_of_day(part_of_day)
        if not is_open(self.clinic, day):
            return answers.closed_day("closed", day, next_open_day(self.clinic, day))
        if not any(hours_of(self.clinic, one, day) for one in who):
            return answers.closed_day("away", day, await self._next_day(day, now, who, visit))
        patient = self.call_state.patient
        slots = await self.in_thread(
            slots_of_day,
            *(self.database, self.clinic, day, now, who, visit, self.call_state.call_id),
            patient.user_id if patient else "",
        )
        shown = answers.within(slots, hours)
        self.call_state.shown = ShownDay(day, visit, dict(shown.free_with))
        result = answers.day_times(self.clinic, shown, visit, who, part_of_day)
        if not shown.free:
            next_day = await self._next_day(day, now, who, visit)
            result["next_open_date"] = next_day.isoformat() if next_day else None
        return result

    @tool
    async def book_appointment(
        self,
        user_id: str,
        name: str,
        date: str,
        time_slot: str,
        purpose: str,
        practitioner: str = "",
        visit_type: str = "",
        waitlist: str = "",
    ) -> Result:
        """Book an appointment, after the caller has chosen a day and a time and said what for.

        It is booked only when the result says so; read the result back to the caller.

        Args:
            user_id: The ID of the identified patient.
            name: The identified patient's name.
            date: The day as YYYY-MM-DD.
            time_slot: The start time, for example "09:30 AM".
            purpose: What the visit is for, in a few words.
            practitioner: A practitioner's name, if the caller wants a certain one; else "any".
            visit_type: The kind of visit, if the clinic has several.
            waitlist: "yes" to book nothing, but to keep the first time that becomes free on that
                day for the patient; then `time_slot` is empty.
        """
        patient = self._identified(user_id)
        visit = choose_visit(self.clinic, visit_type)
        who = choose_practitioners(self.clinic, practitioner)
        day = parse_date(date)
        if says_yes(waitlist):
            wish = wish_for_day(self.clinic, day, visit, who, self.clock())
            return await self._wait_for(patient, wish)
        arguments = {"user": patient.user_id, "day": date, "at": time_slot, "for": purpose}
        arguments |= {"who": practitioner, "visit": visit_type}
        booked = await self.in_thread(
            book.book,
            *(self.database, self.clinic, patient.user_id, day, parse_time(time_slot)),
            *(clean_purpose(purpose), self.clock()),
            who=who,
            visit=visit,
            request=self.request("book_appointment", arguments),
        )
        self.call_state.shown = None
        return appointment_row(booked, self.clinic)

    @tool
    async def retrieve_appointments(self, user_id: str) -> Result:
        """List the identified patient's coming appointments, soonest first.

        Args:
            user_id: The ID of the identified patient.
        """
        patient = self._identified(user_id)
        coming = await self.in_thread(
            book.list_upcoming,
            *(self.database, patient.user_id, self.clock()),
            self.request("retrieve_appointments"),
        )
        return {
            "status": "found",
            "user_id": patient.user_id,
            "count": len(coming),
            "appointments": answers.rows(self.clinic, coming),
        }

    @tool
    async def cancel_appointment(
        self, user_id: str, appointment_id: str, pin: str = "", waitlist: str = ""
    ) -> Result:
        """Cancel one of the identified patient's appointments, after the caller has confirmed it.

        Args:
            user_id: The ID of the identified patient.
            appointment_id: The 8-character ID of the appointment.
            pin: The patient's PIN, if the clinic asks for it (code "pin_needed").
            waitlist: "yes" to cancel nothing, but to take the patient off the waiting list; then
                `appointment_id` is empty.
        """
        patient = self._identified(user_id)
        if says_yes(waitlist):
            return await self._leave_waitlist(patient)
        await self._check_pin(patient, pin)
        arguments = {"user": patient.user_id, "appointment": appointment_id}
        cancelled = await self.in_thread(
            book.cancel,
            *(self.database, self.clinic, patient.user_id, clean_text(appointment_id)),
            *(self.clock(), self.request("cancel_appointment", arguments)),
        )
        return appointment_row(cancelled, self.clinic)

    @tool
    async def modify_appointment(
        self,
        user_id: str,
        appointment_id: str,
        new_date: str = "",
        new_time_slot: str = "",
        practitioner: str = "",
        pin: str = "",
        waitlist: str = "",
    ) -> Result:
        """Move one of the identified patient's appointments to another day, time or both.

        When the new time is not possible, the old one is kept.

        Args:
            user_id: The ID of the identified patient.
            appointment_id: The 8-character ID of the appointment.
            new_date: The new day as YYYY-MM-DD; empty to keep the day.
            new_time_slot: The new start time, for example "02:00 PM"; empty to keep the time.
            practitioner: A practitioner's name, or "any", if the caller wants another one.
            pin: The patient's PIN, if the clinic asks for it (code "pin_needed").
            waitlist: "yes" to keep the appointment as it is, and to keep the first earlier time
                that becomes free, from `new_date` on, for the patient.
        """
        patient = self._identified(user_id)
        day = parse_date(new_date) if new_date.strip() else None
        who = choose_practitioners(self.clinic, practitioner)
        if says_yes(waitlist):
            kept = await self._appointment(patient, appointment_id)
            wish = wish_for_earlier(self.clinic, kept, day, who, self.clock())
            return await self._wait_for(patient, wish)
        if not (day or new_time_slot.strip() or practitioner.strip()):
            raise InvalidArguments("Which day or time would you like instead?")
        await self._check_pin(patient, pin)
        arguments = {"user": patient.user_id, "appointment": appointment_id}
        arguments |= {"day": new_date, "at": new_time_slot, "who": practitioner}
        moved = await self.in_thread(
            book.move,
            *(self.database, self.clinic, patient.user_id, clean_text(appointment_id)),
            *(self.clock(), day, parse_time(new_time_slot) if new_time_slot.strip() else None),
            who=who,
            request=self.request("modify_appointment", arguments),
        )
        self.call_state.shown = None
        return answers.moved(self.clinic, moved)

    @tool
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

    async def _check_pin(self, patient: IdentifiedPatient, pin: str) -> None:
        """Ask for the PIN once a call, where the clinic wants it before a change."""
        state = self.call_state
        if not self.clinic.pin_for_changes or state.pin_checked:
            return
        if not state.tries_left:
            raise TooManyTries
        try:
            await self.in_thread(
                check_pin,
                *(self.database, self.clinic, patient.user_id, clean_id(pin), self.clock()),
                self.request("pin"),
            )
        except WrongPin as wrong:
            state.failed_tries += 1
            wrong.details["tries_left"] = state.tries_left
            raise
        state.pin_checked = True

    async def _appointment(self, patient: IdentifiedPatient, appointment_id: str) -> Appointment:
        coming = await self.in_thread(
            book.list_upcoming,
            *(self.database, patient.user_id, self.clock()),
            self.request("modify_appointment"),
        )
        for appointment in coming:
            if appointment.id == clean_text(appointment_id):
                return appointment
        raise AppointmentNotFound

    async def _wait_for(self, patient: IdentifiedPatient, wish: Wish) -> Result:
        entry = await self.in_thread(
            join,
            *(self.database, self.clinic, patient.user_id, wish, self.clock()),
            self.request("waitlist"),
        )
        return answers.waitlisted(self.clinic, entry)

    async def _leave_waitlist(self, patient: IdentifiedPatient) -> Result:
        wishes = await self.in_thread(
            leave,
            *(self.database, self.clinic, patient.user_id, self.clock()),
            self.request("waitlist"),
        )
        return {"status": "off_waitlist", "count": wishes}

    async def _next_day(
        self, after: date, now: datetime, who: Sequence[Practitioner], visit: VisitType
    ) -> date | None:
        return await self.in_thread(
            next_day_with_room, self.database, self.clinic, after, now, who, visit
        )

    def _today(self) -> date:
        return to_clinic(self.clock(), self.clinic.timezone).date()
