"""Drive any echo server from the command line: `python -m loadgen HOST:PORT`."""

import dataclasses
import json
import os
import sys
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from loadgen.descriptors import open_standard_descriptors
from loadgen.exits import Exit, in_words
from loadgen.fleet import FleetError, NobodyListens, run
from loadgen.outlet import Outlet
from loadgen.plan import Load, Plan, PlanError, Target
from loadgen.ports import port_limit
from loadgen.result import Recording, Result, Times
from loadgen.seconds import time_option
from loadgen.signals import end_in_good_order
from loadgen.sockets import nobody_there
from loadgen.version import NAME, version

# What typer raises for options and arguments that are not known or not complete.
USAGE: type[Exception] = typer.BadParameter.__bases__[0]

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def tell_version(asked: bool) -> None:
    """Print name and version, if it was asked for, and end."""
    if asked:
        print(f"{NAME} {version()}")
        raise typer.Exit


@app.command(epilog=in_words())
def generate(
    target: Annotated[
        str, typer.Argument(help="HOST:PORT, [::1]:PORT, unix:PATH or udp:HOST:PORT")
    ],
    connections: Annotated[int, typer.Option(help="active connections")] = 50,
    payload: Annotated[int, typer.Option(help="bytes of a request and of its reply")] = 64,
    duration: Annotated[float, time_option("measured: 2, 500ms, 10m")] = 5.0,
    warmup: Annotated[float, time_option("of load before that")] = 1.0,
    drain: Annotated[float, time_option("to wait for late replies")] = 1.0,
    requests_per_connection: Annotated[
        int | None, typer.Option(help="reconnect after so many replies (default: keep connections)")
    ] = None,
    depth: Annotated[int, typer.Option(help="requests in flight on a connection, closed loop")] = 1,
    think_us: Annotated[int, typer.Option(help="µs between a reply and the next request")] = 0,
    rate: Annotated[
        float | None, typer.Option(help="requests per second, open loop (default: closed loop)")
    ] = None,
    arrivals: Annotated[str, typer.Option(help="gaps: exponential, constant")] = "exponential",
    assignment: Annotated[
        str, typer.Option(help="connections of an open loop: random, or by turns")
    ] = "random",
    max_in_flight: Annotated[int | None, typer.Option(help="at most, in open loop")] = None,
    idle: Annotated[int, typer.Option(help="connections that never send")] = 0,
    seed: Annotated[int, typer.Option(help="of payloads and arrivals")] = 1,
    processes: Annotated[int, typer.Option(help="generator processes that share the load")] = 1,
    cpus: Annotated[str, typer.Option(help="CPUs to pin them to, such as 0,2")] = "",
    wait: Annotated[
        str | None,
        typer.Option(help="for replies: spin or sleep (default: spin, where CPUs are left over)"),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(help="an address to connect from, by turns with others (default: as it fits)"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON document")] = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=tell_version, is_eager=True, help="print the version"),
    ] = False,
) -> None:
    """Load an echo server, verify every byte, and say how fast it answered."""
    try:
        load = Load(
            connections,
            payload,
            requests_per_connection,
            depth,
            think_us,
            rate,
            arrivals,
            max_in_flight,
            idle,
            assignment,
            wait,
        )
        plan = Plan(
            Target.parse(target),
            load,
            duration,
            warmup,
            drain,
            seed=seed,
            processes=processes,
            cpus=cpus_of(cpus),
            # Where all CPUs are the generator's, a server on this machine would get none.
            spin=len(os.sched_getaffinity(0)) > processes,
            sources=tuple(source or ()),
        )
        if (limit := port_limit(plan)) is not None and load.rate is None and not as_json:
            note = f"the ports of this machine allow {limit:,.0f} connections/s to that address"
            print(f"note: {note}", file=sys.stderr)
        result = load_it(plan)
    except (PlanError, ValueError) as error:
        fail(str(error), Exit.BAD_INPUT)
    if as_json:
        print(json.dumps(result.to_json()), flush=True)
    else:
        Console().print(summary(result))
    judge(plan, result)


def load_it(plan: Plan) -> Result:
    """Carry a plan out; one line and its status if nothing comes of it."""
    try:
        dials_later = plan.target.transport == "udp" or plan.load.requests_per_connection
        if dials_later and (why := nobody_there(plan)):
            raise NobodyListens(f"{plan.target}: no connection could be made: {why}")
        return run(plan, stoppable=True)
    except NobodyListens as error:
        fail(f"{error}; start a server there, or name another address", Exit.NOTHING)
    except FleetError as error:
        fail(str(error), Exit.NOTHING)
    except KeyboardInterrupt:
        fail("interrupted before the window opened: nothing was measured", Exit.INTERRUPTED)


def judge(plan: Plan, result: Result) -> None:
    """End with another status than 0 if the figures are of no server, or of a part of the window.

    What is wrong with them is said beside them.
    """
    if result.mismatches:
        fail(f"the replies are not what was sent: {_trouble(result)[0]}", Exit.NOTHING)
    if not result.throughput_rps:
        fail(f"{plan.target}: no request was answered", Exit.NOTHING)
    if result.window_s < int(plan.duration_s * 1e9) / 1e9:
        words = f"interrupted: {result.window_s:.2f} of {plan.duration_s:g} s were measured"
        fail(words, Exit.INTERRUPTED)


def cpus_of(text: str) -> tuple[int, ...]:
    """Read a list of CPUs such as `0,2`; raises PlanError."""
    usable = os.sched_getaffinity(0)
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not all(word.isdecimal() and int(word) in usable for word in words):
        raise PlanError(f"cpus {text!r}: name some of {sorted(usable)}, with commas between")
    return tuple(int(word) for word in words)


def fail(message: str, status: Exit) -> NoReturn:
    """End with one line on standard error."""
    print(f"error: {message}", file=sys.stderr)
    raise typer.Exit(status)


KINDS = {
    "response": "response_us",
    "service": "service_us",
    "send lag": "send_lag_us",
    "connect": "connect_us",
}
# What speaks against a load, by the name of its field.
TROUBLE = {
    "mismatches": "mismatches",
    "errors": "errors",
    "not_connected": "not connected",
    "censored": "censored",
    "unsent": "unsent",
    "sent_late": "sent late",
    "connections_without_reply": "connections without reply",
    "lost": "lost",
    "duplicated": "duplicated",
    "reordered": "reordered",
    "late": "late",
}


def summary(result: Result) -> Table:
    """Return the result as a table for a terminal."""
    table = Table(title=_title(result), title_justify="left")
    table.add_column("time, µs")
    columns = [field.name for field in dataclasses.fields(Times)]
    for name in columns:
        table.add_column(name, justify="right")
    for kind, field in KINDS.items():
        times: Times = getattr(result, field)
        values = [getattr(times, name) for name in columns]
        if any(value is not None for value in values):
            table.add_row(kind, *("-" if value is None else f"{value:,.0f}" for value in values))
    table.caption = "; ".join(_trouble(result)) or (
        "every byte verified; nothing lost, late or unanswered"
    )
    table.caption_justify = "left"
    return table


def _title(result: Result) -> str:
    parts = [f"{result.throughput_rps:,.0f} replies/s", f"{result.samples:,} samples"]
    if result.sent is not None:
        parts.append(f"{result.sent:,} datagrams sent, {result.received:,} received")
    if result.recorder is not Recording.RAW:
        parts.append("times to three digits")
    return ", ".join(parts)


def _trouble(result: Result) -> list[str]:
    counts = ((getattr(result, field), words) for field, words in TROUBLE.items())
    trouble = [f"{count:,} {words}" for count, words in counts if count]
    trouble += [f"{piece.kind}: {piece.detail}" for piece in result.evidence[:1]]
    return trouble + [f"{count} times {name}" for name, count in result.shortages.counts.items()]


def main() -> None:
    """Run the command; Ctrl-C, TERM and HUP close the window, and what was seen is printed."""
    open_standard_descriptors()
    end_in_good_order()
    outlet = Outlet.install()
    status = guarded()
    if (why := outlet.failure()) and not status:
        print(f"error: {why}", file=sys.stderr)
        status = Exit.BAD_INPUT
    sys.exit(status)


def guarded() -> int:
    """Run the command and return its status; what is wrong with what was asked is one line."""
    try:
        done = app(standalone_mode=False)
    except SystemExit as ended:
        done = ended.code
    except USAGE as error:
        told = error.format_message().rstrip(".")  # type: ignore[attr-defined]  # names the option
        print(f"error: {told}; see `python -m loadgen --help`", file=sys.stderr)
        return Exit.BAD_INPUT
    except OSError as error:
        print(f"error: {error.filename or 'here'}: {error.strerror or error}", file=sys.stderr)
        return Exit.BAD_INPUT
    return done if isinstance(done, int) else Exit.MEASURED


if __name__ == "__main__":
    main()
