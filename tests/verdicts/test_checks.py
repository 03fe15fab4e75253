"""Each verdict from the facts that call for it, and from facts that just do not."""

import dataclasses
from typing import Any

import pytest

from bench.model.trial import Status, Trial, Workload
from bench.verdicts import checks
from bench.verdicts.verdict import Setup
from loadgen.plan import Load
from loadgen.result import Evidence, GeneratorUsage, Shortages, Wait
from tests.support import synthetic

TERMS = Setup(server_cpus=1)
LATE = synthetic.percentiles(900.0)


def _trial(load: dict[str, Any], **changed: Any) -> Trial:
    return synthetic.trial(synthetic.result(**load), **changed)


BROKEN = synthetic.trial(status=Status.BROKEN_ECHO, reason="7 bytes")
CASES = [
    ("nothing wrong", _trial({}), "valid"),
    ("never ready", synthetic.unready(), "failed"),
    ("wrong at the probe", BROKEN, "broken-echo"),
    ("a wrong reply", _trial({"mismatches": 1}), "broken-echo"),
    ("a connection closed early", _trial({"errors": 1}), "broken-echo"),
    ("silent to the end", _trial({"silent": True}), "broken-echo"),
    ("five fell silent", _trial({"stalled": 5, "stalled_since_s": 0.7}), "stalled"),
    ("idle ones refused", _trial({"not_connected": 1903}), "starved"),
    ("ended in mid-trial", _trial({}, exit_status=0), "broken-echo"),
    ("connections without reply", _trial({"connections_without_reply": 49}), "starved"),
    ("pool of 30 under 50", _trial({"effective_concurrency": 30.0}), "starved"),
    ("just enough at a time", _trial({"effective_concurrency": 37.5}), "valid"),
    (
        "one connection is never starved",
        _trial({"connections_without_reply": 1}, workload=synthetic.ONE),
        "valid",
    ),
    (
        "no idle time, server had some",
        _trial({"generator_idle_fraction": 0.01}, server_usage=synthetic.usage(1.5)),
        "generator-bound",
    ),
    ("no idle time on either side", _trial({"generator_idle_fraction": 0.01}), "valid"),
    (
        "spinning, replies pile up before it",
        _trial({"wait": Wait.SPIN, "generator_full_polls": 0.6}, server_usage=synthetic.usage(1.5)),
        "generator-bound",
    ),
    (
        "spinning, idleness says nothing",
        _trial(
            {"wait": Wait.SPIN, "generator_full_polls": 0.3, "generator_idle_fraction": 0.0},
            server_usage=synthetic.usage(1.5),
        ),
        "valid",
    ),
    (
        "the generator did not get its CPU",
        _trial(
            {"wait": Wait.SPIN, "generator": GeneratorUsage(1, run_queue_s=0.5)},
            server_usage=synthetic.usage(1.5),
        ),
        "noisy",
    ),
    (
        "the generator died",
        dataclasses.replace(
            synthetic.unready(), status=Status.INSTRUMENT, reason="killed by SIGKILL"
        ),
        "instrument",
    ),
    (
        "no ports were left",
        _trial({"shortages": Shortages({"no-ports": 3})}),
        "instrument",
    ),
    (
        "all that fell due was answered, which was less than the rate",
        _trial({"due": 8800, "throughput_rps": 4400.0}, workload=synthetic.OFFERED),
        "valid",
    ),
    (
        "less than fell due was answered",
        _trial({"due": 10_000, "throughput_rps": 4700.0}, workload=synthetic.OFFERED),
        "overloaded",
    ),
    (
        "behind the schedule",
        _trial(
            {"achieved_rps": 4000.0, "throughput_rps": 4000.0},
            workload=synthetic.OFFERED,
            server_usage=synthetic.usage(0.5),
        ),
        "generator-bound",
    ),
    (
        "the tail is the generator's lateness",
        _trial(
            {"achieved_rps": 5000.0, "throughput_rps": 5000.0, "send_lag_us": LATE},
            workload=synthetic.OFFERED,
            server_usage=synthetic.usage(0.5),
        ),
        "generator-bound",
    ),
    ("datagrams lost", _trial({"sent": 1000, "lost": 2}, workload=synthetic.DATAGRAM), "lossy"),
    ("one in a thousand", _trial({"sent": 1000, "lost": 1}, workload=synthetic.DATAGRAM), "valid"),
    (
        "dropped at the server's socket",
        _trial({"sent": 50_000}, workload=synthetic.DATAGRAM, counters={"udp_drops": 1054}),
        "lossy",
    ),
    (
        "dropped at another's socket",
        _trial({}, counters={"udp_drops": 1054}),
        "valid",
    ),
    (
        "connection attempts dropped, of 8,000 connections",
        _trial({}, workload=synthetic.CHURN, counters={"ListenOverflows": 177}),
        "lossy",
    ),
    (
        "eight of 8,000",
        _trial({}, workload=synthetic.CHURN, counters={"ListenOverflows": 8}),
        "valid",
    ),
    (
        "dropped for want of memory, no queue was full",
        _trial({}, workload=synthetic.CHURN, counters={"ListenOverflows": 0, "ListenDrops": 177}),
        "valid",
    ),
    (
        "where connections are kept, what was dropped in the window is somebody else's",
        _trial({}, counters={"ListenOverflows": 445}),
        "valid",
    ),
    (
        "answered less than offered",
        _trial(
            {"achieved_rps": 5000.0, "throughput_rps": 4700.0},
            workload=synthetic.OFFERED,
        ),
        "overloaded",
    ),
    (
        "fewer by chance",
        _trial(
            {"achieved_rps": 5000.0, "throughput_rps": 4800.0},
            workload=synthetic.OFFERED,
        ),
        "valid",
    ),
]


