"""The kernel's counters: read from its texts, absent where they are, kept as what was counted."""

from pathlib import Path

import pytest

from bench.host import network_counters
from bench.launch.observer import Counters, Observer
from bench.launch.process_tree import CpuReading, Snapshot
from bench.model.cpus import Cpus
from loadgen.part import Moment

NETSTAT = """TcpExt: SyncookiesSent TW DelayedACKs ListenOverflows ListenDrops TCPTimeouts
TcpExt: 43 1172356 104033 130 177 5053
IpExt: InNoRoutes InOctets
IpExt: 0 37265576874
"""
SNMP = """Ip: Forwarding DefaultTTL
Ip: 2 64
Tcp: RtoAlgorithm MaxConn InSegs RetransSegs
Tcp: 1 -1 220350004 5199
"""
COLUMNS = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid"
UDP = f"""{COLUMNS}  timeout inode ref pointer drops
  381: 0100007F:9C41 00000000:0000 07 00000000:00034080 00:00000000 00000000 0 0 3 2 0 1000
  381: 0200007F:9C41 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 4 2 0 54
  902: 0100007F:0035 0100007F:9C41 01 00000000:00000000 00:00000000 00000000 0 0 5 2 0 7
"""


def made(tmp_path: Path, **files: str) -> Path:
    """Return a root with files below /proc/net."""
    folder = tmp_path / "proc" / "net"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return tmp_path


def test_a_table_is_a_line_of_names_and_one_of_numbers() -> None:
    table = network_counters.parse_table(NETSTAT, "TcpExt")
    assert (table["ListenOverflows"], table["ListenDrops"], table["TCPTimeouts"]) == (
        130,
        177,
        5053,
    )
    assert network_counters.parse_table(SNMP, "Tcp")["MaxConn"] == -1


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param("", "TcpExt", id="no file"),
        pytest.param(NETSTAT, "MPTcpExt", id="no such table"),
        pytest.param("TcpExt: TW ListenDrops\nTcpExt: 3", "TcpExt", id="a number missing"),
        pytest.param("TcpExt: TW ListenDrops", "TcpExt", id="no line of numbers"),
        pytest.param("TcpExt: TW\nTcpExt: some", "TcpExt", id="no numbers"),
    ],
)
def test_a_table_that_is_not_there_says_nothing(text: str, name: str) -> None:
    assert network_counters.parse_table(text, name) == {}


@pytest.mark.parametrize(
    ("text", "port", "drops"),
    [
        pytest.param(UDP, 0x9C41, 1054, id="summed over the sockets of a server"),
        pytest.param(UDP, 53, 7, id="by the local port, not by the peer's"),
        pytest.param(UDP, 54, None, id="no socket is bound there"),
        pytest.param(UDP.replace(" drops", ""), 0x9C41, None, id="a kernel without that column"),
        pytest.param(UDP.replace(" 54\n", " ?\n"), 0x9C41, None, id="no number"),
        pytest.param("", 0x9C41, None, id="no file"),
    ],
)
def test_drops_of_a_datagram_server(text: str, port: int, drops: int | None) -> None:
    assert network_counters.parse_drops(text, port) == drops


def test_all_are_read_together_and_what_is_not_told_is_left_out(tmp_path: Path) -> None:
    root = made(tmp_path, netstat=NETSTAT, udp=UDP)
    assert network_counters.read(("127.0.0.1", 0x9C41), root) == {
        "ListenOverflows": 130,
        "ListenDrops": 177,
        "TCPTimeouts": 5053,
        "DelayedACKs": 104033,
        "udp_drops": 1054,
    }
    assert "udp_drops" not in network_counters.read("/run/a.sock", root)
    assert network_counters.read(None, tmp_path / "nothing") == {}
    (root / "proc" / "net" / "snmp").write_text(SNMP)
    assert network_counters.read(None, root)["RetransSegs"] == 5199


def test_the_largest_receive_buffer(tmp_path: Path) -> None:
    assert network_counters.receive_buffer_most(tmp_path) is None
    path = tmp_path / network_counters.RMEM_MAX.lstrip("/")
    path.parent.mkdir(parents=True)
    path.write_text("212992\n")
    assert network_counters.receive_buffer_most(tmp_path) == 212_992


def test_what_was_counted_between_two_readings() -> None:
    before, after = {"a": 3, "b": 5, "gone": 1, "back": 9}, {"a": 4, "b": 5, "new": 7, "back": 2}
    assert network_counters.between(before, after) == {"a": 1, "b": 0}


def seen(opened: dict[str, int], closed: dict[str, int]) -> Observer:
    """Return an observer that saw these counters at the edges of the window."""
    snapshot = Snapshot(CpuReading(0, 0, 0.0), None, frozenset())
    edges = {Moment.OPEN: opened, Moment.CLOSE: closed}
    moments = {edge: Counters(snapshot, {}, {}, [], None, each) for edge, each in edges.items()}
    return Observer(1, Cpus((0,), (1,)), moments)


def test_an_observer_tells_what_was_counted_in_the_window() -> None:
    assert seen({}, {}).counters() is None
    assert seen({"ListenDrops": 2}, {"ListenDrops": 179}).counters() == {"ListenDrops": 177}
    drops = seen({"udp_drops": 4}, {"udp_drops": 1058}).counters()
    assert drops is not None
    assert drops["udp_drops"] == 1054
    assert drops.get("rmem_max") == network_counters.receive_buffer_most()
