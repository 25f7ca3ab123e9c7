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
