"""What a server's whole process tree uses between two moments, read from /proc.

The CPU time of a tree is one number read from many clocks: all of them are read in one pass, with
the time before and after it. Whatever takes longer comes behind that pass.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.model.trial import Usage

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
PROC = Path("/proc")


@dataclass(frozen=True)
class CpuReading:
    """The CPU time of a process tree, read in one pass.

    at_ns: the middle of the pass, monotonic; uncertain_ns: half of what it took
    cpu_s: of everything the tree has run so far, processes that ended and were collected included
    """

    at_ns: int
    uncertain_ns: int
    cpu_s: float


@dataclass(frozen=True)
class Snapshot:
    """The counters of a process tree at one moment.

    switches: of each thread alive, by thread id; None where they cannot be read
    ticks: of the whole tree in its own code and within the kernel
    """

    cpu: CpuReading
    switches: dict[int, int] | None
    processes: frozenset[int]
    ticks: tuple[int, int] = (0, 0)


def descendants(root: int) -> list[int]:
    """Return the ids of all processes below one.

    A walk over /proc by hand: it takes a seventh of the time that psutil's takes.
    """
    children: dict[int, list[int]] = {}
    for entry in os.listdir(PROC):
        if entry.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                children.setdefault(_parent(entry), []).append(int(entry))
    pids, next_ones = [], children.get(root, [])
    while next_ones:
        pids += next_ones
        next_ones = [child for pid in next_ones for child in children.get(pid, [])]
    return pids


def _parent(pid: str) -> int:
    return int(_stat(f"/proc/{pid}/stat")[1])


def _stat(path: str) -> list[bytes]:
    """Return the fields of a `stat` file behind the name, which may hold spaces and parentheses."""
    return _bytes(path).rpartition(b")")[2].split()


def _bytes(path: str) -> bytes:
    """Return the start of a file: pathlib takes three times as long, for each of 1,000 threads."""
    fd = os.open(path, os.O_RDONLY)
    try:
        return os.read(fd, 4096)
    finally:
        os.close(fd)


def read_cpu(root: int, pids: list[int]) -> CpuReading:
    """Read the CPU clocks of the processes of a tree in one pass. pids: its descendants."""
    before_ns = time.monotonic_ns()
    cpu_s = _collected_s(root)
    for pid in pids:
        # A process may end at any moment; what it used is then in its parent's counter.
        with contextlib.suppress(OSError, ValueError, IndexError):
            cpu_s += cpu_clock_s(pid) + _collected_s(pid)
    after_ns = time.monotonic_ns()
    return CpuReading((before_ns + after_ns) // 2, (after_ns - before_ns) // 2, cpu_s)


def cpu_clock_s(pid: int) -> float:
    """Return the CPU time of another process, exact to the nanosecond; raises OSError."""
    # See clock_getcpuclockid(3).
    return time.clock_gettime((~pid << 3) | 2)


def _collected_s(pid: int) -> float:
    """Return the CPU time of a process's children that have ended, in steps of a tick."""
    # The first thread's file has this number of the whole process, and does not sum up a thousand
    # threads for others that are not wanted.
    cutime, cstime = _stat(f"/proc/{pid}/task/{pid}/stat")[13:15]
    return (int(cutime) + int(cstime)) / TICKS_PER_S


def switches(pids: list[int]) -> dict[int, int] | None:
    """Return the context switches of every thread alive; None where the kernel does not tell."""
    counts: dict[int, int] = {}
    for pid in pids:
        try:
            for thread in os.listdir(f"/proc/{pid}/task"):
                with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                    counts[int(thread)] = _switches(f"/proc/{pid}/task/{thread}/status")
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended
        except (OSError, ValueError):
            return None
    return counts


def _switches(path: str) -> int:
    _, lines, rest = _bytes(path).partition(b"\nvoluntary_ctxt_switches:")
    if not lines:
        raise ValueError(f"{path}: tells no context switches")
    voluntary, _, forced = rest.split()[:3]
    return int(voluntary) + int(forced)


