"""Each server under several interpreters, as a ratio to itself under the base."""

from collections.abc import Callable, Sequence

from matplotlib.axes import Axes

from bench.analysis import metrics
from bench.analysis.metrics import Metric
from bench.base import wording
from bench.base.estimate import Estimate
from bench.pairs.pairwise import Pair, Reason, State
from bench.report.charts import bars, ratios
from bench.report.drawing import palette, scales
from bench.report.drawing.canvas import CHARACTER_IN, EDGE_IN, FONT_PT, PANEL_IN, Canvas, Margins
from bench.report.view import by_python
from bench.report.view.by_python import Group
from bench.report.view.cell_view import CellView
from bench.report.view.run_view import RunView, Subject

ROW_IN = 0.19
# Room between two servers, in rows.
APART = 0.35
SMALL = FONT_PT - 1

Figure = Callable[[Subject], Metric]


def subjects(view: RunView) -> list[Subject]:
    """Return the workloads in which a server ran under the base and under another interpreter."""
    cpu = metrics.METRICS["cpu"]
    return [subject for subject in view.each() if by_python.groups(subject.workload, cpu)]


def margins(of: Figure) -> Callable[[Subject], Margins]:
    """Return what leaves room for the interpreters on the left, and for numbers."""

    def measured(subject: Subject) -> Margins:
        groups = by_python.groups(subject.workload, of(subject))
        rows = sum(len(group.others) for group in groups)
        words = [cell.python for group in groups for cell, _ in group.others]
        longest = max((len(wording.shortened(word)) for word in words), default=1)
        left = min((longest + 2) * CHARACTER_IN + EDGE_IN, PANEL_IN * 0.4)
        right = min(ratios.TEXT_CHARACTERS * CHARACTER_IN * 0.85, PANEL_IN * 0.42)
        height = ROW_IN * (rows + (1 + APART) * len(groups)) + 0.06
        return Margins(left, right, 0.42, max(0.6, height))

    return measured


def drawn(of: Figure) -> Callable[[Canvas, Axes, Subject], None]:
    """Return what draws a figure of each server under each interpreter over that of the base."""

    def draw(canvas: Canvas, axes: Axes, subject: Subject) -> None:
        figure, place = of(subject), 0.0
        groups = by_python.groups(subject.workload, figure)
        axes.axvline(1, color=palette.MUTED[0], lw=0.8)
        for group in groups:
            _head(canvas, axes, place, group)
            for cell, pair in group.others:
                place += 1
                assert pair.ratio is not None
                _row(canvas, axes, place, cell, pair, pair.ratio)
            place += 1 + APART
        scales.logarithmic(axes, "x", *_limits(groups))
        axes.set_ylim(place - APART - 0.4, -0.6)
        axes.set_yticks([])
        axes.grid(visible=True, axis="x")
        axes.set_xlabel(f"{ratios.WORDS[figure.name]}, ratio to {subject.workload.base}")

    return draw


def _head(canvas: Canvas, axes: Axes, place: float, group: Group) -> None:
    """Write which server the rows below are of."""
    written = axes.text(
        0,
        place,
        group.model,
        transform=axes.get_yaxis_transform(),
        va="center_baseline",
        size=SMALL,
        weight="bold",
        color=palette.INK[0],
    )
    canvas.mark(written, group.base, group.base.server)


def _row(
    canvas: Canvas, axes: Axes, place: float, cell: CellView, pair: Pair, ratio: Estimate
) -> None:
    look, known = cell.look, pair.state is not State.INCOMPARABLE
    text = ("≥ " if pair.because is Reason.BOUND else "") + wording.ranged(ratio)
    tip = f"{cell.server}: {text}" + ("" if pair.apart else f", {pair.state}")
    canvas.record(cell, "ratio to the base", ratio)
    if ratio.low is not None and ratio.high is not None:
        ends = [ratio.low, ratio.high]
        dash = "-" if known else ":"
        whisker = axes.plot(ends, [place, place], color=look.colour, lw=1.6, ls=dash)[0]
        canvas.mark(whisker, cell, tip)
    points = look.points(pair.apart) | ({} if known else {"marker": "x"})
    canvas.mark(axes.plot(ratio.value, place, ms=5, **points)[0], cell, tip)
    colour = palette.INK[0] if pair.apart else palette.MUTED[0]
    texts = (wording.shortened(cell.python), text)
    bars.at_both_ends(canvas, axes, place, cell, texts, tip, size=SMALL, color=colour)


def _limits(groups: Sequence[Group]) -> tuple[float, float]:
    """Return limits that hold 1 and every interval."""
    found = [pair.ratio for group in groups for _, pair in group.others if pair.ratio]
    ends = [1.0, *(end for each in found for end in (each.low, each.value, each.high) if end)]
    room = (max(ends) / min(ends)) ** 0.04 * 1.005
    return min(ends) / room, max(ends) * room
