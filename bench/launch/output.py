"""What a server says: what it prints, in memory of the house, and what it tells of itself."""

import fcntl
import os

from bench.model import interpreter
from bench.model.interpreter import Runtime

# Read of a long story: its beginning, where the cause may stand, and its end, which is enough for a
# traceback; and of the last line.
HEAD_BYTES, TAIL_BYTES, LAST_WORDS = 1000, 3000, 200
# Read of what it tells of itself: some hundred packages have 5 KB.
MOST_BYTES = 1 << 17


class Output:
    """Memory that a server's standard output and error are appended to.

    A write to it costs what one to a file costs (1.0 and 1.2 µs for a line here), it never waits
    for a reader, and no disk can be full.
    """

    def __init__(self) -> None:
        """Make it; raises OSError."""
        self.fd = os.memfd_create("output")
        # Whatever a server's processes write goes behind what is there.
        fcntl.fcntl(self.fd, fcntl.F_SETFL, os.O_APPEND)
        self._kept = ""

    def text(self) -> str:
        """Return what was printed; of a long story its beginning and its end."""
        if self.fd < 0:
            return self._kept
        size = os.fstat(self.fd).st_size
        if size <= HEAD_BYTES + TAIL_BYTES:
            return _readable(os.pread(self.fd, size, 0))
        head = _readable(os.pread(self.fd, HEAD_BYTES, 0))
        tail = _readable(os.pread(self.fd, TAIL_BYTES, size - TAIL_BYTES))
        left_out = size - HEAD_BYTES - TAIL_BYTES
        return f"{head}\n[{left_out:,} bytes left out]\n{tail}"

    def last_words(self) -> str:
        """Return the last line: of a traceback, the error."""
        return self.text().rpartition("\n")[2].strip()[-LAST_WORDS:]

    def close(self) -> None:
        """Let go of the memory, and remember what `text` says."""
        if self.fd >= 0:
            self._kept = self.text()
            os.close(self.fd)
            self.fd = -1


def _readable(data: bytes) -> str:
    return data.decode(errors="replace").strip()


class Told:
    """A file in which the process of a server says what it is as it ends."""

    def __init__(self) -> None:
        """Make it; raises OSError."""
        self.fd = os.memfd_create("told")

    def close(self) -> Runtime | None:
        """Return what was said, and let go of the memory; None if nothing was that can be read."""
        data = os.pread(self.fd, MOST_BYTES, 0)
        os.close(self.fd)
        try:
            return interpreter.read(data)
        except ValueError:
            return None
