"""Commands on what was measured, and on the machine: `bench report`, `compare`, `doctor`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from bench.config import ConfigError
from bench.terminal import console

app = typer.Typer()


def show(folder: Path, *, png: bool = False, as_json: bool = False) -> None:
    """Write the report of a run, print its summary and say where the report is."""
    from bench import contents, outcome, report, store, views

    stored = store.read(folder)
    page = report.write(stored, png=png)
    if as_json:
        print(report.render(stored, "json"))
        return
    console.print(report.table(views.view(stored), console.width))
    console.print(outcome.told(contents.verdicts(stored)), highlight=False)
    console.print(f"report: {page}", highlight=False, soft_wrap=True)


@app.command("report", rich_help_panel="Read")
def rebuild(
    folder: Annotated[Path, typer.Argument(help="a run's folder")] = Path("results/latest"),
    form: Annotated[
        str | None, typer.Option("--format", help="print it instead: html, md, csv or json")
    ] = None,
    png: Annotated[bool, typer.Option("--png", help="every chart as PNG as well")] = False,
) -> None:
    """Rebuild the report of a run from its files; no server is started."""
    from bench import report, store

    folder = folder.resolve() if folder.is_symlink() else folder
    if form is None:
        show(folder, png=png)
    elif form in report.FORMATS:
        print(report.render(store.read(folder), form))
    else:
        raise ConfigError(f"--format {form!r}: choose from {', '.join(report.FORMATS)}")


@app.command(rich_help_panel="Read")
def compare(
    before: Annotated[Path, typer.Argument(metavar="RUN_A", help="the folder of a run")],
    after: Annotated[Path, typer.Argument(metavar="RUN_B", help="of another, later one")],
    force: Annotated[
        bool, typer.Option("--force", help="even if machines or settings differ")
    ] = False,
    control: Annotated[
        str,
        typer.Option(
            metavar="SERVER", help="one that did not change: what it moved by, the machine did"
        ),
    ] = "",
    fail_if: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GATE", help="status 1 if so: 'throughput < 0.95', 'p99 > 1.10' (repeatable)"
        ),
    ] = None,
) -> None:
    """Compare two runs: the ratio B / A of each figure, with its interval.

    A gate fires only if the whole interval is beyond its limit, or a server of B broke.
    """
    from bench import gates, ratio_table, store
    from bench.compare import compare as compared

    limits = [gates.parse_gate(text) for text in fail_if or ()]
    found = compared(store.read(before), store.read(after), force, control)
    console.print(ratio_table.table(found))
    for sentence in gates.undecided(found, limits):
        console.print(f"unsure: {sentence}", highlight=False, soft_wrap=True)
    fired = gates.fired(found, limits)
    for sentence in fired:
        console.print(f"failed: {sentence}", highlight=False, soft_wrap=True)
    if fired:
        sys.exit(1)


@app.command(rich_help_panel="Read")
def export(
    folder: Annotated[Path, typer.Argument(help="a run's folder")] = Path("results/latest"),
    form: Annotated[
        str, typer.Option("--format", help="csv, json, pytest-benchmark or hdr")
    ] = "csv",
) -> None:
    """Write a run in another tool's format, into its folder export/."""
    from bench import export as exporting
    from bench import store

    run = store.read(folder.resolve() if folder.is_symlink() else folder)
    for path in exporting.write(run, form):
        console.print(str(path), highlight=False, soft_wrap=True)


@app.command("doctor", rich_help_panel="Measure")
def examine() -> None:
    """Look for what on this machine would disturb a measurement, with a remedy for each."""
    from bench import doctor

    console.print(doctor.table(doctor.examine()))


@app.command(rich_help_panel="Read")
def explain() -> None:
    """Say what each verdict means, and which limits it rests on."""
    from bench import explain as explaining

    console.print(explaining.table())


@app.command("open", rich_help_panel="Read")
def open_page(
    folder: Annotated[Path, typer.Argument(help="a run's folder")] = Path("results/latest"),
) -> None:
    """Open the page of a run in the browser."""
    from bench.store import StoreError

    page = (folder / "report.html").resolve()
    if not page.exists():
        raise StoreError(f"{folder}: has no report.html; write it with bench report")
    if typer.launch(str(page)):
        raise StoreError(f"{page}: no program to open it was found; open it by hand")