def ticks(root: int, pids: list[int]) -> tuple[int, int]:
    """Return the CPU time of a tree in its own code and within the kernel, in ticks.

    Most kernels look where a CPU is at each tick alone, so that the two are a sample of a time
    that is known exactly: their ratio is of use, their sum is not.
    """
    user = kernel = 0
    for pid in [root, *pids]:
        # Of the root, the harness's own process that started the server, its children alone count.
        with contextlib.suppress(OSError, ValueError, IndexError):
            own_user, own_kernel, ended_user, ended_kernel = map(
                int, _stat(f"/proc/{pid}/stat")[11:15]
            )
            user += ended_user + (own_user if pid != root else 0)
            kernel += ended_kernel + (own_kernel if pid != root else 0)
    return user, kernel


def snapshot(cpu: CpuReading, root: int, pids: list[int]) -> Snapshot:
    """Return the counters of a tree whose clocks have just been read."""
    return Snapshot(cpu, switches(pids), frozenset(pids), ticks(root, pids))


def usage(before: Snapshot, after: Snapshot, root: int) -> Usage:
    """Return what a tree has used between two snapshots, and what it holds now."""
    pids = descendants(root)
    cpu_s = after.cpu.cpu_s - before.cpu.cpu_s
    return Usage(
        span_s=(after.cpu.at_ns - before.cpu.at_ns) / 1e9,
        cpu_s=cpu_s,
        ctx_switches=switched(before.switches, after.switches),
        pss_bytes=_sum(pss_bytes, pids),
        processes=len(after.processes),
        threads=_sum(_threads, pids) or 0,
        open_files=_sum(_open_files, pids),
        kernel_s=within_kernel(cpu_s, before.ticks, after.ticks),
    )


def within_kernel(cpu_s: float, before: tuple[int, int], after: tuple[int, int]) -> float | None:
    """Return the part of a CPU time that passed within the kernel, as its ticks divide it."""
    user, kernel = (late - early for early, late in zip(before, after, strict=True))
    # Ticks go back where a process ended that nobody collected.
    return cpu_s * kernel / (user + kernel) if min(user, kernel) >= 0 < user + kernel else None


def switched(before: dict[int, int] | None, after: dict[int, int] | None) -> int | None:
    """Return how often threads were switched between two readings; None if that is not known."""
    # A thread that has ended took its count along.
    if before is None or after is None or not before.keys() <= after.keys():
        return None
    return sum(after.values()) - sum(before.values())


def _sum(read: Callable[[int], int], pids: list[int]) -> int | None:
    """Return the sum over all processes that are still there; None if one does not tell."""
    total, known = 0, False
    for pid in pids:
        try:
            total += read(pid)
            known = True
        except (FileNotFoundError, ProcessLookupError):
            if (PROC / str(pid)).exists():
                return None  # it is there, and this file of it is not
        except (OSError, ValueError, IndexError):
            return None
    return total if known else None


def pss_bytes(pid: int, proc: Path = PROC) -> int:
    """Return a process's proportional set size; raises OSError, ValueError where it is unknown."""
    for row in (proc / str(pid) / "smaps_rollup").read_bytes().splitlines():
        if row.startswith(b"Pss:"):
            return int(row.split()[1]) * 1024
    raise ValueError(f"{pid}: tells no proportional set size")


def resident_bytes(pids: Iterable[int]) -> int | None:
    """Return the resident memory of processes; None where one of them is no more.

    Of a process with 100 MiB it takes the kernel a hundredth of what the proportional size does.
    """
    try:
        pages = [int(_bytes(f"/proc/{pid}/statm").split()[1]) for pid in pids]
    except (OSError, ValueError, IndexError):
        return None
    return PAGE_BYTES * sum(pages)


def _threads(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/task"))


def _open_files(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def frequencies_mhz(cpus: tuple[int, ...]) -> list[float]:
    """Return at what frequency each CPU runs; empty where the machine does not tell.

    Of some virtual machines it is a constant that the kernel was told at its start.
    """
    try:
        clocks = psutil.cpu_freq(percpu=True)
    except (OSError, NotImplementedError, AttributeError, ValueError, IndexError):
        # An empty /sys/devices/system/cpu/cpufreq/policy0, and other kernels' gaps.
        return []
    return [clocks[cpu].current for cpu in cpus] if clocks and len(clocks) > max(cpus) else []
