"""The pictures of a run that looks for capacities: the capacities, and the way to each of them."""

import statistics
from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.axes import Axes

from bench.analysis import percentiles
from bench.base import wording
from bench.capacity.finding import Capacity, Searched
from bench.capacity.search import Bound
from bench.capacity.slo import Slo
from bench.report.charts import bars, latency, lines
from bench.report.drawing import palette, scales
from bench.report.drawing.canvas import (
    CHARACTER_IN,
    EDGE_IN,
    FONT_PT,
    STYLE,
    WIDE_IN,
    Canvas,
    Margins,
    compose,
)
from bench.report.view.cell_view import CellView

CAPACITIES = "Capacity"
HOW_CAPACITIES = (
    "The highest rate of requests at which the limits hold, with its interval; more is "
    "better. Hollow: tied with the best. An arrow: the capacity lies beyond. The grey bar is the "
    "peak of the closed loop."
)
WAY = "The way to the limit"
HOW_WAY = (
    "A dot is a trial at a rate, the line their medians. Dashed: the limit; the upright line is "
    "the capacity, the shade its interval."
)
ROW_IN = 0.24
# With more servers than this each has so faint a line that none can be followed.
DRAWN_MOST = 10

Cells = dict[str, CellView]


def capacities(
    title: str, rows: Sequence[Capacity], texts: Sequence[str], cells: Cells, foot: str
) -> Canvas:
    """Draw a row a server: its capacity with the interval, and its peak.

    texts: what stands beside each; cells: of each server any
    """
    left = max(len(wording.shortened(row.server)) for row in rows) * CHARACTER_IN + 2 * EDGE_IN
    right = max(map(len, texts)) * CHARACTER_IN * 0.85 + EDGE_IN
    margins = Margins(left, right, 0.42, ROW_IN * len(rows) + 0.06)
    with mpl.rc_context(STYLE):
        canvas = compose(CAPACITIES, HOW_CAPACITIES, foot, [(title, margins)], 1, WIDE_IN)
        axes = canvas.axes[0]
        for at, (row, text) in enumerate(zip(rows, texts, strict=True)):
            _row(axes, at, row, cells[row.server].look)
            told = wording.shortened(row.server), text
            tip = f"{row.server}: {text}"
            bars.at_both_ends(canvas, axes, at, cells[row.server], told, tip, size=FONT_PT - 1)
            canvas.record(cells[row.server], "capacity_rps", row.estimate)
        axes.set_xlim(0, None)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_yticks([])
        scales.plain(axes.xaxis)
        axes.grid(visible=True, axis="x")
        axes.set_xlabel("requests/s")
    return canvas


def _row(axes: Axes, at: int, row: Capacity, look: palette.Look) -> None:
    if row.peak_rps:
        axes.barh(at, row.peak_rps, height=0.5, color=palette.RULE[0], zorder=0)
    if row.capacity_rps is None:
        return
    if row.capacity_lo is not None and row.capacity_hi is not None:
        axes.plot([row.capacity_lo, row.capacity_hi], [at, at], color=palette.INK[0], lw=1.2)
    marker = {Bound.AT_LEAST: ">", Bound.BELOW: "<"}.get(row.bound, look.marker)
    filled = row.state != "tied"
    style = look.points(filled) | {"marker": marker}
    axes.plot(row.capacity_rps, at, ms=6, **style)


def ways(
    title: str, slo: Slo, each: Sequence[tuple[Capacity, Searched]], cells: Cells, foot: str
) -> Canvas:
    """Draw the percentile of each trial against its rate, the limit, and where it is reached."""
    shown = each[:DRAWN_MOST]
    names = [wording.shortened(row.server) for row, _ in shown]
    with mpl.rc_context(STYLE):
        panel = (f"{title}, {slo}", lines.margins(names, 3.0))
        canvas = compose(WAY, HOW_WAY, foot, [panel], 1, WIDE_IN)
        axes = canvas.axes[0]
        ends = []
        for row, searched in shown:
            ends += _way(axes, slo, row, searched, cells[row.server])
        axes.axhline(slo.limit_us, color=palette.INK[0], lw=1.0, ls="--")
        axes.set_xscale("log")
        if ends:
            low, high = axes.get_xlim()
            scales.logarithmic(axes, "x", low, high)
            latency.times(axes)
        axes.grid(visible=True)
        axes.set_xlabel("requests/s offered")
        axes.set_ylabel(f"p{slo.percentile:g}")
        lines.names(canvas, axes, ends)
    return canvas


# As `lines.names` takes them.
End = tuple[CellView, str, str, float, float]


def _way(axes: Axes, slo: Slo, row: Capacity, searched: Searched, cell: CellView) -> list[End]:
    look, by_rate = cell.look, dict[float, list[float]]()
    for trial in searched.trials:
        result, rate = trial.result, trial.cell.workload.load.rate
        if result is None or rate is None:
            continue
        found = percentiles.at(result.response_hdr, result.hdr_unit_ns, slo.percentile)
        if found is not None:
            by_rate.setdefault(rate, []).append(found)
    if not by_rate:
        return []
    rates = sorted(by_rate)
    medians = [statistics.median(by_rate[rate]) for rate in rates]
    axes.plot(rates, medians, color=look.colour, ls=look.dash, lw=1.2)
    dots = [(rate, value) for rate in rates for value in by_rate[rate]]
    axes.plot(*zip(*dots, strict=True), ms=3.0, **look.points(True))
    if row.bound is Bound.NONE and row.capacity_rps is not None:
        axes.axvline(row.capacity_rps, color=look.colour, lw=0.9)
        if row.capacity_lo is not None and row.capacity_hi is not None:
            axes.axvspan(row.capacity_lo, row.capacity_hi, color=look.colour, alpha=0.12, lw=0)
    return [(cell, wording.shortened(row.server), row.server, rates[-1], medians[-1])]
