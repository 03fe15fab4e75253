"""The command `bench history`: cells over the runs of one machine, and the steps in them."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from bench.base.errors import ConfigError, StoreError, in_words
from bench.cli.changes.documents import written
from bench.cli.console import console, terminal
from bench.cli.results import stored
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

    Runs are ordered by their time and named by their commit. What differs from the last of them in
    machine or settings is left out, and named.
    """
    from bench.analysis.metrics import METRICS
    from bench.history.timeline import timeline
    from bench.report.over_runs import document, words
    from bench.report.terminal import over_runs

    if figure and figure not in METRICS:
        raise ConfigError(f"--figure {figure}: choose from {', '.join(METRICS)}")
    paths = list(dict.fromkeys(path for folder in folders for path in runs_in(folder)))
    found = timeline([stored(path) for path in paths], METRICS.get(figure), server, workload)
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
    told.print(written(write or folders[0], texts), highlight=False, soft_wrap=True)


def runs_in(folder: Path) -> Iterator[Path]:
    """Yield the runs of a folder: itself, or those that lie in it, each once and by its own name.

    Raises:
        StoreError: it is no run and holds none
    """
    if (folder / "run.json").exists():
        yield folder.resolve()
        return
    try:
        below = sorted(path for path in folder.iterdir() if not path.is_symlink())
    except OSError as error:
        raise StoreError(in_words(error)) from None
    runs = [path for path in below if (path / "run.json").is_file()]
    if not runs:
        raise StoreError(f"{folder}: is no run and holds none; name folders such as results")
    yield from (path.resolve() for path in runs)
