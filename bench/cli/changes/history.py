"""The command `bench history`: cells over the runs of one machine, and the steps in them."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from bench.base.errors import ConfigError, StoreError
from bench.cli.changes.documents import written
from bench.cli.console import console, terminal
from bench.cli.results import stored
from bench.model.run import Run
from loadgen.exits import in_words as statuses

app = typer.Typer()


@app.command(rich_help_panel="Read", epilog=statuses())
def history(
    folders: Annotated[
        list[Path], typer.Argument(metavar="DIR...", help="runs, or folders that hold runs")
    ],
    figure: Annotated[
        str, typer.Option(help="such as p99 or cpu (default: what ranks servers)")
    ] = "",
    server: Annotated[str, typer.Option(help="only this one")] = "",
    workload: Annotated[str, typer.Option(help="only this one, by its name")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="print points and steps, only")] = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="print what is to be pasted, only")
    ] = False,
    write: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="where history.html and history.md go (default: the first DIR)",
        ),
    ] = None,
) -> None:
    """Draw each cell over the runs of one machine, and mark the steps that exceed the noise.

    Runs are ordered by their time and named by their commit. What differs in machine or settings
    from the last that has another beside it is left out, and named.
    """
    from bench.analysis.metrics import METRICS
    from bench.history.timeline import timeline
    from bench.report.over_runs import document, words
    from bench.report.terminal import over_runs

    if figure and figure not in METRICS:
        raise ConfigError(f"--figure {figure}: choose from {', '.join(METRICS)}")
    if as_json and as_markdown:
        raise ConfigError("--json and --markdown: choose one, for both are to be the only output")
    runs, unread = _readable(folders)
    found = timeline(runs, METRICS.get(figure), server, workload)
    command = ("bench", *sys.argv[1:])
    texts = {
        "history.md": document.markdown(found, command),
        "history.html": document.html(found, command),
    }
    if as_json:
        print(json.dumps(words.document(found), indent=2))
    elif as_markdown:
        print(texts["history.md"], end="")
    else:
        console.print(over_runs.table(found, console.width))
    told = terminal(stderr=as_json or as_markdown)
    for why in unread:
        told.print(f"left out: {why}", highlight=False, soft_wrap=True)
    where = written(write or folders[0], texts, asked=write is not None)
    told.print(where, highlight=False, soft_wrap=True)


def _readable(folders: Sequence[Path]) -> tuple[list[Run], list[str]]:
    """Return the runs of folders, each once, and why others among them cannot be read.

    Raises:
        StoreError: a folder holds no run, or none of the runs can be read
    """
    from bench.store import run_folder

    runs, unread = [], []
    for path in dict.fromkeys(path for folder in folders for path in run_folder.below(folder)):
        try:
            runs.append(stored(path))
        except StoreError as error:
            unread.append(str(error))
    if not runs:
        raise StoreError(unread[0])
    return runs, unread
