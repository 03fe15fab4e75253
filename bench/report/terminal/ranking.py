"""The ranking on a terminal: one table a workload, as wide as the terminal allows."""

from collections.abc import Callable

from rich.console import Group
from rich.table import Table
from rich.text import Text

from bench.base import wording
from bench.report.sentences import answer, captions, works
from bench.report.terminal.fitting import fitted
from bench.report.view import columns
from bench.report.view.cell_view import WorkloadView
from bench.report.view.columns import Texts, against
from bench.report.view.run_view import RunView

# On a narrow terminal these are left out, one after the other: the page has them.
DISPENSABLE = ("MiB", "heavy p99", "p50", "CPU µs", "at once", "p99", "of best")
# None of ours is longer; of a longer one the middle is left out.
NAME_MOST = 40
LEGEND = (
    "of best: throughput (offered load: p99, offered connections: CPU) against the best, over "
    "shared blocks; ≈ is tied with it, ? cannot be compared.\n"
    "at once: requests that were served at a time (throughput x mean cycle) of those in flight."
)


def table(view: RunView, width: int = 100) -> Group:
    """Return the workloads of a run in turn, the ranked cells first, the best on top."""
    tables = fitted(
        tuple(COLUMNS),
        DISPENSABLE,
        width,
        lambda titles: [_workload(workload, titles) for workload in view.workloads],
    )
    pieces: list[Table | Text] = []
    for pairs, workload in zip(tables, view.workloads, strict=True):
        pieces += [pairs, Text(answer.answer(view, workload)[0])]
        pieces += map(Text, works.of_mixture(workload))
        pieces.append(Text())
    pieces += [Text(f"{sentence}\n") for sentence in captions.across(view)]
    return Group(*pieces, Text(LEGEND, style="dim"))


def _workload(workload: WorkloadView, titles: list[str]) -> Table:
    if not workload.workload.mixture:
        titles = [title for title in titles if title not in OF_MIXTURES]
    grid = Table(box=None, pad_edge=False, collapse_padding=True)
    grid.title, grid.title_justify = Text(workload.label, style="bold"), "left"
    names = [wording.shortened(cell.server, NAME_MOST) for cell in workload.cells]
    # A row without the whole of its name says nothing of anybody: it gives way last.
    grid.add_column("server", no_wrap=True, min_width=max(map(len, names), default=0))
    for title in titles:
        grid.add_column(title, justify="right", no_wrap=True)
    grid.add_column("verdict", no_wrap=True)
    texts_of = columns.of(workload.cells, bare=True)
    shown = [COLUMNS[title](workload, texts_of) for title in titles]
    for row, (name, cell) in enumerate(zip(names, workload.cells, strict=True)):
        style = "" if cell.verdict.valid else "dim"
        texts = (column[row] for column in shown)
        grid.add_row(*map(Text, (name, *texts, cell.verdict.name)), style=style)
    return grid


def _against_best(workload: WorkloadView, _: Texts) -> list[str]:
    return [against(workload.order.against_best(cell.server)) for cell in workload.cells]


def _at_once(workload: WorkloadView, _: Texts) -> list[str]:
    return [cell.at_once("/") for cell in workload.cells]


def _figure(column: str) -> Callable[[WorkloadView, Texts], list[str]]:
    return lambda _, texts: texts[column]


COLUMNS: dict[str, Callable[[WorkloadView, Texts], list[str]]] = {
    "requests/s": _figure("throughput_rps"),
    "of best": _against_best,
    "p50": _figure("p50_us"),
    "p99": _figure("p99_us"),
    "light p99": _figure("light_p99_us"),
    "heavy p99": _figure("heavy_p99_us"),
    "CPU µs": _figure("cpu_us_per_request"),
    "MiB": _figure("memory_mib"),
    "at once": _at_once,
}
OF_MIXTURES = ("light p99", "heavy p99")
