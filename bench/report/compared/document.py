"""A comparison of runs as Markdown and as a page: the verdict on top, a row a cell."""

import shlex
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench.analysis.metrics import METRICS
from bench.base import levels, wording
from bench.comparing import decisions
from bench.comparing.comparison import Comparison, Row
from bench.comparing.decisions import Change
from bench.comparing.gates import Judgement
from bench.model.run import Run
from bench.report import facts
from bench.report.compared import picture
from bench.report.drawing import palette
from bench.report.page.templating import environment
from bench.report.terminal import comparison as terminal

# The figures that a reader of a change asks for.
FIGURES = ("throughput", "p50", "p99", "cpu")
# How a figure is called that is better in B, and that is worse.
WORDS = {name: {Change.BETTER: "faster", Change.WORSE: "slower"} for name in FIGURES}
WORDS["cpu"] = {Change.BETTER: "cheaper", Change.WORSE: "dearer"}


def markdown(
    comparison: Comparison, runs: Sequence[Run], judged: Sequence[Judgement], command: Sequence[str]
) -> str:
    """Return a paragraph and a table, to be pasted."""
    template = environment(autoescape=False).get_template("compare.md.j2")
    return template.render(_content(comparison, runs, judged, command))


def html(
    comparison: Comparison, runs: Sequence[Run], judged: Sequence[Judgement], command: Sequence[str]
) -> str:
    """Return the self-contained page, with the ratios drawn."""
    template = environment(autoescape=True).get_template("compare.html.j2")
    drawn = [picture.of(comparison.rows, METRICS[name]) for name in FIGURES]
    pictures = [each for each in drawn if each]
    content = _content(comparison, runs, judged, command)
    return template.render(content, colours=palette.themes(), pictures=pictures)


def _content(
    comparison: Comparison, runs: Sequence[Run], judged: Sequence[Judgement], command: Sequence[str]
) -> dict[str, Any]:
    several = len({row.label for row in comparison.rows}) > 1
    return {
        "a": comparison.name_a,
        "b": comparison.name_b,
        "summary": [sentence for name in FIGURES if (sentence := summary(comparison, name))],
        "titles": [METRICS[name].title for name in FIGURES],
        "several": several,
        "rows": [_row(row) for row in comparison.rows],
        "notes": terminal.notes(comparison),
        "gates": terminal.lines(judged),
        "versions": list(versions(runs)),
        "command": shlex.join(command),
    }


def summary(comparison: Comparison, name: str) -> str:
    """Return how many cells changed in a figure, and the mean of all of them."""
    figure, rows = METRICS[name], comparison.rows
    counts = Counter(decisions.of(row, figure) for row in rows)
    words: Mapping[Change, str] = WORDS[name]
    told = [f"{counts[each]} {words.get(each, each)}" for each in Change if counts[each]]
    if not told:
        return ""
    mean = decisions.overall(rows, figure)
    ratio = "" if mean is None else f"; B / A {wording.number(mean.value)} in the geometric mean"
    sizes = [row.detectable[name] for row in rows if name in row.detectable]
    shown = ""
    if counts[Change.TIED] and sizes:
        shown = f"; of the median cell {terminal.size(statistics.median(sizes))} would have shown"
    return f"{figure.title}: {', '.join(told)} of {len(rows)}{ratio}{shown}"


def _row(row: Row) -> dict[str, Any]:
    return {
        "server": row.cell.server,
        "workload": row.label,
        "figures": [_figure(row, name) for name in FIGURES],
        "remark": "" if row.comparable else f"{row.before.name} in A, {row.after.name} in B",
    }


def _figure(row: Row, name: str) -> dict[str, str]:
    change, ratio = decisions.of(row, METRICS[name]), row.ratios.get(name)
    word = WORDS[name].get(change, str(change))
    if ratio is None or not row.comparable:
        return {"ratio": "", "word": str(Change.INCOMPARABLE), "kind": "unknown"}
    if change is Change.TIED and ratio.within(levels.EQUIVALENT):
        word = "equivalent"
    mark = terminal.BOUNDS[row.may_be(METRICS[name])]
    return {"ratio": mark + wording.ranged(ratio), "word": word, "kind": change.name.lower()}


def versions(runs: Sequence[Run]) -> Iterator[tuple[str, str]]:
    """Yield what the servers of each run ran under, which need not be what the harness does."""
    for run in runs:
        under = dict.fromkeys(map(facts.ran_under, run.entries))
        if known := "; ".join(each for each in under if each):
            yield run.header.run_id, known
