"""The eight tools against a small model: several calls at once on one book, any order of things."""

import asyncio
import time as clock
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, select

from benchmarks.figures.books import fill
from benchmarks.figures.model import CLINIC, ZONE, Booked, Caller, Model, all_cells, grid
from kavita.agent.call_state import CallState
from kavita.agent.tools import AppointmentTools
from kavita.scheduling.clinic import Practitioner, VisitType
from kavita.scheduling.times import format_time, parse_time
from kavita.store import tables
from kavita.store.database import Database
from kavita.store.record_tables import Idempotency

NOW = datetime(2026, 2, 9, 8, 50, tzinfo=ZONE)
DAYS = (date(2026, 2, 9), date(2026, 2, 10))
BORN: dict[str, date | None] = {"1001": None, "2045": date(1990, 5, 17), "3000": None}
UNKNOWN = "9999"
RIGHT = (("1001", ""), ("2045", "1990-05-17"), ("3000", ""))
WRONG = (("2045", ""), ("2045", "1990-05-18"), (UNKNOWN, ""), (UNKNOWN, "1990-05-17"))
CALLS = ("a", "b", "c")
ANYBODY = CLINIC.practitioners
WIPED = (
    *(tables.WaitlistOffer, tables.WaitlistEntry, tables.PractitionerClaim, tables.PatientClaim),
    *(tables.Hold, tables.Reschedule, tables.Appointment, tables.PatientPin),
    *(tables.IdentityFailure, tables.Patient, Idempotency),
)

calls = st.sampled_from(CALLS)
ids = st.sampled_from([*BORN, UNKNOWN])
days = st.sampled_from(DAYS)
starts = st.sampled_from([*grid(CLINIC.visit_types[0]), time(9, 10), time(12)])
visits = st.sampled_from(CLINIC.visit_types)
whom = st.sampled_from([(), *((one,) for one in ANYBODY), ANYBODY])
some = st.integers(0, 5)
picks = st.sets(some, min_size=1, max_size=4)
details = st.sampled_from([*RIGHT, *RIGHT, *WRONG])


@dataclass(frozen=True)
class Comparison:
    """How often the tools and the model were compared, and whether they ever differed."""

    runs: int
    steps: int
    divergences: int
    seconds: float
    first_divergence: str
    holds: bool


@dataclass
class _Count:
    runs: int = 0
    steps: int = 0


def check_model(url: str, runs: int, seed_number: int, steps: int = 30) -> Comparison:
    """Compare in a new database: so many runs of so many steps; the first divergence ends it."""
    began = clock.monotonic()
    database = fill(url, CLINIC, [], NOW)
    count = _Count()
    how = settings(
        max_examples=runs,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        print_blob=False,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )

    class OnThisBook(Tools):
        def __init__(self) -> None:
            super().__init__(database, count)

    divergence = ""
    try:
        run_state_machine_as_test(seed(seed_number)(OnThisBook), settings=how, _min_steps=steps)
    except AssertionError as error:
        divergence = f"{type(error).__name__}: {error}"
    finally:
        database.close()
    seconds = round(clock.monotonic() - began, 1)
    holds = not divergence and count.runs >= runs
    return Comparison(count.runs, count.steps, int(bool(divergence)), seconds, divergence, holds)


