"""Verdicts of a trial's surroundings: drift, noise, spread."""

import dataclasses
import random
import statistics
from pathlib import Path

import pytest

from bench.base import limits
from bench.host import cpu_times
from bench.host.quota import Throttling
from bench.launch.observer import Counters, Observer
from bench.launch.process_tree import CpuReading, Snapshot
from bench.model.cpus import Cpus
from bench.model.trial import Status, Throttled, Trial, Workload
from bench.verdicts import checks, disturbance
from bench.verdicts.verdict import Setup
from loadgen.part import Moment
from loadgen.plan import Load
from loadgen.result import Series, Watched
from tests.support import synthetic
from tests.support.known import known

TERMS = Setup(server_cpus=1)


def test_a_server_that_slows_is_unsteady() -> None:
    series = Series(0.1, tuple(4000 - 60 * step for step in range(20)))
    trial = synthetic.trial(synthetic.result(series=series))
    verdict = checks.judge([trial] * 3, TERMS)
    assert verdict.name == "unsteady"
    assert verdict.sentence.startswith("Replies fell by 33% across the window: the server was slow")
    assert verdict.facts["class"] == "slowing"


def test_one_drifting_trial_is_a_note() -> None:
    series = Series(0.1, tuple(4000 + 60 * step for step in range(20)))
    odd = synthetic.trial(synthetic.result(series=series))
    verdict = checks.judge([odd, synthetic.trial(), synthetic.trial()], TERMS)
    assert verdict.name == "valid"
    assert [note.name for note in verdict.notes] == ["unsteady"]


QUIET = {"server": 0.0, "generator": 0.0}


@pytest.mark.parametrize(
    ("others", "stolen", "reason"),
    [
        (QUIET | {"server": 0.09}, QUIET, ""),
        (QUIET | {"server": 0.12}, QUIET, "Others used 12% of the CPU time of the server's side"),
        (QUIET | {"generator": 0.12}, QUIET, "Others used 12% of the CPU time of the generator's"),
        ({"both": 0.12}, {"both": 0.0}, "Others used 12% of the CPU time of both sides"),
        (QUIET, QUIET | {"server": 0.02}, ""),
        (QUIET, QUIET | {"server": 0.05}, "The hypervisor took 5% of the CPU time of the server's"),
        (None, None, ""),
    ],
)
def test_who_else_was_at_work(
    others: dict[str, float] | None, stolen: dict[str, float] | None, reason: str
) -> None:
    trial = dataclasses.replace(synthetic.trial(), others=others, stolen=stolen)
    verdict = checks.judge([trial], TERMS)
    assert verdict.name == ("noisy" if reason else "valid")
    if reason:
        assert verdict.reason.startswith(reason)
        assert verdict.facts["others"] == others


def test_stolen_time_read_from_the_kernels_counters() -> None:
    # Of a virtual machine whose host was busy: 1.00 s apart, CPU 0 lost 0.30 s of it.
    opened = "cpu0 4705 0 356 584000 40 0 23 120 0 0\ncpu1 1393 0 333 587000 10 0 8 90 0 0"
    closed = "cpu0 4765 0 366 584000 40 0 23 150 0 0\ncpu1 1460 0 363 587003 10 0 8 90 0 0"
    cpus = Cpus(server=(0,), generator=(1,))
    moments = {
        name: Counters(
            Snapshot(CpuReading(int(at_s * 1e9), 0, used_s), {}, frozenset()),
            {"server": used_s, "generator": used_s, "both": 2 * used_s},
            {side: cpu_times.parse(stat, of, at_s) for side, of in cpus.sides.items()},
            [],
        )
        for name, stat, at_s, used_s in (
            (Moment.OPEN, opened, 50.0, 9.0),
            (Moment.CLOSE, closed, 51.0, 9.68),
        )
    }
    seen = Observer(1, cpus, moments)
    assert seen.stolen() == pytest.approx({"server": 0.29, "generator": 0.0})
    assert seen.others() == pytest.approx({"server": 0.0, "generator": 0.23})
    trial = dataclasses.replace(synthetic.trial(), others=seen.others(), stolen=seen.stolen())
    verdict = checks.judge([trial], TERMS)
    assert verdict.name == "noisy"
    assert "the hypervisor took 29% of the CPU time of the server's side" in verdict.reason
    assert "thers used 23% of the CPU time of the generator's side" in verdict.reason


def moment(throttling: dict[Path, Throttling] | None, stat: str = "") -> Counters:
    """Return an edge of the window at which little could be seen."""
    times = {"server": cpu_times.parse(stat, (0,), 50.0), "generator": None}
    used_s = {"server": 0.0, "generator": 0.0, "both": 0.0}
    snapshot = Snapshot(CpuReading(0, 0, 0.0), None, frozenset())
    return Counters(snapshot, used_s, times, [], throttling)


def test_a_side_that_cannot_be_seen_is_left_out() -> None:
    edges = {edge: moment(None) for edge in (Moment.OPEN, Moment.CLOSE)}
    seen = Observer(1, Cpus((0,), (1,)), edges)
    assert (seen.others(), seen.stolen(), seen.throttled()) == ({}, {}, None)
    trial = dataclasses.replace(synthetic.trial(), others=seen.others(), stolen=seen.stolen())
    assert disturbance.disturbance(trial) == ""


