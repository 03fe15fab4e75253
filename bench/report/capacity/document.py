"""Capacities as CSV, as JSON, as Markdown to paste, as a page, and for a terminal."""

import dataclasses
import shlex
from collections.abc import Sequence
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from bench.base import wording
from bench.capacity import finding, slo
from bench.capacity.finding import Capacity
from bench.model.run import Run, workload_labels
from bench.report import facts, tables
from bench.report.capacity import words
from bench.report.charts.carried import picture
from bench.report.drawing import embed, palette
from bench.report.drawing.canvas import Canvas
from bench.report.files import as_json
from bench.report.page.templating import environment
from bench.report.view import run_view

TITLES = {
    "server": "server",
    "capacity": "requests/s",
    "ratio": "of best",
    "binding": "limit reached",
    "peak": "peak",
    "of_peak": "of peak",
    "trials": "trials",
    "note": "",
}
NUMBERS = ("capacity", "ratio", "peak", "of_peak", "trials")


def titles(rows: Sequence[Capacity]) -> dict[str, str]:
    """Return the columns of the table: which limit was reached is said where there are several."""
    one = all(each.slo == each.binding or not each.binding for each in rows)
    return {name: title for name, title in TITLES.items() if not (one and name == "binding")}


def row(capacity: Capacity) -> dict[str, str]:
    """Return the texts of a row of the table."""
    peak = "" if capacity.peak_rps is None else wording.number(capacity.peak_rps)
    return {
        "server": capacity.server,
        "workload": capacity.workload,
        "capacity": words.rate(capacity) or str(capacity.bound),
        "ratio": words.against_best(capacity),
        "binding": capacity.binding,
        "peak": f"≥ {peak}" if capacity.peak_bound and peak else peak,
        "of_peak": words.of_peak(capacity),
        "trials": str(capacity.trials),
        "note": words.note(capacity),
    }


def to_csv(rows: Sequence[Capacity]) -> str:
    """Return a row a server and load; an empty field is unknown."""
    return tables.to_csv(tables.records(rows, Capacity))


def to_json(run: Run, rows: Sequence[Capacity]) -> str:
    """Return the run's name, what was asked, and the rows."""
    document = {
        "run": run.header.run_id,
        "command": run.header.command,
        "slo": run.header.config.slo,
        "capacities": [dataclasses.asdict(each) for each in rows],
    }
    return as_json(document)


def pictures(run: Run, rows: Sequence[Capacity]) -> dict[str, Canvas]:
    """Return the pictures of a run by their name: of each load the capacities and the ways."""
    view = run_view.view(run)
    cells = {cell.server: cell for cell in view.servers}
    slos = {str(each): each for each in slo.parse_all(run.header.config.slo)}
    labels = workload_labels(run.header.config.workloads)
    by_place = {(s.cell.server, labels[s.cell.workload]): s for s in finding.searched(run)}
    drawn = {}
    for number, workload in enumerate(dict.fromkeys(each.workload for each in rows)):
        of = [each for each in rows if each.workload == workload]
        drawn[f"capacity-{number}"] = picture.capacities(
            workload, of, [words.beside(each) for each in of], cells, view.cpus()
        )
        bound = [each.binding for each in of if each.binding]
        shown = slos[bound[0]] if bound else next(iter(slos.values()))
        pairs = [(each, by_place[each.server, workload]) for each in of]
        drawn[f"way-{number}"] = picture.ways(workload, shown, pairs, cells, view.cpus())
    return drawn


def _content(run: Run, rows: Sequence[Capacity]) -> dict[str, Any]:
    header = run.header
    return {
        "slo": "; ".join(header.config.slo),
        "sentences": words.paragraph(rows),
        "titles": titles(rows),
        "numbers": NUMBERS,
        "several": len({each.workload for each in rows}) > 1,
        "rows": [row(each) for each in rows],
        "run_id": header.run_id,
        "command": shlex.join(header.command),
        "versions": [f"{e.name}: {told}" for e in run.entries if (told := facts.ran_under(e))],
    }


def markdown(run: Run, rows: Sequence[Capacity]) -> str:
    """Return sentences and a table, to be pasted."""
    template = environment(autoescape=False).get_template("capacity.md.j2")
    return template.render(_content(run, rows))


def html(run: Run, rows: Sequence[Capacity], drawn: dict[str, Canvas]) -> str:
    """Return the self-contained page."""
    variables = {value: name for name, value in palette.variables(dark=False).items()}
    figures = [
        embed.inline(canvas.svg, name, name, canvas.head_share, canvas.marks, variables)
        for name, canvas in drawn.items()
    ]
    explained = [picture.HOW_CAPACITIES, picture.HOW_WAY] * (len(figures) // 2)
    titled = [picture.CAPACITIES, picture.WAY] * (len(figures) // 2)
    template = environment(autoescape=True).get_template("capacity.html.j2")
    return template.render(
        _content(run, rows),
        figures=list(zip(titled, explained, figures, strict=True)),
        colours=palette.themes(),
    )


def table(rows: Sequence[Capacity]) -> Group:
    """Return it for a terminal: the sentences, which tell of each bound, then the table."""
    several = len({each.workload for each in rows}) > 1
    grid = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    shown = ({"workload": "workload"} if several else {}) | titles(rows)
    del shown["note"]
    for name, title in shown.items():
        number = name in NUMBERS
        grid.add_column(
            title, justify="right" if number else "left", no_wrap=number or name == "server"
        )
    for each in rows:
        texts = row(each)
        grid.add_row(*(Text(texts[name]) for name in shown))
    return Group(*(Text(sentence) for sentence in words.paragraph(rows)), "", grid)
