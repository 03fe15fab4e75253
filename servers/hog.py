"""A thread beside a server that never stops working: the classic neighbour of a slow service."""

import os
import threading

from servers.work import ON_CPU

# Of a turn: long beside the look whether it is to end, and over in milliseconds.
COUNTS = {"spin": 10_000, "release": 1000}


def start(kind: str) -> None:
    """Start one in this process, and one in every process that is forked from it.

    A process that forks workers leaves the work to them: its own thread ends, before the fork, so
    that nothing is copied which that thread holds.
    """
    hogs = [Hog(kind)]
    os.register_at_fork(
        before=lambda: hogs[-1].end(), after_in_child=lambda: hogs.append(Hog(kind))
    )


class Hog(threading.Thread):
    """Works on the CPU until it is told to end."""

    def __init__(self, kind: str) -> None:
        """Begin; it ends with its process."""
        super().__init__(daemon=True)
        self.work, self.count, self.ended = ON_CPU[kind], COUNTS[kind], False
        self.start()

    def run(self) -> None:
        """Work."""
        while not self.ended:
            self.work(self.count)

    def end(self) -> None:
        """Let it come to the end of its turn, and wait for that."""
        self.ended = True
        self.join()
