"""Run one variant on a socket that the house has bound: `python -m servers JSON`."""

import importlib.util
import json
import socket
import sys
from types import ModuleType

from servers.api import Settings


def load(path: str) -> ModuleType:
    """Import a variant from its file, wherever it lies."""
    spec = importlib.util.spec_from_file_location("variant", path)
    if spec is None or spec.loader is None:
        sys.exit(f"{path}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules["variant"] = module  # so that a worker process can find its functions by name
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Read the order from the command line and serve until a signal ends the process."""
    order = json.loads(sys.argv[1])
    settings = order["settings"]
    address = settings["address"]
    settings["address"] = address if isinstance(address, str) else (address[0], address[1])
    settings["cpus"] = tuple(settings["cpus"])
    load(order["path"]).serve(socket.socket(fileno=order["fd"]), Settings(**settings))


main()
