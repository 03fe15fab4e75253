"""How far a server and its own twin came out apart: what the instrument itself adds."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

from bench.analysis import intervals, metrics, shrinkage
from bench.analysis.metrics import THROUGHPUT, ByBlock, Metric
from bench.analysis.shrinkage import Prior
from bench.base import levels
from bench.base.estimate import Estimate
from bench.model.trial import TWIN, Cell, Workload

Values = dict[Cell, dict[int, float]]


@dataclass(frozen=True)
class Floor:
    """How far apart a server and its twin came out, pooled over the workloads of a run.

    ratio: of twin to server, at 95 %; extent: how far its interval reaches from 1, as a fraction
    blocks: how many pairs of trials there were
    """

    ratio: Estimate
    extent: float
    blocks: int


def of(cells: Mapping[Cell, ByBlock], metric: Metric = THROUGHPUT) -> Floor | None:
    """Return how far a server and its A/A twin differ; None in a run without twins.

    cells: the metrics of each cell, the twins' included

    Pooled over workloads, since a few blocks of one say little about an instrument's own bias. The
    median, since a trial that was disturbed says nothing about it at all: one of fifteen pairs that
    came out at 0.78 took the mean's interval from 1 to 8 %. It widens the intervals of the pairs
    that it is in. Of few pairs the mean, with the variance that all pairs of a run share.
    """
    values = {
        cell: {
            block: value
            for block, value in metrics.values(by_block, metric.column).items()
            if value
        }
        for cell, by_block in cells.items()
    }
    ratios = [
        math.exp(log)
        for cell, twins in values.items()
        if cell.server.endswith(TWIN)
        for log in metrics.logs(twins, values.get(_model(cell), {}))
    ]
    enough = len(ratios) >= levels.MEDIAN_FROM
    pooled = (
        intervals.median(ratios) if enough else intervals.geometric(ratios, known=_noise(values))
    )
    if pooled is None:
        return None
    reach = [bound for bound in (pooled.value, pooled.low, pooled.high) if bound is not None]
    return Floor(pooled, max(metrics.distance(bound) for bound in reach), len(ratios))


def _model(twin: Cell) -> Cell:
    return Cell(twin.server.removesuffix(TWIN), twin.workload)


def _noise(values: Values) -> Prior | None:
    """Return what the pairs of servers of all workloads have in common of their variance."""
    by_workload: dict[Workload, list[dict[int, float]]] = {}
    for cell, by_block in values.items():
        if by_block:
            by_workload.setdefault(cell.workload, []).append(by_block)
    samples = [
        metrics.logs(*both)
        for servers in by_workload.values()
        for both in itertools.combinations(servers, 2)
    ]
    return shrinkage.fit_prior(
        samples, sum(map(shrinkage.residual_degrees_of_freedom, by_workload.values()))
    )
