"""What goes on around a load, read at the moments of a trial."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator

import pytest

from bench.host import kernel
from bench.launch.observer import Observer
from bench.model.cpus import Cpus
from loadgen.part import Moment


@contextlib.contextmanager
def watched() -> Iterator[Observer]:
    """Watch this process's own children; the one that there is ends with the block."""
    cpu = min(os.sched_getaffinity(0))
    child = os.fork()
    if child == 0:
        signal.pause()
        os._exit(0)
    try:
        yield Observer(os.getpid(), Cpus((cpu,), (cpu,)))
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


class TestObserver:
    def look(self) -> tuple[Observer, dict[Moment, int]]:
        """Watch through a window without a load."""
        with watched() as observer:
            stamps = {moment: observer(moment, []) for moment in Moment}
        return observer, stamps

    def test_the_span_is_the_distance_of_the_stamps_that_it_returns(self) -> None:
        before_ns = time.monotonic_ns()
        observer, stamps = self.look()
        assert before_ns < stamps[Moment.OPEN] < stamps[Moment.CLOSE] < stamps[Moment.DRAINED]
        assert observer.usage is not None
        assert observer.usage.span_s == pytest.approx(
            (stamps[Moment.CLOSE] - stamps[Moment.OPEN]) / 1e9
        )
        assert 0 < observer.uncertain_s() < 0.1
        assert observer.usage.processes >= 1
        assert observer.usage.threads >= 1

    def test_memory_is_looked_at_from_edge_to_edge(self) -> None:
        observer, _ = self.look()
        assert observer.usage is not None
        course = observer.usage.resident
        assert len(course) == 3  # at the opening, within the window, at its close
        assert [at_s for at_s, _ in course] == sorted(at_s for at_s, _ in course)
        assert all(size >= 2**20 for _, size in course)

    def test_a_process_that_has_gone_takes_the_course_of_memory_along(self) -> None:
        with watched() as observer:
            observer(Moment.OPEN, [])
        for moment in (Moment.WITHIN, Moment.CLOSE, Moment.DRAINED):
            observer(moment, [])
        assert observer.usage is not None
        assert observer.usage.resident == ()

    def test_a_machine_without_counters_tells_of_nobody(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(kernel, "text", lambda *_: None)
        observer, _ = self.look()
        assert observer.others() == {}
        assert observer.stolen() == {}
        assert observer.throttled() is None
