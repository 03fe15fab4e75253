"""The page and its Markdown sister: what they hold, handed to their templates."""

import re
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bench.base import wording
from bench.base.gaps import Gaps
from bench.model.header import ServerEntry
from bench.pairs.pairwise import Pair
from bench.pairs.ranking import Place
from bench.report import facts
from bench.report.charts import Chart, slug, unlike
from bench.report.definitions import DEFINITIONS
from bench.report.drawing import embed, palette
from bench.report.sentences import answer, captions, works
from bench.report.view.cell_view import CellView, WorkloadView, against
from bench.report.view.run_view import RunView
from bench.store import sources

# The table of all figures: titles, and whether a column holds numbers.
COLUMNS = (
    *(("workload", False), ("place", True), ("server", False), ("family", False)),
    *(("requests/s", True), ("of the best", True), ("p50", True), ("p99", True), ("p99.9", True)),
    *(("CPU µs/request", True), ("memory MiB", True), ("served at once", True)),
    ("of witness", True),
    *(("course", False), ("verdict", False)),
)
# Where a workload is a mixture: of its two classes of requests.
CLASS_COLUMNS = (("light p99", True), ("heavy p99", True))
# The first schema of a run that has the sources of its servers.
SOURCES_SINCE = 4
# What begins a link, an image, code, a column or a fence in Markdown; and a line of another kind.
ACTIVE = re.compile(r"[\[\]|]|([`~])(?=\1\1)")
LEADING = re.compile(r"^(?:[#>=+]|-(?![0-9]))")
CODE_MOST = 20_000
UNIT = re.compile(r"(?<=\d) (µs|ms|s|MiB|/s|requests/s|times|CPUs?|B)\b")


def html(view: RunView, drawn: Iterable[Chart], gaps: Gaps | None = None) -> str:
    """Return the self-contained page. gaps: what it has to say is missing, as in `markdown`."""
    environment = _environment(autoescape=True)
    template = environment.get_template("report.html.j2")
    gaps = Gaps() if gaps is None else gaps
    figures = _figures(drawn, gaps)
    return template.render(_content(view), kinds=figures, colours=_colours(), missing=gaps.lines())


def markdown(view: RunView, overview: Iterable[Chart], gaps: Gaps | None = None) -> str:
    """Return the report as Markdown; it shows the overview charts beside it."""
    template = _environment(autoescape=False).get_template("report.md.j2")
    charts = []
    for chart in overview:
        with (gaps or Gaps()).part(f"the caption of {chart.name}"):
            charts.append((chart, shows(chart)))
    missing = [] if gaps is None else gaps.lines()
    return template.render(_content(view), charts=charts, missing=missing)


