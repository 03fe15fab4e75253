"""The kinds of charts: the words, the subjects, the room and the drawing of each, as a table."""

from bench.report.charts import bars, latency, lines, ratios, rows, shares, sweeps
from bench.report.charts.cost import planes
from bench.report.charts.cost.kinds import COST_KINDS, comparable
from bench.report.charts.pythons.kinds import PYTHON_KINDS
from bench.report.charts.work.kinds import WORK_KINDS
from bench.report.drawing.kind import Kind
from bench.report.view.run_view import RunView, Subject


def _all(view: RunView) -> list[Subject]:
    """Return the whole run, if there is something to compare in two directions."""
    measured = tuple(item for item in view.workloads if item.ranked)
    enough = len(measured) > 1 and len(view.servers) > 1
    return [Subject("all workloads", measured)] if enough else []


def _open(view: RunView) -> list[Subject]:
    return [subject for subject in view.each() if subject.workload.open_loop]


def _several(view: RunView) -> list[Subject]:
    return [subject for subject in view.each() if subject.workload.workload.load.connections > 1]


def _over_time(view: RunView) -> list[Subject]:
    return [subject for subject in view.each() if rows.has_p99(subject)]


KINDS = (
    Kind(
        "heat",
        "Relative to the best",
        "What ranks the servers of a workload, in percent of the best: throughput; in open loop "
        "p99, of connections CPU time, where the best is divided by each. Over shared blocks, as "
        "the ratios below. The darker, the nearer. Italic: not valid. Hatched: not ranked.",
        _all,
        shares.heat_margins,
        shares.heat,
        folded=True,
    ),
    Kind(
        "throughput",
        "Throughput",
        "Correct replies per second; longer is better. The line is the 95 % interval; of ten "
        "servers or fewer a dot is a trial. Hatched: not valid, the reason is beside it; ≥ is a "
        "lower bound.",
        RunView.each,
        bars.margins,
        bars.throughput,
        overview=True,
        folded=True,
        rows=True,
    ),
    Kind(
        "ratio",
        "Compared with the best",
        "Throughput, in open loop p99, of connections that are offered CPU time, as a ratio to the "
        "best over shared blocks. The line is its interval, corrected for the number of pairs; the "
        "grey band is what a server and its twin differ by. Hollow: tied with the best. What "
        "cannot be ranked is left out.",
        ratios.subjects,
        ratios.margins,
        ratios.ratios(ratios.leading),
        rows=True,
    ),
    *PYTHON_KINDS,
    Kind(
        "latency",
        "Latency by percentile",
        "Response time that a share of the requests stayed below; lower is better. Each step to "
        "the right is ten times rarer. Thin with rings: not valid.",
        RunView.each,
        latency.margins,
        latency.response,
        overview=True,
    ),
    Kind(
        "service",
        "Service time by percentile",
        "The same requests timed from their actual sending. What response time has on top of it "
        "is waiting behind a schedule that a slow server held up.",
        _open,
        latency.margins,
        latency.service,
        folded=True,
        detail=True,
    ),
    Kind(
        "frontier",
        "p99 against throughput",
        "Right is faster, down is sooner. The dotted line joins those that no other beats in both; "
        "what lies above and left of it pays for nothing. Whose clients wait has no p99. "
        "Hollow: not valid.",
        comparable,
        lines.of_measured,
        planes.frontier,
        folded=True,
        detail=True,
    ),
    Kind(
        "load",
        "Response time against offered load",
        "p99 of response time as more is offered; flat is good. A cross is the first load that "
        "the server does not follow: beyond it, waits grow as long as the window lasts.",
        sweeps.over(sweeps.OFFERED, "p99_us"),
        sweeps.margins,
        sweeps.load,
    ),
    Kind(
        "connections",
        "Throughput against connections",
        "Correct replies per second as connections are added; higher is better. Hollow: not valid.",
        sweeps.over(sweeps.CONNECTIONS, "throughput_rps"),
        sweeps.margins,
        sweeps.throughput(sweeps.CONNECTIONS),
    ),
    Kind(
        "tail",
        "p99 against connections",
        "p99 of response time as connections are added; lower is better. In closed loop it grows "
        "with their number, for each waits for the others. Hollow: not valid.",
        sweeps.over(sweeps.CONNECTIONS, "p99_us"),
        sweeps.margins,
        sweeps.p99(sweeps.CONNECTIONS),
        folded=True,
    ),
    Kind(
        "payload",
        "Throughput against payload",
        "Correct replies per second as requests grow; higher is better. Where it falls, copying "
        "bytes has become the work. Hollow: not valid.",
        sweeps.over(sweeps.PAYLOAD, "throughput_rps"),
        sweeps.margins,
        sweeps.throughput(sweeps.PAYLOAD),
    ),
    Kind(
        "pool",
        "Throughput against size of pools",
        "Correct replies per second as workers are added; higher is better. A server without a "
        "pool is measured again and stays level. Hollow: not valid.",
        sweeps.over(sweeps.POOL_SIZE, "throughput_rps"),
        sweeps.margins,
        sweeps.throughput(sweeps.POOL_SIZE),
    ),
    Kind(
        "pool-tail",
        "p99 against size of pools",
        "p99 of response time as workers are added; lower is better. Hollow: not valid; where "
        "clients have no worker, it is the time of those that have one.",
        sweeps.over(sweeps.POOL_SIZE, "p99_us"),
        sweeps.margins,
        sweeps.p99(sweeps.POOL_SIZE),
        folded=True,
    ),
    *WORK_KINDS,
    *COST_KINDS,
    Kind(
        "time",
        "Throughput over time",
        "One row per server, one line per trial (up to five): replies per 100 ms relative to their "
        "median, the thin rule. A dip to the floor is a pause, a slope is drift; beside it, how "
        "the trials went from their first request on.",
        RunView.each,
        rows.margins_with_courses,
        rows.throughput,
        folded=True,
        detail=True,
        rows=True,
    ),
    Kind(
        "pauses",
        "p99 over time",
        "One row per server, one line per trial: p99 of each 100 ms, from the median response time "
        "at the foot of the row to 1,000 times it at the top.",
        _over_time,
        rows.margins,
        rows.pauses,
        folded=True,
        detail=True,
        rows=True,
    ),
    Kind(
        "fairness",
        "Fairness between connections",
        "Requests that each connection had, from the worst served to the best; a flat line at 1 "
        "is fair. Shares above 2.5 are drawn there.",
        _several,
        lines.of_measured,
        shares.fairness,
        folded=True,
        detail=True,
    ),
)
