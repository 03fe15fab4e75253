"""A cell and a workload as they are shown: their figures with intervals, their place, in words."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from bench.analysis import intervals, metrics, percentiles
from bench.analysis.metrics import ByBlock, Metric
from bench.base import levels, limits, wording
from bench.base.estimate import Estimate
from bench.model.trial import Trial, Workload
from bench.pairs.noise_floor import Floor
from bench.pairs.pairwise import Entrant
from bench.pairs.ranking import Ranking, rank
from bench.report.drawing import palette
from bench.report.view import described
from bench.verdicts import witness
from bench.verdicts.verdict import Name, Verdict
from loadgen.result import Result

# The family of the ceiling: shown beside the others as what is possible, never ranked among them.
NATIVE = "native"

# What servers are ordered by: one of the first three ranks them (see `metrics.leading`), and CPU
# per request is the figure that a busy generator does not distort.
RANKED_BY = tuple(metrics.METRICS[name] for name in ("throughput", "p99", "light_p99", "cpu"))

Curve = tuple[list[float], list[float]]


@dataclass(frozen=True)
class CellView:
    """A cell as it is shown.

    index: the server's place in the run, the same in every chart
    variant: its place among those of its family in the run, from 0, whatever it runs under
    model, python: the server's name without its interpreter, and what that is called in the run
    interpreter: the place of that one in the run, from 0; None where all servers have the same
    metrics: of each trial that was measured, by block
    course: how its trials went: `steady`, or `4 steady, 1 warming`
    """

    index: int
    variant: int
    server: str
    family: str
    workload: Workload
    verdict: Verdict
    trials: list[Trial]
    metrics: ByBlock
    course: str
    model: str = ""
    python: str = ""
    interpreter: int | None = None

    @property
    def look(self) -> palette.Look:
        """Return how it is drawn: the same in every chart of a run."""
        return palette.look(self.family, self.variant, self.interpreter)

    @property
    def ranked(self) -> bool:
        """Tell if it has a place in a ranking."""
        stands = self.verdict.ranked and self.family != NATIVE
        return stands and self.estimate(self.leading) is not None

    @property
    def open_loop(self) -> bool:
        """Tell if its load follows a schedule, so that its latency is what tells servers apart."""
        return self.workload.load.rate is not None

    @property
    def leading(self) -> str:
        """Return the column that ranks it, as `metrics.leading` has it."""
        return metrics.leading(self.workload).column

    @property
    def bound(self) -> bool:
        """Tell if its throughput is a lower bound."""
        return self.verdict.name is Name.GENERATOR_BOUND

    @property
    def saturated(self) -> bool:
        """Tell if it answered less than was offered."""
        return self.verdict.holds(Name.OVERLOADED)

    @property
    def follows(self) -> bool:
        """Tell if it answered what was offered, whoever is to blame if not; always without a rate.

        By the same share as the verdict `overloaded`, which another verdict may hide.
        """
        rate = self.workload.load.rate
        if rate is None:
            return True
        results = [trial.result for trial in self.trials if trial.result is not None]
        # What fell due is known exactly; an earlier version's run knows the rate alone.
        due = sum(rate * r.window_s if r.due is None else r.due for r in results)
        answered = sum(result.throughput_rps * result.window_s for result in results)
        return not self.saturated and 0 < (1 - limits.OVERLOAD) * due <= answered

    def by_block(self, column: str) -> dict[int, float]:
        """Return a column's values by block; none unless most of the trials have one."""
        return metrics.values(self.metrics, column)

    def estimate(self, column: str) -> Estimate | None:
        """Return a column's geometric mean and interval if most of the trials have a value."""
        if column not in self._estimates:
            values = list(self.by_block(column).values())
            self._estimates[column] = intervals.geometric(values)
        return self._estimates[column]

    def value(self, column: str) -> float:
        """Return a column's geometric mean alone, infinite without one."""
        estimate = self.estimate(column)
        return math.inf if estimate is None else estimate.value

    @cached_property
    def _estimates(self) -> dict[str, Estimate | None]:
        """Return those that have been asked for: a column is computed once."""
        return {}

    def throughput(self) -> str:
        """Return `≥ 41,200 ± 300 /s`, empty if nothing was measured."""
        estimate = self.estimate("throughput_rps")
        return (
            ""
            if estimate is None
            else ("≥ " if self.bound else "") + wording.estimate(estimate, "/s")
        )

    def at_once(self, of: str) -> str:
        """Return how many requests were served at a time, of those in flight: `49.9 of 50`.

        By Little's law that is throughput times the mean cycle. In open loop nothing holds the
        requests in flight at a number: there it stands alone.
        """
        estimate, load = self.estimate("effective_concurrency"), self.workload.load
        if estimate is None:
            return ""
        if load.rate is not None:
            return wording.number(estimate.value)
        return f"{wording.number(estimate.value)}{of}{load.connections * load.depth:,}"

    @cached_property
    def beside_witness(self) -> Estimate | None:
        """Return what the generator got over what an independent client got of the same server."""
        return witness.ratio(self.trials)

    @cached_property
    def response(self) -> Curve | None:
        """Return the nines and the µs of the response time over all trials."""
        return self._curve(lambda result: result.response_hdr)

    @cached_property
    def service(self) -> Curve | None:
        """Return the nines and the µs of the service time over all trials."""
        return self._curve(lambda result: result.service_hdr)

    def _curve(self, encoded: Callable[[Result], str]) -> Curve | None:
        results = [trial.result for trial in self.trials if trial.result is not None]
        return percentiles.curve((encoded(result), result.hdr_unit_ns) for result in results)


