"""The command `bench capacity`: how much load a server carries while its latency holds."""

import sys
from dataclasses import replace
from typing import Annotated, Any

import typer

from bench.base.errors import ConfigError
from bench.cli import options
from bench.cli.console import console, terminal
from bench.cli.options import WHAT, option
from bench.cli.run import asked, chosen_cpus
from bench.plan.suite_file import Suite, fraction
from loadgen.exits import in_words as statuses

app = typer.Typer()

SUITE = "capacity"
SEARCH = "What is searched"
# For each server and load, unless it is said: bracket, slope and edge take some thirty trials.
MINUTES_EACH = 3.0
MINUTES = (0.05, 1440.0)
# What has to be answered takes so many times the limit to be known as late.
DRAIN_TIMES = 2.0


@app.command(rich_help_panel="Measure", epilog=statuses())
def capacity(
    context: typer.Context,
    slo: Annotated[
        list[str] | None,
        option(SEARCH, "a limit that has to hold: 'p99 < 5ms' (repeatable)", metavar="LIMIT"),
    ] = None,
    until: Annotated[str, option(SEARCH, "how wide an interval may be, of the rate")] = "8%",
    minutes: Annotated[
        float | None,
        option(SEARCH, f"time for all of it [default: {MINUTES_EACH:g} for each server and load]"),
    ] = None,
    suite: options.SuiteName = SUITE,
    workloads: options.Workloads = None,
    servers: Annotated[
        str | None,
        option(WHAT, "names, families, patterns such as 'selectors-*', paths to files (a list)"),
    ] = None,
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
    out: options.Out = None,
    quiet: options.Quiet = False,
    as_json: options.AsJson = False,
) -> None:
    """Find how much load each server carries while its latency holds.

    First the peaks of the closed loop, then rates on both sides of where the limit is reached, the
    servers by turns, until each is known well enough or the time is up.
    """
    from bench.capacity import slo as limits
    from bench.cli.planning.search import Asked, carry_out
    from bench.plan.catalog import Outside
    from bench.running.progress import Notices

    slos = limits.parse_all(slo or ())
    if minutes is not None and not MINUTES[0] <= minutes <= MINUTES[1]:
        raise ConfigError(f"--minutes {minutes:g}: give from {MINUTES[0]:g} to {MINUTES[1]:g}")
    if rate is not None:
        raise ConfigError("--rate: the search finds it; drop the option")
    # Standard output is for the document alone.
    notices = Notices(terminal(stderr=True) if as_json else console, quiet or as_json)
    sides = (
        chosen_cpus("--server-cpus", server_cpus),
        chosen_cpus("--generator-cpus", generator_cpus),
    )
    question = Asked(
        _suite(context.params, max(each.limit_us for each in slos) / 1e6),
        Outside(tuple(command or ()), tuple(loop or ()), tuple(python or ()), provision),
        slos,
        fraction(until, "--until"),
        None if minutes is None else minutes * 60,
        MINUTES_EACH * 60,
        out,
        sides,
    )
    sys.exit(carry_out(question, notices, as_json=as_json))


def _suite(params: dict[str, Any], limit_s: float) -> Suite:
    """Return the suite with what was asked for, its drain long enough for the limit."""
    found = asked(params | {"trials": None, "budget": 0, "max_in_flight": None})
    return replace(found, drain_s=max(found.drain_s, DRAIN_TIMES * limit_s))
