"""Whether this machine is fit to measure on, and what to do where it is not."""

import os
import resource
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.table import Table

from bench import machine, words
from servers import terms

OK, WARNING, PROBLEM = "ok", "warning", "problem"

# A fifth of a CPU beside a run on two is more than the tenth of a side that makes a trial noisy.
# The load average would still count what ended a minute ago, such as the run before this one.
LOAD_LIMIT = 0.2
LOOK_S = 0.25
# A thousand connections take as many descriptors in the server, and a Python process some more.
FILES_LIMIT = 4096
# Linux gives 28,232 ports. A closed connection holds its port for 60 s, unless it is reused.
PORTS_LIMIT = 16_384
TIME_WAIT_S = 60
# Every connection of a workload may arrive at once, before the server accepts one.
BACKLOG_LIMIT = 1024
# A few pages that were swapped out long ago harm nobody.
SWAP_LIMIT_MIB = 64


@dataclass(frozen=True)
class Facts:
    """What was read of the machine; None or empty where it does not say.

    affinity: CPUs that this process may use; quota: of its cgroup, in CPUs
    load: CPUs that are at work while nothing is measured
    files: the hard limit of open files of a process, None for none
    reuse: net.ipv4.tcp_tw_reuse, 0 is never, 1 always, 2 on loopback
    """

    affinity: int
    quota: float | None
    shared: bool
    governors: tuple[str, ...]
    load: float
    files: int | None
    ports: tuple[int, int]
    reuse: int
    backlog: int
    swap_used_mib: int
    virtualised: bool
    congestion_controls: tuple[str, ...]
    address_randomisation: str


@dataclass(frozen=True)
class Finding:
    """One thing looked at. level: ok, warning or problem; remedy: what to do, empty if ok."""

    level: str
    what: str
    found: str
    remedy: str = ""


def examine() -> list[Finding]:
    """Look at this machine; takes a quarter of a second and starts nothing."""
    return judge(read())


def judge(facts: Facts) -> list[Finding]:
    """Return a finding for each thing looked at, from facts alone."""
    return [look(facts) for look in LOOKS]


def _cpus(facts: Facts) -> Finding:
    found = words.count(facts.affinity, "CPU", "CPUs")
    if facts.shared:
        remedy = "Server and generator share a core: trust CPU per request, or use a larger machine"
        return Finding(PROBLEM, "CPUs", found, remedy)
    if facts.affinity == 2:
        remedy = "One for each side leaves none for the rest: end other programs before a run"
        return Finding(WARNING, "CPUs", found, remedy)
    return Finding(OK, "CPUs", found)


def _quota(facts: Facts) -> Finding:
    if facts.quota is None or facts.quota >= facts.affinity:
        return Finding(OK, "CPU quota", "none below the CPUs")
    found = f"{facts.quota:g} of {words.count(facts.affinity, 'CPU', 'CPUs')}"
    remedy = "A container that reaches its quota is stopped for milliseconds: raise it (cpu.max)"
    return Finding(PROBLEM if facts.quota < 2 else WARNING, "CPU quota", found, remedy)


def _governor(facts: Facts) -> Finding:
    if not facts.governors:
        return Finding(OK, "frequency governor", "not visible here")
    found = ", ".join(facts.governors)
    if facts.governors == ("performance",):
        return Finding(OK, "frequency governor", found)
    remedy = "The clock follows the load: `cpupower frequency-set -g performance`"
    return Finding(WARNING, "frequency governor", found, remedy)


def _load(facts: Facts) -> Finding:
    found = f"{facts.load:.2f} CPUs at work now"
    if facts.load <= LOAD_LIMIT:
        return Finding(OK, "load", found)
    remedy = "See with `top` who is at work, and wait or end it"
    return Finding(PROBLEM if facts.load >= facts.affinity else WARNING, "load", found, remedy)


def _files(facts: Facts) -> Finding:
    if facts.files is None or facts.files >= FILES_LIMIT:
        found = "no limit" if facts.files is None else f"up to {facts.files:,}"
        return Finding(OK, "open files", found)
    remedy = f"Fewer connections than that can be opened: `ulimit -Hn {FILES_LIMIT}` as root"
    return Finding(WARNING, "open files", f"up to {facts.files:,}", remedy)


def _ports(facts: Facts) -> Finding:
    low, high = facts.ports
    number = high - low + 1
    found = f"{number:,} ({low} to {high})"
    if number < PORTS_LIMIT:
        remedy = "`sysctl net.ipv4.ip_local_port_range='32768 60999'`"
        return Finding(WARNING, "ephemeral ports", found, remedy)
    if facts.reuse == 0:
        rate = number // TIME_WAIT_S
        remedy = f"Churn past {rate:,} connections/s runs out: `sysctl net.ipv4.tcp_tw_reuse=2`"
        return Finding(WARNING, "ephemeral ports", f"{found}, not reused", remedy)
    return Finding(OK, "ephemeral ports", found)


