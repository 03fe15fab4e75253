"""One server by hand: run it and talk to it, or hold it to the contract."""

import contextlib
import shlex
import sys
import time

from rich.console import Console
from rich.text import Text

from bench.authoring import contract
from bench.authoring.contract import Outcome
from bench.base.errors import ConfigError
from bench.host import machine
from bench.launch import places
from bench.launch.launcher import Allotment, Server
from bench.launch.probe import BrokenEcho, NotReady
from bench.model.server import ServerSpec
from bench.plan import catalog
from servers.terms import TRANSPORTS, kind_of

# How often it is looked whether the server is still there.
LOOK_S = 0.2
TRY = {
    "tcp": "{python} -m loadgen {host}:{port} --duration 2      or: nc {host} {port}",
    "tcp6": "{python} -m loadgen [{host}]:{port} --duration 2      or: nc {host} {port}",
    "unix": "{python} -m loadgen unix:{path} --duration 2      or: nc -U {path}",
    "udp": "{python} -m loadgen udp:{host}:{port} --duration 2      or: nc -u {host} {port}",
}


def find(name: str, transport: str) -> ServerSpec:
    """Return the server of a name or a path that serves a transport; raises ConfigError."""
    if transport not in TRANSPORTS:
        raise ConfigError(f"transport {transport!r}: choose from {', '.join(TRANSPORTS)}")
    choice = catalog.choose(catalog.read(), [name], {kind_of(transport)})
    if len(choice.specs) > 1:
        names = ", ".join(spec.name for spec in choice.specs.values())
        raise ConfigError(f"server {name!r}: names several ({names}); choose one")
    return next(iter(choice.specs.values()))


def serve(name: str, transport: str, console: Console) -> None:
    """Run a server until Ctrl-C, or until it ends by itself.

    Raises:
        ConfigError: there is no such server, or it does not get ready.
    """
    spec = find(name, transport)
    places.sweep()
    try:
        with Server(spec, transport, allotment()) as server:
            address = server.address
            # Another interpreter need not have what the generator needs.
            python = shlex.quote(sys.executable)
            if isinstance(address, str):
                line = TRY[transport].format(python=python, path=address)
            else:
                line = TRY[transport].format(python=python, host=address[0], port=address[1])
            console.print(f"{spec.name} serves {transport} on {address}", highlight=False)
            console.print(f"try: {line}", highlight=False, soft_wrap=True)
            console.print("end it with Ctrl-C", highlight=False)
            with contextlib.suppress(KeyboardInterrupt):
                while not server.exited():
                    time.sleep(LOOK_S)
            if not server.exited():
                return
            raise ConfigError(f"{spec.name} ended by itself: {server.output()}")
    except (NotReady, BrokenEcho) as error:
        raise ConfigError(f"{spec.name}: {error}") from None


def allotment() -> Allotment:
    """Return the terms of a server that has the machine to itself."""
    return Allotment(tuple(machine.usable_cpus()), machine.cpus_for_run().pool_size)


def check(name: str, transport: str | None, console: Console, *, first: bool = False) -> bool:
    """Hold a server to the contract on one transport, or on all it serves; True if it passed.

    first: stop at the first failure
    """
    can = served(name)
    if transport in TRANSPORTS and kind_of(transport) not in map(kind_of, can):
        raise ConfigError(f"server {name!r}: serves {', '.join(can)}, not {transport}")
    transports = [transport] if transport else can
    passed, told = True, dict[tuple[str, str], str]()
    for each in transports:
        spec = find(name, each)
        console.print(Text.assemble((spec.name, "bold"), f" over {each}"))
        for outcome in contract.run(spec, each, allotment()):
            passed = passed and outcome.passed
            mark = ("pass", "green") if outcome.passed else ("FAIL", "red")
            line = outcome.asks if outcome.passed else _evidence(outcome)
            console.print(Text.assemble("  ", mark, f"  {outcome.check}: ", line))
            if outcome.passed:
                continue
            # The bytes of its evidence are others each time.
            kind = outcome.check, outcome.meaning
            if kind in told:
                console.print(Text(f"        as over {told[kind]}"))
                continue
            told[kind] = each
            if outcome.meaning:
                console.print(Text(f"        {outcome.meaning}"))
            console.print(Text(f"        asked: {outcome.asks}"))
            console.print(Text(f"        fix: {outcome.advice}"))
            if first:
                return False
    return passed


def _evidence(outcome: Outcome) -> str:
    return outcome.detail[:1].lower() + outcome.detail[1:]


def served(name: str) -> list[str]:
    """Return the transports that a server of this name can be held to the contract on."""
    choice = catalog.choose(catalog.read(), [name], {"stream", "datagram"})
    kinds = {spec.variant.kind for spec in choice.specs.values() if spec.variant is not None}
    # A program of its own, such as the one in C, says nothing of what it serves: it is a stream.
    foreign = any(spec.variant is None for spec in choice.specs.values())
    return [t for t in ("tcp", "unix", "udp") if kind_of(t) in kinds or (foreign and t == "tcp")]
