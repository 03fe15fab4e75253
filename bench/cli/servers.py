"""Commands on servers: `bench list`, and to try one by hand."""

import sys
from typing import Annotated

import typer
from rich.table import Table

from bench.base.errors import ConfigError
from bench.cli.console import console
from bench.plan import suite_file
from loadgen.exits import Exit
from servers.discovery import KINDS
from servers.terms import TRANSPORTS, kind_of

app = typer.Typer()

# Columns that a terminal has from which on it has room for more than names and what they are.
WIDE = 130


@app.command("list", rich_help_panel="Read")
def list_all() -> None:
    """List the servers and the suites."""
    from bench.plan.catalog import install
    from servers import discovery

    # The kind of a socket is the transports that it serves.
    transports = {kind: " ".join(t for t in TRANSPORTS if kind_of(t) == kind) for kind in KINDS}
    table = Table(box=None, pad_edge=False, title="servers", title_justify="left")
    wide = console.width >= WIDE
    for name in ("name", *(("family", "transports", "clients") if wide else ()), "runs here"):
        table.add_column(name, no_wrap=True)
    table.add_column("what it is", overflow="fold")
    missing: list[str] = []
    for (kind, name), variant in discovery.discover().items():
        lacks = variant.missing()
        missing += [name for name in lacks if not name.startswith("Python ")]
        clients = "any" if variant.max_clients is None else str(variant.max_clients)
        available = f"needs {', '.join(lacks)}" if lacks else "yes"
        more = (variant.family, transports[kind], clients) if wide else ()
        label = name if wide or kind == "stream" else f"{name} (UDP)"
        table.add_row(label, *more, available, variant.summary)
    console.print(table)
    if missing:
        console.print(f"to run those that cannot: {install(sorted(set(missing)))}", highlight=False)
    table = Table(box=None, pad_edge=False, title="\nsuites", title_justify="left")
    table.add_column("name")
    table.add_column("what it measures")
    for name in suite_file.suites():
        table.add_row(name, suite_file.load(name).summary)
    console.print(table)


@app.command(rich_help_panel="Try a server")
def serve(
    server: Annotated[str, typer.Argument(help="a server's name, or a path to its file")],
    transport: Annotated[str, typer.Option(help="tcp, tcp6, unix or udp")] = "tcp",
) -> None:
    """Run one server by hand, until Ctrl-C."""
    from bench.authoring import tryout

    tryout.serve(server, transport, console)


@app.command(rich_help_panel="Try a server")
def check(
    server: Annotated[str, typer.Argument(help="a server's name, or a path to its file")],
    transport: Annotated[
        str | None, typer.Option(help="tcp, tcp6, unix or udp (default: all it serves)")
    ] = None,
    first: Annotated[bool, typer.Option("--first", help="stop at the first failure")] = False,
) -> None:
    """Hold one server to the contract of an echo server, line by line; status 1 if it fails."""
    from bench.authoring import tryout

    if not tryout.check(server, transport, console, first=first):
        sys.exit(Exit.GATE)


@app.command("new-server", rich_help_panel="Try a server")
def new_server(
    name: Annotated[str, typer.Argument(help="such as my_server")],
) -> None:
    """Write a working server file to start from."""
    from bench.authoring import scaffold

    try:
        path = scaffold.write(name)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    console.print(f"wrote {path}", highlight=False)
    if scaffold.IN_TREE:
        stem = path.stem.replace("_", "-")
        steps = f"make check SERVER={stem}", f'make bench SERVERS="uvloop {stem}"'
    else:
        steps = f"bench check ./{path}", f"bench run --servers uvloop,./{path}"
    console.print(f"next: {steps[0]}\nthen: {steps[1]}", highlight=False)
