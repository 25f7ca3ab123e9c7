"""What calls have used of the engines that cost money: kept with the record of each call."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, cast, get_args

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kavita.store.database import Database
from kavita.store.record_tables import CallUsage

Stage = Literal["stt", "llm", "tts"]
Unit = Literal["milliseconds", "input tokens", "cached tokens", "output tokens", "characters"]
UNITS: tuple[Unit, ...] = get_args(Unit)
BILLION = 1_000_000_000


@dataclass(frozen=True)
class Used:
    """So much of an engine; `engine` is its name in the price list."""

    stage: Stage
    engine: str
    unit: Unit
    quantity: int


@dataclass(frozen=True)
class Charged:
    """What was used, on which day of the clinic, and its cost in billionths of the currency."""

    used: Used
    day: date
    cost: int
    currency: str


def add_usage(database: Database, call_id: str, charges: Sequence[Charged]) -> None:
    """Add to what a call has used; the call has begun."""

    def work(session: Session) -> None:
        for charge in charges:
            _add(session, call_id, charge)

    database.run(work)


def _add(session: Session, call_id: str, charge: Charged) -> None:
    used = charge.used
    key = (call_id, charge.day, used.stage, used.engine, used.unit, charge.currency)
    row = session.get(CallUsage, key)
    if row is None:
        names = ("call_id", "day", "stage", "engine", "unit", "currency")
        row = CallUsage(**dict(zip(names, key, strict=True)), quantity=0, cost=0)
        session.add(row)
    row.quantity += used.quantity
    row.cost += charge.cost


def usage_of(session: Session, call_id: str) -> tuple[Charged, ...]:
    """What a call has used."""
    rows = select(CallUsage).where(CallUsage.call_id == call_id)
    rows = rows.order_by(CallUsage.day, CallUsage.stage, CallUsage.engine, CallUsage.unit)
    return tuple(_charged(row) for row in session.scalars(rows))


def spent_on(database: Database, day: date, currency: str) -> int:
    """What all calls cost on a day of the clinic, in billionths of the currency."""
    total = select(func.coalesce(func.sum(CallUsage.cost), 0))
    total = total.where(CallUsage.day == day, CallUsage.currency == currency)
    with database.snapshot() as session:
        return int(session.scalar(total) or 0)


@dataclass(frozen=True)
class DayCosts:
    """A day's use of one engine, in one unit, by all calls."""

    charged: Charged
    calls: int


def costs_since(database: Database, first: date) -> list[DayCosts]:
    """The use of each engine day by day, from a day of the clinic on, the latest day first."""
    what = (CallUsage.day, CallUsage.stage, CallUsage.engine, CallUsage.unit, CallUsage.currency)
    sums = (func.sum(CallUsage.quantity), func.sum(CallUsage.cost), func.count())
    rows = select(*what, *sums).where(CallUsage.day >= first).group_by(*what)
    with database.snapshot() as session:
        found = session.execute(rows.order_by(CallUsage.day.desc(), *what[1:])).all()
    return [
        DayCosts(
            Charged(_used(stage, engine, unit, int(quantity)), day, int(cost), currency), calls
        )
        for day, stage, engine, unit, currency, quantity, cost, calls in found
    ]


def _charged(row: CallUsage) -> Charged:
    used = _used(row.stage, row.engine, row.unit, row.quantity)
    return Charged(used, row.day, row.cost, row.currency)


def _used(stage: str, engine: str, unit: str, quantity: int) -> Used:
    return Used(cast(Stage, stage), engine, cast(Unit, unit), quantity)
