"""The ratio of each server to the best of its workload, with its interval and the floor."""

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.axes import Axes

from bench.analysis import metrics
from bench.analysis.metrics import Metric
from bench.base import wording
from bench.base.estimate import Estimate
from bench.pairs.pairwise import Pair, Reason, State
from bench.pairs.ranking import Ranking
from bench.report.charts import bars
from bench.report.drawing import palette, scales
from bench.report.drawing.canvas import CHARACTER_IN, EDGE_IN, FONT_PT, PANEL_IN, Canvas, Margins
from bench.report.view.cell_view import CellView
from bench.report.view.run_view import RunView, Subject

# What is written beside a row, at its longest: `≥ 0.966 (0.952 to 0.981)`.
TEXT_CHARACTERS = 24
WHY = {
    State.TIED: "the interval holds 1, or the floor does",
    State.INCOMPARABLE: "a lower bound, or too few blocks in common",
}
WORDS = {
    "throughput": "throughput",
    "p99": "p99 of response time",
    "light_p99": "p99 of light requests",
    "cpu": "CPU per request",
}


@dataclass(frozen=True)
class Row:
    """A server beside the best, and how the two stand to each other; None: it is the best."""

    cell: CellView
    ratio: Estimate
    pair: Pair | None

    @property
    def sure(self) -> bool:
        """Tell if it is the best, or told apart from it."""
        return self.pair is None or self.pair.apart

    @property
    def known(self) -> bool:
        """Tell if it can be compared with the best at all."""
        return self.pair is None or self.pair.state is not State.INCOMPARABLE

    @property
    def text(self) -> str:
        """Return what is written beside it."""
        if self.pair is None:
            return "the best"
        # Of a server that may be faster than measured, the ratio is a lower bound too.
        bound = "≥ " if self.pair.because is Reason.BOUND else ""
        return bound + wording.ranged(self.ratio)

    @property
    def tip(self) -> str:
        """Return what a pointer over it reads."""
        state = (
            "" if self.sure or self.pair is None else f", {self.pair.state}: {WHY[self.pair.state]}"
        )
        return f"{self.cell.server}: {self.text}{state}"


def leading(subject: Subject) -> Metric:
    """Return what ranks the servers of a subject."""
    return metrics.leading(subject.workload.workload)


def cpu(_subject: Subject) -> Metric:
    """Return CPU per request."""
    return metrics.METRICS["cpu"]


def subjects(view: RunView) -> list[Subject]:
    """Return the workloads in which there are two servers to compare, over two blocks or more."""
    return [
        subject
        for subject in view.each()
        if any(pair.ratio and pair.ratio.low for pair in subject.workload.order.pairs)
    ]


def margins(subject: Subject) -> Margins:
    """Leave room for the names on the left, and for the numbers on the right."""
    left = bars.margins(subject).left
    right = min(TEXT_CHARACTERS * CHARACTER_IN * 0.85, PANEL_IN * 0.42)
    return Margins(left, right, 0.42, bars.ROW_IN * len(subject.workload.ranked) + 0.06)


def ratios(of: Callable[[Subject], Metric]) -> Callable[[Canvas, Axes, Subject], None]:
    """Return what draws the ratios of a figure to its best, the best on top."""

    def drawn(canvas: Canvas, axes: Axes, subject: Subject) -> None:
        order = subject.workload.orders[of(subject)]
        rows = _rows(subject, order)
        if order.floor is not None:
            reach = 1 + order.floor.extent
            axes.axvspan(1 / reach, reach, color=palette.RULE[0], alpha=0.6, lw=0)
        axes.axvline(1, color=palette.MUTED[0], lw=0.8)
        for place, row in enumerate(rows):
            _draw_row(canvas, axes, place, row)
        scales.logarithmic(axes, "x", *_limits(rows, order))
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_yticks([])
        axes.grid(visible=True, axis="x")
        axes.set_xlabel(f"{WORDS[order.figure.name]}, ratio to {wording.shortened(order.best)}")

    return drawn


def _rows(subject: Subject, order: Ranking) -> list[Row]:
    cells = {cell.server: cell for cell in subject.workload.ranked}
    rows = []
    for place in order.places:
        pair = order.against_best(place.server)
        if pair is not None and pair.ratio is not None:
            best = pair.first == pair.second
            rows.append(Row(cells[place.server], pair.ratio, None if best else pair))
    return sorted(rows, key=lambda row: row.ratio.value, reverse=order.figure.more_is_better)


def _draw_row(canvas: Canvas, axes: Axes, place: int, row: Row) -> None:
    look, ratio, tip = row.cell.look, row.ratio, row.tip
    canvas.record(row.cell, "ratio to the best", ratio)
    if ratio.low is not None and ratio.high is not None:
        ends = [ratio.low, ratio.high]
        dash = "-" if row.known else ":"
        whisker = axes.plot(ends, [place, place], color=look.colour, lw=1.6, ls=dash)[0]
        canvas.mark(whisker, row.cell, tip)
    points = look.points(row.sure) | ({} if row.known else {"marker": "x"})
    canvas.mark(axes.plot(ratio.value, place, ms=5, **points)[0], row.cell, tip)
    beside = axes.text(
        1 + EDGE_IN / 2 / canvas.size_in(axes)[0],
        place,
        row.text,
        transform=axes.get_yaxis_transform(),
        va="center_baseline",
        size=FONT_PT - 1,
        color=palette.INK[0] if row.sure else palette.MUTED[0],
    )
    canvas.mark(beside, row.cell, tip)
    bars.name(canvas, axes, place, row.cell, tip)


def _limits(rows: list[Row], order: Ranking) -> tuple[float, float]:
    """Return limits that hold every interval and the floor."""
    ends = [end for row in rows for end in (row.ratio.low, row.ratio.value, row.ratio.high) if end]
    reach = 1 + (order.floor.extent if order.floor else 0.01)
    low, high = min([*ends, 1 / reach]), max([*ends, reach])
    room = (high / low) ** 0.04
    return low / room, high * room
