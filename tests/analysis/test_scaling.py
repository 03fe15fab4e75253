"""The law of scaling: known parameters are found again, and what it does not fit is said."""

import numpy as np
import pytest

from bench.analysis import scaling
from tests.support.known import known

PLACES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
TRIALS, NOISE, RUNS = 5, 0.03, 60


def _values(
    rate: float, contention: float, coherency: float, seed: int
) -> dict[float, list[float]]:
    source = np.random.default_rng(seed)
    return {
        n: (
            rate
            * n
            / (1 + contention * (n - 1) + coherency * n * (n - 1))
            * np.exp(source.normal(0, NOISE, TRIALS))
        ).tolist()
        for n in PLACES
    }


@pytest.mark.parametrize(
    ("rate", "contention", "coherency"),
    [(1000.0, 0.05, 5e-4), (1000.0, 0.02, 0.0), (30_000.0, 0.2, 1e-3)],
)
def test_known_parameters_are_found_again(rate: float, contention: float, coherency: float) -> None:
    truth = np.array([rate, contention, coherency])
    held, fits, tops = np.zeros(3), 0, 0
    for seed in range(RUNS):
        law = scaling.fit(_values(rate, contention, coherency, seed))
        assert law is not None
        parts = (law.rate, law.contention, law.coherency)
        held += [known(p.low) <= t <= known(p.high) for p, t in zip(parts, truth, strict=True)]
        fits += law.fits
        if coherency:
            top = ((1 - contention) / coherency) ** 0.5
            tops += known(law.most).low is not None and (
                known(known(law.most).low) <= top <= known(known(law.most).high)
            )
        else:
            tops += law.most is None
    # Of sixty, 95 % would be 57.
    assert (held >= 51).all(), held
    assert tops >= 50
    assert fits >= 56


def test_where_it_does_not_fit_it_says_so() -> None:
    source = np.random.default_rng(3)
    wall = {n: (min(n, 8) * np.exp(source.normal(0, 0.01, TRIALS))).tolist() for n in PLACES}
    law = scaling.fit(wall)
    assert law is not None
    assert not law.fits


def test_five_points_or_a_single_trial_of_each_are_too_few() -> None:
    values = _values(1000.0, 0.05, 5e-4, 1)
    assert scaling.fit({n: values[n] for n in PLACES[:5]}) is None
    assert scaling.fit({n: values[n][:1] for n in PLACES}) is None


def test_the_band_is_around_the_curve_and_narrow_where_it_was_measured() -> None:
    law = scaling.fit(_values(1000.0, 0.05, 5e-4, 1))
    assert law is not None
    for n, found in zip(PLACES, law.at(PLACES), strict=True):
        true = 1000 * n / (1 + 0.05 * (n - 1) + 5e-4 * n * (n - 1))
        assert known(found.low) < found.value < known(found.high)
        assert found.value == pytest.approx(true, rel=0.06)
        assert known(found.high) / known(found.low) < 1.15
