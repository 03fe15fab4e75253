"""The report of a run, made from its files alone: summary, Markdown, page, charts, terminal."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import store
from bench.store import Run

if TYPE_CHECKING:
    from rich.console import Group

    from bench.charts import Chart
    from bench.views import RunView

FORMATS = ("html", "md", "csv", "json")


def write(run: Run, *, png: bool = False) -> Path:
    """Write every derived file of a run and return the path of its page.

    Args:
        run: as `store.read` returns it; it may be unfinished.
        png: write every chart as PNG as well, not only the overviews.

    Raises:
        OSError: the folder cannot be written.
    """
    from bench import charts, page, views

    view = views.view(run)
    store.remove_report(run.folder)
    drawn = list(charts.by_subject(view))
    overview = list(charts.overview(view))
    _write_charts(run.folder, drawn, overview, png)
    store.write(store.report_path(run.folder, "verdicts.json"), _verdicts(run))
    for name, text in tables(view).items():
        store.write(store.report_path(run.folder, name), text)
    store.write(store.report_path(run.folder, "report.md"), _markdown(view, overview))
    path = store.report_path(run.folder, "report.html")
    store.write(path, page.html(view, drawn))
    return path


def tables(view: "RunView") -> dict[str, str]:
    """Return the tables of a run as CSV by the name of their file.

    A row a cell, a row a trial, a row a pair of servers under one workload.
    """
    from bench import frames

    found = {
        "summary.csv": frames.summary(view.run),
        "trials.csv": frames.trials(view.run),
        "pairs.csv": frames.pairs(view),
    }
    return {name: frames.to_csv(frame) for name, frame in found.items()}


def render(run: Run, form: str) -> str:
    """Return the report as text in one of `FORMATS`.

    Raises:
        ValueError: there is no such format.
    """
    from bench import charts, frames, page, views

    if form == "csv":
        return frames.to_csv(frames.summary(run))
    if form == "json":
        return _json(run)
    view = views.view(run)
    if form == "md":
        return _markdown(view, list(charts.overview(view)))
    if form == "html":
        return page.html(view, list(charts.by_subject(view)))
    raise ValueError(f"format {form!r}: choose from {', '.join(FORMATS)}")


def _json(run: Run) -> str:
    """Return the header and the summary, with the sentence and the facts of each verdict."""
    from bench import contents, frames

    rows = json.loads(frames.summary(run).to_json(orient="records"))
    for row, verdict in zip(rows, contents.verdicts(run).values(), strict=True):
        row |= verdict.to_json()
    document: dict[str, Any] = {"run": run.header, "cells": rows}
    return json.dumps(document, indent=1, ensure_ascii=False)


def _verdicts(run: Run) -> str:
    """Return what holds for each cell, with the numbers that led to it, as JSON."""
    from bench import contents

    judged = contents.verdicts(run)
    labels = contents.labels(cell.workload for cell in judged)
    rows = [
        {"server": cell.server, "workload": labels[cell.workload]} | verdict.to_json()
        for cell, verdict in judged.items()
    ]
    return json.dumps(rows, indent=1, ensure_ascii=False)


def _write_charts(
    folder: Path, drawn: Iterable["Chart"], overview: Iterable["Chart"], png: bool
) -> None:
    for chart in drawn:
        store.write(store.report_path(folder, f"charts/{chart.name}.svg"), chart.canvas.svg)
        if png:
            path = store.report_path(folder, f"charts/{chart.name}.png")
            path.write_bytes(chart.canvas.png())
    for chart in overview:
        store.report_path(folder, f"charts/{chart.name}.png").write_bytes(chart.canvas.png())


def _markdown(view: "RunView", overview: Iterable["Chart"]) -> str:
    from bench import page

    return page.markdown(view, list(overview))


def table(view: "RunView", width: int) -> "Group":
    """Return the ranking of each workload for a terminal of so many columns.

    What holds against all of it comes first.
    """
    from rich.console import Group
    from rich.text import Text

    from bench import findings
    from bench import table as terminal

    cautions = [Text(caution, style="bold") for caution in findings.cautions(view)]
    return Group(*cautions, terminal.table(view, width))
