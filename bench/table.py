"""The ranking on a terminal: one table a workload, within 100 columns."""

from rich.console import Group
from rich.table import Table
from rich.text import Text

from bench import checks, findings, words
from bench.cells import CellView, WorkloadView
from bench.views import RunView

TITLES = ("requests/s", "of best", "p50", "p99", "CPU µs", "MiB", "at once")
LEGEND = (
    "of best: throughput (open loop: p99) against the best, over shared blocks; "
    "≈ is not told apart from it.\n"
    "at once: requests that were served at a time (throughput x mean cycle) of those in flight."
)


def table(view: RunView) -> Group:
    """Return the workloads of a run in turn, the ranked cells first, the best on top."""
    pieces: list[Table | Text] = []
    for workload in view.workloads:
        answer = findings.answer(view, workload)[0]
        pieces += [_workload(workload), Text(answer), Text()]
    return Group(*pieces, Text(LEGEND, style="dim"))


def _workload(workload: WorkloadView) -> Table:
    made = Table(box=None, pad_edge=False, collapse_padding=True)
    made.title, made.title_justify, made.title_style = workload.label, "left", "bold"
    made.add_column("server", max_width=18, overflow="fold")
    for title in TITLES:
        made.add_column(title, justify="right", no_wrap=True)
    made.add_column("verdict", no_wrap=True)
    for cell in workload.cells:
        style = "" if cell.verdict.name == checks.VALID else "dim"
        made.add_row(*map(Text, _shown(workload, cell)), style=style)
    return made


def _shown(workload: WorkloadView, cell: CellView) -> list[str]:
    def number(column: str) -> str:
        found = cell.estimate(column)
        return "" if found is None else words.number(found.value)

    def time(column: str) -> str:
        found = cell.estimate(column)
        return "" if found is None else words.duration(found.value)

    pair = workload.order.against_best(cell.server)
    return [
        cell.server,
        cell.throughput().removesuffix(" /s"),
        "" if pair is None else str(pair),
        *(time(column) for column in ("p50_us", "p99_us")),
        *(number(column) for column in ("cpu_us_per_request", "memory_mib")),
        cell.at_once("/"),
        cell.verdict.name,
    ]
