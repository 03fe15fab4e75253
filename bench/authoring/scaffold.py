"""Write a working server to start from: the template behind `make new-server`."""

import keyword
import re
import sys
from pathlib import Path

import servers
from bench.model.server import NATIVE
from loadgen.witness import IN_TREE as IN_TREE
from servers import discovery

SERVERS = Path(servers.__file__).parent
STREAM = SERVERS / "stream"
TEMPLATE = '''"""{title}: say here in one line how it serves its clients."""

import socket
import threading

from servers.api import CHUNK, Settings
from servers.work import Work

# The group that it is compared and coloured with: an existing one, or a new word.
FAMILY = "{family}"


def echo(client: socket.socket, work: Work | None) -> None:
    """Send everything that a client sends back to it, until its end."""
    with client:
        try:
            while data := client.recv(CHUNK):
                if work and work.asked_for(data):
                    work.do()
                client.sendall(data)
        except ConnectionError:
            pass  # the client has reset its connection, which must not end the server


def serve(listener: socket.socket, settings: Settings) -> None:
    """Serve for ever: the listener is bound and listens, and the house ends the process."""
    while True:
        client, _ = listener.accept()
        threading.Thread(target=echo, args=(client, settings.work), daemon=True).start()
'''


def families() -> set[str]:
    """Return the families that there are: a server of such a name could not be asked for alone."""
    return {variant.family for variant in discovery.discover().values()}


def write(name: str) -> Path:
    """Write `servers/stream/NAME.py`, an echo server that keeps the contract; return its path.

    An installed package is nobody's to write into: there it is `NAME.py` in the current folder, to
    be used by its path.

    Raises:
        ValueError: the name is no lower-case module name, shadows a standard module, or is taken.
        OSError: the file cannot be written.
    """
    module = name.replace("-", "_")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", module) or keyword.iskeyword(module):
        raise ValueError(f"{name!r}: a name is lower-case letters, digits and _, such as my_server")
    if module in sys.stdlib_module_names:
        raise ValueError(f"{name}: is a module of the standard library; choose another name")
    if module.replace("_", "-") in {NATIVE, *families()} or (SERVERS / f"{module}.py").exists():
        raise ValueError(f"{name}: means something else here already; choose another name")
    path = (STREAM if IN_TREE else Path()) / f"{module}.py"
    title = module.replace("_", " ").capitalize()
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE.format(title=title, family=module.replace("_", "-")))
    except FileExistsError:
        raise ValueError(f"{path}: exists; choose another name or edit it") from None
    return path
