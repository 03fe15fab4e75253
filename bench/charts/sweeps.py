"""Charts over an axis of the load: response time against offered load; figures by connections."""

from collections.abc import Callable

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from bench import words
from bench.cells import CellView
from bench.charts import latency, lines, palette
from bench.charts.canvas import Canvas, Margins
from bench.views import Subject

# The first point whose throughput is below this part of the offered load is past saturation.
FOLLOWS = 0.95


def margins(subject: Subject) -> Margins:
    """Leave room for the names on the right."""
    return lines.margins([words.shortened(cells[0].server) for cells in subject.by_server()])


def load(canvas: Canvas, axes: Axes, subject: Subject) -> None:
    """Draw p99 of response time against the offered load, with the point of saturation."""
    _draw(canvas, axes, subject, _rate, "p99_us", words.duration)
    for cells in subject.by_server():
        for cell in cells:
            p99, got = cell.estimate("p99_us"), cell.estimate("throughput_rps")
            if p99 is None or got is None or got.value >= FOLLOWS * _rate(cell):
                continue
            past = axes.plot(
                _rate(cell),
                p99.value,
                "X",
                ms=7,
                color=palette.of(cell.family),
                mec=palette.PAPER[0],
            )[0]
            canvas.mark(past, cell, f"{cell.server} is saturated at {_rate(cell):,.0f} requests/s")
            break
    _finish(axes, subject, _rate, "requests/s offered")
    latency.times(axes)
    _names(canvas, axes, subject, _rate, "p99_us", words.duration)


def throughput(canvas: Canvas, axes: Axes, subject: Subject) -> None:
    """Draw throughput against connections."""
    _draw(canvas, axes, subject, _connections, "throughput_rps", _per_second)
    _finish(axes, subject, _connections, "connections")
    _from_zero(axes)
    _names(canvas, axes, subject, _connections, "throughput_rps", _per_second)


def p99(canvas: Canvas, axes: Axes, subject: Subject) -> None:
    """Draw p99 of response time against connections."""
    _draw(canvas, axes, subject, _connections, "p99_us", words.duration)
    _finish(axes, subject, _connections, "connections")
    latency.times(axes)
    _names(canvas, axes, subject, _connections, "p99_us", words.duration)


def memory(canvas: Canvas, axes: Axes, subject: Subject) -> None:
    """Draw memory against connections."""
    _draw(canvas, axes, subject, _connections, "memory_mib", _mib)
    _finish(axes, subject, _connections, "connections")
    _from_zero(axes)
    _names(canvas, axes, subject, _connections, "memory_mib", _mib)


def _rate(cell: CellView) -> float:
    return float(cell.workload.load.rate or 0)


def _connections(cell: CellView) -> float:
    return float(cell.workload.load.connections)


def _per_second(value: float) -> str:
    return f"{words.number(value)} /s"


def _mib(value: float) -> str:
    return f"{words.number(value)} MiB"


def points(
    cells: list[CellView], axis: Callable[[CellView], float], column: str
) -> list[tuple[CellView, float, float]]:
    """Return the cells that have a figure with its place on the axis and its value."""
    return [
        (cell, axis(cell), found.value)
        for cell in cells
        if (found := cell.estimate(column)) is not None
    ]


def _draw(
    canvas: Canvas,
    axes: Axes,
    subject: Subject,
    axis: Callable[[CellView], float],
    column: str,
    write: Callable[[float], str],
) -> None:
    servers = subject.by_server()
    dashes = lines.dashes(cells[0] for cells in servers)
    for cells in servers:
        found = points(cells, axis, column)
        colour = palette.of(cells[0].family)
        tip = _tip(found, write)
        line = axes.plot(
            [place for _, place, _ in found],
            [value for _, _, value in found],
            color=colour,
            linestyle=dashes[cells[0].index],
        )[0]
        canvas.mark(line, cells[0], tip)
        for cell, place, value in found:
            fill = colour if cell.verdict.name == "valid" else palette.PAPER[0]
            dot = axes.plot(place, value, "o", ms=4.5, mfc=fill, mec=colour)[0]
            canvas.mark(dot, cell, f"{lines.label(cell)}, {place:,g}: {write(value)}")


def _finish(axes: Axes, subject: Subject, axis: Callable[[CellView], float], name: str) -> None:
    """Scale the horizontal axis: logarithmic if its values span more than a factor of eight."""
    places = sorted({axis(cell) for cells in subject.by_server() for cell in cells})
    if places[-1] > 8 * places[0]:
        axes.set_xscale("log")
        axes.xaxis.set_minor_locator(NullLocator())
    if len(places) <= 6:
        axes.xaxis.set_major_locator(FixedLocator(places))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda tick, _: words.scale(tick)))
    axes.grid(visible=True)
    axes.set_xlabel(name)


def _from_zero(axes: Axes) -> None:
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda tick, _: words.scale(tick)))


def _names(
    canvas: Canvas,
    axes: Axes,
    subject: Subject,
    axis: Callable[[CellView], float],
    column: str,
    write: Callable[[float], str],
) -> None:
    found = [points(cells, axis, column) for cells in subject.by_server()]
    ends = [
        (
            drawn[-1][0],
            words.shortened(drawn[-1][0].server),
            _tip(drawn, write),
            drawn[-1][1],
            drawn[-1][2],
        )
        for drawn in found
        if drawn
    ]
    lines.names(canvas, axes, ends)


def _tip(found: list[tuple[CellView, float, float]], write: Callable[[float], str]) -> str:
    if not found:
        return ""
    values = ", ".join(f"{place:,g}: {write(value)}" for _, place, value in found)
    return f"{found[0][0].server}: {values}"
