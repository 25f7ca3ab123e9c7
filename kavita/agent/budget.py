"""What the engines in the cloud cost today, and whether that is enough for the day."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path

from loguru import logger

from kavita.store.database import Database
from kavita.store.definition.price_file import PriceFile, read_prices
from kavita.store.usage import BILLION, Charged, Used, add_usage, spent_on

Count = Callable[[Sequence[Used]], None]
"""Takes note of what was used."""


def count_nothing(_: Sequence[Used]) -> None:
    """For what no call is charged with, such as a probe."""


class Budget:
    """One for all calls of the process; a day is the clinic's."""

    def __init__(
        self, prices: PriceFile, database: Database, clock: Callable[[], datetime]
    ) -> None:
        """`clock` gives the clinic's time; what today has cost is in the book."""
        self._prices = prices
        self._database = database
        self._clock = clock
        self._limit = round(prices.daily_limit * BILLION)
        self._day = clock().date()
        self._spent = 0
        self._is_told = False
        self._read_book(self._day)

    @property
    def is_spent(self) -> bool:
        """Whether no more may be spent today."""
        self._turn_the_page()
        return bool(self._limit) and self._spent >= self._limit

    def charge(self, uses: Sequence[Used]) -> list[Charged]:
        """Put a price on what was used, and count it to the day."""
        self._turn_the_page()
        prices = self._prices
        charges = [
            Charged(
                used, self._day, prices.cost(used.engine, used.unit, used.quantity), prices.currency
            )
            for used in uses
            if used.quantity
        ]
        self._spent += sum(charge.cost for charge in charges)
        self._tell()
        return charges

    def keep(self, call_id: str, charges: Sequence[Charged]) -> None:
        """Write charges into the record of a call; blocks.

        The book then tells what the other processes have spent.
        """
        add_usage(self._database, call_id, charges)
        self._read_book(charges[-1].day)

    def _read_book(self, day: date) -> None:
        spent = spent_on(self._database, day, self._prices.currency)
        if day == self._day:
            self._spent = max(self._spent, spent)
            self._tell()

    def _turn_the_page(self) -> None:
        today = self._clock().date()
        if today != self._day:
            self._day, self._spent, self._is_told = today, 0, False

    def _tell(self) -> None:
        """Tell the operator, once a day."""
        if self._limit and self._spent >= self._limit and not self._is_told:
            self._is_told = True
            logger.warning(
                "the daily limit of {:.2f} {} is reached: local engines take over until midnight",
                self._limit / BILLION,
                self._prices.currency,
            )


def open_budget(prices_file: Path, database: Database, clock: Callable[[], datetime]) -> Budget:
    """The budget by the price list of a file, or the default one; raises PriceFileError."""
    return Budget(read_prices(prices_file), database, clock)