@dataclass(frozen=True)
class WorkloadView:
    """A workload and its cells: the ranked first, the best on top, then the others.

    floors: how far a server and its twin are apart in each of `RANKED_BY`
    looks: how often the run came to an end; margin: within which servers are called equivalent
    server_cpus: how many CPUs the server's side has
    base: the interpreter that others are compared with
    """

    label: str
    workload: Workload
    cells: list[CellView]
    floors: dict[Metric, Floor | None]
    looks: int = 1
    margin: float = levels.EQUIVALENT
    server_cpus: int = 1
    base: str = ""

    @property
    def ideal_rps(self) -> float | None:
        """Return the replies/s of a server that costs nothing beside the work.

        The CPUs over the work of a request, or, of a wait, the connections over it. None without
        work, and in open loop, where the schedule says how many there are.
        """
        work = self.workload.work
        if work is None or self.open_loop:
            return None
        cpus = min(self.server_cpus, self.workload.cpus or self.server_cpus)
        side_by_side = cpus if work.holds_cpu else self.workload.load.connections
        return side_by_side / (work.us / 1e6 * work.share)

    @cached_property
    def orders(self) -> dict[Metric, Ranking]:
        """Return the order of the servers by each of `RANKED_BY` that the workload has."""
        mixed = metrics.METRICS["light_p99"]
        figures = [each for each in RANKED_BY if each is not mixed or self.workload.mixture]
        return {figure: self.ordered(figure, self.ranked) for figure in figures}

    def ordered(self, figure: Metric, cells: Iterable[CellView], share: int = 1) -> Ranking:
        """Return the order of some cells; share: of how many such orders all errors are shared."""
        entrants = [
            Entrant(cell.server, cell.by_block(figure.column), figure.bounded and cell.bound)
            for cell in cells
        ]
        error = levels.ERROR / self.looks**levels.LOOKS / share
        return rank(entrants, figure, self.floors[figure], error, self.margin)

    @property
    def order(self) -> Ranking:
        """Return the order of the servers by what ranks them under this load."""
        return self.orders[metrics.leading(self.workload)]

    @property
    def measured(self) -> list[CellView]:
        """Return the cells with figures."""
        return [cell for cell in self.cells if cell.metrics]

    @property
    def native(self) -> CellView | None:
        """Return the cell of the native server, if it was measured and its figures stand."""
        natives = [cell for cell in self.measured if cell.family == NATIVE and cell.verdict.ranked]
        return natives[0] if natives else None

    @property
    def ranked(self) -> list[CellView]:
        """Return the cells that have a place, the best first."""
        return [cell for cell in self.cells if cell.ranked]

    @property
    def open_loop(self) -> bool:
        """Tell if the load follows a schedule."""
        return self.workload.load.rate is not None

    def described(self) -> str:
        """Return the axes in words: `50 connections kept open, 64 B, closed loop, TCP`."""
        return described.of(self.workload)
