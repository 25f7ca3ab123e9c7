"""`kavita costs`: what the engines in the cloud were used for, and what that cost."""

from datetime import date, datetime, timedelta
from typing import Annotated

import typer
from rich.table import Table

from kavita.cli.program import (
    DatabaseOption,
    UnusableFile,
    book_at,
    cli,
    clinic_seen,
    output,
    plain_errors,
)
from kavita.store.calls import read_call
from kavita.store.database import Database
from kavita.store.definition.price_file import PriceFile, read_prices
from kavita.store.usage import BILLION, Charged, Unit, costs_since, spent_on

CallOption = Annotated[str | None, typer.Option("--call", help="Of one call, by its ID")]


@cli.command()
def costs(
    days: Annotated[int, typer.Option(min=1, help="So many days, today among them")] = 30,
    call_id: CallOption = None,
    db: DatabaseOption = None,
) -> None:
    """Show what the engines in the cloud cost: day by day, or for one call."""
    with plain_errors(), book_at(db) as (settings, database):
        prices = read_prices(settings.prices_file)
        if call_id is not None:
            _print_call(database, call_id)
            return
        today = datetime.now(clinic_seen(settings, database).timezone).date()
        found = costs_since(database, today - timedelta(days=days - 1))
        if found:
            _print_table([each.charged for each in found])
        output.print(today_in_words(database, prices, today), soft_wrap=True)


def today_in_words(database: Database, prices: PriceFile, today: date) -> str:
    """What was spent today, and of how much; StoreUnavailable."""
    spent = spent_on(database, today, prices.currency) / BILLION
    if not prices.daily_limit:
        return f"{spent:.2f} {prices.currency} today, without a limit"
    of = f"{spent:.2f} of at most {prices.daily_limit:.2f} {prices.currency} today"
    reached = spent >= prices.daily_limit
    return f"{of}: the local engines have taken over" if reached else of


def _print_call(database: Database, call_id: str) -> None:
    call = read_call(database, call_id)
    if call is None:
        raise UnusableFile(f"there is no record of a call {call_id}")
    if call.usage:
        _print_table(list(call.usage))
    else:
        output.print("This call used nothing that costs money.")


def _print_table(charges: list[Charged]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("day", "engine", "used", "cost"):
        table.add_column(heading, justify="right" if heading in ("used", "cost") else "left")
    for charge in charges:
        used = charge.used
        amount = _in_words(used.unit, used.quantity)
        table.add_row(f"{charge.day}", used.engine, amount, _money(charge.cost, charge.currency))
    for currency in sorted({charge.currency for charge in charges}):
        total = sum(charge.cost for charge in charges if charge.currency == currency)
        table.add_row("", "", "total", _money(total, currency))
    output.print(table)


def _in_words(unit: Unit, quantity: int) -> str:
    if unit == "milliseconds":
        return f"{quantity / 1000:,.0f} seconds"
    return f"{quantity:,} {unit}"


def _money(cost: int, currency: str) -> str:
    return f"{cost / BILLION:.4f} {currency}"
