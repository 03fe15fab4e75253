"""What the README shows of the published run: a table and a terminal (`make docs`)."""

import dataclasses
import io
import re
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console, Group
from rich.terminal_theme import TerminalTheme

from bench.report.terminal import needs, ranking
from bench.report.view import columns
from bench.report.view.cell_view import WorkloadView
from bench.report.view.columns import against
from bench.teaching import neighbours
from tests.support.model_pages import published
from tests.support.paths import ROOT

PAGE = ROOT / "README.md"
PICTURE = ROOT / "docs" / "terminal.svg"
# The published run of the default suite, and what of it is shown.
RUN, WORKLOAD = "", "kept-50"
WIDTH = 100
# Rich's picture asks a host for its font; ours takes what the reader has.
FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
THEME = TerminalTheme((23, 26, 31), (220, 224, 230), [(90, 96, 106)] * 8, [(120, 126, 136)] * 8)


def workload() -> WorkloadView:
    """Return the workload that is shown."""
    return next(each for each in published(RUN).workloads if each.label == WORKLOAD)


def page() -> str:
    """Return the README as it is to be."""
    return neighbours.put(PAGE.read_text(), block())


def block() -> str:
    """Return the table of the README, with what it is of."""
    shown = workload()
    head = ("server", "requests/s", "of the best", "p99", "CPU µs/request", "MiB", "verdict")
    rows = [f"| {' | '.join(row)} |" for row in (head, *_rows(shown))]
    rows.insert(1, "|---|--:|--:|--:|--:|--:|---|")
    view = published(RUN)
    blocks = len(view.run.header.order)
    about = (
        f"{shown.described()}; {view.cpus()}. {blocks} blocks of one day on one "
        "machine ([the whole run](results/reference/report.md)); yours will differ: `make bench`."
    )
    return "\n\n".join([neighbours.BEGIN, about, "\n".join(rows), neighbours.END])


def _rows(shown: WorkloadView) -> Iterator[tuple[str, ...]]:
    texts = columns.of(shown.cells)
    for row, cell in enumerate(shown.cells):
        yield (
            cell.server,
            texts["throughput_rps"][row],
            against(shown.order.against_best(cell.server)),
            texts["p99_us"][row],
            texts["cpu_us_per_request"][row],
            texts["memory_mib"][row],
            str(cell.verdict.name),
        )


def picture() -> str:
    """Return what a terminal shows at the end of a run, of one workload, as SVG."""
    view = dataclasses.replace(published(RUN), workloads=[workload()])
    console = Console(
        file=io.StringIO(), record=True, width=WIDTH, force_terminal=True, legacy_windows=False
    )
    console.print(Group(needs.answer(view), ranking.table(view, WIDTH)))
    svg = console.export_svg(title="make bench", theme=THEME, unique_id="terminal")
    return FONT.sub("", svg)


def files() -> Iterator[tuple[Path, str]]:
    """Yield every file that is written, with its text."""
    yield PAGE, page()
    yield PICTURE, picture()


if __name__ == "__main__":
    for path, text in files():
        path.write_text(text)
