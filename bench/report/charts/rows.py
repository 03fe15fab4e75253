"""One row a server, time from left to right: throughput and p99 inside the trials."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from bench.report.charts import bars
from bench.report.charts.lines import label
from bench.report.drawing import palette
from bench.report.drawing.canvas import CHARACTER_IN, FONT_PT, Canvas, Margins
from bench.report.view.run_view import Subject
from loadgen.result import Result

ROW_IN = 0.34
# Lines in a row, and points of a line, that can still be told apart in print.
TRIALS_MAX = 5
# The size of what is written beside a row, as a part of the usual size.
SMALL = 0.9
POINTS_MAX = 40
# A row of throughput reaches up to this times its median; one of p99, from the median of the
# response time up to 10 to this power times it.
HIGHEST = 1.6
DECADES = 3.0

Series = tuple[list[float], list[float]]


def margins(subject: Subject) -> Margins:
    """Leave room for the longest name on the left."""
    left = bars.margins(subject).left
    return Margins(left, 0.2, 0.42, ROW_IN * len(subject.workload.measured) + 0.06)


def margins_with_courses(subject: Subject) -> Margins:
    """Leave room on the right as well, for how the trials went."""
    longest = max(len(cell.course) for cell in subject.workload.measured)
    right = 2 * bars.GAP_IN + longest * CHARACTER_IN * SMALL
    return replace(margins(subject), right=max(0.2, right))


def throughput(canvas: Canvas, axes: Axes, subject: Subject) -> None:
    """Draw replies per 100 ms, relative to the median of the trial, and say how they went."""
    _draw(canvas, axes, subject, _replies, 1 / HIGHEST)
    for row, cell in enumerate(subject.workload.measured):
        written = axes.text(
            1 + bars.GAP_IN / canvas.size_in(axes)[0],
            row,
            cell.course,
            transform=axes.get_yaxis_transform(),
            va="center_baseline",
            size=FONT_PT * SMALL,
            color=palette.MUTED[0],
        )
        canvas.mark(written, cell, f"{cell.server}: {cell.course}")


def pauses(canvas: Canvas, axes: Axes, subject: Subject) -> None:
    """Draw p99 of each 100 ms, relative to the median response time of the trial."""
    _draw(canvas, axes, subject, _p99, 0.0)


def has_p99(subject: Subject) -> bool:
    """Tell if any trial kept percentiles over time."""
    return any(
        value is not None
        for cell in subject.workload.measured
        for trial in cell.trials[:TRIALS_MAX]
        if trial.result is not None
        for value in trial.result.series.p99_us
    )


def _replies(result: Result) -> Series | None:
    window, warmup = result.series, result.warmup_series
    step_s = window.step_s
    counts = [*warmup.replies, *window.replies]
    usual = float(np.median(window.replies)) if window.replies else 0.0
    if not usual:
        return None
    start = -len(warmup.replies) * step_s
    values = [min(count / usual, HIGHEST) / HIGHEST for count in counts]
    return [start + step_s * (place + 0.5) for place in range(len(counts))], values


def _p99(result: Result) -> Series | None:
    series, usual = result.series, result.response_us.p50
    known = [(place, value) for place, value in enumerate(series.p99_us) if value is not None]
    if not known or not usual:
        return None
    shares = [float(np.log10(max(1.0, value / usual))) / DECADES for _, value in known]
    return [series.step_s * (place + 0.5) for place, _ in known], [min(1, s) for s in shares]


def _draw(
    canvas: Canvas,
    axes: Axes,
    subject: Subject,
    series_of: Callable[[Result], Series | None],
    rest: float,
) -> None:
    cells = subject.workload.measured
    axes.axhline(0, alpha=0)  # the axes exist even if no trial kept a series
    first = 0.0
    for row, cell in enumerate(cells):
        axes.axhline(_place(row, rest), color=palette.RULE[0], lw=0.6)
        results = [trial.result for trial in cell.trials if trial.result is not None]
        for line_of in filter(None, map(series_of, results[:TRIALS_MAX])):
            first = min(first, line_of[0][0])
            line = axes.plot(
                _thinned(line_of[0]),
                [_place(row, value) for value in _thinned(line_of[1])],
                color=cell.look.colour,
                lw=0.9,
                alpha=0.75,
            )[0]
            canvas.mark(line, cell, label(cell))
        bars.name(canvas, axes, row, cell, label(cell))
    axes.autoscale_view()
    start, end = axes.get_xlim()
    if first < 0:
        axes.axvspan(start, 0, color=palette.RULE[0], alpha=0.45, lw=0)
    axes.set_xlim(start, end)
    axes.set_ylim(len(cells) - 0.4, -0.6)
    axes.set_yticks([])
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:g} s"))
    axes.grid(visible=True, axis="x")
    axes.set_xlabel("time from the start of the window" + (" (grey: warm-up)" if first < 0 else ""))


def _place(row: int, share: float) -> float:
    """Return where a share of a row's height is, the axis pointing down."""
    return row + 0.45 - 0.9 * share


def _thinned(values: Sequence[float]) -> list[float]:
    """Return the values, or `POINTS_MAX` means of neighbours if there are more."""
    if len(values) <= POINTS_MAX:
        return list(values)
    parts = np.array_split(np.asarray(values), POINTS_MAX)
    return [float(part.mean()) for part in parts]
