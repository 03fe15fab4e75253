"""Which need of people a workload speaks to."""

from collections.abc import Callable

from bench.model.trial import Workload
from bench.report.view.cell_view import WorkloadView

# From here on a message is more than a packet and a buffer or two.
LARGE_BYTES = 16 * 1024
# From here on memory and file descriptors of connections become what matters.
THOUSANDS = 1000


def _asks_for(workload: Workload, kind: str) -> bool:
    return workload.work is not None and workload.work.kind == kind


# The first that applies; the load of those below is closed, or below what servers carry.
NEEDS: tuple[tuple[str, Callable[[Workload], bool]], ...] = (
    ("A few heavy requests among light ones", lambda w: w.mixture),
    ("A thread that computes beside the server", lambda w: w.hog is not None),
    ("Requests that compute in Python", lambda w: _asks_for(w, "spin")),
    ("Requests that compute without the GIL", lambda w: _asks_for(w, "release")),
    ("Requests that wait", lambda w: _asks_for(w, "wait")),
    ("Datagrams", lambda w: w.transport == "udp"),
    ("Clients that reconnect", lambda w: w.load.requests_per_connection is not None),
    ("Steady load below the knee", lambda w: w.load.rate is not None),
    ("Large messages", lambda w: w.load.payload_bytes >= LARGE_BYTES),
    ("One client", lambda w: w.load.connections == 1),
    ("Thousands of kept clients", lambda w: w.load.connections >= THOUSANDS),
    ("Many kept clients", lambda _: True),
)
STEADY = "Steady load below the knee"
BEYOND = "More load than all can carry"


def of(workload: WorkloadView) -> str:
    """Return the need in words; of an offered load it depends on who kept up with it."""
    need = next(name for name, applies in NEEDS if applies(workload.workload))
    carried = all(cell.follows for cell in workload.ranked)
    return need if need != STEADY or carried else BEYOND