def test_what_a_quota_did_in_the_window() -> None:
    group = Path("/q")
    edges = {
        Moment.OPEN: moment({group: Throttling(10, 1, 0.1)}),
        Moment.CLOSE: moment({group: Throttling(30, 11, 0.9)}),
    }
    throttled = known(Observer(1, Cpus((0,), (1,)), edges).throttled())
    assert (throttled.periods, throttled.throttled) == (20, 10)
    assert throttled.seconds == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("throttled", "told"),
    [
        (None, ""),
        (Throttled(0, 0, 0.0), ""),
        # One hundredth of the window of two seconds.
        (Throttled(20, 3, 0.019), ""),
        (Throttled(163, 153, 2.5), "used up in 153 of 163 periods"),
    ],
)
def test_a_trial_that_a_quota_stopped(throttled: Throttled | None, told: str) -> None:
    trial = dataclasses.replace(synthetic.trial(), throttled=throttled)
    verdict = checks.judge([trial], TERMS)
    assert verdict.name == ("noisy" if told else "valid")
    assert told in verdict.reason
    if told:
        assert verdict.facts["throttled"] == dataclasses.asdict(known(throttled))


@pytest.mark.parametrize(
    ("watched", "told"),
    [
        (None, ""),
        (Watched(2.089, 9, open_late_s=0.001, close_late_s=0.09), ""),
        (
            Watched(7.0, 9, open_late_s=0.001, close_late_s=5.0),
            "the harness itself was stopped or late by 5,000 ms (limit 5% of the window)",
        ),
        (Watched(1.8, 9, open_late_s=0.2, close_late_s=0.0), "by 200 ms"),
    ],
)
def test_a_house_that_looked_late(watched: Watched | None, told: str) -> None:
    found = disturbance.disturbance(synthetic.trial(synthetic.result(watched=watched)))
    assert bool(found) == bool(told)
    assert told in found


def test_a_trial_that_the_instrument_failed_in_is_repeated() -> None:
    trial = synthetic.trial(status=Status.INSTRUMENT, reason="no room")
    trial = dataclasses.replace(trial, result=None)
    assert disturbance.disturbance(trial) == "the instrument failed: no room"


@pytest.mark.parametrize(
    ("close", "name"), [(3000.0, "valid"), (2800.0, "valid"), (2400.0, "noisy"), (3600.0, "noisy")]
)
def test_a_clock_that_changes(close: float, name: str) -> None:
    mhz = {"open": [3000.0, 3000.0], "close": [3000.0, close]}
    trial = dataclasses.replace(synthetic.trial(), frequencies_mhz=mhz)
    verdict = checks.judge([trial], TERMS)
    assert verdict.name == name
    if name == "noisy":
        assert verdict.facts["frequency_change"] == pytest.approx(close / 3000 - 1)
        assert verdict.reason.startswith("The clock of a CPU changed by")


@pytest.mark.parametrize(("factor", "name"), [(1.1, "valid"), (1.3, "noisy")])
def test_trials_that_differ(factor: float, name: str) -> None:
    rates = [40_000.0, 40_000.0 * factor, 40_000.0]
    trials = [synthetic.trial(synthetic.result(throughput_rps=rate)) for rate in rates]
    verdict = checks.judge(trials, TERMS)
    assert verdict.name == name
    if name == "noisy":
        assert verdict.sentence.startswith("Its trials differ by 15% (standard deviation")
        assert verdict.facts["found_in"] == 3


def differing(connections: int, requests: int | None = None) -> list[Trial]:
    """Return trials whose throughput differs by 15 %; requests: of a connection, None: kept."""
    load = Load(connections=connections, requests_per_connection=requests)
    workload = Workload("kept", "tcp", load)
    rates = [40_000.0, 52_000.0, 40_000.0]
    return [
        synthetic.trial(
            synthetic.result(throughput_rps=rate, effective_concurrency=connections), workload
        )
        for rate in rates
    ]


@pytest.mark.parametrize(
    ("trials", "terms", "dealt"),
    [
        pytest.param(differing(4), Setup(2, own_listeners=True), True, id="four on two"),
        pytest.param(differing(99), Setup(2, own_listeners=True), True, id="just too few"),
        pytest.param(differing(100), Setup(2, own_listeners=True), False, id="enough"),
        pytest.param(differing(4), Setup(1, own_listeners=True), False, id="one worker"),
        pytest.param(differing(4), Setup(2), False, id="one listener"),
        pytest.param(
            differing(4, requests=1),
            Setup(2, own_listeners=True),
            False,
            id="churn deals throughout",
        ),
    ],
)
def test_connections_dealt_out_by_a_hash(trials: list[Trial], terms: Setup, dealt: bool) -> None:
    verdict = checks.judge(trials, terms)
    assert verdict.name == "noisy"
    assert ("listeners of their own" in verdict.reason) == dealt
    assert ("quiet machine" in verdict.remedy) != dealt


def test_what_is_said_of_connections_dealt_out_by_a_hash() -> None:
    verdict = checks.judge(differing(4), Setup(2, own_listeners=True))
    assert verdict.reason.startswith(
        "Its trials differ by 15% (standard deviation of throughput): its 2 workers have listeners "
        "of their own, and the kernel's hash deals 4 connections out unevenly, in each trial anew"
    )
    assert verdict.remedy == "Use more connections: 100 for 2 workers."
    assert verdict.facts["even_from"] == 100


def test_the_limit_of_an_even_deal_is_where_the_deal_alone_is_as_wide_as_the_spread_allowed() -> (
    None
):
    deal = random.Random(1)
    for workers in (2, 4):
        connections = disturbance.even_from(workers)
        shares = [
            sum(deal.randrange(workers) == 0 for _ in range(connections)) * workers / connections
            for _ in range(3000)
        ]
        assert statistics.stdev(shares) == pytest.approx(limits.SPREAD, rel=0.05)
