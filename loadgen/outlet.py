"""Standard output that may fail without ending what goes on: the failure is told at the end."""

import codecs
import contextlib
import io
import os
import sys
from collections.abc import Iterator
from typing import Any, Self, TextIO

# What stands for a letter that an output of ASCII or Latin-1 has not; for others a question mark.
PLAIN = {"±": "+-", "µ": "u", "≈": "~", "≥": ">=", "≤": "<=", "…": "...", "·": "-"}
PLAINLY = "plainly"


def plainly(error: UnicodeError) -> tuple[str, int]:
    """Replace what an encoding has no bytes for: in a word, a report is no reason to fail."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = "".join(PLAIN.get(letter, "?") for letter in error.object[error.start : error.end])
    return text, error.end


class Outlet:
    """A text stream before another one; what that cannot take goes nowhere.

    A full disk, a terminal that is gone or a pipe that nobody reads is no reason to lose what is
    being measured.

    error: the first failure
    """

    def __init__(self, stream: TextIO) -> None:
        """Stand before a stream."""
        self.stream = stream
        self.error: OSError | None = None

    @classmethod
    def install(cls) -> Self:
        """Put one before standard output and return it."""
        codecs.register_error(PLAINLY, plainly)
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors=PLAINLY)
        outlet = cls(sys.stdout)
        sys.stdout = outlet  # it has all that a text stream has
        return outlet

    def write(self, text: str) -> int:
        """Write what can be written."""
        with self._forgiven():
            self.stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush what can be flushed."""
        with self._forgiven():
            self.stream.flush()

    @contextlib.contextmanager
    def _forgiven(self) -> Iterator[None]:
        """Let everything go nowhere after a failure, what waits in buffers as well."""
        try:
            yield
        except OSError as error:
            self.error = self.error or error
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, self.stream.fileno())
            os.close(nothing)
            with contextlib.suppress(OSError):
                self.stream.flush()

    def failure(self) -> str:
        """Return why something could not be written; nobody who reads is no failure."""
        self.flush()
        if self.error is None or isinstance(self.error, BrokenPipeError):
            return ""
        return f"standard output: {self.error.strerror}; send it elsewhere"

    def __getattr__(self, name: str) -> Any:
        """Return whatever else the stream has."""
        return getattr(self.stream, name)
