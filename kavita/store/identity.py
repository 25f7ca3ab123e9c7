"""Who is calling: every factor on the patient's record is checked, and wrong tries are counted.

An ID that does not exist goes the same way as one with a wrong factor: the same statements, the
same counters, the same answer. Nobody can tell the two apart by words or by time.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from kavita.scheduling.clinic import Clinic
from kavita.scheduling.errors import Locked, NoPin, PinNeeded, WrongPin
from kavita.scheduling.identity import MAX_FAILURES_A_DAY
from kavita.scheduling.times import to_clinic
from kavita.store import journal
from kavita.store.appointments import coming
from kavita.store.database import Database, insert_new
from kavita.store.journal import Entry, Request
from kavita.store.tables import Appointment, IdentityFailure, Patient, PatientPin
from kavita.store.waitlist_offers import Offer, give_offers

Outcome = Literal["found", "not_found", "birth_date_needed", "locked"]


@dataclass(frozen=True)
class Identification:
    """What came of an ID and, where it was said, a date of birth."""

    outcome: Outcome
    failures_today: int
    """With this ID, before this try."""
    patient: Patient | None = None
    appointments: list[Appointment] = field(default_factory=list)
    """Those to come, soonest first."""
    offers: list[Offer] = field(default_factory=list)
    """Freed times that are kept for the patient."""


def identify(
    database: Database,
    clinic: Clinic,
    claimed_id: str,
    birth_date: date | None,
    now: datetime,
    request: Request,
) -> Identification:
    """Check what a caller says of themselves; only "found" tells anything about a patient."""

    def work(session: Session) -> Identification:
        failures = _failures(session, clinic, claimed_id, now)
        patient = session.scalar(select(Patient).where(Patient.id == claimed_id))
        outcome = _outcome(session, patient, birth_date, failures)
        told = patient if outcome == "found" else None
        entries = [Entry("identify", claimed_id if patient else None, outcome)]
        if outcome == "not_found":
            _count(session, clinic, claimed_id, failures + 1, now)
        if told is None:
            journal.append(session, request, now, entries)
            return Identification(outcome, failures)
        rows = coming(session, told.id, now)
        offers, given = give_offers(session, clinic, told.id, request.call_id, now)
        shown = {"appointments": [row.id for row in rows]}
        entries = [Entry("identify", told.id, outcome, shown), *given]
        journal.append(session, request, now, entries)
        return Identification(outcome, failures, told, rows, offers)

    return database.run(work)


def check_pin(
    database: Database, clinic: Clinic, patient_id: str, pin: str, now: datetime, request: Request
) -> None:
    """Check a patient's PIN.

    Raises NoPin, PinNeeded (none was given), WrongPin (which counts as a failure) or Locked.
    """

    def work(session: Session) -> str:
        failures = _failures(session, clinic, patient_id, now)
        result = _rule_on_pin(session, patient_id, pin, failures)
        if result == "wrong":
            _count(session, clinic, patient_id, failures + 1, now)
        journal.append(session, request, now, [Entry("pin", patient_id, result)])
        return result

    refusals = {"locked": Locked, "none": NoPin, "needed": PinNeeded, "wrong": WrongPin}
    if refusal := refusals.get(database.run(work)):
        raise refusal


def set_pin(database: Database, patient_id: str, pin: str | None, now: datetime) -> bool:
    """Give a patient a PIN, or none; only its hash is kept. False for an unknown patient."""

    def work(session: Session) -> bool:
        if session.scalar(select(Patient.id).where(Patient.id == patient_id)) is None:
            return False
        if (old := session.get(PatientPin, patient_id)) is not None:
            session.delete(old)
            session.flush()
        if pin is not None:
            salt = secrets.token_hex(16)
            row = PatientPin(patient_id=patient_id, salt=salt, digest=_pin_digest(pin, salt))
            session.add(row)
        result = "pin_set" if pin is not None else "pin_removed"
        journal.append(session, Request(tool="patient"), now, [Entry("pin", patient_id, result)])
        return True

    return database.run(work)


def unlock(database: Database, claimed_id: str, now: datetime) -> bool:
    """Forget the wrong tries with an ID; False when there were none."""

    def work(session: Session) -> bool:
        reset = (
            update(IdentityFailure)
            .where(IdentityFailure.claimed_id == claimed_id, IdentityFailure.failures > 0)
            .values(failures=0)
            .returning(IdentityFailure.claimed_id)
        )
        had_failures = bool(session.scalars(reset).all())
        known = session.scalar(select(Patient.id).where(Patient.id == claimed_id))
        entry = Entry("identify", known, "unlocked")
        journal.append(session, Request(tool="patient"), now, [entry])
        return had_failures

    return database.run(work)


def _outcome(
    session: Session, patient: Patient | None, birth_date: date | None, failures: int
) -> Outcome:
    """Rule on a try. Where the book knows dates of birth, an unknown ID is asked for one too."""
    asks = session.scalar(select(exists().where(Patient.birth_date.is_not(None))))
    if failures >= MAX_FAILURES_A_DAY:
        return "locked"
    if patient is not None and patient.birth_date in (None, birth_date):
        return "found"
    return "birth_date_needed" if asks and birth_date is None else "not_found"


def _rule_on_pin(session: Session, patient_id: str, pin: str, failures: int) -> str:
    if failures >= MAX_FAILURES_A_DAY:
        return "locked"
    kept = session.get(PatientPin, patient_id)
    if kept is None:
        return "none"
    if not pin:
        return "needed"
    right = hmac.compare_digest(kept.digest, _pin_digest(pin, kept.salt))
    return "right" if right else "wrong"


def _failures(session: Session, clinic: Clinic, claimed_id: str, now: datetime) -> int:
    """Return today's wrong tries with an ID, and let nobody else count until the commit."""
    day = to_clinic(now, clinic.timezone).date()
    insert_new(session, IdentityFailure, {"claimed_id": claimed_id, "day": day, "failures": 0})
    return session.scalars(
        select(IdentityFailure.failures)
        .where(IdentityFailure.claimed_id == claimed_id, IdentityFailure.day == day)
        .with_for_update()
    ).one()


def _count(session: Session, clinic: Clinic, claimed_id: str, failures: int, now: datetime) -> None:
    day = to_clinic(now, clinic.timezone).date()
    session.execute(
        update(IdentityFailure)
        .where(IdentityFailure.claimed_id == claimed_id, IdentityFailure.day == day)
        .values(failures=failures)
    )


def _pin_digest(pin: str, salt: str) -> str:
    """Hash with scrypt, at the cost that RFC 7914 names for interactive use."""
    return hashlib.scrypt(pin.encode(), salt=bytes.fromhex(salt), n=2**14, r=8, p=1).hex()
