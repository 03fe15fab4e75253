"""What the kernel says in files below /proc and /sys: None where it does not say.

Containers, sandboxes and other kernels leave files out, empty them or forbid them. What cannot be
read is unknown; it is never zero, and it never ends a run.
"""

from pathlib import Path

ROOT = Path("/")


def text(path: str, root: Path = ROOT) -> str | None:
    """Return what a file says, without the space around it; None if it cannot be read or is empty.

    path: absolute, taken below `root`, which tests replace by a tree that they have made.
    """
    try:
        content = (root / path.lstrip("/")).read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):
        return None
    return content.strip() or None


def numbers(path: str, root: Path = ROOT) -> tuple[int, ...] | None:
    """Return the whole numbers in a file; None if it holds anything else."""
    line = text(path, root)
    try:
        return None if line is None else tuple(int(word) for word in line.split())
    except ValueError:
        return None


def number(path: str, root: Path = ROOT) -> int | None:
    """Return the whole number that a file holds; None if it holds anything else."""
    values = numbers(path, root)
    return values[0] if values is not None and len(values) == 1 else None


def ports(root: Path = ROOT) -> tuple[int, int] | None:
    """Return the first and the last port that a client may be given."""
    values = numbers("/proc/sys/net/ipv4/ip_local_port_range", root)
    return (values[0], values[1]) if values is not None and len(values) == 2 else None


def time_wait_sockets(root: Path = ROOT) -> int | None:
    """Return how many closed TCP connections wait for their time to pass."""
    for line in (text("/proc/net/sockstat", root) or "").splitlines():
        words = line.split()
        if words[:1] == ["TCP:"] and "tw" in words[:-1]:
            count = words[words.index("tw") + 1]
            return int(count) if count.isdigit() else None
    return None


def clock_source(root: Path = ROOT) -> str | None:
    """Return what the kernel reads the time from."""
    return text("/sys/devices/system/clocksource/clocksource0/current_clocksource", root)


def virtualised(root: Path = ROOT) -> bool | None:
    """Return whether the CPUs say that a hypervisor runs them."""
    flags = text("/proc/cpuinfo", root)
    return None if flags is None else "hypervisor" in flags


def swap_mib(root: Path = ROOT) -> tuple[int, int] | None:
    """Return how much swap there is, and how much of it is in use, in MiB."""
    rows = _memory(root)
    if rows is None or not {"SwapTotal", "SwapFree"} <= rows.keys():
        return None
    return rows["SwapTotal"] // 1024, (rows["SwapTotal"] - rows["SwapFree"]) // 1024


def memory_mib(root: Path = ROOT) -> int | None:
    """Return how much memory there is, in MiB."""
    rows = _memory(root)
    return None if rows is None or "MemTotal" not in rows else rows["MemTotal"] // 1024


def _memory(root: Path) -> dict[str, int] | None:
    """Return the lines of /proc/meminfo in KiB."""
    table = text("/proc/meminfo", root)
    if table is None:
        return None
    rows = (line.split() for line in table.splitlines())
    return {row[0].rstrip(":"): int(row[1]) for row in rows if len(row) > 1 and row[1].isdigit()}
