"""The command `bench demo`: two models beside each other, live, for a classroom."""

import sys
from typing import Annotated

import typer

from bench.cli.console import console
from loadgen.exits import in_words as statuses

app = typer.Typer()


@app.command(rich_help_panel="Try a server", epilog=statuses())
def demo(
    a: Annotated[str, typer.Argument(metavar="[A]", help="a server's name, or its file")] = (
        "blocking"
    ),
    b: Annotated[str, typer.Argument(metavar="[B]", help="another one")] = "thread-per-client",
    clients: Annotated[int, typer.Option(help="connections, all of them kept")] = 50,
    seconds: Annotated[float, typer.Option(help="how long to go on")] = 20.0,
) -> None:
    """Show two models beside each other, live: the same clients ask both, by turns.

    Each turn is a fresh server under half a second of load. Nothing is kept; to measure, use
    `bench run`, to decide between the two `bench ab`.
    """
    from bench.teaching.demo import Demo, show

    sys.exit(show(Demo((a, b), clients, seconds), console))
