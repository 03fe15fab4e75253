"""Commands on what was measured, and on the machine: `bench report`, `compare`, `doctor`."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench.base import levels
from bench.base.errors import ConfigError, StoreError
from bench.base.gaps import Gaps
from bench.cli.console import console, emit, terminal
from bench.model.run import Run
from bench.verdicts.verdict import Verdict
from loadgen.exits import Exit

app = typer.Typer()

REPORT_IT = "a part of the report failed for a mistake of this program: please tell its developers"


def show(
    run: Run,
    gaps: Gaps,
    *,
    png: bool = False,
    every: bool = False,
    as_json: bool = False,
    margin: float = levels.EQUIVALENT,
) -> list[Verdict]:
    """Write the report of a run, print its summary and say where it is; return its verdicts.

    gaps: what is missing already; what cannot be written of the report comes to it
    margin: within which two servers are called equivalent

    Raises:
        StoreError: there is no page, or it is not the one of this run
    """
    from bench.report import files
    from bench.report.capacity import document as capacity_document
    from bench.report.capacity import files as capacities
    from bench.report.proof import files as proofs
    from bench.report.terminal import verdicts
    from bench.report.view import run_view

    view = run_view.view(run, margin)
    page = files.write(view, gaps, png=png, every=every)
    proofs.renew(run, gaps)
    carried = capacities.write(run, gaps)
    if as_json:
        emit(files.render(view, "json"), "json")
        tell_gaps(gaps, page, terminal(stderr=True))
        return list(view.verdicts.values())
    if carried:
        console.print(capacity_document.table(carried), "")
    console.print(files.table(view, console.width))
    console.print(verdicts.summary(view.verdicts), highlight=False)
    tell_gaps(gaps, page, console)
    console.print(f"report: {page}", highlight=False, soft_wrap=True)
    return list(view.verdicts.values())


def tell_gaps(gaps: Gaps, page: Path, where: Console) -> None:
    """Say which parts of a report are missing; raises StoreError if the page is one of them."""
    for line in gaps.lines():
        where.print(f"left out: {line}", highlight=False, soft_wrap=True)
    if gaps.defects:
        where.print(REPORT_IT, highlight=False, soft_wrap=True)
    if why := gaps.why(page.name):
        raise StoreError(f"{page}: {why}; mend that, then `bench report {page.parent}`")


@app.command("report", rich_help_panel="Read")
def rebuild(
    folder: Annotated[Path, typer.Argument(help="a run's folder")] = Path("results/latest"),
    form: Annotated[
        str | None, typer.Option("--format", help="print it instead: html, md, csv or json")
    ] = None,
    png: Annotated[bool, typer.Option("--png", help="every chart as PNG as well")] = False,
    every: Annotated[
        bool, typer.Option("--every-chart", help="every chart, of a run with many cells as well")
    ] = False,
    margin: Annotated[
        str, typer.Option(help="how near to each other servers are called equivalent")
    ] = "3%",
    base: Annotated[
        str | None, typer.Option(help="the interpreter that others are compared with")
    ] = None,
) -> None:
    """Rebuild the report of a run from its files; no server is started."""
    from bench.plan.suite_file import fraction
    from bench.report import files
    from bench.report.view import pythons, run_view

    within = fraction(margin, "--margin")
    run = stored(folder)
    run = run if base is None else pythons.compared_with(run, base)
    if form is not None and (png or every):
        raise ConfigError("--png and --every-chart are of the folder's files: leave --format out")
    if form is None:
        show(run, Gaps(), png=png, every=every, margin=within)
    elif form in files.FORMATS:
        emit(files.render(run_view.view(run, within), form), form)
    else:
        raise ConfigError(f"--format {form!r}: choose from {', '.join(files.FORMATS)}")


def stored(folder: Path) -> Run:
    """Return the run in a folder, or behind a link such as `results/latest`; raises StoreError."""
    from bench.store import run_folder

    return run_folder.read(run_folder.behind_links(folder))


@app.command(rich_help_panel="Read")
def export(
    folder: Annotated[Path, typer.Argument(help="a run's folder")] = Path("results/latest"),
    form: Annotated[
        str, typer.Option("--format", help="csv, json, pytest-benchmark or hdr")
    ] = "csv",
) -> None:
    """Write a run in another tool's format, into its folder export/."""
    from bench.report import export as exporting
    from bench.report.view import run_view

    for path in exporting.write(run_view.view(stored(folder)), form):
        console.print(str(path), highlight=False, soft_wrap=True)


@app.command(rich_help_panel="Try a server", hidden=True)
def publish(
    folder: Annotated[Path, typer.Argument(help="a run's folder")],
    to: Annotated[Path, typer.Argument(help="where it is published")],
    anyway: Annotated[bool, typer.Option("--anyway", help="even if it is noisy")] = False,
) -> None:
    """Copy a run for others to read; status 1 if its own verdicts say that it is too noisy."""
    from bench.authoring import publishing
    from bench.report.view import run_view

    view = run_view.view(stored(folder))
    doubts = publishing.doubts(view)
    for doubt in doubts:
        console.print(f"not fit to be published: {doubt}", highlight=False, soft_wrap=True)
    if doubts and not anyway:
        console.print(f"{to} stays as it is; measure in a quiet hour", highlight=False)
        sys.exit(Exit.GATE)
    files = publishing.publish(view, to)
    console.print(f"published {files} files in {to}", highlight=False, soft_wrap=True)


@app.command("doctor", rich_help_panel="Measure")
def examine() -> None:
    """Look for what on this machine would disturb a measurement, with a remedy for each."""
    from bench.host.doctor import examine

    console.print(examine.table(examine.examine()))


@app.command(rich_help_panel="Read")
def explain(
    of: Annotated[
        list[str] | None,
        typer.Argument(metavar="[VERDICT | RUN SERVER]", help="a verdict, or a server of a run"),
    ] = None,
    limits: Annotated[bool, typer.Option("--limits", help="the numbers they rest on")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="print docs/limits.md")] = False,
) -> None:
    """Say what each verdict means, what one means, or why a server of a run has those it has."""
    from bench.cli import explain as explaining
    from bench.report.view import run_view

    words = of or []
    if markdown:
        print(explaining.markdown(), end="")
    elif len(words) == 2:
        view = run_view.view(stored(Path(words[0])))
        console.print(explaining.cells(view, words[1]), highlight=False)
    elif len(words) > 2:
        raise ConfigError(f"explain {' '.join(words)}: name one verdict, or a run and a server")
    elif limits and not words:
        console.print(explaining.limits_table())
    else:
        console.print(explaining.verdicts(*words))
        console.print("the numbers they rest on: bench explain --limits", style="dim")


@app.command("open", rich_help_panel="Read")
def open_page(
    folder: Annotated[Path, typer.Argument(help="a run's folder")] = Path("results/latest"),
) -> None:
    """Open the page of a run in the browser."""
    from bench.store import run_folder

    page = (run_folder.behind_links(folder) / "report.html").absolute()
    if page.is_symlink():
        raise StoreError(f"{page}: is a link, and leads elsewhere; write it with bench report")
    if not page.exists():
        raise StoreError(f"{folder}: has no report.html; write it with bench report")
    try:
        status = typer.launch(str(page))
    except OSError:  # there is not even a program that knows browsers
        status = 1
    if status:
        raise StoreError(f"{page}: no program to open it was found; open it by hand")
