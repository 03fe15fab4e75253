"""How far a server and its own twin came out apart: what the instrument itself adds."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from bench.analysis import metrics
from bench.analysis.metrics import THROUGHPUT, ByBlock, Metric
from bench.base import levels
from bench.base.estimate import Estimate
from bench.model.trial import TWIN, Cell, Workload
from bench.pairs import layout
from bench.pairs.layout import Contrast


@dataclass(frozen=True)
class Floor:
    """How far apart a server and its twin came out under a workload.

    ratio: of twin to server, at 95 %
    extent: by how much the instrument itself tells equal servers apart, beyond what chance does, as
        a fraction; 0 where the twins came out as far apart as chance has it
    blocks: how many pairs of trials there were
    """

    ratio: Estimate
    extent: float
    blocks: int


def of(cells: Mapping[Cell, ByBlock], metric: Metric = THROUGHPUT) -> dict[Workload, Floor]:
    """Return the floor of each workload in which a server and its twin have blocks in common.

    cells: the metrics of each cell, the twins' included

    A twin differs from its server by chance alone, unless the instrument adds something. The chance
    is known from the noise of both; only what is beyond it is a floor. Workloads lend each other
    their evidence: a bias has mean zero and a variance over workloads that is found by moments
    (DerSimonian and Laird, Controlled Clinical Trials 7, 1986), and each workload's is what is then
    most likely of its own. Pooled outright, a bias in one workload would vanish among the others,
    and sound ones would be held against it.
    """
    contrasts = {
        workload: contrast
        for workload, by_server in _by_workload(cells, metric).items()
        if (contrast := _twins(by_server)) is not None
    }
    between = _between(list(contrasts.values()))
    suspected = _together([each for each in contrasts.values() if not _alone(each)])
    return {
        workload: Floor(
            _ratio(contrast),
            _extent(contrast, between) if suspected or _alone(contrast) else 0.0,
            contrast.blocks,
        )
        for workload, contrast in contrasts.items()
    }


def _by_workload(cells: Mapping[Cell, ByBlock], metric: Metric) -> dict[Workload, layout.Values]:
    by_workload: dict[Workload, dict[str, dict[int, float]]] = {}
    for cell, by_block in cells.items():
        values = metrics.values(by_block, metric.column)
        usable = {block: value for block, value in values.items() if value > 0}
        if usable:
            by_workload.setdefault(cell.workload, {})[cell.server] = usable
    return {workload: dict(servers) for workload, servers in by_workload.items()}


def _twins(by_server: layout.Values) -> Contrast | None:
    """Return the twin beside its server; None where one has no value, or they share no block."""
    twin = next((name for name in by_server if name.endswith(TWIN)), None)
    if twin is None or twin.removesuffix(TWIN) not in by_server:
        return None
    contrast = layout.fit(by_server).contrast(twin, twin.removesuffix(TWIN))
    return contrast if contrast.blocks else None


def _ratio(contrast: Contrast) -> Estimate:
    if contrast.error is None:
        return Estimate(math.exp(contrast.log))
    from scipy.special import stdtrit

    half = float(stdtrit(contrast.freedom, (1 + levels.LEVEL) / 2)) * contrast.error
    ends = (contrast.log, contrast.log - half, contrast.log + half)
    return Estimate(*map(math.exp, ends))


def _alone(contrast: Contrast) -> bool:
    """Tell if a twin is told apart from its server in this workload alone."""
    return _ratio(contrast).excludes_one


def _together(contrasts: list[Contrast]) -> bool:
    """Tell if twins that are not suspected alone are further apart than chance has it, together."""
    known = [each for each in contrasts if each.error]
    if not known:
        return False
    from scipy.special import fdtrc

    mean = sum((each.log / (each.error or 1.0)) ** 2 for each in known) / len(known)
    freedom = sum(each.freedom for each in known)
    return float(fdtrc(len(known), freedom, mean)) < levels.ERROR


def _between(contrasts: list[Contrast]) -> float:
    """Return the variance of the instrument's bias over workloads, beyond sampling error."""
    known = [(each.log, each.error) for each in contrasts if each.error]
    if not known:
        return 0.0
    weights = [1 / error**2 for _, error in known]
    beyond = sum(w * log**2 for w, (log, _) in zip(weights, known, strict=True)) - len(known)
    return max(0.0, beyond / sum(weights))


def _extent(contrast: Contrast, between: float) -> float:
    """Return the size of the bias that is most likely here: the root of its mean square."""
    if not contrast.error or not between:
        return 0.0
    kept = between / (between + contrast.error**2)
    return math.expm1(math.sqrt((kept * contrast.log) ** 2 + kept * contrast.error**2))
