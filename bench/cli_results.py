"""Commands on what was measured, and on the machine: `bench compare`, `export`, `doctor`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from bench.terminal import console

app = typer.Typer()


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
