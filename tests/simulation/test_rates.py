"""The error rates, the power and the coverage of the judgement, in a few hundred made runs each."""

import pytest

from tests.simulation.cases import CASES
from tests.simulation.rates import Case, tried

RUNS = 150


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case.quick],
    ids=lambda case: f"{case.what}, {case.noise.name}, {case.servers} x {case.blocks}",
)
def test_a_rate_is_in_its_band(case: Case) -> None:
    ((_, rate),) = tried((case,), RUNS, seed=1)
    least, most = case.allowed(RUNS)
    assert least <= rate <= most
