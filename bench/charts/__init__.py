"""The charts of a run, as figures and files; matplotlib is imported in this package only."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import matplotlib as mpl
from matplotlib.axes import Axes

from bench.charts import bars, latency
from bench.charts.canvas import STYLE, Canvas, Margins, compose
from bench.views import RunView, WorkloadView

OVERVIEW_COLUMNS = 3


@dataclass(frozen=True)
class Kind:
    """A kind of chart, drawn for each workload: its words, its room and its drawing."""

    name: str
    title: str
    how: str
    margins: Callable[[WorkloadView], Margins]
    draw: Callable[[Canvas, Axes, WorkloadView], None]


@dataclass(frozen=True)
class Chart:
    """A drawn chart; name: of its file, without the ending."""

    name: str
    title: str
    how: str
    kind: str
    workloads: tuple[WorkloadView, ...]
    canvas: Canvas


KINDS = (
    Kind(
        "throughput",
        "Throughput",
        "Correct replies per second; longer is better. The line is the 95 % interval over trials. "
        "Hatched: not valid, the reason is beside it; ≥ is a lower bound.",
        bars.margins,
        bars.throughput,
    ),
    Kind(
        "latency",
        "Latency by percentile",
        "Response time that a share of the requests stayed below; lower is better. Each step to "
        "the right is ten times rarer. Thin with rings: not valid.",
        latency.margins,
        latency.draw,
    ),
    Kind(
        "cpu",
        "CPU per request",
        "CPU time of all the server's processes per request; shorter is better. The line is the "
        "95 % interval over trials. Hatched: not valid.",
        bars.margins,
        bars.cpu,
    ),
    Kind(
        "memory",
        "Memory",
        "Memory of all the server's processes (PSS) with the connections open; shorter is better. "
        "Hatched: not valid.",
        bars.margins,
        bars.memory,
    ),
)


def by_workload(view: RunView) -> Iterable[Chart]:
    """Draw each kind for each workload that has data for it."""
    for kind in KINDS:
        for workload in view.workloads:
            if workload.measured:
                yield _draw(kind, f"{kind.name}-{slug(workload.label)}", [workload], view.cpus())


def overview(view: RunView) -> Iterable[Chart]:
    """Draw each kind once, with a panel for each workload that has data for it."""
    workloads = [workload for workload in view.workloads if workload.measured]
    if workloads:
        for kind in KINDS:
            yield _draw(kind, kind.name, workloads, view.cpus())


def slug(label: str) -> str:
    """Return a name that is safe in a file name and in a link."""
    kept = "".join(letter if letter.isalnum() else "-" for letter in label.lower())
    return "-".join(part for part in kept.split("-") if part)


def _draw(kind: Kind, name: str, workloads: Sequence[WorkloadView], cpus: str) -> Chart:
    panels = [(workload.label, kind.margins(workload)) for workload in workloads]
    with mpl.rc_context(STYLE):
        canvas = compose(kind.title, kind.how, cpus, panels, OVERVIEW_COLUMNS)
        for axes, workload in zip(canvas.axes, workloads, strict=True):
            kind.draw(canvas, axes, workload)
    return Chart(name, kind.title, kind.how, kind.name, tuple(workloads), canvas)
