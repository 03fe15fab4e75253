"""What is looked at before anything is launched: each shortage is one line that says what to do."""

import resource
import tempfile
from pathlib import Path

import pytest

from bench.base.errors import ConfigError
from bench.host.tasks import Limit
from bench.model.server import Command, ServerSpec
from bench.model.trial import Cell, Workload
from bench.running import preflight
from loadgen.plan import Load
from servers import discovery
from tests.support import synthetic

VARIANTS = discovery.discover()


ENOUGH = 1_000_000


def spec(name: str, kind: str = "stream") -> ServerSpec:
    variant = VARIANTS[kind, name]
    return ServerSpec(name, variant.family, variant)


def workload(
    transport: str = "tcp", connections: int = 50, payload_bytes: int = 64, idle: int = 0
) -> Workload:
    load = Load(connections=connections, payload_bytes=payload_bytes, idle=idle)
    return Workload("mine", transport, load)


@pytest.mark.parametrize(
    ("asked", "hard", "told"),
    [
        (workload(connections=1000), 4096, ""),
        (workload(connections=5000), 4096, "needs 5064 open files in the server"),
        (workload(connections=5000), resource.RLIM_INFINITY, ""),
        (workload(connections=10, idle=5000), 4096, ""),  # what it holds of them is the result
        (workload("udp", connections=5000), 4096, ""),
        (workload("udp", payload_bytes=65_507), 4096, ""),
        (workload("udp", payload_bytes=65_508), 4096, "a datagram holds 65,507 bytes at most"),
        (workload("tcp", payload_bytes=65_508), 4096, ""),
    ],
)
def test_what_no_server_can_be_asked_here(asked: Workload, hard: int, told: str) -> None:
    problems = list(preflight.problems_of_workload(asked, hard))
    assert len(problems) == bool(told)
    assert told in "".join(problems)


TIGHT = [Limit(60, "the control group", "raise it")]


@pytest.mark.parametrize(
    ("server", "asked", "pool", "hard", "limits", "told"),
    [
        ("thread-per-client", workload(connections=50), 4, ENOUGH, TIGHT, ""),
        ("thread-per-client", workload(connections=99), 4, ENOUGH, TIGHT, "needs 102 threads"),
        ("fork-per-client", workload(connections=90), 4, ENOUGH, TIGHT, "leaves 60"),
        ("fork-per-client", workload(connections=9, idle=90), 4, ENOUGH, TIGHT, ""),
        ("asyncio-streams", workload(connections=99), 4, ENOUGH, TIGHT, ""),
        ("process-pool", workload(connections=9), 64, ENOUGH, TIGHT, "needs 67 threads"),
        ("thread-pool", workload(connections=9), 300, 256, [], "the probe of 300 workers"),
        ("thread-pool", workload(connections=9), 300, resource.RLIM_INFINITY, [], ""),
        ("thread-pool", workload(connections=9), 300, 4096, [], ""),
    ],
)
def test_what_a_server_needs_and_is_not_there(
    server: str, asked: Workload, pool: int, hard: int, limits: list[Limit], told: str
) -> None:
    problems = list(preflight.problems_of_cell(spec(server), asked, pool, 1, hard, limits))
    assert len(problems) == bool(told)
    assert told in "".join(problems)
    assert all("\n" not in problem for problem in problems)


def test_a_foreign_server_has_a_process_at_least() -> None:
    foreign = ServerSpec("mine", "foreign", command=Command(("mine", "{port}")))
    assert preflight.tasks_of(foreign, workload(connections=99), 4) == 1


def test_a_machine_that_can_do_it_is_not_refused() -> None:
    cell = Cell("blocking", workload(connections=1))
    preflight.check([(spec("blocking"), cell)], pool_size=4, server_cpus=1)


@pytest.mark.parametrize(
    ("transport", "error", "told"),
    [
        ("tcp6", OSError(99, "Cannot assign requested address"), "drop tcp6"),
        ("tcp", OSError(101, "Network is unreachable"), "ip link set lo up"),
        ("udp", OSError(101, "Network is unreachable"), "127.0.0.1 cannot be used"),
    ],
)
def test_a_loopback_that_cannot_be_used(
    transport: str, error: OSError, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: str) -> None:
        raise error

    monkeypatch.setattr(preflight, "meet_oneself", fail)
    with pytest.raises(ConfigError, match=told) as caught:
        preflight.check_transport(transport)
    assert str(error.strerror) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_the_loopback_of_this_machine_can_be_used(transport: str) -> None:
    preflight.meet_oneself(transport)


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Make Python forget which folder for temporary files it has found."""
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return monkeypatch


class TestTemporaryFiles:
    def test_a_folder_that_is_missing(self, temporary: pytest.MonkeyPatch, tmp_path: Path) -> None:
        temporary.setenv("TMPDIR", str(tmp_path / "gone"))
        with pytest.raises(ConfigError, match="gone: is no folder that can be written to"):
            preflight.check_temporary(1)

    @pytest.mark.usefixtures("temporary")
    def test_a_folder_without_room(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="a trial writes up to") as caught:
            preflight.check_temporary(2**80)
        assert str(tmp_path) in str(caught.value)

    @pytest.mark.usefixtures("temporary")
    def test_a_folder_with_room(self) -> None:
        preflight.check_temporary(1)

    def test_no_folder_at_all(self, temporary: pytest.MonkeyPatch) -> None:
        def fail() -> str:
            raise FileNotFoundError(2, "No usable temporary directory found")

        temporary.setattr(tempfile, "gettempdir", fail)
        with pytest.raises(ConfigError, match="no folder for temporary files can be used"):
            preflight.check_temporary(1)


@pytest.mark.parametrize(
    ("files", "processes", "idle", "met"),
    [
        (20_000, 1, 25_000, True),
        (19_990, 1, 25_000, True),
        (40_000, 2, 50_000, True),
        (20_000, 2, 25_000, False),  # it may be that none of the two is full
        (1_200, 1, 25_000, False),  # it does not accept, for reasons of its own
        (20_000, 1, 19_000, False),  # it holds them all
        (None, 1, 25_000, False),
    ],
)
def test_who_holds_as_many_as_files_may_be_open_has_met_that_limit(
    files: int | None, processes: int, idle: int, met: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (20_000, 20_000))
    used = synthetic.usage(processes=processes, open_files=files)
    trial = synthetic.trial(workload=workload(idle=idle), server_usage=used)
    found = preflight.limited(trial).met
    assert (found is not None) == met
    if found is not None:
        assert found.limit == "the limit of open files of a process (20,000)"
