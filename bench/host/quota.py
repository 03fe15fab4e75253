"""What the control groups that this process is in allow it, and when they held it up.

A limit may stand in the group itself or in any group above it: the tightest decides. Version 1 has
a tree for each controller, version 2 one for all, and both may be mounted at once.
"""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bench.host import kernel


@dataclass(frozen=True)
class Throttling:
    """How often a quota has stopped the processes of a group.

    periods: that the kernel has looked at; throttled: those in which the quota was used up
    seconds: that runnable processes were held up for, summed over CPUs
    """

    periods: int
    throttled: int
    seconds: float

    def __sub__(self, earlier: "Throttling") -> "Throttling":
        """Return what happened from an earlier moment to this one."""
        return Throttling(
            self.periods - earlier.periods,
            self.throttled - earlier.throttled,
            self.seconds - earlier.seconds,
        )


def cpus(root: Path = kernel.ROOT) -> float | None:
    """Return the tightest CPU quota that applies to this process, in CPUs; None is no limit."""
    limits = [limit for folder in folders("cpu", root) if (limit := _cpus(folder))]
    return min(limits, default=None)


def _cpus(folder: Path) -> float | None:
    words = (kernel.text("cpu.max", folder) or "").split()
    if not words:
        words = [kernel.text(f"cpu.cfs_{name}_us", folder) or "" for name in ("quota", "period")]
    try:
        limit, period = (int(word) for word in words)
    except ValueError:  # `max`, or not told
        return None
    return limit / period if limit > 0 and period > 0 else None


def throttling(root: Path = kernel.ROOT) -> dict[Path, Throttling] | None:
    """Return the counters of every group that this process is in; None where none is told."""
    rows = {folder: kernel.text("cpu.stat", folder) for folder in folders("cpu", root)}
    texts = {folder: text for folder, text in rows.items() if text is not None}
    if not texts:
        return None
    # The top of version 2 and groups without the controller have no quota: no rows about it.
    groups = {folder: _throttling(text) for folder, text in texts.items()}
    return {folder: counters for folder, counters in groups.items() if counters is not None}


def _throttling(text: str) -> Throttling | None:
    rows = dict(line.split() for line in text.splitlines() if len(line.split()) == 2)
    try:
        periods, throttled = int(rows["nr_periods"]), int(rows["nr_throttled"])
        if "throttled_usec" in rows:
            return Throttling(periods, throttled, int(rows["throttled_usec"]) / 1e6)
        return Throttling(periods, throttled, int(rows["throttled_time"]) / 1e9)
    except (KeyError, ValueError):
        return None


def worst(
    opened: dict[Path, Throttling] | None, closed: dict[Path, Throttling] | None
) -> Throttling | None:
    """Return the throttling between two readings of the group that was held up the longest."""
    if opened is None or closed is None:
        return None
    spent = [closed[folder] - before for folder, before in opened.items() if folder in closed]
    return max(spent, key=lambda each: each.seconds, default=Throttling(0, 0, 0.0))


def processes_left(root: Path = kernel.ROOT) -> tuple[int, Path] | None:
    """Return how many more processes and threads fit, and the file that says so; None: any."""
    left = []
    for folder in folders("pids", root):
        most, now = (kernel.number(f"pids.{name}", folder) for name in ("max", "current"))
        if most is not None and now is not None:
            left.append((max(0, most - now), folder / "pids.max"))
    return min(left, default=None)


def folders(controller: str, root: Path = kernel.ROOT) -> list[Path]:
    """Return the folders of the groups that this process is in, each from its own to the top."""
    mounts = _mounts(controller, root)
    folders_of_group: list[Path] = []
    for line in (kernel.text("/proc/self/cgroup", root) or "").splitlines():
        number, controllers, path = [*line.split(":", 2), "", ""][:3]
        version = 2 if (number, controllers) == ("0", "") else 1
        if version == 1 and controller not in controllers.split(","):
            continue
        if version in mounts:
            folders_of_group += _upwards(*mounts[version], path, root)
    return folders_of_group


def _upwards(top: str, point: str, path: str, root: Path) -> list[Path]:
    """Return the folders from a group to where its tree is mounted.

    top: the group that is seen at the mount point; in a container, that is often its own, and the
        path of the process then starts with it, or lies outside of what is seen
    """
    try:
        below = PurePosixPath(path).relative_to(top)
    except ValueError:
        below = PurePosixPath(".")
    start = root / point.lstrip("/")
    parts = [part for part in below.parts if part not in ("/", ".")]
    if ".." in parts or not start.joinpath(*parts).is_dir():
        parts = []
    return [start.joinpath(*parts[:length]) for length in range(len(parts), -1, -1)]


def _mounts(controller: str, root: Path) -> dict[int, tuple[str, str]]:
    """Return for each version the group at the top of its mount, and the mount point."""
    mounts = {}
    for line in (kernel.text("/proc/self/mountinfo", root) or "").splitlines():
        before, _, after = line.partition(" - ")
        places, kind = before.split(), after.split()
        if len(places) < 5 or not kind:
            continue
        top, point = (_unescaped(word) for word in places[3:5])
        if kind[0] == "cgroup2":
            mounts[2] = (top, point)
        elif kind[0] == "cgroup" and controller in kind[-1].split(","):
            mounts[1] = (top, point)
    return mounts


def _unescaped(word: str) -> str:
    """Return a path of mountinfo as it is: it writes space, tab, newline and backslash in octal."""
    for code, char in (("040", " "), ("011", "\t"), ("012", "\n"), ("134", "\\")):
        word = word.replace(f"\\{code}", char)
    return word
