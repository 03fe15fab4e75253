"""What `docs/models/` says and shows of the published runs: `make docs` writes it anew."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from bench.report.charts.beside.picture import picture
from bench.report.view import run_view
from bench.report.view.cell_view import WorkloadView
from bench.report.view.run_view import RunView
from bench.store import run_folder
from bench.teaching import neighbours
from bench.teaching.neighbours import PAGES, Beside
from tests.support.paths import ROOT

FOLDER = ROOT / "docs" / "models"


@cache
def published(run: str) -> RunView:
    """Return a published run, read once."""
    return run_view.view(run_folder.read(ROOT / "results" / "reference" / run))


def workload(beside: Beside) -> WorkloadView:
    """Return what a page is about, of its run."""
    return neighbours.of_page(published(beside.run), beside)


def page(name: str, beside: Beside) -> str:
    """Return the text of a page as it is to be."""
    text = (FOLDER / f"{name}.md").read_text()
    return neighbours.put(text, neighbours.block(name, beside, workload(beside)))


def chart(beside: Beside) -> str:
    """Return the picture of a page, as SVG."""
    view = published(beside.run)
    return picture(workload(beside), " · ".join(beside.servers), view.cpus()).svg


def files() -> Iterator[tuple[Path, str]]:
    """Yield every file that is written, with its text."""
    for name, beside in PAGES.items():
        yield FOLDER / f"{name}.md", page(name, beside)
        yield FOLDER / "charts" / f"{name}.svg", chart(beside)


if __name__ == "__main__":
    for path, text in files():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
