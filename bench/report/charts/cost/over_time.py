"""The memory of servers in the course of the window."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from bench.analysis import leaks
from bench.base import wording
from bench.base.estimate import Estimate
from bench.model.trial import Trial
from bench.report.charts import lines
from bench.report.drawing.canvas import Canvas, Margins
from bench.report.view.run_view import RunView, Subject
from bench.verdicts.verdict import Name

MIB = 2**20
# However still memory is, the scale has this much: a page of 4 KiB is not to look like news.
SCALE_LEAST_MIB = 1.0


def looked_at(view: RunView) -> list[Subject]:
    """Return the workloads in whose windows memory was looked at often enough for a line."""
    return [
        subject
        for subject in view.each()
        if any(_grown(cell.trials) is not None for cell in subject.workload.measured)
    ]


def margins(subject: Subject) -> Margins:
    """Leave room for the names on the right."""
    shown, cells = _brought_out(subject), subject.workload.measured
    return lines.margins([lines.label(cell) for cell in cells if cell.index in shown])


def _brought_out(subject: Subject) -> frozenset[int]:
    """Return the foremost, and who leaks: it is what the chart is for."""
    cells = subject.workload.measured
    leaking = {cell.index for cell in cells if cell.verdict.holds(Name.LEAKING)}
    return lines.foremost(cells) | leaking


def memory(canvas: Canvas, axes: Axes, subject: Subject) -> None:
    """Draw by how much each server's memory has grown since the window opened."""
    cells = subject.workload.measured
    shown, ends = _brought_out(subject), []
    for cell in cells:
        course = _grown(cell.trials)
        if course is None:
            continue
        at_s, grown = course
        faint = cell.index not in shown
        tip = f"{lines.label(cell)}: {_more(grown[-1])} at the close"
        for after_s, mib in zip(at_s, grown, strict=True):
            canvas.record(cell, f"{after_s:.1f} s", Estimate(mib))
        alpha = lines.FAINT if faint else 1
        style: dict[str, Any] = {"color": cell.look.colour, "ls": cell.look.dash, "alpha": alpha}
        canvas.mark(axes.plot(at_s, grown, **style)[0], cell, tip, faint=faint)
        end = cell.look.points(cell.verdict.valid) | {"alpha": alpha, "ms": 4.5}
        canvas.mark(axes.plot(at_s[-1], grown[-1], **end)[0], cell, tip, faint=faint)
        if not faint:
            ends.append((cell, lines.label(cell), tip, at_s[-1], grown[-1]))
    low, high = axes.dataLim.y0, axes.dataLim.y1
    spare = max(0.0, SCALE_LEAST_MIB - (high - low)) / 2 + 0.03 * (high - low)
    axes.set_ylim(min(low, 0.0) - spare, max(high, 0.0) + spare)
    axes.axhline(0, lw=0.6, color="0.6", zorder=0)
    axes.grid(visible=True)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:+g}" if tick else "0"))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:g} s"))
    axes.set_xlabel("time from the start of the window")
    axes.set_ylabel("MiB since then")
    lines.names(canvas, axes, ends)


def _more(mib: float) -> str:
    return f"{wording.number(abs(mib))} MiB {'more' if mib >= 0 else 'less'}"


def _grown(trials: Sequence[Trial]) -> tuple[list[float], list[float]] | None:
    """Return seconds and MiB more than at the opening, in the mean of the trials; None unknown."""
    courses = [
        trial.server_usage.resident
        for trial in trials
        if trial.server_usage is not None
        if len(trial.server_usage.resident) >= leaks.LOOKS_LEAST
    ]
    whole = [course for course in courses if len(course) == max(map(len, courses))]
    if not whole:
        return None
    looks = np.array(whole, dtype=float)
    sizes = looks[:, :, 1]
    grown = (sizes - sizes[:, :1]).mean(axis=0) / MIB
    return looks[:, :, 0].mean(axis=0).tolist(), grown.tolist()
