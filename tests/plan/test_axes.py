"""Axes that nothing listens to are refused, and servers that are left out are told."""

import pytest

from bench.model.server import Command, ServerSpec
from bench.model.trial import Workload
from bench.plan import workloads
from loadgen.plan import Load, PlanError
from servers.discovery import discover

FOUND = discover()
PLAIN = ServerSpec("blocking", "blocking", FOUND["stream", "blocking"])
POOL = ServerSpec("thread-pool", "thread-pool", FOUND["stream", "thread-pool"])
CLOSED = Workload("closed", "tcp", Load(3))
OPEN = Workload("open", "tcp", Load(3, rate=100.0))


@pytest.mark.parametrize(
    ("load", "axis"),
    [(Load(3, arrivals="constant"), "arrivals"), (Load(3, assignment="turns"), "assignment")],
)
def test_what_belongs_to_open_loop_needs_a_rate(load: Load, axis: str) -> None:
    with pytest.raises(PlanError, match=f"{axis}: belongs to open loop"):
        workloads.check_axes([Workload("w", "tcp", load)], [PLAIN])
    workloads.check_axes([Workload("w", "tcp", load), OPEN], [PLAIN])


def test_a_size_of_pools_needs_a_pool() -> None:
    sized = Workload("w", "tcp", Load(3), pool_size=5)
    with pytest.raises(PlanError, match="none of the servers has a pool"):
        workloads.check_axes([sized], [PLAIN])
    workloads.check_axes([sized], [PLAIN, POOL])
    workloads.check_axes([CLOSED], [PLAIN])


def test_a_command_that_cannot_be_told_an_address_is_left_out_aloud() -> None:
    node = ServerSpec("node", "other", command=Command(("node", "{path}")))
    points = [CLOSED, Workload("unix", "unix", Load(3))]
    assert workloads.unserved([node, PLAIN], points) == ["node over tcp: its command has no {port}"]
    port = ServerSpec("mine", "other", command=Command(("./mine", "{port}")))
    assert workloads.unserved([port], points) == ["mine over unix: its command has no {path}"]
