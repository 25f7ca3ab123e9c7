"""Each bench starts, measures and says what it found."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from virtual_room.pulse import missing

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
FIGURES_HOLD, SOME_DO_NOT = 0, 1

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(300)]


NO_PULSE = pytest.mark.skipif(bool(missing()), reason="PulseAudio is missing")


@pytest.mark.parametrize(
    "bench",
    [
        *("book", "capacity", "faults", "interruption", "overhead", "turns"),
        pytest.param("room", marks=NO_PULSE),
    ],
)
def test_a_bench_runs_and_prints_its_figures(bench: str) -> None:
    command = (sys.executable, str(BENCHMARKS / f"{bench}.py"), "--quick", "--json")
    ran = subprocess.run(command, cwd=BENCHMARKS.parent, capture_output=True, text=True)
    assert ran.returncode in (FIGURES_HOLD, SOME_DO_NOT), ran.stderr
    assert json.loads(ran.stdout)["figures"]
