"""Whoever looks after each block until a change is decided is wrong no more often than is said."""

import numpy as np
import pytest

from bench.analysis.metrics import THROUGHPUT
from bench.base import levels
from bench.proving import decision, looks
from bench.proving.decision import APART, FIGURES, Decision
from tests.simulation.cases import EQUAL, SLOW, TAILS, half
from tests.simulation.models import Noise, entrants

RUNS, MOST = 150, 60
QUIET = Noise("equal noise of 1 %", (0.01,))


def until_decided(
    noise: Noise, factor: float, source: np.random.Generator, most: int = MOST
) -> tuple[Decision, int]:
    """Return what one figure comes to, looked at after each block, and the blocks that it took."""
    values = [each.values for each in entrants(noise.drawn(source, 2, most), (1.0, factor))]
    decided = Decision.NOT_SHOWN
    for blocks in range(int(levels.LOOK_FROM), most + 1):
        a, b = ({at: of[at] for at in of if at < blocks} for of in values)
        contrast = decision.contrasted(a, b)
        ratio = None if contrast is None else looks.interval(contrast, levels.ERROR / len(FIGURES))
        if ratio is not None:
            bounds = False, False
            decided, _ = decision.decide(ratio, THROUGHPUT, bounds, levels.EQUIVALENT)
        if decided is not Decision.NOT_SHOWN:
            return decided, blocks
    return decided, most


@pytest.mark.parametrize("noise", [EQUAL, TAILS, SLOW, half(2, 5)], ids=lambda noise: noise.name)
def test_equal_servers_are_seldom_told_apart_in_any_figure(noise: Noise) -> None:
    source = np.random.default_rng(7)
    wrong = [
        any(until_decided(noise, 1.0, source, 20)[0] in APART for _ in FIGURES) for _ in range(RUNS)
    ]
    assert sum(wrong) <= 0.07 * RUNS


def test_a_look_that_pays_no_price_is_wrong_more_often() -> None:
    """Or the test above could not fail: the same looks with intervals for one look alone."""
    source = np.random.default_rng(7)
    wrong = 0
    for _ in range(RUNS):
        logs = EQUAL.drawn(source, 2, MOST)
        differences = logs[:, 0] - logs[:, 1]
        counts = np.arange(1, MOST + 1)
        means = differences.cumsum() / counts
        spread = [differences[: n + 1].std(ddof=1) for n in range(1, MOST)]
        wrong += bool((abs(means[1:]) > 2.1 * np.array(spread) / np.sqrt(counts[1:]))[3:].any())
    assert wrong > 0.12 * RUNS


@pytest.mark.parametrize(
    ("noise", "factor", "decided", "within"),
    [
        (EQUAL, 0.90, Decision.SLOWER, 12),
        (EQUAL, 0.95, Decision.SLOWER, 30),
        (EQUAL, 1.10, Decision.FASTER, 12),
        (QUIET, 1.00, Decision.TIED, 20),
    ],
)
def test_what_is_so_is_found_in_time(
    noise: Noise, factor: float, decided: Decision, within: int
) -> None:
    source = np.random.default_rng(11)
    found = [until_decided(noise, factor, source) for _ in range(RUNS)]
    right = [blocks for what, blocks in found if what is decided]
    assert len(right) >= 0.97 * RUNS
    assert np.quantile(right, 0.8) <= within


def test_what_is_further_apart_than_the_margin_is_not_called_tied() -> None:
    source = np.random.default_rng(13)
    found = [until_decided(QUIET, 1 / (1.001 + levels.EQUIVALENT), source) for _ in range(RUNS)]
    assert sum(what is Decision.TIED for what, _ in found) <= 0.05 * RUNS
