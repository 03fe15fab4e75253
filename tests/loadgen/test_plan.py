"""What a load may be asked to do: targets, loads, plans, and how the generator waits."""

import pytest

from loadgen.plan import DATAGRAM_MAX, Load, Plan, PlanError, Target

TCP = Target.parse("127.0.0.1:9")


@pytest.mark.parametrize(
    ("text", "transport", "address"),
    [
        ("127.0.0.1:80", "tcp", ("127.0.0.1", 80)),
        ("localhost:8080", "tcp", ("localhost", 8080)),
        ("[::1]:80", "tcp6", ("::1", 80)),
        ("unix:/tmp/x", "unix", "/tmp/x"),
        ("udp:127.0.0.1:53", "udp", ("127.0.0.1", 53)),
    ],
)
def test_a_target_is_read_and_written_alike(
    text: str, transport: str, address: tuple[str, int] | str
) -> None:
    target = Target.parse(text)
    assert (target.transport, target.address, str(target)) == (transport, address, text)


@pytest.mark.parametrize(
    "text", ["", "host", "host:0", "host:65536", "::1:80", "udp:[::1]:5", "unix:"]
)
def test_a_bad_target_is_refused(text: str) -> None:
    with pytest.raises(PlanError, match="target"):
        Target.parse(text)


def test_a_plan_survives_its_document() -> None:
    plan = Plan(Target.parse("[::1]:9"), Load(rate=5.0, idle=3), 2.5, cpus=(1, 2), seed=9)
    assert Plan.from_json(plan.to_json()) == plan


@pytest.mark.parametrize(
    "wrong",
    [
        {"connections": 0},
        {"connections": -1},
        {"payload_bytes": 0},
        {"payload_bytes": 2**20 + 1},
        {"rate": float("nan")},
        {"rate": float("inf")},
        {"rate": 0.0},
        {"depth": 0},
        {"think_us": -1},
        {"arrivals": "bursty"},
        {"rate": 10.0, "depth": 2},
        {"max_in_flight": 3},
    ],
)
def test_a_senseless_load_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(PlanError):
        Load(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf"), 1e9])
def test_a_senseless_duration_is_refused(seconds: float) -> None:
    with pytest.raises(PlanError, match="duration"):
        Plan(Target.parse("a:1"), duration_s=seconds)


def test_a_datagram_that_ip_cannot_carry_is_refused_in_one_line() -> None:
    target = Target.parse("udp:127.0.0.1:9")
    Plan(target, Load(payload_bytes=DATAGRAM_MAX))
    with pytest.raises(PlanError, match=r"^payload 65508: a datagram holds 65507 bytes at most$"):
        Plan(target, Load(payload_bytes=DATAGRAM_MAX + 1))


def test_more_processes_than_connections_are_refused() -> None:
    with pytest.raises(PlanError, match="ask for fewer processes"):
        Plan(TCP, Load(connections=2), processes=3)


@pytest.mark.parametrize(
    ("of_load", "spin", "waits"),
    [
        (None, True, "spin"),
        (None, False, "sleep"),
        ("spin", False, "spin"),
        ("sleep", True, "sleep"),
    ],
)
def test_a_load_says_how_the_generator_waits_and_else_the_plan_does(
    of_load: str | None, spin: bool, waits: str
) -> None:
    assert Plan(TCP, Load(wait=of_load), spin=spin).wait == waits


@pytest.mark.parametrize(
    ("load", "rate"),
    [
        (Load(rate=600.0, requests_per_connection=3), 200.0),
        (Load(rate=600.0), None),
        (Load(requests_per_connection=3), None),
    ],
)
def test_connections_fall_due_in_churn_at_an_offered_rate(load: Load, rate: float | None) -> None:
    assert load.connection_rate == rate
