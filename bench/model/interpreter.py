"""Interpreters: what a Python process is, before a run and at the end of a trial."""

import functools
import re
from dataclasses import dataclass, field

from servers import runtime

# What the interpreter that runs the harness is called, beside those that are named.
OWN = "own"


@dataclass(frozen=True)
class Runtime:
    """A Python process as it tells of itself.

    version: of the language; of PyPy its own behind it, in brackets
    free_threaded, debug: how it was built; gil: whether it had a global lock, which an import can
        turn on again; jit: whether it compiles, as far as it tells (CPython from 3.14 on)
    allocator: of small objects, as PYTHONMALLOC names it
    packages: versions of those that it had imported
    """

    implementation: str
    version: str
    free_threaded: bool = False
    gil: bool = True
    jit: bool = False
    debug: bool = False
    allocator: str = ""
    packages: dict[str, str] = field(default_factory=dict)

    @property
    def release(self) -> tuple[int, ...]:
        """Return the version as far as language and library depend on it; of PyPy, too."""
        return tuple(map(int, re.findall(r"\d+", self.version)[:2]))

    def __str__(self) -> str:
        """Return what it is: `CPython 3.14.0 free-threaded JIT`, as the column `python` has it."""
        words = [self.implementation, self.version]
        if self.free_threaded:
            words.append("free-threaded, GIL on" if self.gil else "free-threaded")
        return " ".join([*words, *["JIT"] * self.jit, *["debug"] * self.debug])


@dataclass(frozen=True)
class Interpreter:
    """An interpreter that servers are run under, and what it is.

    words: what starts it, options included; packages: versions of those that servers may need
    """

    name: str
    words: tuple[str, ...]
    runtime: Runtime
    packages: dict[str, str]


@functools.cache
def here() -> Runtime:
    """Return what this process is."""
    return Runtime(**runtime.facts())  # type: ignore[arg-type]


def read(data: bytes | str) -> Runtime:
    """Return what a process has told, as JSON; raises ValueError if that is something else."""
    import msgspec

    try:
        return msgspec.json.decode(data, type=Runtime)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from None
