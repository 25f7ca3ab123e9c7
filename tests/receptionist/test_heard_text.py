"""What a recognizer really writes (heard.toml) is understood, or at least not misunderstood."""

import tomllib
from datetime import date
from pathlib import Path

import pytest

from kavita.receptionist.understanding.understanding import Heard, Question, understand
from kavita.scheduling.clinic import Clinic

HEARD = tomllib.loads((Path(__file__).parent / "heard.toml").read_text("utf-8"))
UNDERSTOOD = [
    (sentence["asked"], heard, sentence["understood"])
    for sentence in HEARD["sentence"]
    for heard in sentence["heard"]
]
LOST = [(group["asked"], heard) for group in HEARD["lost"] for heard in group["heard"]]
TODAY = date(2026, 2, 9)


def facts(heard: Heard) -> set[str]:
    """Everything understood, written as in heard.toml."""
    found = {intent.name for intent in heard.intents}
    for name in ("digits", "name", "purpose"):
        if value := getattr(heard, name):
            found.add(f"{'id' if name == 'digits' else name} {value}")
    if heard.day and heard.day.day:
        found.add(f"day {heard.day.day}")
    if heard.wish:
        for name, value in vars(heard.wish).items():
            if value:
                found.add(f"{'time' if name == 'at' else name} {value:%H:%M}")
    if heard.position is not None:
        found.add(f"position {heard.position}")
    return found | ({"red_flag"} if heard.red_flag else set())


@pytest.mark.parametrize(("asked", "text", "understood"), UNDERSTOOD)
def test_misheard_words_are_understood(
    asked: str, text: str, understood: list[str], clinic: Clinic
) -> None:
    assert set(understood) <= facts(understand(text, Question[asked], clinic, TODAY))


@pytest.mark.parametrize(("asked", "text"), LOST)
def test_of_words_beyond_rescue_nothing_is_made(asked: str, text: str, clinic: Clinic) -> None:
    assert facts(understand(text, Question[asked], clinic, TODAY)) == set()
