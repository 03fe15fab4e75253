"""What servers cost: the first beside the others and beside native, and what is had for it."""

import statistics
from collections.abc import Sequence

from bench.analysis import intervals, leaks, metrics
from bench.base import wording
from bench.base.estimate import Estimate
from bench.report.decision import frontiers
from bench.report.view.cell_view import CellView, WorkloadView
from bench.report.view.run_view import Subject
from bench.verdicts.verdict import Name

# The models of the published run differ by up to 2.7 times in CPU per request (kept connections); a
# server that costs twice as much again does something that its neighbours do not.
COSTLY_TIMES = 5.0
# From here on a ratio is told as one, below it as a difference.
TIMES_FROM = 2.0


def of_the_first(workload: WorkloadView) -> list[str]:
    """Return what the first takes, and who surely takes less CPU or time at p99."""
    best = workload.ranked[0]
    leading = metrics.leading(workload.workload).name
    cpu, memory = best.estimate("cpu_us_per_request"), best.estimate("memory_mib")
    parts = []
    if cpu is not None and leading != "cpu":
        parts.append(f"{wording.estimate(cpu, 'µs')} of CPU per request")
    parts += [] if memory is None else [f"{wording.number(memory.value)} MiB of memory"]
    sentences = [f"{best.server} takes {' and '.join(parts)}."] if parts else []
    names = [name for name in ("cpu", "p99") if name != leading]
    return sentences + [told for name in names if (told := _least(workload, name))]


def _least(workload: WorkloadView, name: str) -> str:
    """Tell who has surely less of a figure than the first; else the first's p99."""
    figure, best = metrics.METRICS[name], workload.ranked[0]
    order = workload.orders[figure]
    cells = {cell.server: cell for cell in workload.ranked}
    pair = order.against_best(best.server)
    if order.best in cells and order.best != best.server and pair and pair.apart:
        least = cells[order.best].estimate(figure.column)
        what = {"cpu": "the least CPU per request", "p99": "the lowest p99"}[name]
        return "" if least is None else f"{order.best} has {what}: {wording.interval(least)}."
    p99 = best.estimate("p99_us")
    if name == "cpu" or p99 is None:
        return ""
    return f"The p99 of {best.server} is {wording.interval(p99)}."


def beside_native(workload: WorkloadView) -> list[str]:
    """Tell how far the first is from the native server, by CPU per request over shared blocks."""
    if workload.native is None:
        return []
    best, native = workload.ranked[0], workload.native
    column = "cpu_us_per_request"
    ratio = intervals.ratio(best.by_block(column), native.by_block(column))
    if ratio is None:
        return []
    what = f"{native.server}, a plain server in C"
    if ratio.low is None or not ratio.excludes_one:
        shown = wording.ranged(ratio)
        mine = f"The CPU per request of {best.server}"
        return [f"{mine} is not told apart from that of {what}: {shown} times it."]
    return [f"{best.server} takes {_more(ratio)} CPU per request than {what}."]


def _more(ratio: Estimate) -> str:
    """Return a ratio as a difference: `6 % more`, `12 % less`, `2.3 times the`."""
    if ratio.value >= TIMES_FROM:
        return f"{wording.digits(ratio.value - 1, 2)} times more"
    share = abs(ratio.value - 1)
    return f"{wording.digits(share * 100, 2)} % {'more' if ratio.value > 1 else 'less'}"


def costly(cells: Sequence[CellView]) -> list[str]:
    """Name the servers that cost several times the CPU per request of the one that costs least.

    Not in churn, where a request carries its share of a connection. A server that the generator
    does not keep busy wakes up for each request: what it costs is the most that it can be, which is
    no reproach to it, and more than fair to the others.
    """
    costs = [
        (cost, cell)
        for cell in cells
        if cell.workload.load.requests_per_connection is None
        if (cost := cell.estimate("cpu_us_per_request")) is not None and cost.value > 0
    ]
    costs.sort(key=lambda each: each[0].value, reverse=True)
    costly = [
        (cost, cell.server)
        for cost, cell in costs
        if not cell.bound and _several_times(cost, costs[-1][0])
    ]
    return [_to_profile(costly, costs[-1][0], costs[-1][1].server)] if costly else []


def _to_profile(costly: Sequence[tuple[Estimate, str]], least: Estimate, thrifty: str) -> str:
    """Return what is told of the servers that cost so much more than the least."""
    cost, server = costly[0]
    if len(costly) == 1:
        times = wording.digits(cost.value / least.value, 2)
        return (
            f"{server} takes {wording.number(cost.value)} µs of CPU per request, {times} times "
            f"what {thrifty} takes: look at it with a profiler."
        )
    names = wording.listing(
        [f"{server} ({wording.number(cost.value)} µs)" for cost, server in costly]
    )
    return (
        f"{names} take {COSTLY_TIMES:g} times and more of the CPU per request that {thrifty} takes "
        f"({wording.number(least.value)} µs): look at them with a profiler."
    )


def _several_times(cost: Estimate, least: Estimate) -> bool:
    """Tell if a cost is several times the least, and surely more than it."""
    sure = cost.low is not None and least.high is not None and cost.low > least.high
    return sure and cost.value >= COSTLY_TIMES * least.value


def ahead_in_both(subject: Subject) -> str:
    """Name the servers that none beats both in throughput and in p99, by their centres."""
    ahead = [cell.server for cell in frontiers.of(subject.workload.ranked, "p99_us")]
    if not ahead:
        return "No ranked server has both."
    if len(ahead) == 1:
        return f"{ahead[0]} has both the most throughput and the lowest p99."
    return f"From the most throughput to the lowest p99: {wording.listing(ahead)}."


def growing(subject: Subject) -> str:
    """Name the servers whose memory grows in step with requests, with the bytes that stay."""
    kept = {
        cell.server: wording.number(statistics.median(growth.per_request for growth in grown))
        for cell in subject.workload.measured
        if cell.verdict.holds(Name.LEAKING)
        if (grown := [each for each in map(leaks.of_trial, cell.trials) if each is not None])
    }
    if not kept:
        return "No server's memory grew in step with its requests."
    told = wording.listing([f"{server} ({size} bytes)" for server, size in kept.items()])
    return f"Some memory of each request stays to the end of the window: {told}."


def nearest(subject: Subject) -> str:
    """Name the server whose CPU cost is nearest to native; without it, who kept a CPU busy."""
    cells = [cell for cell in subject.workload.ranked if cell.estimate("cpu_us_per_request")]
    if not cells:
        return "No ranked server has CPU figures."
    native = subject.workload.native
    if native is None or not native.estimate("cpu_us_per_request"):
        return _busy(cells)
    floor = native.value("cpu_us_per_request")
    best = min(cells, key=lambda cell: cell.value("cpu_us_per_request"))
    times = best.value("cpu_us_per_request") / floor
    return f"{best.server} is the nearest to native: {wording.number(times)} times its CPU cost."


def _busy(cells: list[CellView]) -> str:
    """Tell which servers kept the CPU the busiest and the least: throughput x CPU per request."""
    shares = [
        (cell.value("throughput_rps") * cell.value("cpu_us_per_request") / 1e6, cell)
        for cell in cells
    ]
    most, busiest = max(shares, key=lambda pair: pair[0])
    least, idlest = min(shares, key=lambda pair: pair[0])
    sentence = f"Busiest: {busiest.server}, {wording.digits(most, 2)} CPUs"
    if idlest is not busiest:
        sentence += f"; least busy: {idlest.server}, {wording.digits(least, 2)}"
    return f"{sentence}."
