"""The report of a run, made from its files alone: summary, Markdown, page, charts, terminal."""

import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.base import wording
from bench.base.gaps import Gaps
from bench.model.run import workload_labels
from bench.store import run_folder

if TYPE_CHECKING:
    from rich.console import Group

    from bench.report.charts import Chart
    from bench.report.view.run_view import RunView


PAGE, SISTER = "report.html", "report.md"


def write(
    view: "RunView", gaps: Gaps | None = None, *, png: bool = False, every: bool = False
) -> Path:
    """Write every derived file of a run and return the path of its page.

    A part that cannot be made or written costs no other: the page names it.

    Args:
        view: of a run, which may be unfinished.
        gaps: what is missing of the run already; what cannot be written comes to it.
        png: write every chart as PNG as well, not only the overviews.
        every: draw every chart, of a run with many cells as well.
    """
    from bench.report import charts

    folder, gaps = view.run.folder, Gaps() if gaps is None else gaps
    run_folder.remove_report(folder)
    for name, text in _data(view, gaps):
        _write(folder, name, text.encode(), gaps)
    drawn = list(charts.by_subject(view, gaps, every=every))
    overview = list(charts.overview(view, gaps))
    # Before the charts, which can be drawn again, and once more if some of them are missing.
    _write_pages(view, drawn, overview, gaps)
    known = len(gaps)
    for name, data in _images(drawn, overview, png, gaps):
        _write(folder, name, data, gaps)
    if len(gaps) > known and not gaps.why(PAGE):
        _write_pages(view, drawn, overview, gaps)
    return folder / PAGE


def _data(view: "RunView", gaps: Gaps) -> Iterator[tuple[str, str]]:
    """Yield the files that other programs read."""
    with gaps.part("verdicts.json"):
        yield "verdicts.json", verdicts(view)
    with gaps.part("the tables"):
        yield from tables(view).items()


def _write_pages(
    view: "RunView", drawn: Sequence["Chart"], overview: Sequence["Chart"], gaps: Gaps
) -> None:
    from bench.report.page import render as page

    with gaps.part(SISTER):
        _write(view.run.folder, SISTER, page.markdown(view, overview, gaps).encode(), gaps)
    with gaps.part(PAGE):
        _write(view.run.folder, PAGE, page.html(view, drawn, gaps).encode(), gaps)


def _write(folder: Path, name: str, data: bytes, gaps: Gaps) -> None:
    with gaps.part(name):
        run_folder.write_report(folder, name, data)


def tables(view: "RunView") -> dict[str, str]:
    """Return the tables of a run as CSV by the name of their file.

    A row a cell, a row a trial, a row a pair of servers under one workload.
    """
    from bench.report import tables

    frames = {
        "summary.csv": tables.summary(view),
        "trials.csv": tables.trials(view),
        "pairs.csv": tables.pairs(view),
    }
    return {name: tables.to_csv(frame) for name, frame in frames.items()}


def render(view: "RunView", form: str) -> str:
    """Return the report as text in one of `FORMATS`."""
    return RENDERED[form](view)


def _csv(view: "RunView") -> str:
    from bench.report import tables

    return tables.to_csv(tables.summary(view))


def _html(view: "RunView") -> str:
    from bench.report import charts
    from bench.report.page import render as page

    return page.html(view, list(charts.by_subject(view)))


def _markdown(view: "RunView") -> str:
    from bench.report import charts
    from bench.report.page import render as page

    return page.markdown(view, list(charts.overview(view)))


def _json(view: "RunView") -> str:
    """Return the header and the summary, with the sentence and the facts of each verdict."""
    from bench.report import tables

    rows = json.loads(tables.summary(view).to_json(orient="records"))
    for row, verdict in zip(rows, view.verdicts.values(), strict=True):
        row |= verdict.to_json()
    document: dict[str, Any] = {"run": dataclasses.asdict(view.run.header), "cells": rows}
    return as_json(document)


RENDERED: dict[str, Callable[["RunView"], str]] = {
    "html": _html,
    "md": _markdown,
    "csv": _csv,
    "json": _json,
}
FORMATS = tuple(RENDERED)


def verdicts(view: "RunView") -> str:
    """Return what holds for each cell, with the numbers that led to it, as JSON."""
    labels = workload_labels(cell.workload for cell in view.cells)
    rows = [
        {"server": cell.server, "workload": labels[cell.workload]} | verdict.to_json()
        for cell, verdict in view.verdicts.items()
    ]
    return as_json(rows)


def as_json(document: Any) -> str:
    """Return a document as JSON: letters as they are, what steers a terminal escaped."""
    text = json.dumps(document, indent=1, ensure_ascii=False)
    return wording.HARMFUL.sub(lambda found: json.dumps(found[0])[1:-1], text)


def _images(
    drawn: Iterable["Chart"], overview: Iterable["Chart"], png: bool, gaps: Gaps
) -> Iterator[tuple[str, bytes]]:
    """Yield the charts as files: all as SVG, the overviews, or all, as PNG."""
    for chart in drawn:
        name = f"charts/{chart.name}.svg"
        with gaps.part(name):
            yield name, chart.canvas.svg.encode()
    for chart in (*overview, *(drawn if png else ())):
        name = f"charts/{chart.name}.png"
        with gaps.part(name):
            yield name, chart.canvas.png()


def table(view: "RunView", width: int) -> "Group":
    """Return the answer and the ranking of each workload for a terminal of so many columns.

    What holds against all of it comes first.
    """
    from rich.console import Group
    from rich.text import Text

    from bench.report.sentences import answer
    from bench.report.terminal import needs
    from bench.report.terminal import ranking as terminal

    cautions = [Text(caution, style="bold") for caution in answer.cautions(view)]
    return Group(*cautions, needs.answer(view), terminal.table(view, width))
