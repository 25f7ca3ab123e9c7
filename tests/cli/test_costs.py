"""`kavita costs`, and what `kavita check` says of them, as an operator reads them."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from loguru import logger
from typer.testing import CliRunner, Result

from kavita.cli import checking, costs
from kavita.cli.program import cli
from kavita.store.calls import start_call
from kavita.store.database import Database
from kavita.store.usage import BILLION, Charged, Used, add_usage

Kavita = Callable[..., Result]
COMMANDS = (checking.check, costs.costs)


@pytest.fixture
def kavita(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kavita]:
    """Runs a command in a folder of its own, whose book holds a call that cost something."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", "sqlite:///kavita.db")
    monkeypatch.setenv("CLINIC_TIMEZONE", "Asia/Kolkata")
    monkeypatch.setenv("COLUMNS", "200")
    database = Database("sqlite:///kavita.db")
    database.open()
    now = datetime.now(ZoneInfo("Asia/Kolkata"))
    start_call(database, "c0ffee00", now)
    start_call(database, "5ilent00", now)
    charges = [
        Charged(Used("stt", "azure", "milliseconds", 90_000), now.date(), BILLION // 40, "USD"),
        Charged(Used("tts", "sonic-3.5", "characters", 1_200), now.date(), BILLION // 2, "USD"),
    ]
    add_usage(database, "c0ffee00", charges)
    database.close()

    def run(*words: str) -> Result:
        result = CliRunner().invoke(cli, words)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    yield run
    logger.remove()  # what `check` logs to is gone with its run


def test_costs_are_shown_by_day_and_engine_with_their_sum(kavita: Kavita) -> None:
    shown = kavita("costs").output
    assert "90 seconds" in shown
    assert "1,200 characters" in shown
    assert "0.5250 USD" in shown
    assert "0.53 USD today, without a limit" in shown


def test_the_costs_of_one_call_are_shown(kavita: Kavita) -> None:
    assert "0.5250 USD" in kavita("costs", "--call", "c0ffee00").output
    assert "used nothing that costs money" in kavita("costs", "--call", "5ilent00").output
    refused = kavita("costs", "--call", "nobody")
    assert refused.exit_code == 1
    assert "there is no record of a call nobody" in refused.output


def test_check_tells_today_the_limit_and_engines_without_a_price(
    kavita: Kavita, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("prices.toml").write_text('currency = "USD"\ndaily_limit = 0.5\n', encoding="utf-8")
    monkeypatch.setenv("CARTESIA_API_KEY", "any")
    monkeypatch.setenv("CARTESIA_URL", "ws://127.0.0.1:1")
    shown = kavita("check").output
    assert "0.53 of at most 0.50 USD today: the local engines have taken over" in shown
    assert "no price is known for sonic-3.5" in shown


def test_check_names_what_is_wrong_with_the_price_list(kavita: Kavita) -> None:
    Path("prices.toml").write_text('currency = "USD"\nlimit = 2\n', encoding="utf-8")
    checked = kavita("check")
    assert checked.exit_code == 1
    assert "prices.toml, line 2, limit: there is no such field" in checked.output
