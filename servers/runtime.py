"""What a Python process is, told by itself: its release, its locks, what it has imported.

Read by interpreters of all ages, to learn which they are: nothing here is newer than Python 3.7.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys

# While a process tells, other threads of its must not keep the GIL from it, as long as they may.
SWITCH_S = 1e-6


def facts() -> dict[str, object]:
    """Return what this process is now: an import may have turned the GIL on again.

    The fields are those of `bench.model.interpreter.Runtime`.
    """
    import platform  # not before a trial is over: it would be in the server's memory

    jit = getattr(sys, "_jit", None)
    return {
        "implementation": platform.python_implementation(),
        "version": platform.python_version() + _pypy(),
        "free_threaded": "t" in getattr(sys, "abiflags", ""),
        "gil": getattr(sys, "_is_gil_enabled", lambda: True)(),
        "jit": bool(jit and jit.is_enabled()),
        "debug": hasattr(sys, "gettotalrefcount"),
        "allocator": allocator(),
    }


def _pypy() -> str:
    release = getattr(sys, "pypy_version_info", ())[:3]
    return " ({})".format(".".join(map(str, release))) if release else ""


def allocator() -> str:
    """Return what allocates small objects, by build and switches; of other than CPython: empty."""
    if sys.implementation.name != "cpython":
        return ""
    usual = "mimalloc" if "t" in sys.abiflags else "pymalloc"
    checked = sys.flags.dev_mode or hasattr(sys, "gettotalrefcount")
    return os.environ.get("PYTHONMALLOC", "") or usual + ("_debug" if checked else "")


def imported() -> dict[str, str]:
    """Return the versions of the packages that were imported, by the names of their modules.

    What has no version is left out: the standard library, the server itself.
    """
    tops = {name.partition(".")[0] for name in list(sys.modules)}
    foreign = sorted(name for name in tops if _is_installed(name))
    if not foreign:
        return {}
    from importlib import metadata

    versions = {}
    for name in foreign:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue  # a module of a package that has another name
    return versions


def _is_installed(name: str) -> bool:
    spec = getattr(sys.modules.get(name), "__spec__", None)
    origin = getattr(spec, "origin", None) or ""
    return "site-packages" in origin or "dist-packages" in origin


class Teller:
    """Writes what this process is into a file as the process ends, by itself or asked by SIGTERM.

    Processes that it forks say nothing. What is killed, or takes SIGTERM for itself and never
    returns, says nothing either.
    """

    def __init__(self, fd: int) -> None:
        """Wait for the end. fd: of a file that is empty"""
        self.fd, self.pid = fd, os.getpid()
        atexit.register(self.tell)
        signal.signal(signal.SIGTERM, self.on_signal)

    def on_signal(self, number: int, _frame: object) -> None:
        """Tell, and end as if nobody had listened.

        With its group, if it leads one: between the signal and this it may have forked a child,
        which the signal has missed.
        """
        signal.signal(number, signal.SIG_IGN)  # whoever asks again does not interrupt the answer
        sys.setswitchinterval(SWITCH_S)
        try:
            self.tell()
        finally:
            signal.signal(number, signal.SIG_DFL)
            if os.getpgrp() == os.getpid():
                os.killpg(0, number)
            os.kill(os.getpid(), number)

    def tell(self) -> None:
        """Write it, once."""
        if os.getpid() != self.pid:
            return
        import json

        os.ftruncate(self.fd, 0)
        os.pwrite(self.fd, json.dumps({**facts(), "packages": imported()}).encode(), 0)
