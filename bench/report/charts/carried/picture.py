"""The pictures of a run that looks for capacities: the capacities, and the way to each of them."""

import statistics
from collections.abc import Sequence
from typing import Any

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

CAPACITIES = "Capacity"
HOW_CAPACITIES = (
    "The highest rate of requests at which the limits hold, with its 95 % interval; more is "
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

Looks = dict[str, palette.Look]


def capacities(
    title: str, rows: Sequence[Capacity], texts: Sequence[str], looks: Looks, foot: str
) -> Canvas:
    """Draw a row a server: its capacity with the interval, and its peak.

    texts: what stands beside each; looks: by server
    """
    left = max(len(wording.shortened(row.server)) for row in rows) * CHARACTER_IN + 2 * EDGE_IN
    right = max(map(len, texts)) * CHARACTER_IN * 0.85 + EDGE_IN
    margins = Margins(left, right, 0.42, ROW_IN * len(rows) + 0.06)
    with mpl.rc_context(STYLE):
        canvas = compose(CAPACITIES, HOW_CAPACITIES, foot, [(title, margins)], 1, WIDE_IN)
        axes = canvas.axes[0]
        for at, (row, text) in enumerate(zip(rows, texts, strict=True)):
            _row(axes, at, row, looks[row.server])
            room = bars.GAP_IN / canvas.size_in(axes)[0]
            for place, words, side in ((-room, row.server, "right"), (1 + room, text, "left")):
                axes.text(
                    place,
                    at,
                    wording.shortened(words, 60),
                    transform=axes.get_yaxis_transform(),
                    va="center_baseline",
                    ha=side,
                    size=FONT_PT - 1,
                )
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
    title: str, slo: Slo, each: Sequence[tuple[Capacity, Searched]], looks: Looks, foot: str
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
            ends += _way(axes, slo, row, searched, looks[row.server])
        axes.axhline(slo.limit_us, color=palette.INK[0], lw=1.0, ls="--")
        axes.set_xscale("log")
        if ends:
            low, high = axes.get_xlim()
            scales.logarithmic(axes, "x", low, high)
            latency.times(axes)
        axes.grid(visible=True)
        axes.set_xlabel("requests/s offered")
        axes.set_ylabel(f"p{slo.percentile:g}")
        _names(canvas, axes, ends)
    return canvas


# A server's name, its look, and where its line ends.
End = tuple[str, palette.Look, float, float]


def _way(axes: Axes, slo: Slo, row: Capacity, searched: Searched, look: palette.Look) -> list[End]:
    by_rate: dict[float, list[float]] = {}
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
    return [(row.server, look, rates[-1], medians[-1])]


def _names(canvas: Canvas, axes: Axes, ends: Sequence[End]) -> None:
    width_in, height_in = canvas.size_in(axes)
    to_axes = axes.transData + axes.transAxes.inverted()
    starts = [to_axes.transform((rate, value)) for _, _, rate, value in ends]
    places = lines.apart([float(start[1]) for start in starts], lines.LABEL_IN / height_in)
    across = 1 + lines.LEAD_IN / width_in
    for (server, look, *_), start, place in zip(ends, starts, places, strict=True):
        across_to = [float(start[0]), across], [float(start[1]), place]
        style: Any = {
            "transform": axes.transAxes,
            "color": look.colour,
            "lw": 0.8,
            "clip_on": False,
        }
        axes.plot(*across_to, **style)
        name = wording.shortened(server)
        axes.text(
            across + 0.04 / width_in,
            place,
            name,
            transform=axes.transAxes,
            va="center",
            size=lines.LABEL_PT,
        )
