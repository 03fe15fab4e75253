"""Two runs beside each other: the ratios of the cells that both have."""

import math
import statistics
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any

from bench.analysis import intervals, metrics, noise_floor
from bench.analysis.metrics import FIGURES, Figure
from bench.base.errors import ConfigError
from bench.base.estimate import Estimate
from bench.model.header import Header
from bench.model.run import Run, workload_labels
from bench.model.trial import Cell, Trial
from bench.verdicts import judging
from bench.verdicts.checks import Verdict

# What must be equal, or the ratio is one of machines or settings; a seed, the number of trials,
# the servers and the commit may differ. Paths into the header, and the words for a reader.
SAME = (
    (("machine", "cpu_model"), "CPU model"),
    (("machine", "architecture"), "architecture"),
    (("machine", "cpus"), "number of CPUs"),
    (("machine", "kernel"), "kernel"),
    (("machine", "governor"), "governor"),
    (("machine", "clock_source"), "clock source"),
    (("versions", "implementation"), "interpreter"),
    (("versions", "python"), "Python"),
    (("cpus", "server"), "CPUs of the server"),
    (("cpus", "generator"), "CPUs of the generator"),
    (("config", "duration_s"), "duration"),
    (("config", "warmup_s"), "warm-up"),
    (("config", "drain_s"), "drain"),
    (("config", "pool_size"), "pool size"),
    (("config", "generator_wait"), "how the generator waits"),
    (("terms", "TCP_NODELAY"), "TCP_NODELAY"),
    (("terms", "congestion control"), "congestion control"),
    (("terms", "backlog"), "backlog"),
    (("terms", "socket buffers"), "socket buffers"),
)


# So many cells that all moved the same way, by this much at least, speak of the machine.
DRIFT_CELLS = 3
DRIFT_LEAST = 0.03
# Chance of calling any cell changed in a figure where none is, over all cells together.
ERROR = 0.05


@dataclass(frozen=True)
class Row:
    """A cell in both runs.

    ratios: B / A by the name of the figure, at 95 %, for those that both have
    changed: the figures that differ: the interval excludes 1 at a level corrected for the number
        of cells (Bonferroni), and the ratio is outside the A/A floor of both runs
    before, after: the verdicts in A and B
    """

    cell: Cell
    label: str
    ratios: dict[str, Estimate]
    changed: frozenset[str]
    before: Verdict
    after: Verdict

    @property
    def comparable(self) -> bool:
        """Tell if the figures stand for the server in both runs."""
        return self.before.ranked and self.after.ranked

    def may_be(self, figure: Figure) -> tuple[bool, bool]:
        """Tell if the true ratio may be more, and if it may be less, than the one measured.

        Where the generator was the limit, a server does at least what was measured.
        """
        before, after = (
            figure.bounded and verdict.name == "generator-bound"
            for verdict in (self.before, self.after)
        )
        return (after, before) if figure.more_is_better else (before, after)


@dataclass(frozen=True)
class Comparison:
    """Two runs, A before and B after.

    differing: what is not equal of their machines and settings, in words; empty unless forced
    only_a, only_b: cells that the other run was not asked for
    control: the server that stands for the machine: every ratio is over its own; empty without one
    """

    name_a: str
    name_b: str
    rows: tuple[Row, ...]
    differing: tuple[str, ...]
    only_a: tuple[Cell, ...]
    only_b: tuple[Cell, ...]
    control: str = ""

    @property
    def drift(self) -> float | None:
        """Return the throughput ratio that all comparable cells moved by, their median.

        None where a control took it out, or if some of three cells or more did not move that way.
        """
        comparable = [row.ratios for row in self.rows if row.comparable]
        found = [ratios["throughput"].value for ratios in comparable if "throughput" in ratios]
        alike = len(found) >= DRIFT_CELLS and len({value > 1 for value in found}) == 1
        middle = statistics.median(found) if alike else 1.0
        return None if self.control or metrics.distance(middle) < DRIFT_LEAST else middle


def compare(run_a: Run, run_b: Run, force: bool = False, control: str = "") -> Comparison:
    """Return the ratios B / A of the cells that both runs have.

    control: a server that did not change. Whatever its ratio is, the machine did it, at another
        time or in another mood: it is taken out of every other, block by block.

    Raises:
        ConfigError: machines or settings differ and `force` is not set, no cell is shared, or the
            control does not stand for the machine under every workload.
    """
    names = run_a.header.run_id, run_b.header.run_id
    unequal = tuple(differing(run_a.header, run_b.header))
    cells_a, cells_b = run_a.cells(), run_b.cells()
    shared = [cell for cell in cells_a if cell in cells_b]
    _check(names, () if force else unequal, shared)
    judged_a, judged_b = judging.verdicts(run_a), judging.verdicts(run_b)
    if control:
        sound = {cell for cell in shared if judged_a[cell].ranked and judged_b[cell].ranked}
        _check_control(control, names, shared, sound)
    labels = workload_labels(cell.workload for cell in cells_a)
    floors, level = _floors(run_a, run_b), 1 - ERROR / len(shared)

    def compared(cell: Cell, level: float) -> dict[str, Estimate]:
        beside = Cell(control, cell.workload)
        against = (cells_a[beside], cells_b[beside]) if control else None
        return ratios(cells_a[cell], cells_b[cell], level, against)

    rows = [
        Row(
            cell,
            labels[cell.workload],
            compared(cell, intervals.LEVEL),
            _changed(compared(cell, level), floors),
            judged_a[cell],
            judged_b[cell],
        )
        for cell in shared
        if cell.server != control
    ]
    only_a = tuple(cell for cell in cells_a if cell not in cells_b)
    only_b = tuple(cell for cell in cells_b if cell not in cells_a)
    return Comparison(*names, tuple(rows), unequal, only_a, only_b, control)


