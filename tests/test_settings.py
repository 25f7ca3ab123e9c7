"""Settings, as an operator gives them in the environment."""

import pytest

from kavita.settings import Settings, SettingsError, read_settings
from tools.docs import env_example


def test_every_default_can_be_written_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    defaults = Settings(_env_file=None)
    for line in env_example().splitlines():
        name, equals, value = line.removeprefix("#").partition("=")
        if equals and name.isidentifier() and name.isupper():
            monkeypatch.setenv(name, value)
    given = Settings(_env_file=None)
    assert given == defaults
    assert given.plain_settings() == [
        *("CLINIC_NAME", "CLINIC_TIMEZONE", "CLINIC_OPENS", "CLINIC_CLOSES"),
        *("CLINIC_CLOSED_DAYS", "SLOT_MINUTES", "EMERGENCY_NUMBER"),
    ]


@pytest.mark.parametrize("minutes", ["25", "half", ""])
def test_a_slot_of_another_length_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, minutes: str
) -> None:
    monkeypatch.setenv("SLOT_MINUTES", minutes)
    with pytest.raises(SettingsError, match="SLOT_MINUTES: "):
        read_settings(_env_file=None)


def test_the_length_of_a_slot_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLOT_MINUTES", "15")
    assert read_settings(_env_file=None).clinic().slot_minutes == 15


def test_desks_and_their_tokens_are_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_TOKENS", "2=0123456789abcdef, east=fedcba9876543210==")
    tokens = read_settings(_env_file=None).desk_tokens
    assert {name: token.get_secret_value() for name, token in tokens.items()} == {
        "2": "0123456789abcdef",
        "east": "fedcba9876543210==",
    }


@pytest.mark.parametrize("tokens", ["2=short", "2", "desk two=0123456789abcdef"])
def test_a_desk_needs_a_plain_name_and_a_long_token(
    monkeypatch: pytest.MonkeyPatch, tokens: str
) -> None:
    monkeypatch.setenv("DESK_TOKENS", tokens)
    with pytest.raises(SettingsError, match="DESK_TOKENS") as refused:
        read_settings(_env_file=None)
    assert "0123456789abcdef" not in str(refused.value)
