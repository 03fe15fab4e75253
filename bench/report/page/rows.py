"""The rows of the tables: a workload with its sentences, a cell with its figures as texts."""

from collections.abc import Mapping
from typing import Any

from bench.base import wording
from bench.model.trial import Cell
from bench.pairs.pairwise import Pair
from bench.pairs.ranking import Place
from bench.report import facts
from bench.report.charts import slug, unlike
from bench.report.sentences import answer, captions, works
from bench.report.view import columns
from bench.report.view.cell_view import CellView, WorkloadView
from bench.report.view.columns import against
from bench.report.view.run_view import RunView

# The table of all figures: titles, whether a column holds numbers, whether it is shown at first.
COLUMNS = (
    *(("server", False, True), ("verdict", False, True), ("place", True, True)),
    *(("requests/s", True, True), ("of the best", True, True), ("p50", True, False)),
    *(("p99", True, True), ("CPU µs/request", True, True), ("memory MiB", True, True)),
)
# Where a workload is a mixture: of its two classes of requests.
CLASS_COLUMNS = (("light p99", True, True), ("heavy p99", True, True))
MORE_COLUMNS = (
    *(("served at once", True, False), ("p99.9", True, False), ("of witness", True, False)),
    *(("family", False, False), ("course", False, False)),
)


def of_workload(workload: WorkloadView, taken: set[str], view: RunView) -> dict[str, Any]:
    """Return what is shown of a workload; taken: the names in links that others have."""
    order = workload.order
    sure = any(len(cell.metrics) > 1 for cell in workload.ranked)
    places = {place.server: place for place in order.places} if sure else {}
    texts = columns.of(workload.cells)
    several = facts.differ(view.run.entries)
    entries = [view.run.entry_of(Cell(cell.server, cell.workload)) for cell in workload.cells]
    return {
        "label": workload.label,
        "slug": unlike(slug(workload.label), taken),
        "described": workload.described(),
        "mixture": workload.workload.mixture,
        "answer": [*answer.answer(view, workload), *works.of_mixture(workload)],
        "rows": [
            _row(cell, places.get(cell.server), order.against_best(cell.server))
            | _texts({name: column[row] for name, column in texts.items()}, cell)
            | {"ran_under": facts.ran_under(entries[row]) if several else ""}
            for row, cell in enumerate(workload.cells)
        ],
    }


def _texts(texts: Mapping[str, str], cell: CellView) -> dict[str, Any]:
    """Return the figures of a cell as they are written; times beside the value that sorts them."""
    times = {name: (cell.value(name) if text else None, text) for name, text in texts.items()}
    return {
        "throughput": texts["throughput_rps"],
        "cpu": texts["cpu_us_per_request"],
        "memory": texts["memory_mib"],
        "percentiles": [times[name] for name in ("p50_us", "p99_us", "p999_us")],
        "classes": [times[name] for name in ("light_p99_us", "heavy_p99_us")],
    }


def _row(cell: CellView, place: Place | None, pair: Pair | None) -> dict[str, Any]:
    """Return what a cell is, and the figures that sort it."""
    beside = cell.beside_witness
    names = ("throughput_rps", "cpu_us_per_request", "memory_mib", "effective_concurrency")
    figures = {name: each and each.value for name in names for each in [cell.estimate(name)]}
    return figures | {
        "index": cell.index,
        "server": cell.server,
        "family": cell.family,
        "place": place.rank if place else "",
        "best": place.best if place else "",
        "of_best": pair.ratio.value if pair and pair.ratio else "",
        "against_best": against(pair),
        "at_once": cell.at_once(" of "),
        "witness": "" if beside is None else wording.ratio(beside),
        "witness_ratio": "" if beside is None else beside.value,
        "witness_range": "" if beside is None else wording.ranged(beside),
        "verdict": cell.verdict.name,
        "why": captions.described(cell),
        "course": cell.course,
        "noted": bool(cell.verdict.notes),
    }
