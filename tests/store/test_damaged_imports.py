"""Damaged files by the hundred: each of their rows is imported or quarantined, and once only."""

import pytest

from benchmarks.figures.imports import ImportFigures, check_imports
from tests.fakes.damaged_files import BYTE_DAMAGES, ROW_DAMAGES, damaged_file

SEED = 20260209


def test_every_row_of_damaged_files_is_accounted_for() -> None:
    assert_all_accounted_for(check_imports(20, SEED))


@pytest.mark.heavy
def test_every_row_of_three_hundred_damaged_files_is_accounted_for() -> None:
    assert_all_accounted_for(check_imports(300, SEED + 1000))


def assert_all_accounted_for(figures: ImportFigures) -> None:
    assert figures.holds, figures
    assert figures.refused < figures.files / 4
    assert figures.imported > figures.quarantined > 0


def test_the_same_seed_makes_the_same_file_and_three_hundred_have_every_damage() -> None:
    made = [damaged_file(seed) for seed in range(SEED, SEED + 300)]
    assert made[0] == damaged_file(SEED)
    names = {name for file in made for name in file.damages}
    assert len(names) == len({damage.__name__ for damage in (*ROW_DAMAGES, *BYTE_DAMAGES)})
