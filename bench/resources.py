"""What a server's whole process tree uses between two moments, read from /proc."""

import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.records import Usage

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
# Fields of a CPU's line in /proc/stat: idle and iowait; steal.
IDLE_FIELDS = (4, 5)
STEAL_FIELD = 8


@dataclass(frozen=True)
class Snapshot:
    """The counters of a process tree at one moment.

    cpu_s: of everything the tree has run so far, processes that ended and were collected included
    switches: of each thread alive, by thread id
    """

    at_s: float
    cpu_s: float
    switches: dict[int, int]
    processes: frozenset[int]


def snapshot(root: int) -> Snapshot:
    """Read the counters of all descendants of a process, and of those that it has collected."""
    pids = descendants(root)
    cpu_s = _collected_s(root)
    switches: dict[int, int] = {}
    for pid in pids:
        # A process may end at any moment; what it used is then in its parent's counter.
        with contextlib.suppress(OSError, ValueError, IndexError):
            cpu_s += cpu_clock_s(pid) + _collected_s(pid)
            switches |= _switches(pid)
    return Snapshot(time.monotonic(), cpu_s, switches, frozenset(pids))


def descendants(root: int) -> list[int]:
    """Return the ids of all processes below one."""
    try:
        return [child.pid for child in psutil.Process(root).children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def cpu_clock_s(pid: int) -> float:
    """Return the CPU time of another process, exact to the nanosecond; raises OSError."""
    # See clock_getcpuclockid(3).
    return time.clock_gettime((~pid << 3) | 2)


def _collected_s(pid: int) -> float:
    """Return the CPU time of a process's children that have ended, in steps of a tick."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    cutime, cstime = fields.rpartition(")")[2].split()[13:15]
    return (int(cutime) + int(cstime)) / TICKS_PER_S


def _switches(pid: int) -> dict[int, int]:
    counts = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        status = (task / "status").read_text(encoding="utf-8", errors="replace")
        counts[int(task.name)] = sum(
            int(line.split()[1]) for line in status.splitlines() if "ctxt_switches" in line
        )
    return counts


def usage(before: Snapshot, after: Snapshot, root: int) -> Usage:
    """Return what a tree has used between two snapshots, and what it holds now."""
    # A thread that has ended took its count along: then the sum is not known.
    known = before.switches.keys() <= after.switches.keys()
    switches = sum(after.switches.values()) - sum(before.switches.values())
    pss, files, threads = 0, 0, 0
    for pid in descendants(root):
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            pss += process.memory_full_info().pss
            files += process.num_fds()
            threads += process.num_threads()
    return Usage(
        span_s=after.at_s - before.at_s,
        cpu_s=after.cpu_s - before.cpu_s,
        ctx_switches=switches if known else None,
        pss_bytes=pss or None,
        processes=len(after.processes),
        threads=threads,
        open_files=files or None,
    )


def frequencies_mhz(cpus: tuple[int, ...]) -> list[float]:
    """Return at what frequency each CPU runs; empty where the machine does not tell.

    Of some virtual machines it is a constant that the kernel was told at its start.
    """
    found = psutil.cpu_freq(percpu=True)
    return [found[cpu].current for cpu in cpus] if len(found) > max(cpus) else []


@dataclass(frozen=True)
class CpuTimes:
    """Seconds that a number of CPUs has been there, has been idle, and has been withheld.

    Work is what is left: the kernel counts idleness to the microsecond and writes it in steps of a
    tick, but work by looking once a tick, which misses what sleeps in the same rhythm.
    """

    cpus: int
    span_s: float
    idle_s: float
    stolen_s: float

    def __sub__(self, earlier: "CpuTimes") -> "CpuTimes":
        """Return the times from an earlier moment to this one."""
        return CpuTimes(
            self.cpus,
            self.span_s - earlier.span_s,
            self.idle_s - earlier.idle_s,
            self.stolen_s - earlier.stolen_s,
        )

    def used(self, own_s: float) -> float:
        """Return the part of the CPU time that went into work beyond `own_s`, at least."""
        return self._share(self.span_s * self.cpus - self.idle_s - self.stolen_s - own_s)

    def stolen(self) -> float:
        """Return the part of the CPU time that the hypervisor withheld, at least."""
        return self._share(self.stolen_s)

    def _share(self, seconds: float) -> float:
        # The counters of each CPU may be one step off.
        step_s = self.cpus / TICKS_PER_S
        return max(0.0, seconds - step_s) / (self.span_s * self.cpus)


def cpu_times(cpus: tuple[int, ...]) -> CpuTimes:
    """Read the counters of some CPUs."""
    stat = Path("/proc/stat").read_text(encoding="ascii")
    return parse_cpu_times(stat, cpus, time.monotonic())


def parse_cpu_times(stat: str, cpus: tuple[int, ...], at_s: float) -> CpuTimes:
    """Sum the counters of some CPUs in the text of /proc/stat, read at a moment."""
    wanted = {f"cpu{cpu}" for cpu in cpus}
    rows = [line.split() for line in stat.splitlines() if line.split(" ", 1)[0] in wanted]
    idle = sum(int(row[field]) for row in rows for field in IDLE_FIELDS)
    stolen = sum(int(row[STEAL_FIELD]) for row in rows)
    return CpuTimes(len(cpus), at_s, idle / TICKS_PER_S, stolen / TICKS_PER_S)
