"""The figures of the eight tools, in a size that takes seconds; the full sizes are marked heavy."""

import pytest

from benchmarks.figures.authorisation import check_authorisation, sweep
from benchmarks.figures.state_machine import check_model

SEED = 7


def test_the_tools_do_what_a_small_model_says(any_url: str) -> None:
    found = check_model(any_url, 6, SEED, steps=20)
    assert found.first_divergence == ""
    assert found.holds
    assert found.runs >= 6
    assert found.steps >= 60


def test_no_tool_reaches_another_patients_data_in_any_state_of_a_call(any_url: str) -> None:
    found = check_authorisation(any_url, SEED)
    assert found.holds, found
    assert found.calls > 120
    assert found.allowed > 5


def test_whoever_tries_every_id_learns_nothing(any_url: str) -> None:
    found = sweep(any_url, 90, SEED)
    assert (found.disclosures, found.different_answers) == (0, 0)
    assert (found.tries, found.patients) == (180, 18)


@pytest.mark.heavy
@pytest.mark.timeout(900)
def test_two_hundred_runs_of_the_tools_do_what_the_model_says(any_url: str) -> None:
    assert check_model(any_url, 200, SEED).holds


@pytest.mark.heavy
@pytest.mark.timeout(1800)
def test_a_sweep_over_ten_thousand_ids_discloses_nothing(any_url: str) -> None:
    assert sweep(any_url, 10_000, SEED).holds
