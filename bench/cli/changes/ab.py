"""The command `bench ab`: one server beside another, until it is decided."""

import sys
from dataclasses import replace
from typing import Annotated, Any

import typer

from bench.base.errors import ConfigError
from bench.cli import options
from bench.cli.console import console, terminal
from bench.cli.options import option
from bench.cli.run import asked, chosen_cpus
from bench.plan.suite_file import fraction, words
from loadgen.exits import in_words as statuses

app = typer.Typer()

# Without a suite of the user's: this one, with connections that are kept.
SUITE, CONNECTIONS = "quick", "50"
PROVE, REFS = "What is to be proven", "Two references of your repository"
# The time that it can be given.
MINUTES = (0.05, 1440.0)


@app.command(rich_help_panel="Measure", epilog=statuses())
def ab(
    context: typer.Context,
    a: Annotated[str, typer.Argument(metavar="A", help="the baseline: a server, or a reference")],
    b: Annotated[str, typer.Argument(metavar="B", help="what is put beside it; A again: itself")],
    minutes: Annotated[float, option(PROVE, "time for all of it, where nothing is decided")] = 5.0,
    margin: Annotated[str, option(PROVE, "within which the two are tied")] = "3%",
    until: Annotated[
        str, option(PROVE, "figures that shall be decided, beside the one that ranks (a list)")
    ] = "cpu",
    fail_if: Annotated[
        list[str] | None,
        option(PROVE, "status 1 if so: 'throughput < 0.95' (repeatable)", metavar="GATE"),
    ] = None,
    no_worse: Annotated[
        list[str] | None,
        option(PROVE, "status 0 only if proven: 'throughput 3%' (repeatable)", metavar="MARGIN"),
    ] = None,
    profile: Annotated[
        bool, option(PROVE, "why: CPU profiles and system calls, after it", "--profile")
    ] = False,
    build: Annotated[
        str | None,
        option(REFS, "A and B are git references; how one is built", metavar="'pip install .'"),
    ] = None,
    servers: Annotated[
        str | None,
        option(REFS, "A and B are git references; the server at both: a name, or its file"),
    ] = None,
    suite: options.SuiteName = SUITE,
    workloads: options.Workloads = None,
    command: options.Commands = None,
    loop: options.Loops = None,
    python: options.Pythons = None,
    provision: options.Provision = False,
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
    server_cpus: options.ServerCpus = None,
    generator_cpus: options.GeneratorCpus = None,
    seed: options.Seed = None,
    aa: options.Twin = None,
    out: options.Out = None,
    quiet: options.Quiet = False,
    as_json: options.AsJson = False,
) -> None:
    """Prove a change: is B faster than A, the baseline?

    Both are measured in one run of interleaved blocks, until it is decided or the time is up. It
    ends in a paragraph and a table to paste. With --build or --servers, A and B are commits of
    the git repository here, each with an environment of its own in the cache.
    """
    from bench.cli.changes import prove
    from bench.comparing.gates import parse_gate, parse_margin
    from bench.plan.catalog import Outside
    from bench.running.progress import Notices

    if provision and build is not None:
        raise ConfigError("--provision: --build says how what is measured is made; put it there")
    # Standard output is for the document alone.
    notices = Notices(terminal(stderr=True) if as_json else console, quiet or as_json)
    sides = (
        chosen_cpus("--server-cpus", server_cpus),
        chosen_cpus("--generator-cpus", generator_cpus),
    )
    gates = [parse_gate(text) for text in fail_if or ()]
    gates += [parse_margin(text) for text in no_worse or ()]
    change = prove.Change(
        (a, b),
        _suite(context.params, minutes),
        Outside(tuple(command or ()), tuple(loop or ()), tuple(python or ()), provision),
        build,
        servers,
        out,
        aa,
        sides,
        fraction(margin, "--margin"),
        _figures(until),
        tuple(gates),
        profile,
    )
    sys.exit(prove.carry_out(change, notices, as_json=as_json))


def _suite(params: dict[str, Any], minutes: float) -> Any:
    """Return the suite with what was asked for, and the time as its budget; raises ConfigError."""
    from bench.base import levels

    if not MINUTES[0] <= minutes <= MINUTES[1]:
        raise ConfigError(f"--minutes {minutes:g}: give from {MINUTES[0]:g} to {MINUTES[1]:g}")
    kept = params["connections"] or (CONNECTIONS if params["suite"] == SUITE else None)
    blocks = int(levels.LOOK_FROM)
    fixed = {"servers": None, "trials": blocks, "budget": minutes * 60, "connections": kept}
    found = asked(params | fixed)
    return replace(found, name="ab") if params["suite"] == SUITE else found


def _figures(text: str) -> tuple[str, ...]:
    from bench.proving.decision import FIGURES

    found = tuple(words(text))
    for name in found:
        if name not in FIGURES:
            raise ConfigError(f"--until {name}: choose from {', '.join(FIGURES)}")
    return found
