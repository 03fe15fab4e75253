"""The page and its Markdown sister: what they hold, handed to their templates."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from bench import captions, findings, svg, words
from bench.charts import Chart, palette, slug
from bench.views import CellView, RunView, WorkloadView

# A server's source is shown if it is no longer than this.
SOURCE_LIMIT_BYTES = 64 * 1024
ROOT = Path(__file__).resolve().parent.parent


def html(view: RunView, drawn: Iterable[Chart]) -> str:
    """Return the self-contained page."""
    environment = _environment(autoescape=True)
    template = environment.get_template("report.html.j2")
    return template.render(_content(view), kinds=_figures(drawn), colours=_colours())


def markdown(view: RunView, overview: Iterable[Chart]) -> str:
    """Return the report as Markdown; it shows the overview charts beside it."""
    template = _environment(autoescape=False).get_template("report.md.j2")
    charts = [(chart, _shows(chart)) for chart in overview]
    return template.render(_content(view), charts=charts)


def _environment(*, autoescape: bool) -> Environment:
    made = Environment(
        loader=PackageLoader("bench"),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["duration"] = words.duration
    made.filters["number"] = words.number
    made.filters["cell"] = lambda text: str(text).replace("|", "\\|").replace("\n", " ")
    return made


def _content(view: RunView) -> dict[str, Any]:
    header = view.run.header
    workloads = [_workload(view, workload) for workload in view.workloads]
    return {
        "run_id": header.get("run_id", view.run.folder.name),
        "created": _day(header.get("created_at", "")),
        "cut_off": not view.finished,
        "measured": sum(cell.trials != [] for item in view.workloads for cell in item.cells),
        "planned": sum(len(item.cells) for item in view.workloads),
        "workloads": workloads,
        "servers": _servers(view),
        "command": " ".join(map(_quoted, header.get("command", []))),
        "config": header.get("config", {}),
        "cpus": view.cpus(),
        "facts": _facts(header),
        "definitions": DEFINITIONS,
    }


def _workload(view: RunView, workload: WorkloadView) -> dict[str, Any]:
    order = findings.ranking(view, workload)
    return {
        "label": workload.label,
        "slug": slug(workload.label),
        "described": workload.described(),
        "answer": findings.answer(view, workload),
        "rows": [_row(cell, order.places.get(cell.server)) for cell in workload.cells],
    }


def _row(cell: CellView, place: int | None) -> dict[str, Any]:
    def value(column: str) -> float | None:
        found = cell.estimate(column)
        return None if found is None else found.value

    throughput, cpu = cell.estimate("throughput_rps"), cell.estimate("cpu_us_per_request")
    names = ("p50_us", "p99_us", "p999_us", "memory_mib")
    return {name: value(name) for name in names} | {
        "index": cell.index,
        "server": cell.server,
        "family": cell.family,
        "place": place,
        "throughput_rps": throughput and throughput.value,
        "throughput": cell.throughput().removesuffix(" /s"),
        "cpu_us": cpu and cpu.value,
        "cpu": "" if cpu is None else words.estimate(cpu),
        "verdict": cell.verdict.name,
        "why": captions.described(cell),
        "noted": bool(cell.verdict.notes),
    }


def _servers(view: RunView) -> list[dict[str, Any]]:
    entries = {entry["name"]: entry for entry in view.run.header["config"]["servers"]}
    shown = []
    for index, name, family in view.servers:
        entry = entries.get(name, {})
        source = str(entry.get("source") or "")
        shown.append(
            {
                "index": index,
                "name": name,
                "family": family,
                "colour": f"--family-{family if family in palette.FAMILIES else 'other'}",
                "summary": entry.get("summary") or "",
                "source": source,
                "text": _source(source),
            }
        )
    return shown


def _source(path: str) -> str:
    """Return the text of a file of this checkout; empty for a command or a missing file."""
    file = (ROOT / path).resolve()
    try:
        if not path.endswith(".py") or file.stat().st_size > SOURCE_LIMIT_BYTES:
            return ""
        return file.read_text(encoding="utf-8") if file.is_relative_to(ROOT) else ""
    except (OSError, ValueError):
        return ""


def _figures(drawn: Iterable[Chart]) -> list[dict[str, Any]]:
    """Return the charts by kind, each as an element of the page with its caption."""
    kinds: dict[str, dict[str, Any]] = {}
    variables = {value: name for name, value in palette.variables(dark=False).items()}
    for chart in drawn:
        shows = _shows(chart)
        kind = kinds.setdefault(
            chart.kind, {"name": chart.kind, "title": chart.title, "how": chart.how, "figures": []}
        )
        label = f"{chart.title}, {chart.workloads[0].label}. {shows}"
        canvas = chart.canvas
        element = svg.inline(
            canvas.svg, chart.name, label, canvas.head_share, canvas.marks, variables
        )
        kind["figures"].append({"name": chart.name, "svg": element, "shows": shows})
    return list(kinds.values())


def _shows(chart: Chart) -> str:
    several = len(chart.workloads) > 1
    return " ".join(
        (f"{workload.label}: " if several else "") + captions.shows(chart.kind, workload)
        for workload in chart.workloads
    )


def _colours() -> dict[str, dict[str, str]]:
    return {"light": palette.variables(dark=False), "dark": palette.variables(dark=True)}


def _facts(header: dict[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the groups of terms and machine facts as pairs of text."""
    groups = (("Terms", "terms"), ("Machine", "machine"), ("Versions", "versions"))
    return [
        (title, [(_worded(name), _printable(value)) for name, value in header[key].items()])
        for title, key in groups
        if header.get(key)
    ]


def _worded(name: str) -> str:
    return name.replace("_mib", " (MiB)").replace("_", " ")


def _printable(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_printable(item)}" for name, item in value.items())
    if isinstance(value, list):
        return ", ".join(_printable(item) for item in value)
    return "not known" if value is None else str(value)


def _day(moment: str) -> str:
    return moment.replace("T", " ")[:16]


def _quoted(word: str) -> str:
    import shlex

    return shlex.quote(word)


# The words of the report, one for each thing.
DEFINITIONS = (
    ("throughput", "Correct replies received in the window, per second."),
    ("response time", "From the moment a request was due to be sent until its reply was complete."),
    ("service time", "From the moment a request was sent until its reply was complete."),
    ("p99", "The response time that 99 of 100 requests stayed below, waits cut off included."),
    ("CPU per request", "CPU time of all the server's processes in the window, per reply."),
    ("memory", "Proportional set size of all the server's processes: shared pages count once."),
    ("±", "Half of the 95 % confidence interval over trials, each with a fresh server process."),
    ("≥", "A lower bound: the generator had no time left while the server had."),
    ("tied", "The interval of the ratio over shared blocks, corrected for the pairs, holds 1."),
    ("place", "One more than the number of servers that are surely faster."),
    ("closed loop", "Each connection sends its next request when the reply is there."),
    ("open loop", "Requests follow a schedule, whatever the server does."),
    ("starved", "Some connections were left waiting while others were served."),
    ("trial, block", "One measurement of one cell; one repeat of all cells, in shuffled order."),
)
