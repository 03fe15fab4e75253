"""Latency by percentile on a nines axis: as far as there are ten samples beyond."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter

from bench import words
from bench.charts import palette
from bench.charts.canvas import CHARACTER_IN, FONT_PT, PANEL_IN, Canvas, Margins
from bench.views import CellView, Curve, WorkloadView

TICKS = {0.30103: "50%", 1: "90%", 2: "99%", 3: "99.9%", 4: "99.99%", 5: "99.999%"}
DASHES = ("-", (0, (5, 1.6)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), (0, (3, 3)))
LABEL_PT = FONT_PT - 1.5
LABEL_IN = 0.145


def margins(workload: WorkloadView) -> Margins:
    """Leave room for the names on the right, beside the ends of their lines."""
    longest = max(len(_label(cell)) for cell in workload.cells)
    right = min(0.3 + longest * CHARACTER_IN * 0.8, PANEL_IN * 0.5)
    return Margins(0.62, right, 0.42, max(2.4, LABEL_IN * len(workload.cells)))


def draw(canvas: Canvas, axes: Axes, workload: WorkloadView) -> None:
    """Draw the response time of each server, its name at the end of its line."""
    drawn = [(cell, cell.response) for cell in workload.measured]
    lines = [(cell, curve) for cell, curve in drawn if curve is not None]
    seen: dict[str, int] = {}
    for cell, curve in lines:
        place = seen[cell.family] = seen.get(cell.family, -1) + 1
        _line(canvas, axes, cell, curve, DASHES[place % len(DASHES)])
    _scales(axes, [curve for _, curve in lines])
    _names(canvas, axes, lines)
    if not lines:
        axes.text(
            0.5, 0.5, "no latency was measured", ha="center", transform=axes.transAxes, size=FONT_PT
        )


def _label(cell: CellView) -> str:
    return cell.server if cell.verdict.name == "valid" else f"{cell.server} ({cell.verdict.name})"


def _line(
    canvas: Canvas,
    axes: Axes,
    cell: CellView,
    curve: Curve,
    dash: str | tuple[int, tuple[float, ...]],
) -> None:
    sound = cell.verdict.name == "valid"
    line = axes.plot(
        *curve,
        color=palette.of(cell.family),
        linestyle=dash,
        lw=1.5 if sound else 0.9,
        alpha=1 if sound else 0.75,
        marker="" if sound else "o",
        markevery=8,
        markersize=3.5,
        markerfacecolor=palette.PAPER[0],
    )[0]
    canvas.mark(line, cell, tip(cell))


def tip(cell: CellView) -> str:
    """Return the percentiles of a cell in words."""
    parts = []
    for column, name in (("p50_us", "p50"), ("p99_us", "p99"), ("p999_us", "p99.9")):
        value = cell.estimate(column)
        parts += [] if value is None else [f"{name} {words.duration(value.value)}"]
    return f"{_label(cell)}: {', '.join(parts) or 'no percentiles'}"


def _scales(axes: Axes, curves: Sequence[Curve]) -> None:
    end = max((curve[0][-1] for curve in curves), default=2.0)
    axes.set_xlim(0, end)
    shown = {place: text for place, text in TICKS.items() if place <= end + 0.02}
    axes.xaxis.set_major_locator(FixedLocator(list(shown)))
    axes.set_xticklabels(list(shown.values()))
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda tick, _: words.tick(tick)))
    axes.tick_params(which="minor", length=0)
    axes.grid(visible=True, which="major")
    axes.set_xlabel("percentile of response time")


def _names(canvas: Canvas, axes: Axes, lines: Sequence[tuple[CellView, Curve]]) -> None:
    """Write each name beside the end of its line, moved apart where they would overlap."""
    height_in = axes.get_position().height * axes.figure.get_size_inches()[1]  # type: ignore[union-attr]
    axes.autoscale_view()
    to_axes = axes.transData + axes.transAxes.inverted()
    ends = [to_axes.transform((curve[0][-1], curve[1][-1])) for _, curve in lines]
    places = apart([float(end[1]) for end in ends], LABEL_IN / height_in)
    for (cell, _), end, place in zip(lines, ends, places, strict=True):
        across = 0.16 / (PANEL_IN * 0.6)
        leader = axes.plot(
            [float(end[0]), 1 + across],
            [float(end[1]), place],
            transform=axes.transAxes,
            color=palette.of(cell.family),
            lw=0.8,
            clip_on=False,
        )[0]
        canvas.mark(leader, cell, tip(cell))
        name = axes.text(
            1.01 + across,
            place,
            _label(cell),
            transform=axes.transAxes,
            va="center",
            size=LABEL_PT,
        )
        canvas.mark(name, cell, tip(cell))


def apart(wanted: Sequence[float], gap: float) -> list[float]:
    """Move places in [0, 1] as little as needed to be `gap` apart, keeping their order."""
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    places: list[float] = []
    for index in order:
        places.append(max(wanted[index], places[-1] + gap if places else 0.0))
    ceiling = 1.0
    for rank in range(len(places) - 1, -1, -1):
        places[rank] = min(places[rank], ceiling)
        ceiling = places[rank] - gap
    return [place for _, place in sorted(zip(order, places, strict=True))]
