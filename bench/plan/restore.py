"""The servers of an earlier run, from what its header says of them."""

import shlex
from dataclasses import replace

from bench.base.errors import ConfigError
from bench.model.header import ServerEntry
from bench.model.server import ROOT, ServerSpec
from bench.model.trial import TWIN
from bench.plan import interpreters
from bench.plan.brought import command_spec
from bench.plan.catalog import NATIVE, NATIVE_NAME, native
from servers import discovery
from servers.discovery import VariantError

# Event loops that a run may name without a question: they come with what this program needs.
OUR_LOOPS = {"asyncio", "uvloop"}


def brought(entry: ServerEntry) -> list[str]:
    """Return what restoring a server would run that is not of this tree, in words.

    A run that was received from somebody else runs it with all that its reader may do.
    """
    found = []
    if entry.command is not None:
        found.append(f"the command {entry.command}")
    if entry.python_words:
        found.append(f"the interpreter {shlex.join(entry.python_words)}")
    if entry.loop is not None and entry.loop.factory.partition(":")[0] not in OUR_LOOPS:
        found.append(f"the event loop {entry.loop.factory}")
    if _is_variant(entry) and not _is_ours(entry.source):
        found.append(f"the file {entry.source}")
    return found


def _is_variant(entry: ServerEntry) -> bool:
    return entry.command is None and entry.loop is None and entry.family != NATIVE_NAME


def _is_ours(source: str) -> bool:
    """Return whether a file is a server of the tree; a run may well lie elsewhere in it."""
    try:
        return (ROOT / source).resolve().is_relative_to((ROOT / "servers").resolve())
    except (OSError, ValueError, RuntimeError):  # a loop of links, a NUL
        return False


def restore(entry: ServerEntry) -> ServerSpec:
    """Return a server of an earlier run from its entry; raises ConfigError if it is gone."""
    name, family = entry.name, entry.family
    if entry.command is not None:
        spec = command_spec(f"{name.removesuffix(TWIN)}={entry.command}")
        return replace(spec, name=name, family=family)
    if family == NATIVE_NAME:
        if not NATIVE.exists():
            raise ConfigError("server native: is not built; make native")
        return replace(native()[NATIVE_NAME], name=name)
    python = None
    if entry.python_words:
        text = f"{name.partition(':')[0]}={shlex.join(entry.python_words)}"
        python = interpreters.examine(text, list(entry.packages))
    if entry.loop is not None:
        return ServerSpec(name, family, loop=entry.loop, python=python)
    try:
        variant = discovery.read(ROOT / entry.source)
    except VariantError as error:
        raise ConfigError(f"server {name}: {error}") from None
    return ServerSpec(name, family, variant, python=python)
