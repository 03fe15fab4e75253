"""A run as a page and as Markdown."""

import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.base import wording
from bench.base.gaps import Gaps
from bench.model.header import ServerEntry
from bench.report import facts
from bench.report.charts import Chart, left_out
from bench.report.decision import choice, matter
from bench.report.definitions import DEFINITIONS
from bench.report.drawing import palette, swatch
from bench.report.page import figures, rows
from bench.report.page.templating import environment
from bench.report.sentences import answer, captions, doubt
from bench.report.view.run_view import RunView
from bench.store import sources

# The first schema of a run that has the sources of its servers.
SOURCES_SINCE = 4


def html(view: RunView, drawn: Iterable[Chart], gaps: Gaps | None = None) -> str:
    """Return the self-contained page. gaps: what it has to say is missing, as in `markdown`."""
    template = environment(autoescape=True).get_template("report.html.j2")
    gaps = Gaps() if gaps is None else gaps
    drawn = list(drawn)
    kinds = figures.by_kind(drawn, gaps)
    return template.render(
        _content(view),
        kinds=kinds,
        not_drawn=left_out(view, drawn),
        colours=palette.themes(),
        missing=gaps.lines(),
    )


def markdown(view: RunView, overview: Iterable[Chart], gaps: Gaps | None = None) -> str:
    """Return the report as Markdown; it shows the overview charts beside it."""
    template = environment(autoescape=False).get_template("report.md.j2")
    charts = []
    for chart in overview:
        with (gaps or Gaps()).part(f"the caption of {chart.name}"):
            charts.append((chart, figures.shows(chart)))
    missing = [] if gaps is None else gaps.lines()
    return template.render(_content(view), charts=charts, missing=missing)


def _content(view: RunView) -> dict[str, Any]:
    header = view.run.header
    taken: set[str] = set()
    workloads = [rows.of_workload(workload, taken, view) for workload in view.workloads]
    cells = [cell for item in view.workloads for cell in item.cells]
    mixtures = any(item.workload.mixture for item in view.workloads)
    measured = sum(bool(cell.trials) for cell in cells)
    slugs = {item["label"]: item["slug"] for item in workloads}
    banner = doubt.banner(view)
    told = [] if banner else choice.of(view)
    choices = [(vars(each) | {"slug": slugs[each.label]}) for each in told]
    return {
        "banner": banner,
        "choices": choices,
        "gaps": [each for each in choices if each["gap"]],
        "lengths": [wording.tick(length_ms * 1000) for length_ms in matter.REQUESTS_MS],
        "run_id": header.run_id,
        "created": header.created_at.replace("T", " ")[:16],
        "cut_off": measured < len(cells) or not view.finished,
        "cautions": answer.cautions(view),
        "across": captions.across(view),
        "measured": measured,
        "planned": len(cells),
        "workloads": workloads,
        "servers": _servers(view),
        "families": list(dict.fromkeys(cell.family for cell in view.servers)),
        "sources_stored": header.schema >= SOURCES_SINCE,
        "skipped": list(header.skipped),
        "command": " ".join(map(shlex.quote, header.command)),
        "cpus": view.cpus(),
        "facts": facts.groups(header),
        "definitions": DEFINITIONS,
        "columns": (
            *rows.COLUMNS,
            *(rows.CLASS_COLUMNS if mixtures else ()),
            *rows.MORE_COLUMNS,
        ),
        "mixtures": mixtures,
    }


def _servers(view: RunView) -> list[dict[str, Any]]:
    """Return what is drawn as one server, with the texts behind it: a name may serve two kinds."""
    entries: dict[str, list[dict[str, Any]]] = {}
    for entry in view.run.entries:
        entries.setdefault(entry.name, []).append(
            {
                "summary": entry.summary,
                "ran_under": facts.ran_under(entry),
                "source": entry.source,
                "texts": _texts(view.run.folder, entry),
            }
        )
    return [
        {
            "index": cell.index,
            "name": cell.server,
            "family": cell.family,
            "swatch": swatch.of(cell.family, cell.variant, cell.interpreter),
            "entries": entries.get(cell.server, []),
        }
        for cell in view.servers
    ]


def _texts(folder: Path, entry: ServerEntry) -> list[tuple[str, str]]:
    """Return path and text of what a server was made of, as the run has it."""
    texts = ((source.path, sources.read(folder, source)) for source in entry.sources)
    return [(path, text) for path, text in texts if text is not None]