class Tools(RuleBasedStateMachine):
    """Three calls on one book; whoever hangs up calls again later."""

    def __init__(self, database: Database, count: _Count) -> None:
        """Take a book whose clinic is written down; its patients and appointments are wiped."""
        super().__init__()
        self.database = database
        self.count = count
        count.runs += 1
        self.loop = asyncio.new_event_loop()
        self.model = Model(NOW, dict(BORN))
        self.tools: dict[str, AppointmentTools] = {}
        self.last: tuple[str, str, dict[str, str], dict[str, Any]] | None = None
        self.numbers = iter(range(10_000))
        with database.transaction() as session:
            for table in WIPED:
                session.execute(delete(table))
            session.add_all(
                tables.Patient(id=key, name="Test Patient", birth_date=born)
                for key, born in BORN.items()
            )
        for name in CALLS:
            self._answer(name)

    def teardown(self) -> None:
        """Close the loop of this run."""
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    @initialize(times=st.lists(st.tuples(days, starts, whom, visits), min_size=3, max_size=6))
    def everybody_has_something(self, times: list[tuple[Any, ...]]) -> None:
        """Begin with three identified callers and a book that is not empty."""
        for call, (user_id, said) in zip(CALLS, RIGHT, strict=True):
            self._identify(call, user_id, said)
        for number, wanted in enumerate(times):
            self._book(CALLS[number % len(CALLS)], "", *wanted)

    @rule(call=calls, who=details)
    def identify_user(self, call: str, who: tuple[str, str]) -> None:
        """Say who is calling, rightly or wrongly."""
        self._identify(call, *who)

    @rule(call=calls)
    def register_user(self, call: str) -> None:
        """Register; the new patient has no date of birth."""
        result = self._run(call, "register_user", name="Test Patient")
        caller = self.model.calls[call]
        once = "registered_already" if caller.registered else "registered"
        assert _outcome(result) == (caller.over or once)
        if not (caller.closed or caller.registered):
            caller.registered = True
            new = result["user"]["user_id"]
            assert new not in self.model.born
            self.model.born[new] = None
            if caller.patient:
                caller.shown_day = None
            caller.patient, caller.pending = new, ""

    @rule(call=calls, day=days, who=whom, visit=visits, picked=picks)
    def fetch_slots(
        self,
        call: str,
        day: date,
        who: tuple[Practitioner, ...],
        visit: VisitType,
        picked: set[int],
    ) -> None:
        """Ask for the free times of a day, and offer some of them."""
        arguments = {"date": day.isoformat(), "practitioner": _said(who), "visit_type": visit.name}
        result = self._run(call, "fetch_slots", **arguments)
        caller = self.model.calls[call]
        past = "past_time" if day < self.model.now.date() else "ok"
        assert _outcome(result) == (caller.over or past)
        if caller.closed:
            return
        caller.shown_day = None
        if past == "ok":
            free = self.model.free(caller, who or ANYBODY, day, visit)
            assert result["free_with"] == free
            caller.shown, caller.shown_day = result["free_with"], (day, visit)
            self._offer(call, picked)

    @rule(call=calls, picked=picks)
    def offer_aloud(self, call: str, picked: set[int]) -> None:
        """Offer some of the times that were shown last, so that they are held."""
        self._offer(call, picked)

    @rule(call=calls, day=days, at=starts, who=whom, visit=visits)
    def book_appointment(
        self, call: str, day: date, at: time, who: tuple[Practitioner, ...], visit: VisitType
    ) -> None:
        """Book any time, whether it was shown or not."""
        self._book(call, "", day, at, who, visit)

    @rule(call=calls, other=calls, number=some)
    def book_what_was_shown(self, call: str, other: str, number: int) -> None:
        """Book one of the times that this call or another one was shown last."""
        shown, day_shown = self.model.calls[other].shown, self.model.calls[other].shown_day
        if day_shown and number < len(shown):
            day, visit = day_shown
            self._book(call, "", day, parse_time(list(shown)[number]), ANYBODY, visit)

    @rule(call=calls, user_id=ids, day=days, at=starts)
    def book_in_another_name(self, call: str, user_id: str, day: date, at: time) -> None:
        """Claim to be somebody."""
        self._book(call, user_id, day, at, (), CLINIC.visit_types[0])

    @rule(call=calls, user_id=ids)
    def retrieve_appointments(self, call: str, user_id: str) -> None:
        """List what is booked."""
        caller = self.model.calls[call]
        result = self._run(call, "retrieve_appointments", user_id=user_id)
        assert _outcome(result) == (caller.refusal(user_id) or "found")
        if result["status"] == "found":
            listed = [row["appointment_id"] for row in result["appointments"]]
            assert listed == self.model.upcoming(user_id)

    @rule(call=calls, number=some, own=st.booleans())
    def cancel_appointment(self, call: str, number: int, own: bool) -> None:
        """Cancel one's own appointment, somebody else's, or one that does not exist."""
        caller, key = self.model.calls[call], self._some_appointment(call, number, own)
        user_id = caller.patient or "1001"
        result = self._run(call, "cancel_appointment", user_id=user_id, appointment_id=key)
        refusal = caller.refusal(user_id) or self.model.not_active(caller, key)
        assert _outcome(result) == (refusal or "cancelled")
        if not refusal:
            self.model.appointments[key] = replace(self.model.appointments[key], active=False)

    @rule(call=calls, number=some, day=days, at=starts, who=whom, own=st.booleans())
    def modify_appointment(
        self, call: str, number: int, day: date, at: time, who: tuple[Practitioner, ...], own: bool
    ) -> None:
        """Move an appointment, whoever's it is."""
        caller, key = self.model.calls[call], self._some_appointment(call, number, own)
        user_id = caller.patient or "1001"
        where = {"new_date": day.isoformat(), "new_time_slot": format_time(at)}
        where["practitioner"] = _said(who)
        result = self._run(call, "modify_appointment", user_id=user_id, appointment_id=key, **where)
        refusal = caller.refusal(user_id) or self.model.not_active(caller, key)
        made: str | Booked = refusal or self.model.move(caller, key, day, at, who)
        self._changed(caller, result, made, "modified", key)

    @rule(call=calls)
    def end_conversation(self, call: str) -> None:
        """Say goodbye."""
        result = self._run(call, "end_conversation")
        assert _outcome(result) == (self.model.calls[call].over or "ended")

    @rule(call=calls)
    def hang_up_or_call_again(self, call: str) -> None:
        """Cut the line, or answer a new call in the place of one that is over."""
        caller = self.model.calls[call]
        if caller.closed:
            self._answer(call)
            return
        self.loop.run_until_complete(self.tools[call].close())
        caller.closed, caller.held = True, frozenset()

    @rule(minutes=st.sampled_from([1, 6, 20]))
    def time_passes(self, minutes: int) -> None:
        """Let holds expire and times pass."""
        self.model.now += timedelta(minutes=minutes)

    @rule()
    def the_last_request_comes_again(self) -> None:
        """Within its turn it gets the answer that it got."""
        if self.last is not None:
            call, name, arguments, answer = self.last
            if not self.model.calls[call].closed:
                result = self.loop.run_until_complete(self.tools[call].run(name, arguments))
                assert result == answer

    @invariant()
    def the_book_is_as_the_model_says(self) -> None:
        """Compare every appointment and every claim."""
        self.count.steps += 1
        with self.database.transaction() as session:
            rows = session.scalars(select(tables.Appointment)).all()
            claims = session.execute(
                select(tables.PractitionerClaim, tables.Hold)
                .outerjoin(tables.Hold, tables.Hold.id == tables.PractitionerClaim.hold_id)
            ).all()  # fmt: skip
        assert {row.id: _booked(row) for row in rows} == self.model.appointments
        now = self.model.now
        booked = {_cell(claim) for claim, hold in claims if hold is None}
        held = {_cell(claim) for claim, hold in claims if hold and hold.expires_at > now}
        active = (each.cells for each in self.model.appointments.values() if each.active)
        running = (each.held for each in self.model.calls.values() if each.until > now)
        assert booked == all_cells(active)
        assert held == all_cells(running)

    def _answer(self, call: str) -> None:
        state = CallState(f"{call}{next(self.numbers)}")
        tools = AppointmentTools(self.database, state, CLINIC, lambda: self.model.now)
        tools.sleep = _no_wait
        self.tools[call] = tools
        self.model.calls[call] = Caller()

    def _run(self, call: str, tool: str, /, **arguments: str) -> dict[str, Any]:
        tools = self.tools[call]
        tools.begin_turn()
        result = self.loop.run_until_complete(tools.run(tool, arguments))
        is_write = result["status"] in ("booked", "modified", "cancelled")
        self.last = (call, tool, arguments, result) if is_write else None
        return result

    def _offer(self, call: str, picked: set[int]) -> None:
        caller = self.model.calls[call]
        shown = list(caller.shown) if caller.shown_day else []
        times = [shown[number] for number in sorted(picked) if number < len(shown)]
        said = f"I have {', '.join(times)}." if times else "Which day would you like?"
        self.loop.run_until_complete(self.tools[call].hold_offered(said))
        if not times or caller.closed or not caller.patient or caller.shown_day is None:
            return
        day, visit = caller.shown_day
        caller.held, caller.until = frozenset(), self.model.now + timedelta(minutes=5)
        taken = self.model.taken(caller)
        for each in times[:3]:
            who = next(one for one in ANYBODY if one.name == caller.shown[each][0])
            at = datetime.combine(day, parse_time(each), ZONE)
            if not (cells := Booked("", who.id, at, visit).cells) & taken:
                caller.held |= cells

    def _identify(self, call: str, user_id: str, said: str) -> None:
        result = self._run(call, "identify_user", user_id=user_id, date_of_birth=said)
        caller, born = self.model.calls[call], date.fromisoformat(said) if said else None
        expected = caller.over or self.model.identify(caller, user_id, born)
        assert _outcome(result) == expected
        if expected == "found":
            listed = [row["appointment_id"] for row in result["active_appointments"]]
            assert listed == self.model.upcoming(user_id)

    def _book(
        self,
        call: str,
        user_id: str,
        day: date,
        at: time,
        who: tuple[Practitioner, ...],
        visit: VisitType,
    ) -> None:
        caller = self.model.calls[call]
        user_id = user_id or caller.patient or "1001"
        what = {"date": day.isoformat(), "time_slot": format_time(at), "visit_type": visit.name}
        what |= {"practitioner": _said(who), "name": "", "purpose": "Visit"}
        result = self._run(call, "book_appointment", user_id=user_id, **what)
        refusal = caller.refusal(user_id)
        made = refusal or self.model.choose(caller, who or ANYBODY, day, at, visit)
        self._changed(caller, result, made, "booked", result.get("appointment_id", ""))

    def _some_appointment(self, call: str, number: int, own: bool) -> str:
        known = list(self.model.appointments)
        if own:
            known = self.model.upcoming(self.model.calls[call].patient)
        return known[number % len(known)] if known else "00000000"

    def _changed(
        self, caller: Caller, result: dict[str, Any], made: str | Booked, status: str, key: str
    ) -> None:
        """Compare what came of a booking or a move, and note it."""
        assert _outcome(result) == (status if isinstance(made, Booked) else made)
        if isinstance(made, Booked):
            self.model.appointments[key] = made
            caller.held, caller.shown_day = frozenset(), None


async def _no_wait(_seconds: float) -> None:
    """Virtual time: answers are not kept back."""


def _outcome(result: dict[str, Any]) -> str:
    return str(result.get("code") or result["status"])


def _said(who: Sequence[Practitioner]) -> str:
    return "" if not who else who[0].name if len(who) == 1 else "any"


def _booked(row: tables.Appointment) -> Booked:
    visit = next(each for each in CLINIC.visit_types if each.id == row.visit_type_id)
    starts_at = row.starts_at.astimezone(ZONE)
    return Booked(
        row.patient_id, row.practitioner_id, starts_at, visit, row.status == tables.BOOKED
    )


def _cell(claim: tables.PractitionerClaim) -> tuple[int, int]:
    return claim.practitioner_id, claim.cell_start