@pytest.mark.parametrize(("trial", "name"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_verdict_of_one_trial(trial: Trial, name: str) -> None:
    verdict = checks.judge([trial], TERMS)
    assert verdict.name == name
    assert verdict.sentence.endswith(".")
    unranked = ("instrument", "failed", "broken-echo", "stalled", "starved")
    assert verdict.ranked == (name not in unranked)


def test_one_broken_trial_breaks_the_cell() -> None:
    verdict = checks.judge([_trial({})] * 4 + [_trial({"mismatches": 2})], TERMS)
    assert verdict.name == "broken-echo"
    assert verdict.sentence.startswith("In 1 of 5 trials: 2 replies were wrong")


def test_a_minority_is_a_note() -> None:
    disturbed = dataclasses.replace(_trial({}), others={"server": 0.5})
    verdict = checks.judge([_trial({})] * 3 + [disturbed] * 2, TERMS)
    assert verdict.name == "valid"
    assert [note.name for note in verdict.notes] == ["noisy"]


def test_one_trial_that_was_lost_or_bounded_decides_for_the_cell() -> None:
    lost = checks.judge([_trial({})] * 4 + [synthetic.unready()], TERMS)
    assert lost.name == "failed"
    assert lost.reason.startswith("In 1 of 5 trials: ")
    bounded = _trial({"generator_idle_fraction": 0.0}, server_usage=synthetic.usage(0.4))
    assert checks.judge([_trial({})] * 4 + [bounded], TERMS).name == "generator-bound"


def test_the_first_that_applies_wins_and_the_others_are_notes() -> None:
    both = _trial(
        {"connections_without_reply": 3, "generator_idle_fraction": 0.0},
        server_usage=synthetic.usage(0.4),
    )
    verdict = checks.judge([both], TERMS)
    assert verdict.name == "starved"
    assert [note.name for note in verdict.notes] == ["generator-bound"]


def test_a_declared_limit_is_by_design() -> None:
    terms = Setup(server_cpus=1, clients_at_once=1)
    verdict = checks.judge([_trial({"connections_without_reply": 49})], terms)
    assert "49 of 50 connections had no reply" in verdict.sentence
    assert "by design: this model serves 1 client at once" in verdict.sentence
    assert verdict.facts["clients_at_once"] == 1


def test_a_pool_may_use_every_cpu_it_has() -> None:
    terms = Setup(server_cpus=4)
    busy = _trial({"generator_idle_fraction": 0.0}, server_usage=synthetic.usage(5.0, processes=5))
    assert checks.judge([busy], terms).name == "generator-bound"
    assert checks.judge([busy], Setup(server_cpus=2)).name == "valid"


def test_a_generator_on_the_servers_cpu_is_never_idle_and_no_bound() -> None:
    busy = _trial({"generator_idle_fraction": 0.0}, server_usage=synthetic.usage(1.0))
    assert checks.judge([busy], TERMS).name == "generator-bound"
    shared = Setup(server_cpus=1, shared=True)
    assert checks.judge([busy], shared).name == "valid"


def test_threads_without_a_gil_may_use_more_than_one_cpu() -> None:
    used = synthetic.usage(2.6, processes=1, threads=4)
    native = _trial({"generator_idle_fraction": 0.0}, server_usage=used)
    assert checks.judge([native], Setup(server_cpus=2)).name == "generator-bound"


def test_churn_counts_the_connections_that_had_no_reply() -> None:
    churn = Workload("churn", "tcp", Load(connections=50, requests_per_connection=1))
    assert checks.judge([_trial({}, workload=churn)], TERMS).name == "valid"


def test_an_evidence_is_named() -> None:
    evidence = (Evidence("surplus", 3, "1 byte after the reply"),)
    verdict = checks.judge([_trial({"mismatches": 1, "evidence": evidence})], TERMS)
    assert "surplus: 1 byte after the reply" in verdict.sentence


def test_no_trial_is_not_measured() -> None:
    assert checks.judge([], TERMS).name == "not measured"
