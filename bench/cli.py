"""The command line: `bench run`, `report`, `list`, `serve`, `check`, `new-server`."""

import enum
import os
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from bench import config
from bench.config import ConfigError
from bench.store import StoreError
from loadgen.plan import PlanError
from servers.discovery import VariantError

# What a user can mend: one line, exit status 2.
BAD_INPUT = (ConfigError, StoreError, PlanError, VariantError)

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Compare concurrency models for network servers in Python.",
)
console = Console()
if not console.is_terminal and "COLUMNS" not in os.environ:
    console.width = 100

Servers = Annotated[
    str | None,
    typer.Option(help="names, families, patterns such as 'selectors-*', or paths to files"),
]
List = "; several values by comma or space"


class Kind(enum.StrEnum):
    """The socket kinds of servers."""

    STREAM = "stream"
    DATAGRAM = "datagram"


def main() -> None:
    """Run the command line; bad input ends with one line and status 2, Ctrl-C with 130."""
    try:
        app()
    except BAD_INPUT as error:
        fail(str(error))
    except KeyboardInterrupt:
        sys.exit(130)


def fail(message: str) -> NoReturn:
    """End with one line on standard error and status 2."""
    print(f"error: {message}", file=sys.stderr)
    sys.exit(2)


@app.command(rich_help_panel="Measure")
def run(
    suite: Annotated[str, typer.Option(help="a suite's name, or a .toml file")] = "default",
    workloads: Annotated[str | None, typer.Option(help="of the suite, by name" + List)] = None,
    servers: Servers = None,
    command: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME='CMD'",
            help="a server of your own, such as mine='./prog {host} {port}' (repeatable)",
        ),
    ] = None,
    connections: Annotated[str | None, typer.Option(help="active connections" + List)] = None,
    payload: Annotated[str | None, typer.Option(help="bytes of a request" + List)] = None,
    requests_per_connection: Annotated[
        str | None, typer.Option(help="reconnect after so many; 'kept' never" + List)
    ] = None,
    transport: Annotated[str | None, typer.Option(help="tcp, tcp6, unix, udp" + List)] = None,
    rate: Annotated[
        str | None, typer.Option(help="requests offered per second, open loop" + List)
    ] = None,
    arrivals: Annotated[str | None, typer.Option(help="exponential or constant" + List)] = None,
    max_in_flight: Annotated[str | None, typer.Option(help="at most, in open loop" + List)] = None,
    depth: Annotated[
        str | None, typer.Option(help="requests in flight on a connection" + List)
    ] = None,
    think_us: Annotated[
        str | None, typer.Option(help="µs between a reply and the next request" + List)
    ] = None,
    idle: Annotated[str | None, typer.Option(help="connections that never send" + List)] = None,
    duration: Annotated[float | None, typer.Option(help="seconds measured in a trial")] = None,
    warmup: Annotated[float | None, typer.Option(help="seconds of load before them")] = None,
    trials: Annotated[int | None, typer.Option(help="how often each cell is measured")] = None,
    pool_size: Annotated[int | None, typer.Option(help="workers of a pool")] = None,
    seed: Annotated[int | None, typer.Option(help="of the order and of the payloads")] = None,
    aa: Annotated[
        str | None,
        typer.Option(help="the server measured twice to show the noise; 'none' for none"),
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="add blocks until intervals are this narrow, such as 3%")
    ] = None,
    budget: Annotated[
        float | None, typer.Option(help="seconds for added and repeated blocks")
    ] = None,
    resume: Annotated[Path | None, typer.Option(help="a run to finish")] = None,
    add: Annotated[
        Path | None, typer.Option(help="a run to add blocks to, or the --servers named")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="a folder for the run, new or empty")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="only the result")] = False,
) -> None:
    """Measure servers under workloads and write a report.

    Every flag replaces what the suite says. Each cell gets a verdict, and none is left out.
    """
    from bench import session

    axes = {
        "connections": connections,
        "payload": payload,
        "requests_per_connection": requests_per_connection,
        "transport": transport,
        "rate": rate,
        "arrivals": arrivals,
        "max_in_flight": max_in_flight,
        "depth": depth,
        "think_us": think_us,
        "idle": idle,
    }
    loaded = config.load(suite)
    listed = None if servers is None else tuple(config.words(servers))
    commands = command or []
    names = tuple(text.partition("=")[0] for text in commands)
    options: dict[str, Any] = {
        "workloads": None if workloads is None else config.words(workloads),
        # A command takes part beside the suite's servers, or where it is listed.
        "servers": (*loaded.servers, *names) if listed is None else listed,
        "duration_s": duration,
        "warmup_s": warmup,
        "trials": trials,
        "pool_size": pool_size,
        "seed": seed,
    }
    given = {axis: config.axis_values(axis, text) for axis, text in axes.items() if text}
    extras = session.Extras(aa, None if until is None else config.fraction(until), budget)
    suite_asked = config.override(loaded, options, given)
    if resume is not None or add is not None:
        blocks = None if add is None else (trials or loaded.trials)
        folder = (add or resume or Path()).resolve()
        measured = session.reopen(folder, blocks, listed or (), commands)
    else:
        measured = session.prepare(suite_asked, commands, out, extras)
    for reason in measured.skipped:
        console.print(f"skipped: {reason}", highlight=False)
    complete = session.measure(measured, console, quiet=quiet)
    show(measured.folder)
    if not complete:
        sys.exit(130)


