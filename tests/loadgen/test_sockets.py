"""Where the generator's connections come from, and what its sockets are given."""

import contextlib
import dataclasses
import itertools
import resource
import socket
from collections.abc import Iterator

import pytest

from loadgen import ports, sockets
from loadgen.fleet import Fleet
from loadgen.plan import Load, Plan, PlanError, Target
from loadgen.ports import check_ports, port_limit
from loadgen.sockets import LOOPBACK_SOURCES, Dialer

CHURN = Load(1, requests_per_connection=1)


@contextlib.contextmanager
def listener(family: socket.AddressFamily, host: str) -> Iterator[Target]:
    """Listen somewhere; skip the test where the family is off."""
    try:
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.bind((host, 0))
    except OSError as error:
        pytest.skip(f"{host} is not to be had here: {error}")
    with sock:
        sock.listen(1000)
        transport = "tcp6" if family is socket.AF_INET6 else "tcp"
        yield Target(transport, host, sock.getsockname()[1])


def sources_of(dialer: Dialer, count: int) -> list[tuple[str, int]]:
    """Return the sources of the next dials."""
    with contextlib.ExitStack() as stack:
        found = []
        for _ in range(count):
            sock, _ = dialer.dial()
            assert sock is not None
            stack.callback(sock.close)
            found.append(sock.getsockname()[:2])
        return found


def hosts(dialer: Dialer, count: int) -> list[str]:
    return [host for host, _ in sources_of(dialer, count)]


@pytest.mark.parametrize("load", [Load(1), CHURN], ids=["kept", "churn"])
def test_every_dial_over_loopback_has_another_source_from_the_first_on(load: Load) -> None:
    with listener(socket.AF_INET, "127.0.0.1") as target:
        found = hosts(Dialer(Plan(target, load)), LOOPBACK_SOURCES + 2)
    assert found[:3] == ["127.0.1.1", "127.0.1.2", "127.0.1.3"]
    assert len(set(found)) == LOOPBACK_SOURCES
    assert found[LOOPBACK_SOURCES:] == found[:2]


def test_the_next_load_goes_on_where_the_last_one_ended() -> None:
    with listener(socket.AF_INET, "127.0.0.1") as target:
        first = Dialer(Plan(target, CHURN))
        seen = hosts(first, 7)
        after = Dialer(Plan(target, CHURN, first_source=first.turns))
        assert not set(seen) & set(hosts(after, 7))


def test_processes_that_share_a_load_take_the_sources_in_turn() -> None:
    with listener(socket.AF_INET, "127.0.0.1") as target:
        plan = Plan(target, Load(3, requests_per_connection=1), processes=3)
        found = [hosts(Dialer(plan, number, 3), 5) for number in range(3)]
    assert len(set(itertools.chain(*found))) == 15


def test_sources_that_were_given_are_taken_and_no_others() -> None:
    with listener(socket.AF_INET, "127.0.0.1") as target:
        plan = Plan(target, CHURN, sources=("127.0.0.5", "127.0.0.9"))
        assert hosts(Dialer(plan), 3) == ["127.0.0.5", "127.0.0.9", "127.0.0.5"]


@pytest.mark.parametrize("source", ["203.0.113.7", "::1", "nonsense"])
def test_a_source_that_is_no_address_of_this_machine_is_refused(source: str) -> None:
    plan = Plan(Target.parse("127.0.0.1:9"), CHURN, sources=(source,))
    with pytest.raises(PlanError, match=rf"^source {source}: cannot be bound .*; name an address"):
        Dialer(plan)


def test_churn_over_ipv6_names_another_port_at_each_dial() -> None:
    with listener(socket.AF_INET6, "::1") as target:
        found = sources_of(Dialer(Plan(target, CHURN)), 50)
        low, high = sockets.ephemeral_ports()
        ports = [port for _, port in found]
        assert len(set(ports)) == 50
        assert target.port not in ports
        assert all(low <= port <= high for port in ports)
        later = Dialer(Plan(target, CHURN, first_source=1000))
        assert not set(ports) & {port for _, port in sources_of(later, 50)}


@pytest.mark.parametrize(
    ("target", "sources", "meets"),
    [
        ("127.0.0.1:9", (), False),
        ("127.0.1.7:9", (), True),
        ("127.0.0.1:9", ("127.0.0.1",), True),
        ("127.0.0.1:9", ("127.0.0.5",), False),
        ("[::1]:9", (), False),
        ("unix:/tmp/x", (), False),
    ],
)
def test_it_is_known_where_a_socket_could_be_given_the_port_that_it_dials(
    target: str, sources: tuple[str, ...], meets: bool
) -> None:
    dialer = Dialer(Plan(Target.parse(target), CHURN, sources=sources))
    assert dialer.may_meet_itself == meets


@pytest.fixture
def thousand_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "ephemeral_ports", lambda: (50_000, 50_999))
    monkeypatch.setattr(ports, "held_s", lambda *, loopback: 1.0 if loopback else ports.TIME_WAIT_S)


@pytest.mark.usefixtures("thousand_ports")
@pytest.mark.parametrize(
    ("target", "sources", "limit"),
    [
        ("127.0.0.1:9", (), 250 * 1000.0),
        ("127.0.0.1:9", ("127.0.0.1",), 1000.0),
        ("[::1]:9", (), 1000.0),
        ("192.0.2.1:9", (), 1000 / 60),
        ("192.0.2.1:9", ("127.0.0.1", "127.0.0.2"), 2000 / 60),
        ("unix:/tmp/x", (), None),
    ],
)
def test_the_ports_allow_so_many_connections_for_ever(
    target: str, sources: tuple[str, ...], limit: float | None
) -> None:
    plan = Plan(Target.parse(target), CHURN, sources=sources)
    assert port_limit(plan) == (None if limit is None else pytest.approx(limit))
    assert port_limit(dataclasses.replace(plan, load=Load(1))) is None


@pytest.mark.usefixtures("thousand_ports")
def test_an_offered_rate_that_the_ports_cannot_carry_is_refused_in_one_line() -> None:
    target = Target.parse("127.0.0.1:9")
    load = Load(50, requests_per_connection=10, rate=10_010.0)
    plan = Plan(target, load, sources=("127.0.0.1",))
    with pytest.raises(PlanError, match=r"1,001 connections/s, and the ports .* 1,000 .*--source"):
        Fleet(plan).__enter__()
    with pytest.raises(PlanError) as refused:
        check_ports(plan)
    assert "\n" not in str(refused.value)
    check_ports(dataclasses.replace(plan, load=dataclasses.replace(load, rate=9_990.0)))
    check_ports(dataclasses.replace(plan, load=dataclasses.replace(load, rate=None)))
    check_ports(dataclasses.replace(plan, sources=()))


def test_too_few_descriptors_make_no_socket_and_say_so() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    dialer = Dialer(Plan(Target.parse("127.0.0.1:9"), Load(1)))
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        assert dialer.dial() == (None, 24)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
