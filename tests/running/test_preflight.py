"""What is looked at before anything is launched: each shortage is one line that says what to do."""

import os
import resource
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from bench.base.errors import ConfigError
from bench.base.shortages import HouseError
from bench.host import tasks
from bench.host.tasks import Limit
from bench.launch import listening, places, probe
from bench.model.server import Command, ServerSpec
from bench.model.trial import Cell, Workload
from bench.running import preflight
from loadgen.plan import Load
from servers import discovery, terms

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
        (workload(connections=10, idle=5000), 4096, "ulimit -Hn 5074"),
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
        ("fork-per-client", workload(connections=9, idle=90), 4, ENOUGH, TIGHT, "leaves 60"),
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


class TestPathsOfUnixSockets:
    def test_a_long_folder_is_passed_over_for_a_short_one(
        self, temporary: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        long = tmp_path / ("x" * 90)
        long.mkdir()
        temporary.setenv("TMPDIR", str(long))
        assert places.socket_folder() in places.SHORT_FOLDERS
        with places.trial_folder("unix") as folder:
            terms.bind("unix", places.wanted("unix", folder, 1)).close()
        with places.trial_folder("tcp") as folder:
            assert Path(folder).parent == long

    def test_no_folder_that_is_short_enough(
        self, temporary: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        temporary.setenv("TMPDIR", str(tmp_path))
        temporary.setattr(places, "socket_path_fits", lambda _: False)
        with pytest.raises(ConfigError, match="set TMPDIR to a shorter folder"):
            preflight.check_transport("unix")

    def test_the_longest_path_that_fits(self) -> None:
        below = Path(places.FOLDER_PREFIX + "x" * places.SUFFIX) / places.SOCKET_NAME.format(1)
        folder = "/".ljust(terms.UNIX_PATH_MOST - len(f"/{below}"), "x")
        assert places.socket_path_fits(folder)
        assert not places.socket_path_fits(folder + "x")


def test_a_socket_never_takes_the_number_of_a_standard_descriptor() -> None:
    code = (
        "import os, socket; from bench.launch import places; os.close(0); sock = socket.socket(); "
        "assert sock.fileno() == 0; print(places.above_standard(sock).fileno())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) >= 3


def test_closed_standard_descriptors_are_opened(tmp_path: Path) -> None:
    code = (
        "import os, sys; from loadgen.descriptors import open_standard_descriptors\n"
        "open_standard_descriptors()\n"
        "names = [os.readlink(f'/proc/self/fd/{n}') for n in (0, 1, 2)]\n"
        "print('nobody reads this'); sys.stderr.write('nor this'); assert sys.stdin.read() == ''\n"
        "open(sys.argv[1], 'w').write(' '.join(names))"
    )
    path = tmp_path / "names"
    shell = 'exec "$0" -c "$1" "$2" <&- >&- 2>&-'
    subprocess.run(["sh", "-c", shell, sys.executable, code, str(path)], check=True)
    assert path.read_text() == "/dev/null /dev/null /dev/null"


class TestTheLimitOfTasks:
    def tree(self, root: Path, files: dict[str, str]) -> Path:
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text + "\n")
        return root

    def test_what_the_machine_has_left(self, tmp_path: Path) -> None:
        sysctl = {"proc/sys/kernel/threads-max": "5000", "proc/sys/kernel/pid_max": "900"}
        root = self.tree(tmp_path, sysctl | {"proc/loadavg": "0.1 0.1 0.1 2/400 77"})
        left = {limit.name: limit.left for limit in tasks.limits(root)}
        assert left["kernel.threads-max (5,000)"] == 4600
        assert left["kernel.pid_max (900)"] == 500

    def test_a_machine_that_does_not_tell_limits_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        monkeypatch.setattr(resource, "getrlimit", lambda _: unlimited)
        assert tasks.limits(tmp_path) == []

    @pytest.mark.parametrize(
        ("capabilities", "users", "expected"),
        [
            ("000001ffffffffff", "0 0 4294967295", True),
            ("000001ffffffffff", "0 1000 1", False),
            ("0000000000000000", "0 0 4294967295", False),
            ("0000000001000000", "0 0 4294967295", True),
        ],
    )
    def test_root_is_exempt_from_the_users_limit(
        self, capabilities: str, users: str, expected: bool, tmp_path: Path
    ) -> None:
        files = {"proc/self/status": f"Name: x\nCapEff:\t{capabilities}"}
        root = self.tree(tmp_path, files | {"proc/self/uid_map": f"   {users}"})
        assert tasks.exempt(root) == expected

    def test_threads_of_a_user_are_counted(self) -> None:
        assert tasks.tasks_of_user(os.getuid()) >= 1


class TestWhereAServerListens:
    @pytest.mark.parametrize(
        ("family", "host", "told"),
        [
            (socket.AF_INET, "127.0.0.1", "; it listens on 127.0.0.1:{} and not on 127.0.0.1:9"),
            (socket.AF_INET6, "::1", "; it listens on [::1]:{} and not on 127.0.0.1:9"),
        ],
    )
    def test_another_address_is_told(self, family: int, host: str, told: str) -> None:
        try:
            sock = socket.create_server((host, 0), family=family)
        except OSError:
            pytest.skip("there is no IPv6 here")
        with sock:
            port = sock.getsockname()[1]
            assert listening.hint([os.getpid()], "tcp", ("127.0.0.1", 9)) == told.format(port)
            assert listening.hint([os.getpid()], "tcp", (host, port)) == ""

    def test_a_datagram_socket_and_a_path(self, tmp_path: Path) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", 0))
            here = f"127.0.0.1:{sock.getsockname()[1]}"
            assert here in listening.elsewhere([os.getpid()], "udp", ("127.0.0.1", 9))
        with socket.socket(socket.AF_UNIX) as sock:
            sock.bind(str(tmp_path / "s"))
            sock.listen()
            assert str(tmp_path / "s") in listening.elsewhere([os.getpid()], "unix", "/other")

    @pytest.mark.parametrize(
        ("bound", "asked", "expected"),
        [
            (("0.0.0.0", 7), ("127.0.0.1", 7), True),
            (("::", 7), ("127.0.0.1", 7), True),
            (("::", 7), ("::1", 7), True),
            (("0.0.0.0", 7), ("::1", 7), False),
            (("::1", 7), ("127.0.0.1", 7), False),
            (("127.0.0.1", 8), ("127.0.0.1", 7), False),
            ("/a", "/a", True),
        ],
    )
    def test_an_address_for_all_hosts_is_the_one_asked_for(
        self, bound: terms.Address, asked: terms.Address, expected: bool
    ) -> None:
        assert listening.covers(bound, asked) == expected

    def test_processes_that_are_gone_tell_nothing(self, tmp_path: Path) -> None:
        assert listening.elsewhere([1], "tcp", ("127.0.0.1", 9), tmp_path) == []


class TestTheProbe:
    def test_a_connection_to_itself_is_refused(self) -> None:
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            sock.connect(sock.getsockname())
            with pytest.raises(ConnectionRefusedError):
                probe.refuse_self(sock)

    def test_a_connection_to_another_is_not(self) -> None:
        with (
            socket.create_server(("127.0.0.1", 0)) as server,
            socket.create_connection(server.getsockname()) as sock,
        ):
            probe.refuse_self(sock)

    def test_a_house_without_descriptors_says_so(self) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        with socket.create_server(("127.0.0.1", 0)) as server:
            resource.setrlimit(resource.RLIMIT_NOFILE, (server.fileno() + 1, hard))
            try:
                with pytest.raises(HouseError, match="Too many open files"):
                    probe.prove("tcp", server.getsockname(), 99, 1.0, lambda: False)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
