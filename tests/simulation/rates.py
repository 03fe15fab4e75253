"""How often the judgement of made runs is wrong, and how often it finds what is there."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from bench.analysis import intervals
from bench.pairs import ranking
from bench.pairs.pairwise import Answer, Pair
from tests.simulation.models import Noise, entrants

Judged = Callable[[np.random.Generator, Noise, int, int], bool]


def rate(judged: Judged, noise: Noise, servers: int, blocks: int, runs: int, seed: int) -> float:
    """Return the part of made runs of which something holds."""
    source = np.random.default_rng([seed, servers, blocks])
    return sum(judged(source, noise, servers, blocks) for _ in range(runs)) / runs


def family_error(source: np.random.Generator, noise: Noise, servers: int, blocks: int) -> bool:
    """Tell if any two of equal servers are called different."""
    found = ranking.rank(entrants(noise.drawn(source, servers, blocks)))
    return any(pair.apart for pair in found.pairs)


def power(slower: float) -> Judged:
    """Return whether a first server that is slower than the second is found to be."""

    def judged(source: np.random.Generator, noise: Noise, servers: int, blocks: int) -> bool:
        pair = _first_two(source, noise, servers, blocks, 1 - slower)
        return pair.apart and pair.ratio is not None and pair.ratio.value < 1

    return judged


def equivalence(apart: float) -> Judged:
    """Return whether two servers that are so far apart are called equivalent."""

    def judged(source: np.random.Generator, noise: Noise, servers: int, blocks: int) -> bool:
        pair = _first_two(source, noise, servers, blocks, 1 / (1 + apart))
        return pair.answer is Answer.EQUIVALENT

    return judged


def _first_two(
    source: np.random.Generator, noise: Noise, servers: int, blocks: int, speed: float
) -> Pair:
    found = ranking.rank(entrants(noise.drawn(source, servers, blocks), (speed,)))
    pair = found.between("server-0", "server-1")
    assert pair is not None
    return pair


def covered(source: np.random.Generator, noise: Noise, _: int, blocks: int) -> bool:
    """Tell if a cell's interval holds its truth; the machine's own blocks are part of it."""
    (alone,) = entrants(noise.drawn(source, 1, blocks))
    estimate = intervals.geometric(list(alone.values.values()))
    assert estimate is not None
    if estimate.low is None or estimate.high is None:
        return True
    return estimate.low <= 40_000 <= estimate.high


@dataclass(frozen=True)
class Case:
    """A question to the simulation, and the answer that is asked.

    what: in words; least, most: the band that the rate has to be in; None where only told
    quick: whether it is tried with every `make test`
    """

    what: str
    judged: Judged
    noise: Noise
    servers: int
    blocks: int
    least: float = 0.0
    most: float = 1.0
    told: bool = False
    quick: bool = False

    def allowed(self, runs: int) -> tuple[float, float]:
        """Return the band with three standard errors of so many runs to either side."""

        def error(at: float) -> float:
            return 3 * float(np.sqrt(max(at * (1 - at), 1 / runs) / runs))

        return self.least - error(self.least), self.most + error(self.most)


def tried(cases: tuple[Case, ...], runs: int, seed: int) -> Iterator[tuple[Case, float]]:
    """Yield each case with its rate."""
    for case in cases:
        many = runs if case.servers < 20 else runs // 4
        shape = (case.noise, case.servers, case.blocks)
        yield case, rate(case.judged, *shape, many, seed)
