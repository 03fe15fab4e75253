"""Rows with the p50 and the p99 of a server: of two classes of requests, or beside a hog."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from bench.base import wording
from bench.model.trial import Workload
from bench.report.charts import bars
from bench.report.drawing import palette
from bench.report.drawing.canvas import CHARACTER_IN, EDGE_IN, FONT_PT, Canvas, Margins
from bench.report.view.cell_view import CellView
from bench.report.view.run_view import RunView, Subject

ROW_IN = 0.19
# Room between two servers, in rows.
APART = 0.45
SMALL = FONT_PT - 1.5


@dataclass(frozen=True)
class Row:
    """A line of a chart: whose, what is said of it, and the columns of its two ends."""

    cell: CellView
    word: str
    p50: str
    p99: str
    told: str


def mixtures(view: RunView) -> list[Subject]:
    """Return the workloads whose requests are of two classes."""
    return [subject for subject in view.each() if subject.workload.workload.mixture]


def hogs(view: RunView) -> list[Subject]:
    """Return the workloads that differ in the hog or the switch interval alone."""
    return view.together("hog", "switch_interval")


def condition(workload: Workload) -> str:
    """Return what stands beside a server: `no hog`, `spin, 0.5 ms`."""
    interval = workload.switch_interval_us
    words = [workload.hog or "no hog"]
    return ", ".join(words + ([] if interval is None else [wording.tick(interval)]))


def of_classes(subject: Subject) -> list[list[Row]]:
    """Return two rows for each server, the light requests first; by their p99."""
    cells = sorted(subject.workload.measured, key=lambda cell: cell.value("light_p99_us"))
    return [
        [
            Row(cell, name, f"{name}_p50_us", f"{name}_p99_us", _rate(cell, f"{name}_rps"))
            for name in ("light", "heavy")
        ]
        for cell in cells
    ]


def of_hogs(subject: Subject) -> list[list[Row]]:
    """Return a row for each server and condition."""
    return [
        [
            Row(cell, condition(cell.workload), "p50_us", "p99_us", _rate(cell, "throughput_rps"))
            for cell in cells
        ]
        for cells in subject.by_server()
    ]


def class_margins(subject: Subject) -> Margins:
    """Leave room for the names and the classes on the left."""
    return _margins(of_classes(subject))


def hog_margins(subject: Subject) -> Margins:
    """Leave room for the names and the conditions on the left."""
    return _margins(of_hogs(subject))


def classes(canvas: Canvas, axes: Axes, subject: Subject) -> None:
    """Draw both classes of each server, and how long the work of a heavy request is."""
    work = subject.workload.workload.work
    if work is not None:
        axes.axvline(work.us, color=palette.MUTED[0], linestyle=":", lw=1.2)
    _draw(canvas, axes, of_classes(subject))


def hog(canvas: Canvas, axes: Axes, subject: Subject) -> None:
    """Draw each server without a hog and with each."""
    _draw(canvas, axes, of_hogs(subject))


def _margins(groups: Sequence[Sequence[Row]]) -> Margins:
    rows = [row for group in groups for row in group]
    words = [text for row in rows for text in (wording.shortened(row.cell.server), row.word)]
    left = max(map(len, words), default=1) * CHARACTER_IN
    right = max((len(row.told) for row in rows), default=1) * CHARACTER_IN * 0.85
    height = ROW_IN * (len(rows) + (1 + APART) * len(groups)) + 0.06
    return Margins(left + 2 * EDGE_IN, right + EDGE_IN, 0.42, max(0.6, height))


def _draw(canvas: Canvas, axes: Axes, groups: Sequence[Sequence[Row]]) -> None:
    place = 0.0
    for group in groups:
        bars.name(canvas, axes, place, group[0].cell, group[0].cell.server)
        for row in group:
            place += 1
            _row(canvas, axes, place, row)
        place += 1 + APART
    axes.set_ylim(place - APART - 0.4, -0.6)
    axes.set_yticks([])
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(numticks=6))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda tick, _: wording.tick(tick)))
    axes.tick_params(which="minor", length=0)
    axes.grid(visible=True, axis="x")
    axes.set_xlabel("response time, p50 to p99; at the right requests/s")


def _row(canvas: Canvas, axes: Axes, place: float, row: Row) -> None:
    cell, colour = row.cell, row.cell.look.colour
    p50, p99 = cell.estimate(row.p50), cell.estimate(row.p99)
    sound = cell.verdict.valid
    ends = [(name, found) for name, found in (("p50", p50), ("p99", p99)) if found is not None]
    told = ", ".join(f"{name} {wording.duration(found.value)}" for name, found in ends)
    tip = f"{cell.server}, {row.word}: {told or cell.verdict.name}, {row.told}"
    if len(ends) > 1:
        values = [found.value for _, found in ends]
        line = axes.plot(values, [place, place], color=colour, lw=2.2, alpha=0.55)[0]
        canvas.mark(line, cell, tip)
    for name, found in ends:
        canvas.record(cell, f"{row.word} {name}", found)
        points = cell.look.points(sound and name == "p99")
        dot = axes.plot(found.value, place, ms=4.5, **points)[0]
        canvas.mark(dot, cell, tip)
    colour = palette.INK[0] if sound else palette.MUTED[0]
    texts = (row.word, row.told)
    bars.at_both_ends(canvas, axes, place, cell, texts, tip, size=SMALL, color=colour)


def _rate(cell: CellView, column: str) -> str:
    estimate = cell.estimate(column)
    parts = [] if estimate is None else [f"{wording.number(estimate.value)} /s"]
    return "  ".join([*parts, *([] if cell.verdict.ranked and parts else [cell.verdict.name])])
