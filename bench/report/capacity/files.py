"""The files of a run that looks for capacities, made from its folder alone."""

from collections.abc import Sequence

from bench.base.gaps import Gaps
from bench.capacity import finding
from bench.capacity.finding import Capacity
from bench.model.run import Run
from bench.report.capacity import document
from bench.store import run_folder

CSV, JSON, MARKDOWN, PAGE = "capacity.csv", "capacity.json", "capacity.md", "capacity.html"


def write(run: Run, gaps: Gaps) -> Sequence[Capacity]:
    """Write tables, page and pictures; return what was found. Nothing of another kind of run."""
    if not run.header.config.slo:
        return ()
    rows: Sequence[Capacity] = ()
    with gaps.part(CSV):
        rows = finding.capacities(run)
        run_folder.write_report(run.folder, CSV, document.to_csv(rows).encode())
    for name, made in ((JSON, document.to_json), (MARKDOWN, document.markdown)):
        with gaps.part(name):
            run_folder.write_report(run.folder, name, made(run, rows).encode())
    with gaps.part(PAGE):
        drawn = document.pictures(run, rows) if rows else {}
        page = document.html(run, rows, drawn)
        run_folder.write_report(run.folder, PAGE, page.encode())
        for name, canvas in drawn.items():
            run_folder.write_report(run.folder, f"charts/{name}.svg", canvas.svg.encode())
            run_folder.write_report(run.folder, f"charts/{name}.png", canvas.png())
    return rows
