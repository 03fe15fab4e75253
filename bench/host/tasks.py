"""How many more threads, processes and files this machine lets us have, and what says so."""

import contextlib
import errno
import os
import resource
from dataclasses import dataclass
from pathlib import Path

from bench.host import kernel, quota

SYSTEM_WIDE = ("kernel.threads-max", "kernel.pid_max")
# What is said where no thread can be started; of a process a call that would block says the same,
# and the traceback tells them apart.
NO_THREAD, NO_PROCESS, FORKED = "can't start new thread", os.strerror(errno.EAGAIN), "fork"
# A limit that leaves more for each connection is met by what leaks, and not by connections.
EACH_MOST = 4
# The stack of a thread and the page that guards it.
MAPS_PER_THREAD = 2
# Capabilities that exempt from RLIMIT_NPROC: CAP_SYS_ADMIN and CAP_SYS_RESOURCE.
EXEMPT = 1 << 21 | 1 << 24
# What /proc/self/uid_map says outside of any user namespace.
EVERY_USER = "0 0 4294967295"


@dataclass(frozen=True)
class Limit:
    """How many more threads and processes may be started, what says so, and how to raise it."""

    left: int
    name: str
    remedy: str


def limits(root: Path = kernel.ROOT) -> list[Limit]:
    """Return every limit that is known; what cannot be read limits nothing."""
    known = []
    group = quota.processes_left(root)
    if group is not None:
        left, path = group
        known.append(Limit(left, f"the control group ({path})", f"raise it (echo max > {path})"))
    running = tasks(root)
    for name in SYSTEM_WIDE:
        most = kernel.number(f"/proc/sys/{name.replace('.', '/')}", root)
        if most is not None and running is not None:
            remedy = f"raise it (sysctl {name}={2 * most})"
            known.append(Limit(max(0, most - running), f"{name} ({most:,})", remedy))
    _, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    if hard != resource.RLIM_INFINITY and not exempt(root):
        left = max(0, hard - tasks_of_user(os.getuid(), root))
        name = f"the user's limit of processes ({hard:,})"
        known.append(Limit(left, name, "raise it (ulimit -Hu, or LimitNPROC=)"))
    return known


def met(words: str, asked: int, root: Path = kernel.ROOT) -> Limit | None:
    """Return the limit that a server ran into as it ended, by what it said.

    asked: connections that it was to hold; a limit far beyond them is none that they met
    """
    known: list[Limit | None] = []
    if os.strerror(errno.EMFILE) in words:
        known = [of_files()]
    elif NO_THREAD in words or (NO_PROCESS in words and FORKED in words):
        known = [*limits(root), *_of_maps(root)]
    least = min((limit for limit in known if limit), key=lambda limit: limit.left, default=None)
    return least if least is not None and least.left <= EACH_MOST * asked else None


def of_files() -> Limit | None:
    """Return how many files a process may have open; None is no limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        return None
    name = f"the limit of open files of a process ({hard:,})"
    return Limit(hard, name, "raise it (ulimit -Hn)")


def _of_maps(root: Path) -> list[Limit]:
    name = "vm.max_map_count"
    most = kernel.number(f"/proc/sys/{name.replace('.', '/')}", root)
    if most is None:
        return []
    remedy = f"raise it (sysctl {name}={2 * most})"
    return [Limit(most // MAPS_PER_THREAD, f"{name} ({most:,}, two a thread)", remedy)]


def tasks(root: Path = kernel.ROOT) -> int | None:
    """Return how many threads there are on this machine."""
    words = (kernel.text("/proc/loadavg", root) or "").split()
    total = words[3].rpartition("/")[2] if len(words) > 3 else ""
    return int(total) if total.isdigit() else None


def tasks_of_user(user: int, root: Path = kernel.ROOT) -> int:
    """Return how many threads a user has, of those that can be seen."""
    count = 0
    for process in (root / "proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if process.stat().st_uid == user:
                count += len(os.listdir(process / "task"))
    return count


def exempt(root: Path = kernel.ROOT) -> bool:
    """Return whether the user's limit of processes is not for us: root outside user namespaces."""
    uid_map = " ".join((kernel.text("/proc/self/uid_map", root) or "").split())
    rows = (kernel.text("/proc/self/status", root) or "").splitlines()
    held = next((row.split()[1] for row in rows if row.startswith("CapEff:")), "0")
    return uid_map == EVERY_USER and bool(int(held, 16) & EXEMPT)
