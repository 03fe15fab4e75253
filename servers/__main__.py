"""Run one variant on a socket that the house has bound: `python -m servers < ORDER`."""

import importlib
import importlib.util
import json
import os
import socket
import sys
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

from servers import runtime
from servers.api import Settings
from servers.work import Work


def load(path: str) -> ModuleType:
    """Import a variant from its file, wherever it lies.

    By a name under which a worker, be it a process or an interpreter, finds its functions again.
    """
    here = os.path.dirname(os.path.realpath(__file__)) + os.sep
    if path.startswith(here):
        name = path[len(here) :].removesuffix(".py").replace(os.sep, ".")
        return importlib.import_module(f"servers.{name}")
    spec = importlib.util.spec_from_file_location("variant", path)
    if spec is None or spec.loader is None:
        sys.exit(f"{path}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules["variant"] = module
    spec.loader.exec_module(module)
    return module


def serve_on_loop(factory: str, style: str, listener: socket.socket, settings: Settings) -> None:
    """Run one of the styles of asyncio on the event loop that `module:factory` makes."""
    import asyncio

    module, _, name = factory.partition(":")
    make_loop = getattr(importlib.import_module(module), name)
    variant = importlib.import_module(f"servers.stream.asyncio_{style}")
    with asyncio.Runner(loop_factory=make_loop) as runner:
        runner.run(variant.main(listener, settings))


def read_order() -> dict[str, Any]:
    """Return the order from standard input, which is empty for the variant.

    It holds paths of a user's, and everybody can read a command line.
    """
    with open(0, encoding="utf-8", closefd=False) as file:
        order: dict[str, Any] = json.loads(file.read())
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return order


def prepare(order: dict[str, Any]) -> Callable[[], object]:
    """Return what serves as an order says."""
    asked = order["settings"]
    address, work = asked["address"], asked["work"]
    asked["address"] = address if isinstance(address, str) else (address[0], address[1])
    asked["work"] = work and Work(**work)
    settings = Settings(**asked | {"cpus": tuple(asked["cpus"]), "fd": order["fd"]})
    listener = socket.socket(fileno=order["fd"])
    if "path" in order:
        return partial(load(order["path"]).serve, listener, settings)
    return partial(serve_on_loop, order["factory"], order["style"], listener, settings)


def main() -> None:
    """Read the order and serve until a signal ends the process.

    The order names a variant's file as `path`, or an event loop's `factory` and a `style`.
    `switch_us` is how long a thread keeps the GIL from one that wants it, None as Python
    has it; `hog` is the kind of work of a thread beside the server, None: there is none.
    `told` is the descriptor of a file in which the process says what it is as it ends.
    """
    order = read_order()
    serve = prepare(order)
    runtime.Teller(order["told"])
    if order["switch_us"] is not None:
        sys.setswitchinterval(order["switch_us"] / 1e6)
    if order["hog"] is not None:
        from servers import hog  # its threads are in no other server's memory

        hog.start(order["hog"])
    serve()


main()
