"""An interpreter that servers are run under."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Interpreter:
    """An interpreter and what it is.

    words: what starts it, options included; packages: versions of those that servers may need
    """

    name: str
    words: tuple[str, ...]
    implementation: str
    version: str
    free_threaded: bool
    jit: bool
    packages: dict[str, str]

    @property
    def release(self) -> tuple[int, ...]:
        """Return the version as far as language and library depend on it; of PyPy, too."""
        return tuple(map(int, re.findall(r"\d+", self.version)[:2]))

    def __str__(self) -> str:
        """Return implementation and version, as the summary's column `python` has it."""
        return in_words(self.implementation, self.version, self.free_threaded, self.jit)


def in_words(implementation: str, version: str, free_threaded: bool, jit: bool) -> str:
    """Return what an interpreter is: `CPython 3.14.0 free-threaded JIT`."""
    extras = ["free-threaded"] * free_threaded + ["JIT"] * jit
    return " ".join([implementation, version, *extras])
