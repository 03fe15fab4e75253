"""The servers of an earlier run, from what its header says of them."""

import shlex
from dataclasses import replace

from bench.base.errors import ConfigError
from bench.model.header import ServerEntry
from bench.model.server import ROOT, ServerSpec
from bench.plan import interpreters
from bench.plan.catalog import NATIVE, NATIVE_NAME, command_spec, native
from servers import discovery
from servers.discovery import VariantError


def restore(entry: ServerEntry) -> ServerSpec:
    """Return a server of an earlier run from its entry; raises ConfigError if it is gone."""
    name, family = entry.name, entry.family
    if entry.command is not None:
        return replace(command_spec(f"{name}={entry.command}"), family=family)
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
