"""A server as one row of a comparison: a variant of the tree, or any command."""

import importlib.util
import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import servers
from bench.model.interpreter import Interpreter, Runtime, here
from servers.discovery import Variant
from servers.terms import Address, kind_of

ROOT = Path(servers.__file__).parent.parent
# The family of the server in C, which has one thread.
NATIVE = "native"


def environment() -> dict[str, str]:
    """Return the environment of a server of this house: free of Python's switches."""
    plain = {name: value for name, value in os.environ.items() if name[:6] != "PYTHON"}
    return plain | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}


@dataclass(frozen=True)
class Command:
    """A foreign server: any program, with `{host}` and `{port}`, or `{path}`, in its words."""

    words: tuple[str, ...]

    @classmethod
    def parse(cls, line: str) -> Self:
        """Split a command line as a shell would; raises ValueError for an open quote."""
        return cls(tuple(shlex.split(line)))

    def at(self, address: Address) -> list[str]:
        """Return the words with the address filled in."""
        if isinstance(address, str):
            return [word.replace("{path}", address) for word in self.words]
        host, port = address
        return [word.replace("{host}", host).replace("{port}", str(port)) for word in self.words]


@dataclass(frozen=True)
class EventLoop:
    """A style of asyncio server on an event loop of one's own, made by `module:factory`."""

    factory: str
    style: str


@dataclass(frozen=True)
class ServerSpec:
    """One row of a comparison: a name, and the variant, the command or the loop behind it.

    python: the interpreter to run it under, None is ours
    """

    name: str
    family: str
    variant: Variant | None = None
    command: Command | None = None
    loop: EventLoop | None = None
    python: Interpreter | None = None

    def serves(self, transport: str) -> bool:
        """Return whether this server can be put on a transport."""
        if self.variant is not None:
            return self.variant.kind == kind_of(transport)
        if self.loop is not None:
            return kind_of(transport) == "stream"
        if self.family == NATIVE:
            return transport == "tcp"  # it listens on IPv4 alone
        wanted = "{path}" if transport == "unix" else "{port}"
        return self.command is not None and any(wanted in word for word in self.command.words)

    @property
    def own_listeners(self) -> bool:
        """Return whether each worker opens a listener of its own."""
        return self.variant is not None and self.variant.own_listeners

    @property
    def many_cpus(self) -> bool:
        """Return whether it can use more than one CPU at once; of a foreign command: perhaps."""
        if self.variant is not None:
            return self.variant.uses_many_cpus(free_threaded=not self.runtime.gil)
        return self.command is not None and self.family != NATIVE

    @property
    def many_threads(self) -> bool:
        """Return whether its threads can use more than one CPU, where work lets the GIL go."""
        return self.variant is not None and self.variant.uses_many_cpus(free_threaded=True)

    @property
    def runtime(self) -> Runtime:
        """Return what the interpreter that it is run under is, as long as it has imported nothing.

        A foreign command's is unknown: it need not be Python.
        """
        return self.python.runtime if self.python is not None else here()

    @property
    def loop_packages(self) -> tuple[str, ...]:
        """Return the package that an event loop of one's own comes from, if it is a package's."""
        if self.loop is None:
            return ()
        top = self.loop.factory.partition(":")[0].partition(".")[0]
        return () if top in sys.stdlib_module_names else (top,)

    @property
    def what(self) -> dict[str, str]:
        """Return what `python -m servers` is to run; not for commands."""
        if self.loop is not None:
            return {"factory": self.loop.factory, "style": self.loop.style}
        assert self.variant is not None
        return {"path": str(self.variant.path)}

    @property
    def requires(self) -> tuple[str, ...]:
        """Return the packages that it needs."""
        return self.variant.requires if self.variant else ()

    @property
    def packages(self) -> tuple[str, ...]:
        """Return the packages that it needs: the variant's, or that of its event loop."""
        return (*self.requires, *self.loop_packages)

    def missing(self) -> list[str]:
        """Return what it needs and its interpreter does not have: packages, or another version."""
        if self.python is not None:
            theirs = self.python.packages
            older = self.variant.another_python(self.python.runtime.release) if self.variant else []
            return older + [name for name in self.packages if name not in theirs]
        if self.variant is not None:
            return self.variant.missing()
        return [name for name in self.loop_packages if importlib.util.find_spec(name) is None]

    def workers(self, pool_size: int, cpus: int) -> int:
        """Return how many workers must answer before the server counts as ready."""
        return self.variant.workers(pool_size, cpus) if self.variant else 1

    @property
    def source(self) -> str:
        """Return what is run, for a person; paths in the checkout start at its top."""
        if self.loop is not None:
            return f"{self.loop.factory} ({self.loop.style})"
        if self.variant is None:
            words = self.command.words if self.command else ()
            return " ".join(word.removeprefix(f"{ROOT}/") for word in words)
        path = self.variant.path
        return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
