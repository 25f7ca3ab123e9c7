"""What a call has used is kept with its record."""

from datetime import datetime, timedelta

from kavita.scheduling.clinic import Clinic
from kavita.store.calls import read_call, start_call
from kavita.store.database import Database
from kavita.store.upkeep.retention import tidy
from kavita.store.usage import Charged, Used, add_usage, costs_since, spent_on

TEXT = Used("tts", "sonic-3.5", "characters", 40)
SOUND = Used("stt", "azure", "milliseconds", 5_000)


def test_uses_of_a_kind_are_added_up_and_kept_with_the_call(
    any_database: Database, now: datetime
) -> None:
    today = now.date()
    start_call(any_database, "one", now)
    add_usage(any_database, "one", [Charged(TEXT, today, 20, "USD")])
    add_usage(
        any_database, "one", [Charged(TEXT, today, 20, "USD"), Charged(SOUND, today, 3, "USD")]
    )
    record = read_call(any_database, "one")
    assert record is not None
    assert record.usage == (
        Charged(SOUND, today, 3, "USD"),
        Charged(Used("tts", "sonic-3.5", "characters", 80), today, 40, "USD"),
    )


def test_a_day_is_the_sum_of_its_calls_in_one_currency(
    any_database: Database, now: datetime
) -> None:
    today, before = now.date(), now.date() - timedelta(days=1)
    for call in ("one", "two"):
        start_call(any_database, call, now)
        add_usage(any_database, call, [Charged(TEXT, today, 20, "USD")])
    add_usage(any_database, "one", [Charged(TEXT, before, 7, "USD")])
    add_usage(any_database, "two", [Charged(TEXT, today, 500, "INR")])
    assert spent_on(any_database, today, "USD") == 40
    assert spent_on(any_database, before, "USD") == 7
    assert spent_on(any_database, today - timedelta(days=5), "USD") == 0
    days = costs_since(any_database, before)
    assert [(one.charged.day, one.charged.cost, one.calls) for one in days] == [
        (today, 500, 1),
        (today, 40, 2),
        (before, 7, 1),
    ]
    assert len(costs_since(any_database, today)) == 2


def test_it_goes_with_the_record(any_database: Database, clinic: Clinic, now: datetime) -> None:
    start_call(any_database, "old", now - timedelta(days=31))
    add_usage(any_database, "old", [Charged(TEXT, now.date() - timedelta(days=31), 20, "USD")])
    assert tidy(any_database, clinic, now, 30).calls == 1
    assert costs_since(any_database, now.date() - timedelta(days=60)) == []
