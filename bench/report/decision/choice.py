"""What to take under a workload, what a simpler choice costs, and what to avoid."""

from dataclasses import dataclass

from bench.base import wording
from bench.model.trial import Cell
from bench.pairs.pairwise import Pair, State
from bench.report.decision import matter, needs, simplicity
from bench.report.decision.matter import Gap
from bench.report.sentences import doubt, lead
from bench.report.view.cell_view import CellView, WorkloadView
from bench.report.view.run_view import RunView
from bench.verdicts.verdict import Name

# Of those tied with the best, how many are named.
TIED_MOST = 3
# Who is surely this many times worse than the best is to be avoided.
TIMES_WORSE = 2.0
# How many of those to be avoided are named.
AVOIDED_MOST = 6
# A verdict that says what clients of a server see.
AVOIDED = frozenset({Name.BROKEN_ECHO, Name.NO_WORK, Name.STALLED, Name.LOSSY, Name.STARVED})
WORDS = {"cpu": "CPU", "light_p99": "p99 of light requests"}


@dataclass(frozen=True)
class Choice:
    """A line of the answer.

    take: the best, and those tied with it; empty where `untold` says why nobody can be named
    simpler, avoid: each a name with its reason
    gap: between the best and the second, None where there is no second
    """

    need: str
    label: str
    take: str
    untold: str
    simpler: tuple[str, ...]
    avoid: tuple[str, ...]
    gap: Gap | None


def of(view: RunView) -> list[Choice]:
    """Return a choice for each workload with figures, in the order of the run."""
    return [_choice(view, item) for item in view.workloads if item.measured]


def _choice(view: RunView, workload: WorkloadView) -> Choice:
    untold = doubt.untold(workload)
    take, simpler, gap = "", tuple[str, ...](), None
    if not untold:
        take, simpler = _take(workload), _simpler(view, workload)
        gap = matter.gap(workload)
    avoid = _avoided(workload) + ([] if untold else _far_behind(workload))
    if len(avoid) > AVOIDED_MOST:
        avoid[AVOIDED_MOST:] = [f"and {len(avoid) - AVOIDED_MOST} more"]
    return Choice(needs.of(workload), workload.label, take, untold, simpler, tuple(avoid), gap)


def _take(workload: WorkloadView) -> str:
    """Return the best with its figure, then those that are tied with it or may be better."""
    best = workload.ranked[0]
    pairs = doubt.beside_best(workload)
    named = {
        state: [pair.first for pair in pairs if pair.state is state]
        for state in (State.TIED, State.INCOMPARABLE)
    }
    parts = [f"{best.server}, {lead.in_figures(best)}"]
    if tied := named[State.TIED]:
        parts.append(f"tied with {wording.listing(tied, TIED_MOST)}")
    if unknown := named[State.INCOMPARABLE]:
        parts.append(f"not comparable: {wording.listing(unknown, TIED_MOST)}")
    return "; ".join(parts)


def _simpler(view: RunView, workload: WorkloadView) -> tuple[str, ...]:
    """Return the best of those that spare what the best does not, with what they cost."""
    names = [cell.server for cell in workload.ranked]
    cells = {cell.server: Cell(cell.server, cell.workload) for cell in workload.ranked}
    spared = {name: simplicity.of(view.run.entry_of(cell)) for name, cell in cells.items()}
    found: dict[str, list[str]] = {}
    for what in spared[names[0]].lacking:
        other = next((name for name in names if what in spared[name].spares), None)
        if other is not None:
            found.setdefault(other, []).append(what)
    return tuple(
        f"{' and '.join(what)}: {name} ({_cost(workload, name)})" for name, what in found.items()
    )


def _cost(workload: WorkloadView, name: str) -> str:
    """Return what a server costs against the best: `-20 %`, `1.4 times the p99`, `tied`."""
    pair = workload.order.against_best(name)
    if pair is None or pair.ratio is None or pair.state is not State.APART:
        return str(pair.state if pair else State.INCOMPARABLE)
    return difference(pair, workload)


def difference(pair: Pair, workload: WorkloadView) -> str:
    """Return a ratio to the best as what it takes off, or adds."""
    assert pair.ratio is not None
    ratio, figure = pair.ratio.value, workload.order.figure
    what = WORDS.get(figure.name, figure.name)
    if max(ratio, 1 / ratio) >= TIMES_WORSE:
        times = wording.digits(max(ratio, 1 / ratio), 2)
        return f"{times} times less" if figure.more_is_better else f"{times} times the {what}"
    change = f"{(ratio - 1) * 100:+.0f} %".replace("-", "\u2212")
    return change if figure.more_is_better else f"{change} {what}"


def _avoided(workload: WorkloadView) -> list[str]:
    """Return whose clients suffer, and who answers less than is offered."""
    told = [
        f"{cell.server} ({_short(cell)})"
        for cell in workload.measured
        if cell.verdict.name in AVOIDED and cell is not workload.native
    ]
    return told + [f"{name} (answers less than is offered)" for name in _slow(workload)]


def _slow(workload: WorkloadView) -> list[str]:
    return [cell.server for cell in workload.ranked if not (cell.follows or cell.bound)]


def _far_behind(workload: WorkloadView) -> list[str]:
    """Return who is surely much worse than the best, the worst first."""
    slow = _slow(workload)
    pairs = {
        cell.server: pair
        for cell in reversed(workload.ranked)
        if cell.server not in slow
        if (pair := workload.order.against_best(cell.server)) and _far(pair)
    }
    return [f"{name} ({difference(pair, workload)})" for name, pair in pairs.items()]


def _short(cell: CellView) -> str:
    """Return the reason of a verdict up to its first clause."""
    reason = cell.verdict.reason.split(", by design")[0].split("; near")[0]
    return reason[:1].lower() + reason[1:]


def _far(pair: Pair) -> bool:
    """Tell if all of an interval is beyond what is called much worse."""
    ratio = pair.ratio
    if not pair.apart or ratio is None or ratio.low is None or ratio.high is None:
        return False
    return ratio.high <= 1 / TIMES_WORSE or ratio.low >= TIMES_WORSE
