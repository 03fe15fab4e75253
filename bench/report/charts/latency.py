"""Latency by percentile on a nines axis: as far as there are ten samples beyond."""

from collections.abc import Callable, Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter

from bench.base import wording
from bench.report.charts import lines
from bench.report.drawing import palette
from bench.report.drawing.canvas import Canvas, Margins
from bench.report.view.cell_view import CellView, Curve
from bench.report.view.run_view import Subject
from bench.verdicts.verdict import Name

# Less would make a few per cent look like a cliff.
DECADE = 10.0
TICKS = {0.30103: "50%", 1: "90%", 2: "99%", 3: "99.9%", 4: "99.99%", 5: "99.999%"}


def margins(subject: Subject) -> Margins:
    """Leave room for the names on the right, beside the ends of their lines."""
    cells = drawn(subject)
    shown = lines.foremost(cells)
    return lines.margins([lines.label(cell) for cell in cells if cell.index in shown])


def drawn(subject: Subject) -> list[CellView]:
    """Return the cells whose times are of all their clients, those of a starved one are not."""
    return [cell for cell in subject.workload.measured if not cell.verdict.holds(Name.STARVED)]


def response(canvas: Canvas, axes: Axes, subject: Subject) -> None:
    """Draw the response time of each server."""
    _draw(canvas, axes, subject, lambda cell: cell.response, "response time")


def service(canvas: Canvas, axes: Axes, subject: Subject) -> None:
    """Draw the service time of each server."""
    _draw(canvas, axes, subject, lambda cell: cell.service, "service time")


def tip(cell: CellView) -> str:
    """Return the percentiles of a cell in words."""
    parts = []
    for column, name in (("p50_us", "p50"), ("p99_us", "p99"), ("p999_us", "p99.9")):
        value = cell.estimate(column)
        parts += [] if value is None else [f"{name} {wording.interval(value)}"]
    return f"{cell.server}: {', '.join(parts) or 'no percentiles'}; {cell.verdict.name}"


def times(axes: Axes) -> None:
    """Make the vertical axis one of times, logarithmic, and a decade high at least."""
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    if 0 < low < high < DECADE * low:
        middle = (low * high) ** 0.5
        axes.set_ylim(middle / DECADE**0.5, middle * DECADE**0.5)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda tick, _: wording.tick(tick)))
    axes.tick_params(which="minor", length=0)


def _draw(
    canvas: Canvas,
    axes: Axes,
    subject: Subject,
    curve_of: Callable[[CellView], Curve | None],
    what: str,
) -> None:
    curves = [(c, curve) for c in drawn(subject) if (curve := curve_of(c)) is not None]
    shown = lines.foremost([cell for cell, _ in curves])
    for cell, curve in curves:
        _line(canvas, axes, cell, curve, faint=cell.index not in shown)
        for column in ("p50_us", "p90_us", "p99_us", "p999_us"):
            canvas.record(cell, column, cell.estimate(column))
    _scales(axes, [curve for _, curve in curves], what)
    ends = [
        (cell, lines.label(cell), tip(cell), curve[0][-1], curve[1][-1])
        for cell, curve in curves
        if cell.index in shown
    ]
    lines.names(canvas, axes, ends)
    if not curves:
        axes.text(0.5, 0.5, "too few samples", ha="center", transform=axes.transAxes)


def _line(canvas: Canvas, axes: Axes, cell: CellView, curve: Curve, *, faint: bool) -> None:
    sound = cell.verdict.valid
    line = axes.plot(
        *curve,
        color=cell.look.colour,
        linestyle=cell.look.dash,
        lw=1.5 if sound else 0.9,
        alpha=lines.FAINT if faint else 1 if sound else 0.75,
        marker=cell.look.marker,
        markevery=_at_ticks(curve[0]),
        markersize=3.5,
        markerfacecolor=cell.look.colour if sound else palette.PAPER[0],
    )[0]
    canvas.mark(line, cell, tip(cell), faint=faint)


def _at_ticks(nines: Sequence[float]) -> list[int]:
    """Return the points nearest to the ticks, where a line has its marker."""
    reached = (tick for tick in TICKS if tick <= nines[-1] + 0.02)
    return sorted({min(range(len(nines)), key=lambda i: abs(nines[i] - t)) for t in reached})


def _scales(axes: Axes, curves: Sequence[Curve], what: str) -> None:
    end = max((curve[0][-1] for curve in curves), default=2.0)
    axes.set_xlim(0, end)
    shown = {place: text for place, text in TICKS.items() if place <= end + 0.02}
    axes.xaxis.set_major_locator(FixedLocator(list(shown)))
    axes.set_xticklabels(list(shown.values()))
    times(axes)
    axes.grid(visible=True, which="major")
    axes.set_xlabel(f"percentile of {what}")
