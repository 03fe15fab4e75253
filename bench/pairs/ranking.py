"""The servers of a workload in order, as far as they are told apart: a partial order with ties."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bench.analysis.metrics import THROUGHPUT, Metric
from bench.base import levels
from bench.base.estimate import Estimate
from bench.pairs.noise_floor import Floor
from bench.pairs.pairwise import Entrant, Pair, compared, ranked_layout


@dataclass(frozen=True)
class Place:
    """Where a server can stand: ranks from `best` to `worst`, 1 on top.

    centre: its geometric mean; of a server that lacks blocks, what it would have had over all
    tied: those that it is not told apart from, in the order of their centres
    """

    server: str
    centre: float
    best: int
    worst: int
    tied: tuple[str, ...]

    @property
    def rank(self) -> str:
        """Return `1`, or `2 to 4`."""
        return str(self.best) if self.best == self.worst else f"{self.best} to {self.worst}"


@dataclass(frozen=True)
class Ranking:
    """The partial order of a workload by one figure; places by their centre, the best first.

    dependence: of a block on the one before, 0 unless it was found; intervals are wider by it
    """

    figure: Metric
    places: tuple[Place, ...]
    pairs: tuple[Pair, ...]
    floor: Floor | None
    dependence: float = 0.0

    @property
    def best(self) -> str:
        """Return the server with the best centre, empty if there is none."""
        centres = {place.server: place.centre for place in self.places}
        pick = max if self.figure.more_is_better else min
        return pick(centres, key=centres.__getitem__, default="")

    def between(self, first: str, second: str) -> Pair | None:
        """Return two servers beside each other, their ratio first / second; None if unplaced."""
        for pair in self.pairs:
            if (pair.first, pair.second) == (first, second):
                return pair
            if (pair.first, pair.second) == (second, first):
                inverse = None if pair.ratio is None else pair.ratio.inverse()
                return replace(pair, first=first, second=second, ratio=inverse)
        return None

    def against_best(self, server: str) -> Pair | None:
        """Return a server beside the best, its ratio server / best; None without a place."""
        if server == self.best:
            return Pair(server, server, Estimate(1.0), levels.LEVEL, apart=False)
        return self.between(server, self.best)


def rank(
    entrants: Iterable[Entrant],
    figure: Metric = THROUGHPUT,
    noise: Floor | None = None,
    error: float = levels.ERROR,
    margin: float = levels.EQUIVALENT,
) -> Ranking:
    """Order servers as far as they are told apart; an entrant with a zero or no value has no place.

    Order and ratios are of one layout, so that they cannot contradict each other. Who differs is
    decided in `pairwise`.
    """
    usable = [entrant for entrant in entrants if entrant.values and all(entrant.values.values())]
    if not usable:
        return Ranking(figure, (), (), noise)
    layout = ranked_layout(usable)
    centres = {entrant.server: layout.centre(entrant.server) for entrant in usable}
    order = sorted(usable, key=lambda each: centres[each.server], reverse=figure.more_is_better)
    pairs = compared(order, layout, figure, noise, error, margin)
    leaders: dict[str, set[str]] = {entrant.server: set() for entrant in order}
    for pair in pairs:
        if pair.apart and pair.ratio is not None:
            ahead = (pair.ratio.value > 1) == figure.more_is_better
            lead, led = (pair.first, pair.second) if ahead else (pair.second, pair.first)
            leaders[led].add(lead)
    ordered = {entrant.server: centres[entrant.server] for entrant in order}
    return Ranking(figure, _places(ordered, leaders), pairs, noise, layout.dependence)


def _places(order: dict[str, float], leaders: dict[str, set[str]]) -> tuple[Place, ...]:
    """Return the bounds of each server's place.

    From 1 + (those that beat it) to N - (those that it beats).
    """
    led = {name: {other for other in leaders if name in leaders[other]} for name in leaders}
    return tuple(
        Place(
            server,
            centre,
            1 + len(leaders[server]),
            len(order) - len(led[server]),
            tuple(
                name
                for name in leaders
                if name != server and name not in leaders[server] | led[server]
            ),
        )
        for server, centre in order.items()
    )
