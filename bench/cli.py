"""The command line: `bench run`, `report`, `list`, `serve`, `check`, `new-server`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.table import Table

from bench import cli_results, config
from bench.config import ConfigError, Suite
from bench.plan import AXES
from bench.store import StoreError
from bench.terminal import console
from loadgen.plan import PlanError
from servers.discovery import KINDS, VariantError
from servers.terms import TRANSPORTS, kind_of

if TYPE_CHECKING:
    from bench.catalog import Outside

# What a user can mend: one line, exit status 2.
BAD_INPUT = (ConfigError, StoreError, PlanError, VariantError)

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Compare concurrency models for network servers in Python.",
)


def main() -> None:
    """Run the command line; bad input ends with one line and status 2, Ctrl-C with 130."""
    if sys.platform != "linux":
        fail(f"this harness needs Linux (epoll, /proc); here is {sys.platform}")
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


# The panels of `bench run --help`.
WHAT, AXIS, HOW = "What to measure", "Axes of a workload, replaced in each; lists", "How"
GO_ON = "Go on with a run"


def option(panel: str, text: str, *names: str, metavar: str | None = None) -> Any:
    """Return an option of `bench run`, in its panel."""
    return typer.Option(*names, help=text, rich_help_panel=panel, metavar=metavar)


@app.command(rich_help_panel="Measure")
def run(
    context: typer.Context,
    suite: Annotated[str, option(WHAT, "a suite's name, or a .toml file")] = "default",
    workloads: Annotated[str | None, option(WHAT, "of the suite, by name (a list)")] = None,
    servers: Annotated[
        str | None,
        option(WHAT, "names, families, patterns such as 'selectors-*', paths to files (a list)"),
    ] = None,
    command: Annotated[
        list[str] | None,
        option(WHAT, "a server of your own: mine='./prog {host} {port}'", metavar="NAME='CMD'"),
    ] = None,
    loop: Annotated[
        list[str] | None,
        option(WHAT, "an event loop, run in asyncio's four styles", metavar="NAME=MODULE:FACTORY"),
    ] = None,
    python: Annotated[
        list[str] | None,
        option(WHAT, "another interpreter; NAME:server names a cell", metavar="NAME='/PATH'"),
    ] = None,
    connections: Annotated[str | None, option(AXIS, "active connections")] = None,
    payload: Annotated[str | None, option(AXIS, "bytes of a request")] = None,
    requests_per_connection: Annotated[
        str | None, option(AXIS, "reconnect after so many; 'kept': never")
    ] = None,
    transport: Annotated[str | None, option(AXIS, "tcp, tcp6, unix, udp")] = None,
    rate: Annotated[str | None, option(AXIS, "requests offered per second: open loop")] = None,
    arrivals: Annotated[str | None, option(AXIS, "exponential or constant")] = None,
    max_in_flight: Annotated[str | None, option(AXIS, "requests at most, open loop")] = None,
    depth: Annotated[str | None, option(AXIS, "requests in flight on a connection")] = None,
    think_us: Annotated[str | None, option(AXIS, "µs from a reply to the next request")] = None,
    idle: Annotated[str | None, option(AXIS, "connections that never send")] = None,
    pool_size: Annotated[str | None, option(AXIS, "workers of a pool")] = None,
    duration: Annotated[float | None, option(HOW, "seconds measured in a trial")] = None,
    warmup: Annotated[float | None, option(HOW, "seconds of load before them")] = None,
    trials: Annotated[int | None, option(HOW, "how often each cell is measured")] = None,
    server_cpus: Annotated[str | None, option(HOW, "such as 0-1,4")] = None,
    generator_cpus: Annotated[str | None, option(HOW, "such as 2-3")] = None,
    seed: Annotated[int | None, option(HOW, "of the order and of the payloads")] = None,
    aa: Annotated[
        str | None, option(HOW, "the server measured twice to show the noise, or 'none'")
    ] = None,
    until: Annotated[
        str | None, option(HOW, "add blocks until intervals are this narrow: 3%")
    ] = None,
    budget: Annotated[float | None, option(HOW, "seconds for added and repeated blocks")] = None,
    out: Annotated[Path | None, option(HOW, "a folder for the run, new or empty")] = None,
    quiet: Annotated[bool, option(HOW, "print the result only", "--quiet")] = False,
    as_json: Annotated[bool, option(HOW, "print the result as JSON, only", "--json")] = False,
    resume: Annotated[Path | None, option(GO_ON, "a run to finish")] = None,
    add: Annotated[
        Path | None, option(GO_ON, "a run to add blocks to, or the servers of --servers")
    ] = None,
) -> None:
    """Measure servers under workloads and write a report.

    Every flag replaces what the suite says; lists are separated by commas or spaces. Each cell
    gets a verdict, and none is left out.
    """
    from bench import measuring, reopening, session
    from bench.catalog import Outside

    outside = Outside(tuple(command or ()), tuple(loop or ()), tuple(python or ()))
    if resume is not None or add is not None:
        check_goes_on(context)
        folder = (add or resume or Path()).resolve()
        blocks = None if add is None else (trials or config.load(suite).trials)
        measured = reopening.reopen(folder, blocks, tuple(config.words(servers or "")), outside)
    else:
        extras = session.Extras(
            aa,
            None if until is None else config.fraction(until),
            config.cpus("--server-cpus", server_cpus),
            config.cpus("--generator-cpus", generator_cpus),
        )
        measured = session.prepare(asked(context.params, outside), outside, out, extras)
    for reason in () if quiet or as_json else measured.skipped:
        console.print(f"skipped: {reason}", highlight=False)
    complete = measuring.measure(measured, console, quiet=quiet or as_json)
    show(measured.folder, as_json=as_json)
    if not complete:
        sys.exit(130)


# What a run that goes on may be told; all else it keeps.
GOES_ON = {
    "resume": {"resume", "quiet", "as_json"},
    "add": {"add", "servers", "trials", "command", "loop", "python", "quiet", "as_json"},
}


def check_goes_on(context: typer.Context) -> None:
    """Refuse options that a run that goes on would have to ignore; raises ConfigError."""
    given = [name for name in context.params if _is_given(context, name)]
    verb = "add" if "add" in given else "resume"
    for name in given:
        if name not in GOES_ON[verb]:
            raise ConfigError(
                f"--{name.replace('_', '-')}: a run that goes on (--{verb}) keeps its own; "
                "drop the option, or start a new run"
            )


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def asked(params: dict[str, Any], outside: "Outside") -> Suite:
    """Return the suite that the options of `bench run` name, with what they replace in it.

    Raises:
        ConfigError: there is no such suite, or an option is not valid.
    """
    suite = config.load(params["suite"])
    options = {
        "workloads": None if params["workloads"] is None else config.words(params["workloads"]),
        # What is brought takes part beside the suite's servers, or where it is listed.
        "servers": (*suite.servers, *outside.names)
        if params["servers"] is None
        else tuple(config.words(params["servers"])),
        "duration_s": params["duration"],
        "warmup_s": params["warmup"],
        "trials": params["trials"],
        "seed": params["seed"],
        "budget_s": params["budget"],
    }
    axes = {
        axis: config.axis_values(axis, params[axis]) for axis in AXES if params[axis] is not None
    }
    return config.override(suite, options, axes)


def show(folder: Path, *, png: bool = False, as_json: bool = False) -> None:
    """Write the report of a run, print its summary and say where the report is."""
    from bench import contents, outcome, report, store, views

    stored = store.read(folder)
    page = report.write(stored, png=png)
    if as_json:
        print(report.render(stored, "json"))
        return
    console.print(report.table(views.view(stored)))
    console.print(outcome.told(contents.verdicts(stored)), highlight=False)
    console.print(f"report: {page}", highlight=False, soft_wrap=True)


app.add_typer(cli_results.app)


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


@app.command("list", rich_help_panel="Read")
def list_all() -> None:
    """List the servers and the suites."""
    from bench.catalog import install
    from servers import discovery

    # The kind of a socket is the transports that it serves.
    transports = {kind: " ".join(t for t in TRANSPORTS if kind_of(t) == kind) for kind in KINDS}
    table = Table(box=None, pad_edge=False, title="servers", title_justify="left")
    for name in ("name", "family", "transports", "clients", "runs here"):
        table.add_column(name, no_wrap=True)
    table.add_column("what it is", overflow="fold")
    missing: list[str] = []
    for (kind, name), variant in discovery.discover().items():
        lacks = variant.missing()
        missing += lacks
        clients = "any" if variant.max_clients is None else str(variant.max_clients)
        available = f"needs {', '.join(lacks)}" if lacks else "yes"
        table.add_row(name, variant.family, transports[kind], clients, available, variant.summary)
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