def _environment(*, autoescape: bool) -> Environment:
    environment = Environment(
        loader=PackageLoader("bench.report"),
        autoescape=autoescape,  # noqa: S701  # the Markdown has a filter of its own
        finalize=_harmless if autoescape else _in_markdown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = wording.number
    environment.filters["tight"] = _tight
    environment.filters["code"] = _code
    return environment


def _harmless(value: Any) -> Any:
    """Return a value for the page without what is no text; what is markup of ours stays."""
    plain = not isinstance(value, str) or isinstance(value, Markup)
    return value if plain else wording.harmless(value)


def _in_markdown(value: Any) -> Any:
    """Return a value for the Markdown: a text of others is no markup, and stays on its line."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    text = ACTIVE.sub(r"\\\g<0>", wording.harmless(value)).replace("<", "&lt;")
    return LEADING.sub(r"\\\g<0>", " ".join(text.split("\n")))


def _code(text: str) -> Markup:
    """Return a text of others for a span of code, which no mark of it ends."""
    return Markup(wording.printable(text, CODE_MOST).replace("`", "'"))  # noqa: S704  # no HTML


def _tight(text: str) -> str:
    """Keep a number on one line with what belongs to it."""
    text = text.replace(" ± ", "\u00a0±\u00a0").replace("≥ ", "≥\u00a0")
    return UNIT.sub("\u00a0\\1", text)


def _content(view: RunView) -> dict[str, Any]:
    header = view.run.header
    taken: set[str] = set()
    workloads = [_workload(workload, taken, view) for workload in view.workloads]
    cells = [cell for item in view.workloads for cell in item.cells]
    mixtures = any(item.workload.mixture for item in view.workloads)
    measured = sum(bool(cell.trials) for cell in cells)
    return {
        "run_id": header.run_id,
        "created": header.created_at.replace("T", " ")[:16],
        "cut_off": measured < len(cells) or not view.finished,
        "cautions": answer.cautions(view),
        "measured": measured,
        "planned": len(cells),
        "workloads": workloads,
        "servers": _servers(view),
        "sources_stored": header.schema >= SOURCES_SINCE,
        "skipped": list(header.skipped),
        "command": " ".join(map(shlex.quote, header.command)),
        "cpus": view.cpus(),
        "facts": facts.groups(header),
        "definitions": DEFINITIONS,
        "columns": (*COLUMNS[:-2], *(CLASS_COLUMNS if mixtures else ()), *COLUMNS[-2:]),
        "mixtures": mixtures,
    }


def _workload(workload: WorkloadView, taken: set[str], view: RunView) -> dict[str, Any]:
    """Return what is shown of a workload; taken: the names in links that others have."""
    order = workload.order
    sure = any(len(cell.metrics) > 1 for cell in workload.ranked)
    places = {place.server: place for place in order.places} if sure else {}
    return {
        "label": workload.label,
        "slug": unlike(slug(workload.label), taken),
        "described": workload.described(),
        "mixture": workload.workload.mixture,
        "answer": [*answer.answer(view, workload), *works.of_mixture(workload)],
        "tiers": order.tiers if sure else (),
        "rows": [
            _row(cell, places.get(cell.server), order.against_best(cell.server))
            for cell in workload.cells
        ],
    }


def _row(cell: CellView, place: Place | None, pair: Pair | None) -> dict[str, Any]:
    def value(column: str) -> float | None:
        estimate = cell.estimate(column)
        return None if estimate is None else estimate.value

    def time(column: str) -> str:
        estimate = cell.estimate(column)
        return "" if estimate is None else wording.interval(estimate)

    cpu, beside = cell.estimate("cpu_us_per_request"), cell.beside_witness
    percentiles = [(value(name), time(name)) for name in ("p50_us", "p99_us", "p999_us")]
    names = ("throughput_rps", "cpu_us_per_request", "memory_mib", "effective_concurrency")
    return {name: value(name) for name in names} | {
        "index": cell.index,
        "server": cell.server,
        "family": cell.family,
        "place": place.rank if place else "",
        "best": place.best if place else "",
        "percentiles": percentiles,
        "classes": [(value(name), time(name)) for name in ("light_p99_us", "heavy_p99_us")],
        "of_best": pair.ratio.value if pair and pair.ratio else "",
        "against_best": against(pair),
        "at_once": cell.at_once(" of "),
        "witness": "" if beside is None else wording.ratio(beside),
        "witness_ratio": "" if beside is None else beside.value,
        "witness_range": "" if beside is None else wording.ranged(beside),
        "throughput": cell.throughput().removesuffix(" /s"),
        "cpu": "" if cpu is None else wording.estimate(cpu),
        "verdict": cell.verdict.name,
        "why": captions.described(cell),
        "course": cell.course,
        "noted": bool(cell.verdict.notes),
    }


def _servers(view: RunView) -> list[dict[str, Any]]:
    """Return what is drawn as one server, with the texts behind it: a name may serve two kinds."""
    entries: dict[str, list[dict[str, Any]]] = {}
    for entry in view.run.header.config.servers:
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
            "index": index,
            "name": name,
            "colour": f"--family-{family if family in palette.FAMILIES else 'other'}",
            "entries": entries.get(name, []),
        }
        for index, name, family in view.servers
    ]


def _texts(folder: Path, entry: ServerEntry) -> list[tuple[str, str]]:
    """Return path and text of what a server was made of, as the run has it."""
    texts = ((source.path, sources.read(folder, source)) for source in entry.sources)
    return [(path, text) for path, text in texts if text is not None]


def _figures(drawn: Iterable[Chart], gaps: Gaps) -> list[dict[str, Any]]:
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


def _colours() -> dict[str, dict[str, str]]:
    return {"light": palette.variables(dark=False), "dark": palette.variables(dark=True)}
