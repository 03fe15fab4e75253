"""Limits of control groups, found where the process is: made trees of both versions."""

from pathlib import Path

import pytest

from bench.host import quota
from bench.host.quota import Throttling

V1 = "31 30 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct"
V2 = "38 30 0:37 / /sys/fs/cgroup rw,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate"
PIDS = "39 30 0:38 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids"


def tree(root: Path, cgroup: str, mounts: str, files: dict[str, str]) -> Path:
    """Make the files of a machine: where the process is, what is mounted, what groups say."""
    texts = {"proc/self/cgroup": cgroup, "proc/self/mountinfo": mounts}
    texts |= {f"sys/fs/cgroup/{name}": text for name, text in files.items()}
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text + "\n")
    return root


def v1(name: str, quota_us: int, period_us: int = 100_000) -> dict[str, str]:
    folder = f"cpu,cpuacct{name}"
    return {
        f"{folder}/cpu.cfs_quota_us": str(quota_us),
        f"{folder}/cpu.cfs_period_us": str(period_us),
    }


@pytest.mark.parametrize(
    ("cgroup", "mounts", "files", "expected"),
    [
        pytest.param("0::/", V2, {"cgroup.procs": ""}, None, id="version 2: the top has none"),
        pytest.param("0::/a", V2, {"a/cpu.max": "max 100000"}, None, id="version 2: no limit"),
        pytest.param("0::/a", V2, {"a/cpu.max": "150000 100000"}, 1.5, id="version 2: its own"),
        pytest.param(
            "0::/a/b/c",
            V2,
            {"a/cpu.max": "50000 100000", "a/b/cpu.max": "max 100000", "a/b/c/cgroup.procs": ""},
            0.5,
            id="version 2: above it",
        ),
        pytest.param(
            "0::/a/b",
            V2,
            {"a/cpu.max": "400000 100000", "a/b/cpu.max": "100000 50000"},
            2.0,
            id="version 2: the tightest",
        ),
        pytest.param("1:cpu,cpuacct:/", V1, v1("", -1), None, id="version 1: no limit"),
        pytest.param("1:cpu,cpuacct:/q", V1, v1("/q", 20_000), 0.2, id="version 1: its own"),
        pytest.param(
            "1:cpu,cpuacct:/q/r", V1, v1("/q", 20_000) | v1("/q/r", -1), 0.2, id="version 1: above"
        ),
        pytest.param(
            "2:memory:/m\n1:cpu,cpuacct:/q\n0::/", V1, v1("/q", 20_000), 0.2, id="other controllers"
        ),
        pytest.param(
            "1:cpu,cpuacct:/docker/1f/in",
            V1.replace(" / /sys", " /docker/1f /sys"),
            v1("/in", 50_000),
            0.5,
            id="in a container that sees its own part",
        ),
        pytest.param(
            "1:cpu,cpuacct:/docker/1f",
            V1,
            v1("", 50_000),
            0.5,
            id="in a container that sees its own part as the top",
        ),
        pytest.param(
            "0::/../other", V2, {"cpu.max": "50000 100000"}, 0.5, id="outside of the view"
        ),
        pytest.param(
            "0::/a",
            V2.replace("/sys/fs/cgroup ", r"/sys/fs/cgroup/my\040own "),
            {"my own/a/cpu.max": "50000 100000"},
            0.5,
            id="a mount point with a space",
        ),
        pytest.param("nonsense", "nonsense", {}, None, id="nothing that can be read"),
        pytest.param("0::/a", V2, {"a/cpu.max": "much"}, None, id="nothing that is a number"),
    ],
)
def test_the_tightest_quota_decides(
    cgroup: str, mounts: str, files: dict[str, str], expected: float | None, tmp_path: Path
) -> None:
    assert quota.cpus(tree(tmp_path, cgroup, mounts, files)) == expected


def test_a_machine_without_control_groups_has_no_quota(tmp_path: Path) -> None:
    assert quota.cpus(tmp_path) is None
    assert quota.throttling(tmp_path) is None
    assert quota.processes_left(tmp_path) is None


STAT_1 = "nr_periods {}\nnr_throttled {}\nthrottled_time {}"
STAT_2 = "usage_usec 5\nnr_periods {}\nnr_throttled {}\nthrottled_usec {}"


def test_throttled_periods_of_either_version(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    text = STAT_1.format(163, 153, 2_500_000_000)
    tree(old, "1:cpu,cpuacct:/q", V1, {"cpu,cpuacct/q/cpu.stat": text})
    tree(new, "0::/q", V2, {"q/cpu.stat": STAT_2.format(163, 153, 2_500_000)})
    for root in (old, new):
        found = quota.throttling(root)
        assert found is not None
        assert list(found.values()) == [Throttling(163, 153, 2.5)]


def test_a_group_without_a_quota_was_not_throttled(tmp_path: Path) -> None:
    root = tree(tmp_path, "0::/", V2, {"cpu.stat": "usage_usec 5\nuser_usec 4\nsystem_usec 1"})
    found = quota.throttling(root)
    assert quota.worst(found, found) == Throttling(0, 0, 0.0)


def test_the_group_that_was_held_up_the_longest_is_told() -> None:
    inner, outer = Path("/a/b"), Path("/a")
    opened = {inner: Throttling(10, 0, 0.0), outer: Throttling(100, 90, 9.0)}
    closed = {inner: Throttling(20, 5, 0.5), outer: Throttling(110, 91, 9.1)}
    assert quota.worst(opened, closed) == Throttling(10, 5, 0.5)
    assert quota.worst(None, closed) is None


def test_processes_that_fit_a_group(tmp_path: Path) -> None:
    files = {"pids/a/pids.max": "100", "pids/a/pids.current": "30"}
    files |= {"pids/a/b/pids.max": "max", "pids/a/b/pids.current": "5"}
    root = tree(tmp_path, "4:pids:/a/b", PIDS, files)
    assert quota.processes_left(root) == (70, root / "sys/fs/cgroup/pids/a/pids.max")
