"""Who is first under a workload, by how much, and what is not shown: sentences true of the data."""

from collections.abc import Sequence

from bench.analysis import metrics
from bench.base import wording
from bench.pairs.pairwise import Answer, Pair, Reason
from bench.pairs.ranking import Ranking
from bench.report.sentences import doubt
from bench.report.view.cell_view import CellView, WorkloadView

# What the best of an order does, by the figure that ranks.
VERBS = {
    "throughput": "answers most",
    "p99": "answers soonest",
    "light_p99": "answers light requests soonest",
    "cpu": "costs least",
}


def first(workload: WorkloadView) -> str:
    """Return who is first, with what separates it from the next ones; some server is ranked."""
    if why := doubt.untold(workload):
        return f"No order can be told: {why}."
    cells = workload.ranked
    best = cells[0]
    verb, figure = VERBS[metrics.leading(best.workload).name], in_figures(best)
    if len(cells) == 1:
        only = "is the only server measured" if len(workload.cells) == 1 else "alone can be ranked"
        return f"{best.server} {only}: {figure}."
    order = workload.order
    beside = [
        pair for name in _tied(order, best.server) if (pair := between(order, best.server, name))
    ]
    if beside:
        return f"{best.server} {verb}, {figure}, but {unshown(best.server, beside)}."
    ahead = between(order, best.server, cells[1].server)
    if ahead is None or ahead.ratio is None:
        return f"{best.server} {verb}: {figure}."
    if not order.figure.more_is_better:
        return f"{best.server} {verb}: {figure}; {cells[1].server} takes {_times(ahead)} that."
    # Of a lower bound a lead is one as well.
    least = "at least " if best.bound else ""
    return f"{best.server} {verb}: {figure}, {least}{_times(ahead)} as many as {cells[1].server}."


def between(order: Ranking, better: str, worse: str) -> Pair | None:
    """Return two servers beside each other, the ratio being how much better the first is."""
    names = (better, worse) if order.figure.more_is_better else (worse, better)
    return order.between(*names)


def unshown(server: str, pairs: Sequence[Pair]) -> str:
    """Return what is not shown of a server and those beside it, with what would show it.

    pairs: of that server and each of the others, none of them apart
    """
    bounds = [pair for pair in pairs if pair.because is Reason.BOUND]
    same = [pair for pair in pairs if pair.answer is Answer.EQUIVALENT]
    open_ = [pair for pair in pairs if pair not in bounds and pair not in same]
    parts = []
    if bounds:
        parts.append(f"{_others(server, bounds)} may do more than was measured")
    if same:
        ratio = f" ({_times(same[0])})" if len(same) == 1 else ""
        parts.append(f"is equivalent to {_others(server, same)} within {same[0].margin:.0%}{ratio}")
    if open_:
        parts.append(f"is tied with {_others(server, open_)}: {doubt.shown(open_)}")
    return "; ".join(parts)


def by_cpu(workload: WorkloadView) -> list[str]:
    """Return who costs least, where throughput is bounded by the generator."""
    order = workload.orders[metrics.METRICS["cpu"]]
    cells = {cell.server: cell for cell in workload.ranked}
    estimate = cells[order.best].estimate("cpu_us_per_request") if order.best else None
    if estimate is None:
        return []
    cost = wording.estimate(estimate, "µs")
    sentence = f"By CPU per request, which a busy generator does not distort, {order.best} costs"
    tied = _tied(order, order.best)
    if tied:
        return [f"{sentence} least, {cost}, but is not told apart from {wording.listing(tied)}."]
    return [f"{sentence} least: {cost}."]


def _tied(order: Ranking, server: str) -> list[str]:
    return [name for place in order.places if place.server == server for name in place.tied]


def _others(server: str, pairs: Sequence[Pair]) -> str:
    """Return the names of those beside a server."""
    names = [pair.second if pair.first == server else pair.first for pair in pairs]
    return wording.listing(names)


def _times(pair: Pair) -> str:
    assert pair.ratio is not None
    return wording.times(pair.ratio)


def in_figures(cell: CellView) -> str:
    """Return what ranks a cell: `41,200 ± 300 requests/s`, `a p99 of 1.2 ± 0.1 ms at 5,000 …`."""
    estimate, load = cell.estimate(cell.leading), cell.workload.load
    if estimate is not None and cell.workload.mixture:
        return f"a p99 of {wording.interval(estimate)} beside the heavy ones"
    if not cell.open_loop or estimate is None:
        return f"{cell.throughput().removesuffix(' /s')} requests/s"
    if load.requests_per_connection is None:
        return f"a p99 of {wording.interval(estimate)} at {load.rate:,g} requests/s"
    each = "connection" if load.requests_per_connection == 1 else "request"
    return f"{wording.estimate(estimate, 'µs')} of CPU per {each} at {load.rate:,g} {each}s/s"