def _backlog(facts: Facts) -> Finding:
    found = f"{facts.backlog:,} connections may wait"
    if facts.backlog >= BACKLOG_LIMIT:
        return Finding(OK, "backlog", found)
    remedy = "A full queue costs a client a second: `sysctl net.core.somaxconn=4096`"
    return Finding(WARNING, "backlog", found, remedy)


def _swap(facts: Facts) -> Finding:
    if facts.swap_used_mib <= SWAP_LIMIT_MIB:
        return Finding(OK, "swap", "not in use" if not facts.swap_used_mib else "hardly in use")
    remedy = "Pages may be fetched in mid-window: free memory, then `swapoff -a && swapon -a`"
    return Finding(WARNING, "swap", f"{facts.swap_used_mib:,} MiB in use", remedy)


def _virtualised(facts: Facts) -> Finding:
    if not facts.virtualised:
        return Finding(OK, "virtualisation", "none visible")
    remedy = "Others may take CPU unseen: compare within one run, and heed `noisy`"
    return Finding(WARNING, "virtualisation", "a virtual machine", remedy)


def _congestion(facts: Facts) -> Finding:
    wanted = [name for name in terms.CONGESTION_CONTROLS if name in facts.congestion_controls]
    found = ", ".join(facts.congestion_controls) or "not visible here"
    if wanted or not facts.congestion_controls:
        return Finding(OK, "congestion control", f"{wanted[0]} of {found}" if wanted else found)
    remedy = "What is there may pace loopback: `modprobe tcp_cubic`"
    return Finding(WARNING, "congestion control", found, remedy)


def _randomisation(facts: Facts) -> Finding:
    # A layout in memory that favours one trial is drawn anew for the next.
    found = "off" if facts.address_randomisation == "0" else "on, averaged: a process a trial"
    return Finding(OK, "address randomisation", found)


LOOKS: tuple[Callable[[Facts], Finding], ...] = (
    *(_cpus, _quota, _governor, _load, _files, _ports, _backlog),
    *(_swap, _virtualised, _congestion, _randomisation),
)


def short(findings: Sequence[Finding]) -> str:
    """Return one line for the start of a run."""
    bad = [finding for finding in findings if finding.level != OK]
    if not bad:
        return "machine: nothing against it"
    told = "; ".join(f"{finding.what}: {finding.found}" for finding in bad)
    return f"machine: {told} (`bench doctor` says what to do)"


def table(findings: Sequence[Finding]) -> Table:
    """Return the findings for a terminal, within 100 columns."""
    made = Table(box=None, pad_edge=False)
    made.add_column("", no_wrap=True)
    made.add_column("what", no_wrap=True)
    made.add_column("found", max_width=32, overflow="fold")
    made.add_column("what to do", overflow="fold")
    styles = {OK: "green", WARNING: "yellow", PROBLEM: "red"}
    for finding in findings:
        level = f"[{styles[finding.level]}]{finding.level}[/]"
        made.add_row(level, finding.what, finding.found, finding.remedy)
    return made


def read() -> Facts:
    """Read the facts from the kernel."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    ports = _read("/proc/sys/net/ipv4/ip_local_port_range").split() or ["32768", "60999"]
    governors = Path("/sys/devices/system/cpu").glob("cpu[0-9]*/cpufreq/scaling_governor")
    allowed = _read("/proc/sys/net/ipv4/tcp_allowed_congestion_control")
    return Facts(
        affinity=len(os.sched_getaffinity(0)),
        quota=machine.quota(),
        shared=machine.cpus_for_run().shared,
        governors=tuple(sorted({_read(path) for path in governors} - {""})),
        load=psutil.cpu_percent(LOOK_S) / 100 * (os.cpu_count() or 1),
        files=None if hard == resource.RLIM_INFINITY else hard,
        ports=(int(ports[0]), int(ports[1])),
        reuse=int(_read("/proc/sys/net/ipv4/tcp_tw_reuse") or 2),
        backlog=terms.backlog(),
        swap_used_mib=psutil.swap_memory().used // 2**20,
        virtualised="hypervisor" in _read("/proc/cpuinfo"),
        congestion_controls=tuple(allowed.split()),
        address_randomisation=_read("/proc/sys/kernel/randomize_va_space"),
    )


def _read(path: str | Path) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
