"""The interpreters of a run: what they are called, and which servers ran under them."""

from collections.abc import Iterable
from dataclasses import replace

from bench.base.errors import ConfigError
from bench.model.header import Header, ServerEntry
from bench.model.interpreter import OWN
from bench.model.run import Run


def name_of(entry: ServerEntry) -> str:
    """Return what the interpreter of a server is called in its run, empty of a foreign command."""
    if entry.python_words:
        return entry.name.partition(":")[0]
    return OWN if entry.python is not None else ""


def model_of(entry: ServerEntry) -> str:
    """Return the name of a server without its interpreter."""
    return entry.name.partition(":")[2] if entry.python_words else entry.name


def names(entries: Iterable[ServerEntry]) -> list[str]:
    """Return the interpreters of a run in its order, the harness's own first."""
    found = list(dict.fromkeys(filter(None, map(name_of, entries))))
    return sorted(found, key=lambda name: name != OWN)


def base(header: Header) -> str:
    """Return the interpreter that others are compared with: as asked, our own, or the first."""
    there = names(header.config.servers)
    return header.config.base or (there[0] if there else "")


def compared_with(run: Run, name: str) -> Run:
    """Return a run whose interpreters are compared with another base; raises ConfigError."""
    there = names(run.header.config.servers)
    if name not in there:
        raise ConfigError(f"--base {name}: no server ran under it; choose {' or '.join(there)}")
    return replace(run, header=replace(run.header, config=replace(run.header.config, base=name)))
