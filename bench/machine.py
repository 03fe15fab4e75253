"""What this machine is, and which of its CPUs a run may use."""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

POOL_LEAST = 4
PACKAGES = ("uvloop", "numpy", "pandas", "scipy", "matplotlib", "hdrhistogram", "psutil")
TOPOLOGY = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"


@dataclass(frozen=True)
class Cpus:
    """Who runs where. `shared`: server and generator have to share one CPU."""

    server: tuple[int, ...]
    generator: tuple[int, ...]

    @property
    def shared(self) -> bool:
        """Return whether the two sides disturb each other."""
        return bool(set(self.server) & set(self.generator))

    @property
    def all(self) -> tuple[int, ...]:
        """Return the CPUs of both sides, each once."""
        return tuple(sorted({*self.server, *self.generator}))

    @property
    def sides(self) -> dict[str, tuple[int, ...]]:
        """Return the CPUs of `server` and `generator`, or of `both` where they share some."""
        if self.shared:
            return {"both": self.all}
        return {"server": self.server, "generator": self.generator}

    @property
    def pool_size(self) -> int:
        """Return the default size of a pool of workers."""
        return max(POOL_LEAST, len(self.server))


def usable_cpus() -> list[int]:
    """Return the CPUs that this process may use: its affinity, cut to the cgroup's quota."""
    cpus = sorted(os.sched_getaffinity(0))
    limit = quota()
    return cpus[: max(1, int(limit))] if limit else cpus


def quota() -> float | None:
    """Return the cgroup's CPU quota in CPUs, of version 2 or 1; None is no limit."""
    try:
        limit, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        return None if limit == "max" else int(limit) / int(period)
    except (OSError, ValueError):
        pass
    try:
        folder = Path("/sys/fs/cgroup/cpu")
        limit_us = int((folder / "cpu.cfs_quota_us").read_text(encoding="ascii"))
        period_us = int((folder / "cpu.cfs_period_us").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    return limit_us / period_us if limit_us > 0 else None


def siblings(cpu: int) -> tuple[int, ...]:
    """Return the CPUs that share a core with this one, itself included."""
    try:
        return tuple(parse_cpus(Path(TOPOLOGY.format(cpu)).read_text(encoding="ascii").strip()))
    except (OSError, ValueError):
        return (cpu,)


def parse_cpus(text: str) -> list[int]:
    """Read a CPU list such as `0-3,8`; raises ValueError."""
    cpus: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        cpus += range(int(first), int(last or first) + 1)
    return cpus


def split(cpus: list[int], cores: dict[int, tuple[int, ...]]) -> Cpus:
    """Return the two halves of the CPUs, with the CPUs of a core on the same side.

    cores: the siblings of each CPU. One core alone serves both sides.
    """
    together = sorted({tuple(c for c in cores[cpu] if c in cpus) for cpu in cpus})
    half = len(together) // 2
    if half == 0:
        return Cpus(tuple(cpus), tuple(cpus))
    server, generator = together[:half], together[half:]
    return Cpus(
        tuple(cpu for core in server for cpu in core),
        tuple(cpu for core in generator for cpu in core),
    )


def cpus_for_run() -> Cpus:
    """Return the halves of the CPUs that this process may use."""
    cpus = usable_cpus()
    return split(cpus, {cpu: siblings(cpu) for cpu in cpus})


def describe() -> dict[str, Any]:
    """Return the facts of the machine that a result depends on."""
    return {
        "system": platform.system(),
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "cpu_model": _cpu_model(),
        "cpus": os.cpu_count(),
        "usable_cpus": usable_cpus(),
        "memory_mib": psutil.virtual_memory().total // 2**20,
        "swap_mib": psutil.swap_memory().total // 2**20,
        "virtualised": "hypervisor" in _read("/proc/cpuinfo"),
        "governor": _read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") or "unknown",
        "load_average": list(os.getloadavg()),
        "address_randomisation": _read("/proc/sys/kernel/randomize_va_space"),
        "somaxconn": _read("/proc/sys/net/core/somaxconn"),
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
    head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    if head.returncode:
        return None
    changed = subprocess.run(
        [*git, "status", "--porcelain"], capture_output=True, text=True, check=False
    ).stdout.strip()
    return head.stdout.strip() + ("+" if changed else "")


def _cpu_model() -> str:
    names = [line for line in _read("/proc/cpuinfo").splitlines() if line.startswith("model name")]
    return names[0].partition(":")[2].strip() if names else platform.processor() or "unknown"


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
