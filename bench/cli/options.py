"""The options that `bench run` and `bench ab` have in common: each with its words, once."""

from pathlib import Path
from typing import Annotated, Any

import typer

from loadgen.seconds import time_option

# The panels of `--help`.
WHAT, AXIS, HOW = "What to measure", "Axes of a workload, replaced in each; lists", "How"
GO_ON = "Go on with a run"


def option(panel: str, text: str, *names: str, metavar: str | None = None) -> Any:
    """Return an option in its panel."""
    return typer.Option(*names, help=text, rich_help_panel=panel, metavar=metavar)


SuiteName = Annotated[str, option(WHAT, "a suite's name, or a .toml file")]
Workloads = Annotated[str | None, option(WHAT, "of the suite, by name (a list)")]
Commands = Annotated[
    list[str] | None,
    option(WHAT, "a server of your own: mine='./prog {host} {port}'", metavar="NAME='CMD'"),
]
Loops = Annotated[
    list[str] | None,
    option(WHAT, "an event loop, run in asyncio's four styles", metavar="NAME=MODULE:FACTORY"),
]
Pythons = Annotated[
    list[str] | None,
    option(WHAT, "another interpreter; NAME:server names a cell", metavar="NAME='/PATH'"),
]
Provision = Annotated[
    bool, option(WHAT, "give interpreters what their servers need", "--provision")
]
Connections = Annotated[str | None, option(AXIS, "active connections")]
Payload = Annotated[str | None, option(AXIS, "bytes of a request")]
PerConnection = Annotated[str | None, option(AXIS, "reconnect after so many; 'kept': never")]
Transport = Annotated[str | None, option(AXIS, "tcp, tcp6, unix, udp")]
Rate = Annotated[str | None, option(AXIS, "requests offered per second: open loop; common: found")]
Arrivals = Annotated[str | None, option(AXIS, "exponential or constant")]
Assignment = Annotated[str | None, option(AXIS, "whose turn in open loop: random, or turns")]
MaxInFlight = Annotated[str | None, option(AXIS, "requests at most, open loop")]
Depth = Annotated[str | None, option(AXIS, "requests in flight on a connection")]
ThinkUs = Annotated[str | None, option(AXIS, "µs from a reply to the next request")]
Idle = Annotated[str | None, option(AXIS, "connections that never send")]
PoolSize = Annotated[str | None, option(AXIS, "workers of a pool")]
Cpus = Annotated[str | None, option(AXIS, "CPUs of the server at most, of those of its side")]
GeneratorWait = Annotated[
    str | None, option(AXIS, "how the generator waits for replies: spin, sleep")
]
WorkBeside = Annotated[
    str | None, option(AXIS, "beside the echo: none, spin:100us, release:1ms, wait:5ms@1%")
]
Hog = Annotated[
    str | None, option(AXIS, "a thread in the server that never stops: none, spin, release")
]
SwitchInterval = Annotated[str | None, option(AXIS, "of the server's threads: 5ms, 0.5ms")]
Duration = Annotated[float | None, time_option("measured in a trial: 2, 500ms, 10m", HOW)]
Warmup = Annotated[float | None, time_option("of load before that", HOW)]
ServerCpus = Annotated[str | None, option(HOW, "such as 0-1,4")]
GeneratorCpus = Annotated[str | None, option(HOW, "such as 2-3")]
Seed = Annotated[int | None, option(HOW, "of the order and of the payloads")]
Twin = Annotated[str | None, option(HOW, "the server measured twice to show the noise, or 'none'")]
Out = Annotated[Path | None, option(HOW, "a folder for the run, new or empty")]
Quiet = Annotated[bool, option(HOW, "print the result only", "--quiet")]
AsJson = Annotated[bool, option(HOW, "print the result as JSON, only", "--json")]
