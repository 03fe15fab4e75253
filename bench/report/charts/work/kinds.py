"""The kinds of charts that show what work does."""

from collections.abc import Callable

from bench.base import wording
from bench.report.charts import latency, sweeps
from bench.report.charts.work import dots, over_work
from bench.report.drawing.kind import Kind
from bench.report.view.run_view import RunView, Subject


def _over(column: str) -> Callable[[RunView], list[Subject]]:
    """Return what gives the sweeps of work in which any cell has a figure in a column."""

    def sweeps_of(view: RunView) -> list[Subject]:
        return [
            subject
            for subject in view.work_sweeps()
            if any(sweeps.points(cells, over_work.WORK, column) for cells in subject.by_server())
        ]

    return sweeps_of


def _times(column: str) -> sweeps.Draw:
    """Return what draws a time against the work."""
    return sweeps.against(over_work.WORK, column, wording.duration, latency.times)


WORK_KINDS = (
    Kind(
        "classes",
        "Light requests beside heavy ones",
        "Response time of the requests that are plain echoes, and of those that ask for work: from "
        "p50 (hollow) to p99 (filled). The dotted line is how long the work takes. A light request "
        "right of it has waited for a heavy one. All hollow: not valid.",
        dots.mixtures,
        dots.class_margins,
        dots.classes,
        overview=True,
    ),
    Kind(
        "work",
        "Throughput against work",
        "Correct replies per second as a request costs more; both axes are logarithmic. The dotted "
        "line is the ideal: the CPUs over the work, of a wait the connections over it. What a "
        "server lacks to it is the cost of its model. Hollow: not valid.",
        _over("throughput_rps"),
        sweeps.margins,
        over_work.throughput,
        overview=True,
    ),
    Kind(
        "work-cpu",
        "CPU per request against work",
        "CPU time of all the server's processes per request, the work included; lower is better. "
        "Hollow: not valid.",
        _over("cpu_us_per_request"),
        sweeps.margins,
        _times("cpu_us_per_request"),
        folded=True,
    ),
    Kind(
        "work-tail",
        "p99 against work",
        "p99 of response time as a request costs more; lower is better. In closed loop each "
        "connection waits for the others. Hollow: not valid.",
        _over("p99_us"),
        sweeps.margins,
        _times("p99_us"),
        folded=True,
    ),
    Kind(
        "hog",
        "Beside a thread that never stops",
        "Response time from p50 (hollow) to p99 (filled), and throughput, of each server alone and "
        "beside a busy thread in its process, by how long a thread keeps the GIL. All hollow: not "
        "valid.",
        dots.hogs,
        dots.hog_margins,
        dots.hog,
        overview=True,
    ),
)