def show(folder: Path) -> None:
    """Write the report of a run, print its summary and say where the report is."""
    from bench import frames, report, store

    stored = store.read(folder)
    page = report.write(stored)
    console.print(report.table(frames.summary(stored)))
    console.print(f"report: {page}", highlight=False, soft_wrap=True)


@app.command("report", rich_help_panel="Read")
def rebuild(
    folder: Annotated[Path, typer.Argument(help="a run's folder")] = Path("results/latest"),
) -> None:
    """Rebuild the report of a run from its files; no server is started."""
    show(folder.resolve() if folder.is_symlink() else folder)


@app.command("list", rich_help_panel="Read")
def list_all() -> None:
    """List the servers and the suites."""
    from bench.catalog import install
    from servers import discovery

    table = Table(box=None, pad_edge=False, title="servers", title_justify="left")
    for name in ("name", "family", "sockets", "clients", "runs here"):
        table.add_column(name, no_wrap=True)
    table.add_column("what it is", overflow="fold")
    missing: list[str] = []
    for (kind, name), variant in discovery.discover().items():
        lacks = variant.missing()
        missing += lacks
        clients = "any" if variant.max_clients is None else str(variant.max_clients)
        available = f"needs {', '.join(lacks)}" if lacks else "yes"
        table.add_row(name, variant.family, kind, clients, available, variant.summary)
    console.print(table)
    if missing:
        console.print(f"to run those that cannot: {install(sorted(set(missing)))}", highlight=False)
    table = Table(box=None, pad_edge=False, title="\nsuites", title_justify="left")
    table.add_column("name")
    table.add_column("what it measures")
    for name in config.suites():
        table.add_row(name, config.load(name).summary)
    console.print(table)


@app.command(rich_help_panel="Try a server")
def serve(
    server: Annotated[str, typer.Argument(help="a server's name, or a path to its file")],
    transport: Annotated[str, typer.Option(help="tcp, tcp6, unix or udp")] = "tcp",
) -> None:
    """Run one server by hand, until Ctrl-C."""
    from bench import byhand

    byhand.serve(server, transport, console)


@app.command(rich_help_panel="Try a server")
def check(
    server: Annotated[str, typer.Argument(help="a server's name, or a path to its file")],
    transport: Annotated[
        str | None, typer.Option(help="tcp, tcp6, unix or udp (default: all it serves)")
    ] = None,
) -> None:
    """Hold one server to the contract of an echo server, line by line; status 1 if it fails."""
    from bench import byhand

    if not byhand.check(server, transport, console):
        sys.exit(1)


@app.command("new-server", rich_help_panel="Try a server")
def new_server(
    name: Annotated[str, typer.Argument(help="such as my_server")],
) -> None:
    """Write a working server file to start from."""
    from bench import scaffold

    try:
        path = scaffold.write(name)
    except ValueError as error:
        fail(str(error))
    stem = path.stem.replace("_", "-")
    console.print(f"wrote {path}", highlight=False)
    console.print(f"next: make check SERVER={stem}", highlight=False)
    console.print(f'then: make bench SERVERS="uvloop {stem}"', highlight=False)
