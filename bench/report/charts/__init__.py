"""The charts of a run, as figures and files; matplotlib is imported in this package only."""

import contextlib
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import matplotlib as mpl

from bench.base.gaps import Gaps
from bench.report.charts.kinds import KINDS
from bench.report.drawing.canvas import PANEL_IN, STYLE, WIDE_IN, Canvas, compose
from bench.report.drawing.kind import Kind
from bench.report.view.run_view import RunView, Subject

OVERVIEW_COLUMNS = 3
# Of 29 servers under 12 workloads, the charts that look into single workloads were half of a page
# of 8 MB, and of the time that it took.
DETAILED_MOST = 150
# Of a label in the name of a file.
SLUG_BYTES = 120


@dataclass(frozen=True)
class Chart:
    """A drawn chart; name: of its file, without the ending."""

    name: str
    kind: Kind
    subjects: tuple[Subject, ...]
    canvas: Canvas


def by_subject(view: RunView, gaps: Gaps | None = None, *, every: bool = False) -> Iterable[Chart]:
    """Draw every kind that the run has data for, a figure for each of its subjects.

    gaps: told of those that cannot be drawn; None: the first of them raises
    every: of a run with many cells the details as well
    """
    taken = {kind.name for kind in KINDS}
    for kind in KINDS:
        if kind.detail and len(view.cells) > DETAILED_MOST and not every:
            continue
        subjects = kind.subjects(view)
        for subject in subjects:
            name = unlike(f"{kind.name}-{slug(subject.label)}", taken)
            with _part(gaps, name):
                foot = view.cpus() + _noise(kind, subject)
                panel_in = WIDE_IN if len(subjects) == 1 else PANEL_IN
                yield _draw(kind, name, [subject], foot, panel_in)


def left_out(view: RunView, drawn: Iterable[Chart]) -> list[str]:
    """Return the titles of the details that the run has data for and that are not drawn."""
    present = {chart.kind.name for chart in drawn}
    details = [kind for kind in KINDS if kind.detail and kind.name not in present]
    return [
        kind.title for kind in details if len(view.cells) > DETAILED_MOST and kind.subjects(view)
    ]


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
    whole = "-".join(part for part in kept.split("-") if part)
    # A letter has four bytes at most, and the name of a file 255.
    return whole.encode()[:SLUG_BYTES].decode(errors="ignore")


def unlike(name: str, taken: set[str]) -> str:
    """Return a name, with a number behind it if it is taken, and take it."""
    names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
    taken.add(found := next(each for each in names if each not in taken))
    return found


def _noise(kind: Kind, subject: Subject) -> str:
    """Return the floor below which no difference counts, under the charts that it is of."""
    workload = subject.workload
    if kind.name != ("latency" if workload.open_loop else "throughput"):
        return ""
    floor = workload.order.floor
    if floor is None or not floor.extent:
        return ""
    return f"; noise floor {floor.extent:.1%}"


def _draw(
    kind: Kind, name: str, subjects: Sequence[Subject], foot: str, panel_in: float = PANEL_IN
) -> Chart:
    panels = [(subject.label, kind.margins(subject)) for subject in subjects]
    with mpl.rc_context(STYLE):
        canvas = compose(kind.title, kind.how, foot, panels, OVERVIEW_COLUMNS, panel_in)
        for axes, subject in zip(canvas.axes, subjects, strict=True):
            kind.draw(canvas, axes, subject)
    return Chart(name, kind, tuple(subjects), canvas)
