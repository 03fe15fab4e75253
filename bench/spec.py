"""A server as one row of a comparison: a variant of the tree, or any command."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import servers
from servers.discovery import Variant
from servers.terms import Address, kind_of

ROOT = Path(servers.__file__).parent.parent


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
class ServerSpec:
    """One row of a comparison: a name, and the variant or the command behind it."""

    name: str
    family: str
    variant: Variant | None = None
    command: Command | None = None

    def serves(self, transport: str) -> bool:
        """Return whether this server can be put on a transport."""
        if self.variant is not None:
            return self.variant.kind == kind_of(transport)
        wanted = "{path}" if transport == "unix" else "{port}"
        return self.command is not None and any(wanted in word for word in self.command.words)

    @property
    def source(self) -> str:
        """Return what is run: the variant's file, below the checkout if it lies there."""
        if self.variant is None:
            return shlex.join(self.command.words) if self.command else ""
        path = self.variant.path
        return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
