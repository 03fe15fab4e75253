"""The servers of a workload in order, as far as they are told apart: a partial order with ties."""

import itertools
import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, replace

from bench import pairs, stats, words
from bench.pairs import THROUGHPUT, Figure, Floor
from bench.stats import Estimate

# Chance of calling any two equal servers of a workload different, over all its pairs together.
ERROR = 0.05


@dataclass(frozen=True)
class Entrant:
    """A server with its values of one figure by block; bound: they are bounds only."""

    server: str
    values: dict[int, float]
    bound: bool = False

    @property
    def centre(self) -> float:
        """Return the geometric mean of its values."""
        return statistics.geometric_mean(self.values.values())


@dataclass(frozen=True)
class Pair:
    """Two servers beside each other.

    ratio: first / second over shared blocks, its interval at `level`; None without such a block
    apart: the two are told apart
    because: else why not: `one block`, `interval` (it holds 1), `floor` (no further apart than a
        server and its twin) or `bound` (the worse figure is a bound only)
    """

    first: str
    second: str
    ratio: Estimate | None
    level: float
    apart: bool
    because: str = ""

    def __str__(self) -> str:
        """Return the ratio, with ≈ before it if the two are not told apart."""
        if self.ratio is None:
            return ""
        tied = "" if self.apart or self.first == self.second else "≈ "
        return tied + words.ratio(self.ratio)


@dataclass(frozen=True)
class Place:
    """Where a server can stand: ranks from `best` to `worst`, 1 on top.

    tier: 1 where nobody leads it; servers of one tier are not told apart
    tied: those that it is not told apart from, in the order of their centres
    """

    server: str
    centre: float
    tier: int
    best: int
    worst: int
    tied: tuple[str, ...]

    @property
    def rank(self) -> str:
        """Return `1`, or `2 to 4`."""
        return str(self.best) if self.best == self.worst else f"{self.best} to {self.worst}"


@dataclass(frozen=True)
class Ranking:
    """The partial order of a workload by one figure; places by tier, the best centre first."""

    figure: Figure
    places: tuple[Place, ...]
    pairs: tuple[Pair, ...]
    floor: Floor | None

    @property
    def best(self) -> str:
        """Return the server with the best centre, empty if there is none."""
        centres = {place.server: place.centre for place in self.places}
        pick = max if self.figure.more_is_better else min
        return pick(centres, key=centres.__getitem__, default="")

    def against_best(self, server: str) -> Pair | None:
        """Return a server beside the best, its ratio server / best; None without a place."""
        if server == self.best:
            return Pair(server, server, Estimate(1.0), stats.LEVEL, apart=False)
        for pair in self.pairs:
            if (pair.first, pair.second) == (self.best, server):
                inverse = None if pair.ratio is None else pair.ratio.inverse()
                return replace(pair, first=server, second=self.best, ratio=inverse)
        return None

    @property
    def tiers(self) -> tuple[tuple[str, ...], ...]:
        """Return the servers of each tier in turn."""
        groups = itertools.groupby(self.places, key=lambda place: place.tier)
        return tuple(tuple(place.server for place in group) for _, group in groups)


def rank(
    entrants: Iterable[Entrant],
    figure: Figure = THROUGHPUT,
    noise: Floor | None = None,
    error: float = ERROR,
) -> Ranking:
    """Order servers as far as they are told apart; an entrant with a zero or no value has no place.

    Two differ only if the interval of their ratio excludes 1 at a level corrected for the number
    of pairs (Holm, Scandinavian Journal of Statistics 6, 1979) and the ratio is outside the floor.
    """
    usable = [entrant for entrant in entrants if entrant.values and all(entrant.values.values())]
    order = sorted(usable, key=lambda entrant: entrant.centre, reverse=figure.more_is_better)
    tested = tuple(_tested(itertools.combinations(order, 2), figure, noise, error))
    leaders: dict[str, set[str]] = {entrant.server: set() for entrant in order}
    for pair in tested:
        if pair.apart and pair.ratio is not None:
            ahead = (pair.ratio.value > 1) == figure.more_is_better
            lead, led = (pair.first, pair.second) if ahead else (pair.second, pair.first)
            leaders[led].add(lead)
    return Ranking(figure, _places(order, leaders), tested, noise)


def _tested(
    found: Iterable[tuple[Entrant, Entrant]], figure: Figure, noise: Floor | None, error: float
) -> list[Pair]:
    """Test the pairs by falling evidence, each at error / (pairs left), until one fails."""
    ordered = sorted(found, key=lambda both: _chance(*both))
    tested: list[Pair] = []
    sure, level = True, stats.LEVEL
    for left, (first, second) in zip(range(len(ordered), 0, -1), ordered, strict=True):
        level = 1 - error / left if sure else level
        estimate = stats.ratio(first.values, second.values, level)
        sure = sure and _excludes_one(estimate)
        why = _doubt(first, second, estimate, figure, noise) or ("" if sure else "interval")
        tested.append(Pair(first.server, second.server, estimate, level, not why, why))
    return tested


def _doubt(
    first: Entrant, second: Entrant, found: Estimate | None, figure: Figure, noise: Floor | None
) -> str:
    """Return why a ratio cannot tell two servers apart however narrow its interval is."""
    if found is None or found.low is None:
        return "one block"
    if noise is not None and pairs.distance(found.value) <= noise.extent:
        return "floor"
    worse = second if (found.value > 1) == figure.more_is_better else first
    return "bound" if worse.bound else ""


def _chance(first: Entrant, second: Entrant) -> float:
    """Return the p-value of Student's t on the logarithms of the ratios over shared blocks."""
    shared = first.values.keys() & second.values.keys()
    logs = [math.log(first.values[block] / second.values[block]) for block in sorted(shared)]
    if len(logs) < 2:
        return 1.0
    centre = math.fsum(logs) / len(logs)
    variance = math.fsum((log - centre) ** 2 for log in logs) / (len(logs) - 1)
    if variance < 1e-24:
        return float(abs(centre) < 1e-12)
    from scipy.special import stdtr

    return 2 * float(stdtr(len(logs) - 1, -abs(centre) / math.sqrt(variance / len(logs))))


def _places(order: list[Entrant], leaders: dict[str, set[str]]) -> tuple[Place, ...]:
    """Peel off those that nobody left leads, tier by tier, and place each between its bounds."""
    led = {name: {other for other in leaders if name in leaders[other]} for name in leaders}
    left, tiers = list(leaders), dict[str, int]()
    for tier in itertools.count(1):
        top = [name for name in left if not leaders[name] & set(left)] or left
        tiers |= dict.fromkeys(top, tier)
        left = [name for name in left if name not in tiers]
        if not left:
            break
    places = [
        Place(
            entrant.server,
            entrant.centre,
            tiers[entrant.server],
            1 + len(leaders[entrant.server]),
            len(order) - len(led[entrant.server]),
            tuple(
                name
                for name in leaders
                if name != entrant.server
                and name not in leaders[entrant.server] | led[entrant.server]
            ),
        )
        for entrant in order
    ]
    return tuple(sorted(places, key=lambda place: place.tier))


def _excludes_one(found: Estimate | None) -> bool:
    if found is None or found.low is None or found.high is None:
        return False
    return found.low > 1 or found.high < 1
