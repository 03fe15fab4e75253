"""What this machine is, and which of its CPUs a run may use."""

import contextlib
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import subprocess
import threading
from pathlib import Path

from bench.host import kernel, quota, topology
from bench.host.topology import Topology
from bench.model.cpus import Cpus, parse_cpus
from bench.model.header import Machine

PACKAGES = ("uvloop", "numpy", "pandas", "scipy", "matplotlib", "hdrhistogram", "psutil")

GOVERNOR = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"
# Nothing is in there where the machine, or its hypervisor, lets nobody choose: known as well.
FREQUENCIES = Path("/sys/devices/system/cpu/cpufreq")


def usable_cpus() -> list[int]:
    """Return the CPUs that this process may use: its affinity, cut to the cgroups' quota."""
    cpus = sorted(os.sched_getaffinity(0))
    limit = quota.cpus()
    return cpus[: max(1, int(limit))] if limit else cpus


def allowed_cpus() -> list[int]:
    """Return the CPUs that a process of ours could be set to, whatever its affinity is now.

    Those of its cpuset that are online, isolated ones included: `taskset` and the kernel's own
    isolation narrow what a process starts with, not what it may ask for.
    """
    allowed: set[int] = set()

    def ask() -> None:
        # The kernel cuts what is asked for to what is allowed. It holds for this thread alone,
        # which ends here.
        with contextlib.suppress(OSError):  # a sandbox forbids it: then what we have is all
            os.sched_setaffinity(0, range(_highest_cpu() + 1))
        allowed.update(os.sched_getaffinity(0))

    asking = threading.Thread(target=ask)
    asking.start()
    asking.join()
    return sorted(allowed | os.sched_getaffinity(0))


def _highest_cpu() -> int:
    """Return the highest number that a CPU may have here."""
    try:
        return max(parse_cpus(kernel.text("/sys/devices/system/cpu/possible") or ""))
    except ValueError:
        return max(os.cpu_count() or 1, *os.sched_getaffinity(0))


def topology_for(*chosen: tuple[int, ...]) -> Topology:
    """Return the topology of the CPUs that this process may use, and of those that were chosen."""
    return topology.read({*usable_cpus(), *(cpu for side in chosen for cpu in side)})


def cpus_for_run(
    many: bool = True, server: tuple[int, ...] = (), generator: tuple[int, ...] = ()
) -> Cpus:
    """Return who runs where, of the CPUs that this process may use.

    many: whether a server of the run can use more than one CPU
    server, generator: what users chose for a side, which stands
    """
    return topology.assign(topology_for(server, generator), many, server, generator)


def describe() -> Machine:
    """Return the facts of the machine that a result depends on; None where they are unknown."""
    swap, ports, capacity = kernel.swap_mib(), kernel.ports(), topology_for().capacity
    return {
        "system": platform.system(),
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "cpu_model": _cpu_model(),
        "cpus": os.cpu_count(),
        "usable_cpus": usable_cpus(),
        "cores": {str(cpu): capacity.get(cpu) for cpu in usable_cpus()},
        "quota_cpus": quota.cpus() or (None if quota.throttling() is None else "none"),
        "memory_mib": kernel.memory_mib(),
        "swap_mib": None if swap is None else swap[0],
        "virtualised": kernel.virtualised(),
        "governor": kernel.text(GOVERNOR) or ("unknown" if _choosable() else "none"),
        "clock_source": kernel.clock_source(),
        "load_average": _load_average(),
        "address_randomisation": kernel.text("/proc/sys/kernel/randomize_va_space"),
        "somaxconn": kernel.text("/proc/sys/net/core/somaxconn"),
        "ports": None if ports is None else {"low": ports[0], "high": ports[1]},
        "time_wait_sockets": kernel.time_wait_sockets(),
        "tcp_tw_reuse": kernel.number("/proc/sys/net/ipv4/tcp_tw_reuse"),
        "tcp_max_tw_buckets": kernel.number("/proc/sys/net/ipv4/tcp_max_tw_buckets"),
    }


def versions() -> dict[str, str]:
    """Return the versions of the interpreter and of the packages that take part."""
    interpreter = {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
    }
    return interpreter | {package: version(package) for package in PACKAGES}


def version(package: str) -> str:
    """Return the version of a package, `installed` or `absent` where it has none."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "installed" if importlib.util.find_spec(package) else "absent"


def commit(folder: Path) -> str | None:
    """Return the commit that is checked out, with `+` if files differ from it; None unknown."""
    if shutil.which("git") is None:
        return None
    git = ["git", "-C", str(folder)]
    asked = [*git, "rev-parse", "HEAD", "--show-toplevel"]
    head = subprocess.run(asked, capture_output=True, text=True, check=False)
    # Installed, it lies in a folder of somebody else's checkout at most.
    if head.returncode or Path(head.stdout.splitlines()[1]).resolve() != folder.resolve():
        return None
    changed = subprocess.run(
        [*git, "status", "--porcelain"], capture_output=True, text=True, check=False
    ).stdout.strip()
    return head.stdout.splitlines()[0] + ("+" if changed else "")


def _choosable() -> bool:
    """Tell if there is a governor to be chosen for any CPU."""
    return any(FREQUENCIES.glob("policy*"))


def _cpu_model() -> str:
    rows = (kernel.text("/proc/cpuinfo") or "").splitlines()
    names = [row.partition(":")[2].strip() for row in rows if row.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"


def _load_average() -> list[float] | None:
    try:
        return list(os.getloadavg())
    except OSError:
        return None
