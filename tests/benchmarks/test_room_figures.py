from datetime import date

import numpy as np
import pytest
from virtual_room.air import Way
from virtual_room.booking import confirms

from kavita.caller.demo import demo_agenda
from kavita.settings import Settings

CLINIC = Settings(_env_file=None).clinic()
WANTS = demo_agenda(today=date(2026, 11, 26), day=date(2026, 12, 3))


@pytest.mark.parametrize(
    ("transcript", "holds"),
    [
        ("Done. Booked Thursday, Dec 3 at 12 PM. ID: 8-9. Anything else?", True),
        ("Done, booked Thursday, December third at twelve p M. I. D. eight, nine.", True),
        ("Booked Thursday, December 3rd at 12:00 p.m. I'll be 6:46:98.", True),
        ("Booked Thursday, December 3rd at 1 PM.", False),
        ("Booked Friday, December 4th at 12 PM.", False),
        ("Thursday, December 3rd at 12 PM is taken.", False),
        ("", False),
    ],
)
def test_a_confirmation_counts_only_with_the_day_and_the_time(transcript: str, holds: bool) -> None:
    assert confirms(transcript, WANTS, CLINIC) is holds


def test_the_loudspeaker_comes_back_as_late_and_as_loud_as_it_should() -> None:
    echo = Way(np.array([0.0, 0.0, 1.0]), gain_db=-6.0, delay_ms=50).echo()
    tone = (8000 * np.sin(np.arange(160) * 2 * np.pi * 500 / 16_000)).astype(np.int16)
    back = [float(np.abs(echo.hear(tone)).max()) for _ in range(10)]
    assert max(back[:5]) < 1
    assert all(3500 < peak < 4500 for peak in back[6:])
