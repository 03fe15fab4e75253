"""The two lines that a demonstration ends with: what came out, and what there is to learn."""

from bench.analysis import metrics
from bench.base import wording
from bench.pairs.pairwise import Answer, Pair
from bench.pairs.ranking import Ranking
from bench.report.sentences import doubt, lead
from bench.report.view.cell_view import CellView, WorkloadView
from bench.verdicts.verdict import Name

# From this part of its CPUs on a server had no time left for more.
BUSY = 0.9
CODE = "take the one whose code is easier to read"


def moral(workload: WorkloadView) -> tuple[str, str]:
    """Return what two servers came to under one workload, and what that teaches."""
    first, second = sorted(workload.cells, key=lambda cell: cell.index)
    unfit = [c for c in (first, second) if not c.ranked and c.verdict.name is not Name.STARVED]
    if unfit:
        return _unfit(unfit[0])
    if Name.STARVED in (first.verdict.name, second.verdict.name):
        return _unanswered(first, second)
    return lead.first(workload), _lesson(workload)


def answered(cell: CellView) -> int:
    """Return how many clients had an answer in the trial in which the fewest had one."""
    results = [trial.result for trial in cell.trials if trial.result is not None]
    return min(r.connections - r.connections_without_reply for r in results)


def _unfit(cell: CellView) -> tuple[str, str]:
    """Tell why nothing can be compared."""
    told = f"{cell.server}, {cell.verdict.name}: {cell.verdict.sentence}"
    if cell.verdict.name in (Name.INSTRUMENT, Name.NOT_MEASURED):
        return told, "That is no fault of the server's: nothing is known of its speed."
    return told, f"Right first, then fast: bench check {cell.server} says what is wrong with it."


def _unanswered(first: CellView, second: CellView) -> tuple[str, str]:
    """Tell who answered how many clients, and what to think of the times of those few."""
    clients = first.workload.load.connections
    fewer, more = sorted((first, second), key=answered)
    told = (
        f"{fewer.server} answered {answered(fewer):,} of {clients:,} clients, {more.server} "
        f"{answered(more):,}."
    )
    if answered(fewer) == answered(more):
        few = min(first, second, key=lambda cell: cell.value("effective_concurrency"))
        return told, f"{few.server} is not to be compared: {few.verdict.sentence}"
    return told, _times_of_few(fewer, more, clients - answered(fewer))


def _times_of_few(fewer: CellView, more: CellView, waiting: int) -> str:
    quick, other = fewer.estimate("p50_us"), more.estimate("p50_us")
    if quick is None or other is None:
        return f"{waiting:,} clients of {fewer.server} waited for nothing: no time tells of that."
    p50s = f"{wording.duration(quick.value)} beside {wording.duration(other.value)}"
    if quick.value < other.value:
        waits = wording.count(waiting, "that waits hardly counts", "that wait hardly count")
        return (
            f"The p50 of {fewer.server}, {p50s}, is that of the clients it answers; "
            f"the {waits} in it: ask who is answered before you ask how fast."
        )
    return (
        f"Nor are those few better off, with a p50 of {p50s}: here nothing speaks for "
        f"{fewer.server}."
    )


def _lesson(workload: WorkloadView) -> str:
    """Tell what there is to learn of two servers that both stand."""
    cheap = _apart(workload, "cpu")
    if doubt.untold(workload):
        if cheap is None:
            return f"More seconds or a quieter hour would tell more; until then, {CODE}."
        return (
            f"CPU time per request tells them apart all the same: {_costs(workload, cheap)}. It is "
            "what a busy generator and busy neighbours distort least."
        )
    fast = _apart(workload, "throughput")
    if fast is None:
        same = "Nothing that matters sets them apart here"
        return f"{same}: {CODE}." if cheap is None else _same_for_less(workload, cheap)
    even = _apart(workload, "p99")
    if even is not None and even != fast:
        p99s = " beside ".join(
            wording.duration(_cell(workload, name).value("p99_us")) for name in (even, fast)
        )
        return f"Yet {even} has the lower p99, {p99s}: more at once is not sooner for everybody."
    return _why_fast(workload, fast, cheap)


def _same_for_less(workload: WorkloadView, cheap: str) -> str:
    return (
        f"But {_costs(workload, cheap)}: the same answers, and more CPU time left for other work."
    )


def _why_fast(workload: WorkloadView, fast: str, cheap: str | None) -> str:
    """Tell of CPU time per request and of CPUs in use what there is to a lead."""
    cells = sorted(workload.ranked, key=lambda cell: cell.server != fast)
    used = [_cpus_used(cell) for cell in cells]
    if None in used:
        return "What a request costs each of them in CPU time is not known here."
    in_use = " beside ".join(wording.digits(each or 0.0, 2) for each in used)
    if cheap is None:
        return (
            f"No difference in CPU time per request is shown; {fast} had {in_use} CPUs in use: "
            "who waits less answers more."
            if (used[0] or 0.0) > (used[1] or 0.0)
            else "No difference in CPU time per request is shown: more seconds would tell why."
        )
    if cheap != fast:
        return f"Yet {_costs(workload, cheap)}: {fast} had {in_use} CPUs in use for its lead."
    costs = _costs(workload, cheap)
    if all(BUSY <= (each or 0.0) <= 1 / BUSY for each in used):
        costs = f"{costs[:1].upper()}{costs[1:]}"
        return f"{costs}: both keep one CPU busy, and who needs less of it answers more."
    return f"{costs[:1].upper()}{costs[1:]} as well; they had {in_use} CPUs in use."


def _costs(workload: WorkloadView, cheap: str) -> str:
    """Return `a request costs asyncio-protocol 8.1 µs, asyncio-streams 11 µs of CPU time`."""
    cells = sorted(workload.ranked, key=lambda cell: cell.server != cheap)
    costs = (f"{c.server} {wording.duration(c.value('cpu_us_per_request'))}" for c in cells)
    return f"a request costs {', '.join(costs)} of CPU time"


def _cpus_used(cell: CellView) -> float | None:
    """Return how many CPUs a server kept busy: its CPU time per request times requests/s."""
    cost, rate = cell.estimate("cpu_us_per_request"), cell.estimate("throughput_rps")
    return None if cost is None or rate is None else cost.value * rate.value / 1e6


def _cell(workload: WorkloadView, server: str) -> CellView:
    return next(cell for cell in workload.cells if cell.server == server)


def _apart(workload: WorkloadView, figure: str) -> str | None:
    """Return the better of the two in a figure; None where no difference is shown."""
    order: Ranking = workload.orders[metrics.METRICS[figure]]
    pair: Pair | None = next(iter(order.pairs), None)
    return order.best if pair is not None and pair.answer is Answer.APART else None
