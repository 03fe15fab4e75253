"""The charts of a run, as figures and files; matplotlib is imported in this package only."""

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import matplotlib as mpl

from bench.base.gaps import Gaps
from bench.report.charts.kinds import KINDS, Kind
from bench.report.drawing.canvas import STYLE, Canvas, compose
from bench.report.view.run_view import RunView, Subject

OVERVIEW_COLUMNS = 3


@dataclass(frozen=True)
class Chart:
    """A drawn chart; name: of its file, without the ending."""

    name: str
    kind: Kind
    subjects: tuple[Subject, ...]
    canvas: Canvas


def by_subject(view: RunView, gaps: Gaps | None = None) -> Iterable[Chart]:
    """Draw every kind that the run has data for, a figure for each of its subjects.

    gaps: told of those that cannot be drawn; None: the first of them raises
    """
    for kind in KINDS:
        for subject in kind.subjects(view):
            name = f"{kind.name}-{slug(subject.label)}"
            with _part(gaps, name):
                foot = view.cpus() + _noise(kind, subject)
                yield _draw(kind, name, [subject], foot)


def overview(view: RunView, gaps: Gaps | None = None) -> Iterable[Chart]:
    """Draw the kinds that sum up a run, all of their subjects in one figure; gaps as above."""
    for kind in KINDS:
        with _part(gaps, kind.name):
            if kind.overview and (subjects := kind.subjects(view)):
                yield _draw(kind, kind.name, subjects, view.cpus())


def _part(gaps: Gaps | None, name: str) -> contextlib.AbstractContextManager[None]:
    return contextlib.nullcontext() if gaps is None else gaps.part(f"the chart {name}")


def slug(label: str) -> str:
    """Return a name that is safe in a file name and in a link."""
    kept = "".join(letter if letter.isalnum() else "-" for letter in label.lower())
    return "-".join(part for part in kept.split("-") if part)


def _noise(kind: Kind, subject: Subject) -> str:
    """Return the floor below which no difference counts, under the charts that it is of."""
    workload = subject.workload
    if kind.name != ("latency" if workload.open_loop else "throughput"):
        return ""
    floor = workload.order.floor
    if floor is None or not floor.extent:
        return ""
    return f"; a server and its twin differ by up to {floor.extent:.1%} more than chance has it"


def _draw(kind: Kind, name: str, subjects: Sequence[Subject], foot: str) -> Chart:
    panels = [(subject.label, kind.margins(subject)) for subject in subjects]
    with mpl.rc_context(STYLE):
        canvas = compose(kind.title, kind.how, foot, panels, OVERVIEW_COLUMNS)
        for axes, subject in zip(canvas.axes, subjects, strict=True):
            kind.draw(canvas, axes, subject)
    return Chart(name, kind, tuple(subjects), canvas)
