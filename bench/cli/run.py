"""The command that measures: `bench run`."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from bench.base.errors import ConfigError
from bench.cli import options
from bench.cli.console import console, terminal
from bench.cli.options import GO_ON, HOW, WHAT, option
from bench.model.cpus import parse_cpus
from bench.plan import suite_file
from bench.plan.suite_file import Suite
from bench.plan.workloads import AXES
from loadgen.exits import in_words

app = typer.Typer()


@app.command(rich_help_panel="Measure", epilog=in_words())
def run(
    context: typer.Context,
    suite: options.SuiteName = "default",
    workloads: options.Workloads = None,
    servers: Annotated[
        str | None,
        option(WHAT, "names, families, patterns such as 'selectors-*', paths to files (a list)"),
    ] = None,
    command: options.Commands = None,
    loop: options.Loops = None,
    python: options.Pythons = None,
    provision: options.Provision = False,
    base: Annotated[
        str | None, option(WHAT, "the interpreter that others are compared with [default: own]")
    ] = None,
    connections: options.Connections = None,
    payload: options.Payload = None,
    requests_per_connection: options.PerConnection = None,
    transport: options.Transport = None,
    rate: options.Rate = None,
    arrivals: options.Arrivals = None,
    assignment: options.Assignment = None,
    max_in_flight: options.MaxInFlight = None,
    depth: options.Depth = None,
    think_us: options.ThinkUs = None,
    idle: options.Idle = None,
    pool_size: options.PoolSize = None,
    cpus: options.Cpus = None,
    generator_wait: options.GeneratorWait = None,
    work: options.WorkBeside = None,
    hog: options.Hog = None,
    switch_interval: options.SwitchInterval = None,
    duration: options.Duration = None,
    warmup: options.Warmup = None,
    trials: Annotated[int | None, option(HOW, "how often each cell is measured")] = None,
    server_cpus: options.ServerCpus = None,
    generator_cpus: options.GeneratorCpus = None,
    seed: options.Seed = None,
    aa: options.Twin = None,
    until: Annotated[
        str | None, option(HOW, "add blocks until intervals are this narrow: 3%")
    ] = None,
    budget: Annotated[float | None, option(HOW, "seconds for added and repeated blocks")] = None,
    out: options.Out = None,
    quiet: options.Quiet = False,
    as_json: options.AsJson = False,
    resume: Annotated[Path | None, option(GO_ON, "a run to finish")] = None,
    add: Annotated[
        Path | None, option(GO_ON, "a run to add blocks to, or the servers of --servers")
    ] = None,
    yes: Annotated[
        bool, option(GO_ON, "run what it names and is not of this tree, unasked", "--yes")
    ] = False,
) -> None:
    """Measure servers under workloads and write a report.

    Every flag replaces what the suite says; lists are separated by commas or spaces. Each cell
    gets a verdict, and none is left out.
    """
    from bench.cli.story import carry_out
    from bench.plan.catalog import Outside
    from bench.running.prepare import Request
    from bench.running.progress import Notices
    from bench.running.resume import Continuation
    from bench.store import run_folder

    outside = Outside(tuple(command or ()), tuple(loop or ()), tuple(python or ()), provision)
    request: Request | Continuation
    if resume is not None or add is not None:
        check_goes_on(context)
        confirm(add or resume or Path(), yes)
        if trials is not None:
            suite_file.number("--trials", "trials", trials)
        blocks = None if add is None else (trials or suite_file.load(suite).trials)
        named = tuple(suite_file.words(servers or ""))
        request = Continuation(
            run_folder.behind_links(add or resume or Path()).resolve(), blocks, named, outside
        )
    else:
        request = Request(
            asked(context.params),
            outside,
            out,
            aa,
            None if until is None else suite_file.fraction(until),
            chosen_cpus("--server-cpus", server_cpus),
            chosen_cpus("--generator-cpus", generator_cpus),
            base=base or "",
        )
    # Standard output is for the document alone.
    notices = Notices(terminal(stderr=True) if as_json else console, quiet or as_json)
    sys.exit(carry_out(request, notices, as_json=as_json))


def chosen_cpus(flag: str, text: str | None) -> tuple[int, ...]:
    """Read a list of CPUs such as `0-3,8`, empty for None; raises ConfigError."""
    if text is None:
        return ()
    from bench.host import machine

    usable = machine.allowed_cpus()
    try:
        chosen = parse_cpus(text)
    except ValueError:
        raise ConfigError(f"{flag} {text!r}: write CPUs such as 0-3,8") from None
    if not set(chosen) <= set(usable):
        raise ConfigError(f"{flag} {text}: this process may use the CPUs {usable} only")
    return tuple(chosen)


BROUGHT = ("command", "loop", "python", "provision")
# What a run that goes on may be told; all else it keeps.
GOES_ON = {
    "resume": {"resume", "quiet", "as_json", "yes"},
    "add": {"add", "servers", "trials", *BROUGHT, "quiet", "as_json", "yes"},
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


def confirm(folder: Path, agreed: bool) -> None:
    """Show what a run that goes on would run and is not of this tree, and ask; raises ConfigError.

    agreed: whether the answer is known
    """
    from bench.base import wording
    from bench.cli.results import stored
    from bench.plan.restore import brought

    entries = stored(folder).header.config.servers
    what = {f"{entry.name}: {words}": None for entry in entries for words in brought(entry)}
    lines = [wording.printable(line) for line in what]
    if not lines or agreed:
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError(
            f"{folder}: would run what is not of this tree ({'; '.join(lines)}); read that, and "
            "add --yes if it shall be run"
        )
    print(f"{folder} would run what is not of this tree:", *lines, sep="\n  ")
    if not typer.confirm("run it?"):
        raise ConfigError(f"{folder}: nothing of it was run")


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def asked(params: dict[str, Any]) -> Suite:
    """Return the suite that the options of `bench run` name, with what they replace in it.

    Raises:
        ConfigError: there is no such suite, or an option is not valid.
    """
    suite = suite_file.load(params["suite"])
    replaced = {
        "workloads": None if params["workloads"] is None else suite_file.words(params["workloads"]),
        "servers": None
        if params["servers"] is None
        else tuple(suite_file.words(params["servers"])),
        "duration_s": params["duration"],
        "warmup_s": params["warmup"],
        "trials": params["trials"],
        "seed": params["seed"],
        "budget_s": params["budget"],
    }
    axes = {
        axis: suite_file.axis_values(axis, params[axis])
        for axis in AXES
        if params[axis] is not None
    }
    return suite_file.override(suite, replaced, axes)
