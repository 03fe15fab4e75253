"""What the data of a run says, in sentences: the ranking with its ties, its cost, the doubts."""

import math
from collections.abc import Sequence

from bench.analysis import metrics
from bench.base import levels, wording
from bench.base.estimate import Estimate
from bench.report.sentences import lead
from bench.report.view.cell_view import CellView, WorkloadView
from bench.report.view.run_view import RunView
from loadgen.result import Wait

# The models of the published run differ by up to 2.7 times in CPU per request (kept connections); a
# server that costs twice as much again does something that its neighbours do not.
COSTLY_TIMES = 5.0
ASLEEP = (
    "Measured by a generator that sleeps: with few connections the times are those of its own "
    "waking (docs/methodology.md). Measure again to compare."
)


def cautions(view: RunView) -> list[str]:
    """Return what holds against all figures of a run, a sentence or two for each."""
    header = view.run.header
    asleep = header.config.generator_wait is Wait.SLEEP
    shared = header.cpus is not None and header.cpus.shared
    # On a shared CPU a generator has to sleep, and the run has its own mark for that.
    told = [ASLEEP] if asleep and not shared else []
    if header.looks > 1:
        error = levels.ERROR / header.looks**levels.LOOKS
        told.append(
            f"Blocks were added after a look, {header.looks - 1} times: pairs are tested at "
            f"{error:.1%} instead of {levels.ERROR:.0%}, so that who adds until servers are apart "
            "calls equal ones different in 8% of runs at most."
        )
    return told


def answer(view: RunView, workload: WorkloadView) -> list[str]:
    """Return a few sentences: who is first, at what cost, and what is not sure."""
    cells = workload.ranked
    if not cells:
        return [*_nobody(workload), *_left_out(workload)]
    return [
        lead.first(workload),
        *_follows(workload),
        *_cost(cells),
        *_peaks(view, workload),
        *_ceiling(workload, cells[0]),
        *_costly(cells),
        *_unsure(cells, workload),
        *_left_out(workload),
    ]


def _follows(workload: WorkloadView) -> list[str]:
    """Tell in open loop how many servers keep up with the offered load."""
    cells = workload.ranked
    late = [
        cell.server
        for cell in cells
        if "overloaded" in {cell.verdict.name, *(note.name for note in cell.verdict.notes)}
    ]
    if not cells[0].open_loop or len(cells) < 2:
        return []
    if not late:
        return ["All of those ranked keep up with the load offered."]
    return [f"{wording.listing(late)} cannot keep up with the load offered."]


def _cost(cells: Sequence[CellView]) -> list[str]:
    best = cells[0]
    cpu, memory = best.estimate("cpu_us_per_request"), best.estimate("memory_mib")
    if metrics.leading(best.workload).name == "cpu":
        return _beside_cpu(best)
    parts = [] if cpu is None else [f"{wording.estimate(cpu, 'µs')} of CPU per request"]
    parts += [] if memory is None else [f"{wording.number(memory.value)} MiB of memory"]
    if not parts:
        return []
    sentence = f"It takes {' and '.join(parts)}"
    thrifty = min(cells, key=lambda cell: cell.value("cpu_us_per_request"))
    least = thrifty.estimate("cpu_us_per_request")
    if thrifty is not best and least is not None and least is not cpu:
        sentence += f"; {thrifty.server} needs the least CPU, {wording.estimate(least, 'µs')}"
    if best.open_loop:
        return [f"{sentence}."]
    calm = min(cells, key=lambda cell: cell.value("p99_us"))
    p99 = calm.estimate("p99_us")
    if p99 is None:
        return [f"{sentence}."]
    whose = "its p99" if calm is best else f"the best p99 is {calm.server}'s"
    sentence += f"; {whose}{' is' if calm is best else ','} {wording.duration(p99.value)}"
    return [f"{sentence}."]


def _beside_cpu(best: CellView) -> list[str]:
    """Tell the p99 and the memory of a server whose CPU time has been told already."""
    p99, memory = best.estimate("p99_us"), best.estimate("memory_mib")
    parts = [] if p99 is None else [f"its p99 is {wording.duration(p99.value)}"]
    parts += [] if memory is None else [f"it takes {wording.number(memory.value)} MiB of memory"]
    sentence = ", and ".join(parts)
    return [f"{sentence[:1].upper()}{sentence[1:]}."] if parts else []


def _peaks(view: RunView, workload: WorkloadView) -> list[str]:
    """Tell what was reached in closed loop before the rate was chosen, for what that is worth."""
    calibration = view.run.header.calibration
    peaks = None if calibration is None else calibration.peaks_rps.get(workload.workload.name)
    if not peaks:
        return []
    ordered = sorted(peaks, key=peaks.__getitem__)
    ends = " to ".join(
        f"{wording.number(peaks[name])} ({name})" for name in (ordered[-1], ordered[0])
    )
    sentence = f"With nothing held back they reached {ends} requests/s in one short look"
    if workload.workload.load.requests_per_connection is None:
        return [f"{sentence}."]
    return [
        f"{sentence}: a maximum that depends on when a client dials and hangs up, and no property "
        "of the server alone."
    ]


def _ceiling(workload: WorkloadView, best: CellView) -> list[str]:
    """Tell how far the first is from the native server, by CPU per request."""
    if workload.native is None:
        return []
    own, least = (cell.value("cpu_us_per_request") for cell in (best, workload.native))
    if not (math.isfinite(own) and math.isfinite(least) and least):
        return []
    times = wording.digits(own / least, 2)
    return [f"Its CPU cost is {times} times that of {workload.native.server}, the native server."]


def _costly(cells: Sequence[CellView]) -> list[str]:
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


def _unsure(cells: Sequence[CellView], workload: WorkloadView) -> list[str]:
    sentences = []
    order = workload.order
    if bound := [cell.server for cell in cells if cell.bound]:
        sentences.append(
            f"The generator was the limit for {wording.listing(bound)}: lower bounds, shown as ≥."
        )
        if order.figure is metrics.THROUGHPUT:
            sentences += lead.by_cpu(workload)
    if order.dependence:
        sentences.append(
            f"Neighbouring blocks were alike (correlation up to {order.dependence:.2f}): intervals "
            "are wider for it."
        )
    if order.floor is not None and order.floor.extent:
        sentences.append(
            f"A server and its twin differ by up to {order.floor.extent:.1%} more than chance has "
            "it: the floor."
        )
    return sentences


def _left_out(workload: WorkloadView) -> list[str]:
    by_name: dict[str, list[str]] = {}
    for cell in workload.cells:
        if not cell.ranked and cell is not workload.native:
            by_name.setdefault(cell.verdict.name, []).append(cell.server)
    if not by_name:
        return []
    parts = [f"{wording.listing(servers)} ({name})" for name, servers in by_name.items()]
    return [f"Not ranked: {'; '.join(parts)}."]


def _nobody(workload: WorkloadView) -> list[str]:
    if not workload.measured and all(not cell.trials for cell in workload.cells):
        return ["Nothing was measured before the run ended."]
    return ["No server can be ranked: none has figures that stand for it."]
