"""The kinds of charts of what a request costs."""

from bench.report.charts import bars, lines, ratios, sweeps
from bench.report.charts.cost import over_time, planes
from bench.report.drawing.kind import Kind
from bench.report.view.run_view import RunView, Subject


def comparable(view: RunView) -> list[Subject]:
    """Return the workloads with more than one server that has figures."""
    return [subject for subject in view.each() if len(subject.workload.measured) > 1]


def _switched(view: RunView) -> list[Subject]:
    def told(subject: Subject) -> bool:
        cells = subject.workload.measured
        return any(cell.estimate("ctx_switches_per_request") for cell in cells)

    return [subject for subject in view.each() if told(subject)]


COST_KINDS = (
    Kind(
        "cpu",
        "CPU per request",
        "CPU time of all the server's processes per request; shorter is better. The line is the "
        "95 % interval; of ten servers or fewer a dot is a trial. Shaded, from "
        "the left: within the kernel, as its ticks divide it. Hatched: not valid.",
        RunView.each,
        bars.margins,
        bars.cpu,
        overview=True,
        rows=True,
    ),
    Kind(
        "switches",
        "Context switches per request",
        "How often the kernel took the CPU from one of the server's threads, or the thread gave it "
        "up to wait; shorter is better. Of ten servers or fewer a dot is a trial. Hatched: not "
        "valid.",
        _switched,
        bars.margins,
        bars.switches,
        folded=True,
        detail=True,
        rows=True,
    ),
    Kind(
        "cpu-ratio",
        "CPU per request compared",
        "CPU time per request as a ratio to the least of the servers ranked, in the same way: the "
        "figure that neither a busy generator nor a slow client distorts. Hollow: tied.",
        ratios.subjects,
        ratios.margins,
        ratios.ratios(ratios.cpu),
        folded=True,
        detail=True,
        rows=True,
    ),
    Kind(
        "cost",
        "CPU per request against throughput",
        "Right is faster, down is cheaper. A server that is cheap and slow waited for something; "
        "a dotted line is the cost of the native server. Hollow: not valid.",
        comparable,
        lines.of_measured,
        planes.cost,
        folded=True,
        detail=True,
    ),
    Kind(
        "memory",
        "Memory",
        "Memory of all the server's processes (PSS) with the connections open; shorter is better. "
        "Of ten servers or fewer a dot is a trial. Hatched: not valid.",
        RunView.each,
        bars.margins,
        bars.memory,
        overview=True,
        rows=True,
    ),
    Kind(
        "memory-time",
        "Memory over time",
        "By how much the resident memory of the server's processes has grown since the window "
        "opened, in the mean of the trials; level is good. What climbs to the end is a leak, or "
        "a queue that does. Hollow: not valid.",
        over_time.looked_at,
        over_time.margins,
        over_time.memory,
        folded=True,
        detail=True,
    ),
    Kind(
        "growth",
        "Memory against connections",
        "Memory of all the server's processes as connections are added; the slope is what one "
        "connection costs. Hollow: not valid.",
        sweeps.over(sweeps.CONNECTIONS, "memory_mib"),
        sweeps.margins,
        sweeps.memory(sweeps.CONNECTIONS),
        folded=True,
    ),
    Kind(
        "idle-memory",
        "Memory against idle connections",
        "Memory of all the server's processes with so many connections that never send beside the "
        "active ones; the slope is what one of them costs. Hollow: not valid.",
        sweeps.over(sweeps.IDLE, "memory_mib"),
        sweeps.margins,
        sweeps.memory(sweeps.IDLE),
    ),
    Kind(
        "idle-tail",
        "p99 against idle connections",
        "p99 of response time of the active connections, with so many beside them that never "
        "send; flat is good. Hollow: not valid.",
        sweeps.over(sweeps.IDLE, "p99_us"),
        sweeps.margins,
        sweeps.p99(sweeps.IDLE),
    ),
)
