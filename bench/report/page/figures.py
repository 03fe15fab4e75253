"""The charts as elements of a page, each with its caption."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from bench.base.gaps import Gaps
from bench.report.charts import Chart
from bench.report.drawing import embed, palette
from bench.report.sentences import captions


def by_kind(drawn: Iterable[Chart], gaps: Gaps) -> list[dict[str, Any]]:
    """Return the charts by kind, each as an element of the page with its caption."""
    kinds: dict[str, dict[str, Any]] = {}
    variables = {value: name for name, value in palette.variables(dark=False).items()}
    for number, chart in enumerate(drawn):
        kind = chart.kind
        with gaps.part(f"the chart {chart.name}"):
            figure = _figure(chart, f"c{number}", variables)
            entry: dict[str, Any] = {
                "name": kind.name,
                "title": kind.title,
                "how": kind.how,
                "figures": [],
            }
            entry |= {"open": not kind.folded and _worth(chart), "rows": kind.rows}
            kinds.setdefault(kind.name, entry)["figures"].append(figure)
    return list(kinds.values())


def _worth(chart: Chart) -> bool:
    """Tell if a chart shows more than two points of an axis: a table says two as well."""
    return len(chart.subjects[0].workloads) != 2


def _figure(chart: Chart, ids: str, variables: Mapping[str, str]) -> dict[str, Any]:
    canvas, caption = chart.canvas, shows(chart)
    label = f"{chart.kind.title}, {chart.subjects[0].label}. {caption}"
    element = embed.inline(canvas.svg, ids, label, canvas.head_share, canvas.marks, variables)
    return {"name": chart.name, "svg": element, "shows": caption, "csv": _csv(chart)}


def _csv(chart: Chart) -> str:
    """Return what is drawn as CSV, empty where the marks are no figures."""
    if not chart.canvas.data:
        return ""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("server", "at", "value", "low", "high"))
    for server, at, *figures in chart.canvas.data:
        shown = (f"{each:.5g}" if each is not None else "" for each in figures)
        table.writerow((server, at, *shown))
    return text.getvalue()


def shows(chart: Chart) -> str:
    """Return what a chart shows, in a sentence for each of its subjects."""
    several = len(chart.subjects) > 1
    return " ".join(
        (f"{subject.label}: " if several else "") + captions.shows(chart.kind.name, subject)
        for subject in chart.subjects
    )
