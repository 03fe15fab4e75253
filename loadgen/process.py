"""One process of the generator, as its fleet has it: started, told, heard, and ended."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import loadgen
from loadgen.plan import PlanError

# Over and above the plan's own times, before a process counts as hung. It is no measure of speed: a
# machine on which a process says nothing for so long measures nothing.
PATIENCE_S = 30.0
# Read from the end of what a dead process said: enough for a traceback's last line.
WORDS_MAX = 4000


class FleetError(RuntimeError):
    """A generator process died or hung; the message has its last words.

    It is the instrument that failed, and nothing is said of the server.
    """


def environment() -> dict[str, str]:
    """Return the environment of a generator process: free of Python's switches, as the servers' is.

    PYTHONTRACEMALLOC alone slows it down 2 to 5 times.
    """
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return plain | {"PYTHONPATH": str(Path(loadgen.__file__).parent.parent)}


class Process:
    """A generator process; its columns and its standard error are memory, not files.

    The folder for temporary files may be full, and samples are many.
    """

    def __init__(self, number: int, program: str = "loadgen.worker") -> None:
        """Start it; raises FleetError if there are no descriptors, processes or memory."""
        self.number = number
        self.columns = self.errors = -1
        try:
            self.columns = os.memfd_create(f"columns-{number}")
            self.errors = os.memfd_create(f"errors-{number}")
            self.popen = subprocess.Popen(
                [sys.executable, "-P", "-m", program],
                env=environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.errors,
                pass_fds=[self.columns],
                text=True,
                # Ctrl-C is for the house: it ends the trial in good order.
                start_new_session=True,
            )
        except OSError as error:
            self._close()
            why = error.strerror or str(error)
            raise FleetError(f"generator process {number} cannot start: {why}") from None
        self.pid = self.popen.pid

    @property
    def path(self) -> Path:
        """Return where its columns are read."""
        return Path(f"/proc/self/fd/{self.columns}")

    def tell(self, line: str) -> None:
        """Say a line to it; raises FleetError if it is dead."""
        stdin = self.popen.stdin
        assert stdin is not None
        try:
            stdin.write(line + "\n")
            stdin.flush()
        except BrokenPipeError:
            raise self._death() from None

    def hear(self, expected_s: float, key: str) -> dict[str, Any]:
        """Return what it says next, which must hold `key`.

        Raises:
            PlanError: it refuses the plan
            FleetError: it is dead, or says nothing or something else
            KeyboardInterrupt: it was stopped before there was anything to tell
        """
        stdout = self.popen.stdout
        assert stdout is not None
        # One line at a time is said and read, so none waits in the buffer behind the descriptor.
        if not select.select([stdout], [], [], expected_s + PATIENCE_S)[0]:
            raise FleetError(f"generator process {self.number} hangs: it has not said {key!r}")
        line = stdout.readline()
        if not line:
            raise self._death()
        fact: dict[str, Any] = json.loads(line)
        if "refused" in fact:
            raise PlanError(fact["refused"])
        if "stopped" in fact:
            raise KeyboardInterrupt
        if key not in fact:
            raise FleetError(f"generator process {self.number} said {line!r} and not {key!r}")
        return fact

    def stop(self) -> None:
        """Ask it to close its window now."""
        self.popen.send_signal(signal.SIGINT)

    def _death(self) -> FleetError:
        status = self.popen.wait()
        size = os.fstat(self.errors).st_size
        words = os.pread(self.errors, WORDS_MAX, max(0, size - WORDS_MAX))
        lines = words.decode(errors="replace").strip().splitlines()
        how = f"was killed by {_signal(-status)}" if status < 0 else f"ended with status {status}"
        last = f": {lines[-1]}" if lines else ""
        return FleetError(f"generator process {self.number} {how}{last}")

    def end(self) -> None:
        """End it, and let go of what it wrote."""
        self.popen.kill()
        self.popen.wait()
        for pipe in (self.popen.stdin, self.popen.stdout):
            if pipe is not None:
                # What could not be said to a dead process is tried once more by the close.
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        self._close()

    def _close(self) -> None:
        for descriptor in (self.columns, self.errors):
            if descriptor >= 0:
                os.close(descriptor)


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
