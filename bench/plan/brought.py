"""What users bring: event loops and commands, as they are written on the command line."""

import importlib.util
import shutil
from pathlib import Path

from bench.base.errors import ConfigError
from bench.model.server import Command, EventLoop, ServerSpec

FOREIGN = "foreign"
# The last words of the names of asyncio's variants whose `main` runs on any event loop.
LOOP_STYLES = ("streams", "protocol", "buffered", "sockets")
# What lists, paths and patterns are written with.
NOT_IN_NAMES = set(" ,/*?[~")
A_NAME = "a name has no blank and none of , / * ? [ ~"


def loop_specs(text: str, *, here: bool = True) -> list[ServerSpec]:
    """Read `NAME=module:factory`: a server for each style of asyncio; raises ConfigError.

    here: whether the module has to be found by this interpreter
    """
    name, _, factory = text.partition("=")
    module, colon, function = factory.partition(":")
    if not is_name(name) or not module or not colon or not function.isidentifier():
        raise ConfigError(f"--loop {text!r}: write NAME=module:factory ({A_NAME})")
    if here and not _is_module(module):
        raise ConfigError(f"--loop {name}: there is no module {module!r}; is it installed here?")
    return [
        ServerSpec(f"{name}-{style}", name, loop=EventLoop(factory, style)) for style in LOOP_STYLES
    ]


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ImportError:
        return False


def is_name(name: str) -> bool:
    """Tell if a server that users bring may be called so: `~` is the mark of a twin."""
    return bool(name) and name.isprintable() and not set(name) & NOT_IN_NAMES


def command_spec(text: str) -> ServerSpec:
    """Read `NAME=COMMAND`; raises ConfigError if it cannot be run."""
    name, equals, line = text.partition("=")
    if not equals or not is_name(name):
        raise ConfigError(f"--command {text!r}: write NAME='program {{host}} {{port}}' ({A_NAME})")
    try:
        command = Command.parse(line)
    except ValueError as error:
        raise ConfigError(f"--command {name}: {error} in {line!r}") from None
    if not command.words:
        raise ConfigError(f"--command {name}: is empty; write NAME='program {{host}} {{port}}'")
    program = command.words[0]
    if shutil.which(program) is None:
        there = "is not executable" if Path(program).exists() else "is not there"
        raise ConfigError(f"--command {name}: the program {program!r} {there}")
    if "{port}" not in line and "{path}" not in line:
        raise ConfigError(
            f"--command {name}: has no {{port}} (or {{path}}, for Unix sockets), so the server "
            "cannot be told where to listen"
        )
    return ServerSpec(name, FOREIGN, command=command)
