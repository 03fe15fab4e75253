"""An interpreter that servers are run under."""

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

    def __str__(self) -> str:
        """Return implementation and version, as the summary's column `python` has it."""
        extras = ["free-threaded"] * self.free_threaded + ["JIT"] * self.jit
        return " ".join([self.implementation, self.version, *extras])
