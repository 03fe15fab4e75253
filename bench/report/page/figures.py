"""The charts as elements of a page, each with its caption."""

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
    for chart in drawn:
        kind = chart.kind
        with gaps.part(f"the chart {chart.name}"):
            figure = _figure(chart, variables)
            entry = {"name": kind.name, "title": kind.title, "how": kind.how, "figures": []}
            kinds.setdefault(kind.name, entry)["figures"].append(figure)
    return list(kinds.values())


def _figure(chart: Chart, variables: Mapping[str, str]) -> dict[str, str]:
    canvas, caption = chart.canvas, shows(chart)
    label = f"{chart.kind.title}, {chart.subjects[0].label}. {caption}"
    element = embed.inline(
        canvas.svg, chart.name, label, canvas.head_share, canvas.marks, variables
    )
    return {"name": chart.name, "svg": element, "shows": caption}


def shows(chart: Chart) -> str:
    """Return what a chart shows, in a sentence for each of its subjects."""
    several = len(chart.subjects) > 1
    return " ".join(
        (f"{subject.label}: " if several else "") + captions.shows(chart.kind.name, subject)
        for subject in chart.subjects
    )
