"""The price list: what is wrong with it is named, and what it says is what things cost."""

from pathlib import Path

import pytest

from kavita.settings import Settings
from kavita.store.definition.price_file import (
    PriceFile,
    PriceFileError,
    default_prices,
    read_prices,
)
from kavita.store.usage import BILLION, Unit

PRICES = """\
currency = "INR"
daily_limit = 400

[stt.azure]
per_hour = 90.0

[llm."gpt-4.1-nano"]
per_million_input_tokens = 10.0
per_million_output_tokens = 40.0

[tts."sonic-3.5"]
per_million_characters = 4000.0
"""


def read(folder: Path, text: str) -> PriceFile:
    path = folder / "prices.toml"
    path.write_text(text, encoding="utf-8")
    return read_prices(path)


@pytest.mark.parametrize(
    ("engine", "unit", "quantity", "cost"),
    [
        ("azure", "milliseconds", 3_600_000, 90.0),
        ("azure", "milliseconds", 1_000, 0.025),
        ("gpt-4.1-nano", "input tokens", 1_000, 0.01),
        ("gpt-4.1-nano", "cached tokens", 1_000, 0.01),
        ("gpt-4.1-nano", "output tokens", 1_000, 0.04),
        ("sonic-3.5", "characters", 100, 0.4),
        ("unknown", "characters", 100, 0.0),
    ],
)
def test_things_cost_what_the_list_says(
    tmp_path: Path, engine: str, unit: Unit, quantity: int, cost: float
) -> None:
    prices = read(tmp_path, PRICES)
    assert prices.cost(engine, unit, quantity) == round(cost * BILLION)
    assert prices.knows(engine) == (engine != "unknown")


def test_without_a_file_the_list_prices_hold_and_know_every_default_engine(tmp_path: Path) -> None:
    prices = read_prices(tmp_path / "none.toml")
    settings = Settings(_env_file=None)
    assert prices == read_prices(default_prices())
    for engine in ("azure", settings.openai_model, settings.cartesia_model):
        assert prices.knows(engine)
    assert prices.daily_limit == 0


@pytest.mark.parametrize(
    ("was", "instead", "problem"),
    [
        ('"INR"', '"rupees"', "line 1, currency: write the three letters of a currency"),
        ("= 400\n", "= -1\n", "line 2, daily_limit: it should be greater than or equal to 0"),
        ("= 400\n", "= nan\n", "line 2, daily_limit: write a number"),
        ("daily_limit", "monthly_limit", "line 2, monthly_limit: there is no such field"),
        ("90.0", '"90"', "line 5, stt.azure.per_hour: write a number"),
        ("per_hour", "per_minute", "line 4, stt.azure.per_hour: it is missing"),
        ("[tts", "[voices", "line 11, voices: there is no such field"),
        ("= 40.0", "= ", "line 9: broken TOML"),
    ],
)
def test_what_is_wrong_is_named_with_file_line_and_field(
    tmp_path: Path, was: str, instead: str, problem: str
) -> None:
    with pytest.raises(PriceFileError) as refused:
        read(tmp_path, PRICES.replace(was, instead))
    assert f"prices.toml, {problem}" in str(refused.value)