def _check(names: tuple[str, str], unequal: Sequence[str], shared: Sequence[Cell]) -> None:
    """Refuse runs that cannot be compared; raises ConfigError."""
    if unequal:
        raise ConfigError(
            f"compare: {names[0]} and {names[1]} differ in {'; '.join(unequal)}; "
            "measure again on equal terms, or --force it"
        )
    if not shared:
        raise ConfigError(
            f"compare: {names[0]} and {names[1]} have no server and workload in common"
        )


def _check_control(
    control: str, names: tuple[str, str], shared: Sequence[Cell], sound: Container[Cell]
) -> None:
    """Refuse a control without sound figures under some workload; raises ConfigError."""
    workloads = dict.fromkeys(cell.workload for cell in shared)
    lacking = [w.name for w in workloads if Cell(control, w) not in sound]
    if lacking:
        raise ConfigError(
            f"--control {control}: {names[0]} and {names[1]} do not both have figures that stand "
            f"for it under {', '.join(lacking)}; name a server that serves everywhere"
        )


def differing(header_a: Header, header_b: Header) -> list[str]:
    """Return what must be equal and is not: `kernel (6.1 and 6.8)`."""
    found = []
    for (part, name), words_for in SAME:
        first, second = (_value(_at(header, part, name)) for header in (header_a, header_b))
        if first != second:
            found.append(f"{words_for} ({first} and {second})")
    return found


def _at(header: Header, part: str, name: str) -> Any:
    """Return a value of a header's part, be that one of its own or a table; None without."""
    of = getattr(header, part)
    return of.get(name) if isinstance(of, dict) else getattr(of, name, None)


def _value(value: Any) -> str:
    # Of CPUs their number counts, not which of a machine they are.
    if isinstance(value, list | tuple):
        return str(len(value))
    # What stands behind a semicolon explains the value.
    return "unknown" if value is None else str(value).partition(";")[0]


def _floors(*runs: Run) -> dict[str, float]:
    """Return the larger A/A floor of the runs for each figure, 0 without twins."""
    return {
        name: max(
            (noise.extent for run in runs if (noise := noise_floor.of(run, figure))), default=0
        )
        for name, figure in FIGURES.items()
    }


def _changed(found: dict[str, Estimate], floors: dict[str, float]) -> frozenset[str]:
    return frozenset(
        name
        for name, ratio in found.items()
        if ratio.low is not None
        and ratio.high is not None
        and (ratio.low > 1 or ratio.high < 1)
        and metrics.distance(ratio.value) > floors[name]
    )


def ratios(
    before: Sequence[Trial],
    after: Sequence[Trial],
    level: float = intervals.LEVEL,
    control: tuple[Sequence[Trial], Sequence[Trial]] | None = None,
) -> dict[str, Estimate]:
    """Return after / before of every figure that both have.

    control: of a server whose own ratio is taken out; each value is divided by the one that the
        control has in the same block, before the two runs are compared
    """
    found: dict[str, Estimate] = {}
    for name, figure in FIGURES.items():
        first, second = (metrics.by_block(trials, figure) for trials in (before, after))
        if control is not None:
            beside = (metrics.by_block(trials, figure) for trials in control)
            first, second = map(_over, (first, second), beside)
        if (ratio := welch(list(first.values()), list(second.values()), level)) is not None:
            found[name] = ratio
    return found


def _over(values: dict[int, float], control: dict[int, float]) -> dict[int, float]:
    """Return the quotients of the blocks that both have."""
    shared = [block for block in values if control.get(block)]
    return {block: values[block] / control[block] for block in shared}


def welch(
    before: Sequence[float], after: Sequence[float], level: float = intervals.LEVEL
) -> Estimate | None:
    """Return after / before of two independent samples; None where one is empty or has a zero.

    The blocks of two runs have nothing in common to pair by: the interval is Welch's t
    (Biometrika 34, 1947) on logarithms. Without an interval if one has a single value.
    """
    if not before or not after or not all(before) or not all(after):
        return None
    (centre_a, error_a), (centre_b, error_b) = _log_mean(before), _log_mean(after)
    centre = centre_b - centre_a
    if error_a is None or error_b is None:
        return Estimate(math.exp(centre))
    squared = error_a + error_b
    if squared < 1e-24:
        return Estimate(math.exp(centre), math.exp(centre), math.exp(centre))
    from scipy.special import stdtrit

    freedom = squared**2 / (error_a**2 / (len(before) - 1) + error_b**2 / (len(after) - 1))
    half = float(stdtrit(freedom, (1 + level) / 2)) * math.sqrt(squared)
    return Estimate(math.exp(centre), math.exp(centre - half), math.exp(centre + half))


def _log_mean(values: Sequence[float]) -> tuple[float, float | None]:
    """Return the mean of the logarithms and its squared standard error, None of one value."""
    logs = [math.log(value) for value in values]
    centre = math.fsum(logs) / len(logs)
    if len(logs) < 2:
        return centre, None
    return centre, math.fsum((log - centre) ** 2 for log in logs) / (len(logs) - 1) / len(logs)
