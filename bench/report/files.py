"""The report of a run, made from its files alone: summary, Markdown, page, charts, terminal."""

import dataclasses
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.model.run import workload_labels
from bench.store import run_folder

if TYPE_CHECKING:
    from rich.console import Group

    from bench.report.charts import Chart
    from bench.report.view.run_view import RunView


def write(view: "RunView", *, png: bool = False) -> Path:
    """Write every derived file of a run and return the path of its page.

    Args:
        view: of a run, which may be unfinished.
        png: write every chart as PNG as well, not only the overviews.

    Raises:
        OSError: the folder cannot be written.
    """
    from bench.report import charts, page

    folder = view.run.folder
    run_folder.remove_report(folder)
    drawn = list(charts.by_subject(view))
    overview = list(charts.overview(view))
    _write_charts(folder, drawn, overview, png)
    texts = {"verdicts.json": verdicts(view)} | tables(view)
    texts |= {"report.md": page.markdown(view, overview), "report.html": page.html(view, drawn)}
    for name, text in texts.items():
        run_folder.write(run_folder.report_path(folder, name), text)
    return run_folder.report_path(folder, "report.html")


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
    from bench.report import charts, page

    return page.html(view, list(charts.by_subject(view)))


def _markdown(view: "RunView") -> str:
    from bench.report import charts, page

    return page.markdown(view, list(charts.overview(view)))


def _json(view: "RunView") -> str:
    """Return the header and the summary, with the sentence and the facts of each verdict."""
    from bench.report import tables

    rows = json.loads(tables.summary(view).to_json(orient="records"))
    for row, verdict in zip(rows, view.verdicts.values(), strict=True):
        row |= verdict.to_json()
    document: dict[str, Any] = {"run": dataclasses.asdict(view.run.header), "cells": rows}
    return json.dumps(document, indent=1, ensure_ascii=False)


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
