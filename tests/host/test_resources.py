"""Counters of a trial: read where they are, unknown where they are not, never zero instead."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from bench.host import cpu_times, kernel
from bench.host.cpu_times import CpuTimes
from bench.launch import process_tree

# There is no process of this id.
NOBODY = 0
STAT = "\n".join(
    [
        "cpu  900 0 0 9000 0 0 0 70 0 0",
        "cpu0 100 0 50 800 5 10 40 30 0 0",
        "cpu1 800 0 0 200 0 0 0 40 0 0",
        "intr 1 2 3",
    ]
)
LATER = "cpu0 120 0 60 850 15 10 40 40 0 0\ncpu1 800 0 0 300 0 0 0 40 0 0"


def between(before: str, after: str, cpus: tuple[int, ...]) -> CpuTimes:
    """Return what some CPUs did between two texts of /proc/stat, a second apart."""
    first, second = cpu_times.parse(before, cpus, 20), cpu_times.parse(after, cpus, 21)
    assert first is not None
    assert second is not None
    return second - first


def test_cpu_times_are_those_of_the_trials_cpus() -> None:
    spent = between(STAT, LATER, (0,))
    assert (spent.span_s, spent.idle_s, spent.stolen_s) == pytest.approx((1.0, 0.6, 0.1))
    assert spent.counted_s == pytest.approx(1.0)
    # Less a tick, by which the counters may be off.
    assert spent.stolen() == pytest.approx(0.1 - 0.01)
    # And by half of the root of 100 ticks, which are a sample.
    assert spent.used(own_s=0.2) == pytest.approx(0.3 - 0.2 - 0.05 - 0.01)
    assert spent.used(own_s=0.3) == 0
    both = between(STAT, LATER, (0, 1))
    assert both.cpus == 2
    assert both.idle_s == pytest.approx(1.6)
    chance = 0.05 * 2**0.5
    assert both.used(own_s=0.1) == pytest.approx((2.0 - 1.6 - 0.1 - 0.1 - chance - 0.02) / 2)


def test_what_a_cpu_spends_on_waking_up_is_nobody_elses_work() -> None:
    # A server that slept and woke 48,000 times in this second, measured on a machine at rest: it
    # used 0.39 s, idleness is 0.33 s, and the ticks saw 0.36 s of work and lost the rest.
    opened, closed = "cpu0 100 0 100 500 0 0 100 0", "cpu0 104 0 123 533 0 0 109 0"
    spent = between(opened, closed, (0,))
    assert spent.span_s - spent.idle_s - 0.39 > 0.25
    assert spent.used(own_s=0.39) == 0
    # What somebody else does in the same second is seen both ways.
    closed = "cpu0 134 0 123 503 0 0 109 0"
    spent = between(opened, closed, (0,))
    assert spent.used(own_s=0.39) == pytest.approx(0.66 - 0.05 - 0.39 - 0.01)


@pytest.mark.parametrize(
    ("stat", "cpus"),
    [
        pytest.param("", (0,), id="no file"),
        pytest.param(STAT, (0, 2), id="no line of a CPU, as in a container's view"),
        pytest.param("cpu0 100 0 50", (0,), id="no idle time"),
        pytest.param("cpu0 a b c d e f", (0,), id="no numbers"),
    ],
)
def test_counters_that_are_not_there_are_unknown(stat: str, cpus: tuple[int, ...]) -> None:
    assert cpu_times.parse(stat, cpus, 20) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(STAT, STAT, id="frozen"),
        pytest.param("cpu0 0 0 0 0 0 0 0 0", "cpu0 0 0 0 0 0 0 0 0", id="a sandbox's zeros"),
        pytest.param("cpu0 5 0 0 9 0 0 0 0", "cpu0 15 0 0 9 0 0 0 0", id="part of the time"),
    ],
)
def test_counters_that_do_not_follow_the_clock_are_unknown(before: str, after: str) -> None:
    spent = between(before, after, (0,))
    assert spent.used(own_s=0.0) is None
    assert spent.stolen() is None


def test_a_kernel_that_does_not_count_stolen_time_still_tells_of_others() -> None:
    spent = between("cpu0 100 0 0 100 0 0 0", "cpu0 150 0 0 150 0 0 0", (0,))
    assert spent.stolen() is None
    assert spent.used(own_s=0.2) == pytest.approx(0.5 - 0.2 - 0.05 - 0.01)


def raises(error: Exception) -> Callable[..., object]:
    def fail(*_: object, **__: object) -> object:
        raise error

    return fail


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(raises(NotImplementedError("policy0 is empty")), id="an empty policy0"),
        pytest.param(raises(OSError(5, "Input/output error")), id="a file that fails"),
        pytest.param(lambda **_: None, id="nothing"),
        pytest.param(lambda **_: [], id="an empty list"),
    ],
)
def test_frequencies_that_are_not_told_are_unknown(
    answer: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psutil, "cpu_freq", answer)
    assert process_tree.frequencies_mhz((0, 1)) == []


def test_frequencies_on_a_system_that_has_no_such_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(psutil, "cpu_freq")
    assert process_tree.frequencies_mhz((0,)) == []


def test_memory_that_is_not_told_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    with pytest.raises(FileNotFoundError):
        process_tree.pss_bytes(7, tmp_path)
    (tmp_path / "7" / "smaps_rollup").write_text("Rss: 12 kB\n")
    with pytest.raises(ValueError, match="proportional"):
        process_tree.pss_bytes(7, tmp_path)
    (tmp_path / "7" / "smaps_rollup").write_text("Rss: 12 kB\nPss:   9 kB\nPss_Anon: 1 kB\n")
    assert process_tree.pss_bytes(7, tmp_path) == 9 * 1024


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({1: 5}, {1: 9, 2: 3}, 7),
        ({1: 5, 2: 3}, {1: 9}, None),
        (None, {1: 9}, None),
        ({1: 5}, None, None),
    ],
)
def test_switches_are_known_if_no_thread_has_ended(
    before: dict[int, int] | None, after: dict[int, int] | None, expected: int | None
) -> None:
    assert process_tree.switched(before, after) == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param((10, 10), (40, 20), 0.5, id="as the ticks divide it"),
        pytest.param((10, 10), (40, 10), 0.0, id="nothing within the kernel"),
        pytest.param((10, 10), (10, 10), None, id="too short for a tick"),
        pytest.param((10, 10), (5, 20), None, id="an end that nobody collected"),
    ],
)
def test_the_part_of_cpu_time_within_the_kernel(
    before: tuple[int, int], after: tuple[int, int], expected: float | None
) -> None:
    assert process_tree.within_kernel(2.0, before, after) == expected


def test_a_tree_that_only_calls_the_kernel_is_told_from_one_that_only_computes() -> None:
    calls = "import os\nwhile True: os.pread(fd, 1 << 20, 0)"
    shares = []
    for body in (f"import os\nfd = os.open('/dev/zero', os.O_RDONLY)\n{calls}", "while True: pass"):
        child = subprocess.Popen([sys.executable, "-c", body])
        try:
            ticks = (0, 0)
            while sum(ticks) < 50:
                ticks = process_tree.ticks(NOBODY, [child.pid])
            shares.append(ticks[1] / sum(ticks))
        finally:
            child.kill()
            child.wait()
    assert shares[0] > 0.5 > shares[1]


@pytest.mark.parametrize(
    ("sockstat", "expected"),
    [
        ("sockets: used 9\nTCP: inuse 1 orphan 0 tw 312 alloc 4 mem 1\n", 312),
        ("TCP: inuse 1", None),
        ("", None),
    ],
)
def test_sockets_in_time_wait(sockstat: str, expected: int | None, tmp_path: Path) -> None:
    (tmp_path / "proc/net").mkdir(parents=True)
    (tmp_path / "proc/net/sockstat").write_text(sockstat)
    assert kernel.time_wait_sockets(tmp_path) == expected


def test_a_machine_that_says_nothing_is_unknown_and_not_zero(tmp_path: Path) -> None:
    assert kernel.ports(tmp_path) is None
    assert kernel.swap_mib(tmp_path) is None
    assert kernel.memory_mib(tmp_path) is None
    assert kernel.virtualised(tmp_path) is None
    assert kernel.clock_source(tmp_path) is None
    assert kernel.number("/proc/sys/net/ipv4/tcp_tw_reuse", tmp_path) is None
