"""The report of a run, made from its files alone: summary, Markdown, page, charts, terminal."""

import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.model.run import Run, workload_labels
from bench.store import run_folder
from bench.verdicts import judging

if TYPE_CHECKING:
    from rich.console import Group

    from bench.report.charts import Chart
    from bench.report.view.run_view import RunView

FORMATS = ("html", "md", "csv", "json")


def write(run: Run, *, png: bool = False) -> Path:
    """Write every derived file of a run and return the path of its page.

    Args:
        run: as `store.read` returns it; it may be unfinished.
        png: write every chart as PNG as well, not only the overviews.

    Raises:
        OSError: the folder cannot be written.
    """
    from bench.report import charts, page
    from bench.report.view import run_view

    view = run_view.view(run)
    run_folder.remove_report(run.folder)
    drawn = list(charts.by_subject(view))
    overview = list(charts.overview(view))
    _write_charts(run.folder, drawn, overview, png)
    run_folder.write(run_folder.report_path(run.folder, "verdicts.json"), _verdicts(run))
    for name, text in tables(view).items():
        run_folder.write(run_folder.report_path(run.folder, name), text)
    run_folder.write(run_folder.report_path(run.folder, "report.md"), _markdown(view, overview))
    path = run_folder.report_path(run.folder, "report.html")
    run_folder.write(path, page.html(view, drawn))
    return path


def tables(view: "RunView") -> dict[str, str]:
    """Return the tables of a run as CSV by the name of their file.

    A row a cell, a row a trial, a row a pair of servers under one workload.
    """
    from bench.report import tables

    found = {
        "summary.csv": tables.summary(view.run),
        "trials.csv": tables.trials(view.run),
        "pairs.csv": tables.pairs(view),
    }
    return {name: tables.to_csv(frame) for name, frame in found.items()}


def render(run: Run, form: str) -> str:
    """Return the report as text in one of `FORMATS`.

    Raises:
        ValueError: there is no such format.
    """
    from bench.report import charts, page, tables
    from bench.report.view import run_view

    if form == "csv":
        return tables.to_csv(tables.summary(run))
    if form == "json":
        return _json(run)
    view = run_view.view(run)
    if form == "md":
        return _markdown(view, list(charts.overview(view)))
    if form == "html":
        return page.html(view, list(charts.by_subject(view)))
    raise ValueError(f"format {form!r}: choose from {', '.join(FORMATS)}")


def _json(run: Run) -> str:
    """Return the header and the summary, with the sentence and the facts of each verdict."""
    from bench.report import tables

    rows = json.loads(tables.summary(run).to_json(orient="records"))
    for row, verdict in zip(rows, judging.verdicts(run).values(), strict=True):
        row |= verdict.to_json()
    document: dict[str, Any] = {"run": dataclasses.asdict(run.header), "cells": rows}
    return json.dumps(document, indent=1, ensure_ascii=False)


def _verdicts(run: Run) -> str:
    """Return what holds for each cell, with the numbers that led to it, as JSON."""

    judged = judging.verdicts(run)
    labels = workload_labels(cell.workload for cell in judged)
    rows = [
        {"server": cell.server, "workload": labels[cell.workload]} | verdict.to_json()
        for cell, verdict in judged.items()
    ]
    return json.dumps(rows, indent=1, ensure_ascii=False)


def _write_charts(
    folder: Path, drawn: Iterable["Chart"], overview: Iterable["Chart"], png: bool
) -> None:
    for chart in drawn:
        run_folder.write(
            run_folder.report_path(folder, f"charts/{chart.name}.svg"), chart.canvas.svg
        )
        if png:
            path = run_folder.report_path(folder, f"charts/{chart.name}.png")
            path.write_bytes(chart.canvas.png())
    for chart in overview:
        run_folder.report_path(folder, f"charts/{chart.name}.png").write_bytes(chart.canvas.png())


def _markdown(view: "RunView", overview: Iterable["Chart"]) -> str:
    from bench.report import page

    return page.markdown(view, list(overview))


def table(view: "RunView", width: int) -> "Group":
    """Return the ranking of each workload for a terminal of so many columns.

    What holds against all of it comes first.
    """
    from rich.console import Group
    from rich.text import Text

    from bench.report.sentences import answer
    from bench.report.terminal import ranking as terminal

    cautions = [Text(caution, style="bold") for caution in answer.cautions(view)]
    return Group(*cautions, terminal.table(view, width))
