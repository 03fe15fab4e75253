"""Whether this machine is fit to measure on, and what to do where it is not."""

import os
import resource
import time
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from bench.host import cpu_times, kernel, machine, quota
from bench.host.doctor import LOOKS
from bench.host.doctor.finding import OK, PROBLEM, WARNING, MachineFacts, Remark
from bench.model.cpus import parse_cpus
from servers import terms

LOOK_S = 0.25


def examine() -> list[Remark]:
    """Look at this machine; takes a quarter of a second and starts nothing."""
    return judge(read())


def judge(facts: MachineFacts) -> list[Remark]:
    """Return a finding for each thing looked at, from facts alone."""
    return [look(facts) for look in LOOKS]


def short(findings: Sequence[Remark]) -> str:
    """Return one line for the start of a run."""
    bad = [finding for finding in findings if finding.level != OK]
    if not bad:
        return "machine: nothing against it"
    problems = "; ".join(f"{finding.what}: {finding.found}" for finding in bad)
    head = "WARNING" if any(finding.level == PROBLEM for finding in bad) else "machine"
    return f"{head}: {problems} (`bench doctor` says what to do)"


def table(findings: Sequence[Remark]) -> Table:
    """Return the findings for a terminal, within 100 columns."""
    grid = Table(box=None, pad_edge=False)
    grid.add_column("", no_wrap=True)
    grid.add_column("what", no_wrap=True)
    grid.add_column("found", max_width=32, overflow="fold")
    grid.add_column("what to do", overflow="fold")
    styles = {OK: "green", WARNING: "yellow", PROBLEM: "red"}
    for finding in findings:
        level = Text(finding.level, style=styles[finding.level])
        grid.add_row(level, *map(Text, (finding.what, finding.found, finding.remedy)))
    return grid


def read() -> MachineFacts:
    """Read the facts from the kernel."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    affinity = tuple(sorted(os.sched_getaffinity(0)))
    swap = kernel.swap_mib()
    return MachineFacts(
        affinity=len(affinity),
        quota=quota.cpus(),
        topology=machine.topology_for(),
        isolated=isolated(),
        governors=_governors(),
        load=_load(affinity),
        files=None if hard == resource.RLIM_INFINITY else hard,
        ports=kernel.ports(),
        reuse=kernel.number("/proc/sys/net/ipv4/tcp_tw_reuse"),
        time_wait=kernel.time_wait_sockets(),
        time_wait_most=kernel.number("/proc/sys/net/ipv4/tcp_max_tw_buckets"),
        tracked=_tracked(),
        backlog=terms.backlog(),
        datagram_buffer=terms.datagram_buffer(),
        swap_used_mib=None if swap is None else swap[1],
        virtualised=kernel.virtualised(),
        congestion_control=terms.congestion_control(),
        clock_source=kernel.clock_source(),
        address_randomisation=kernel.text("/proc/sys/kernel/randomize_va_space"),
    )


def isolated(root: Path = kernel.ROOT) -> tuple[int, ...]:
    """Return the CPUs that the kernel gives to nobody who does not ask for them."""
    try:
        text = kernel.text("/sys/devices/system/cpu/isolated", root) or ""
        return tuple(parse_cpus(text))
    except ValueError:
        return ()


def _governors() -> tuple[str, ...]:
    paths = Path("/sys/devices/system/cpu").glob("cpu[0-9]*/cpufreq/scaling_governor")
    return tuple(sorted({governor for path in paths if (governor := kernel.text(str(path)))}))


def _load(cpus: tuple[int, ...]) -> float | None:
    """Return how many of some CPUs are at work, from a look that takes a quarter of a second."""
    before = cpu_times.read(cpus)
    time.sleep(LOOK_S)
    after = cpu_times.read(cpus)
    share = None if before is None or after is None else (after - before).used(own_s=0.0)
    return None if share is None else share * len(cpus)


def _tracked() -> tuple[int, int] | None:
    """Return how many connections the firewall follows, and how many it can at most."""
    folder = "/proc/sys/net/netfilter/nf_conntrack_{}"
    count, most = (kernel.number(folder.format(name)) for name in ("count", "max"))
    return None if count is None or most is None else (count, most)
