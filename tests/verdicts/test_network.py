"""What the kernel's network did to a trial: full queues and buffers, acknowledgements that wait."""

import dataclasses
from typing import Any

import pytest

from bench.model.trial import Trial, Workload
from bench.verdicts import checks
from bench.verdicts.verdict import Setup
from loadgen.plan import Load
from tests.support import synthetic

TERMS = Setup(server_cpus=1)


def _trial(load: dict[str, Any], **changed: Any) -> Trial:
    return synthetic.trial(synthetic.result(**load), **changed)


def test_loss_is_the_cause_of_starvation_and_the_cell_is_not_ranked() -> None:
    load = {"sent": 50_000, "lost": 1060, "connections_without_reply": 3}
    trial = _trial(load, workload=synthetic.DATAGRAM, counters={"udp_drops": 1054})
    verdict = checks.judge([trial], TERMS)
    assert verdict.name == "lossy"
    assert [note.name for note in verdict.notes] == ["starved"]
    assert not verdict.ranked
    minority = checks.judge([dataclasses.replace(trial, result=synthetic.result()), trial], TERMS)
    assert (minority.name, minority.ranked) == ("valid", True)


@pytest.mark.parametrize(
    ("most", "sentence"),
    [
        (
            212_992,
            "1,054 of 50,000 datagrams were dropped at the server's socket: its receive buffer of "
            "at most 212,992 bytes (net.core.rmem_max) was full. Offer less, or "
            "`sysctl net.core.rmem_max=4194304`.",
        ),
        (
            4_194_304,
            "1,054 of 50,000 datagrams were dropped at the server's socket: its receive buffer was "
            "full. Offer less, or let the server ask for a larger buffer (SO_RCVBUF).",
        ),
    ],
)
def test_a_full_receive_buffer_has_its_remedy(most: int, sentence: str) -> None:
    counted = {"udp_drops": 1054, "rmem_max": most}
    trial = _trial({"sent": 50_000}, workload=synthetic.DATAGRAM, counters=counted)
    verdict = checks.judge([trial], TERMS)
    assert verdict.sentence == sentence
    assert verdict.facts["counters"] == counted


def test_a_full_accept_queue_has_its_remedy() -> None:
    trial = _trial({}, workload=synthetic.CHURN, counters={"ListenOverflows": 177})
    assert checks.judge([trial], TERMS).sentence == (
        "177 connection attempts were dropped: the server's accept queue was full, and each waits "
        "a second for the next try. Give its listener a longer backlog (listen(4096)), and raise "
        "net.core.somaxconn."
    )


SLOW = synthetic.percentiles(44_000.0)
AT_REST = synthetic.usage(0.1)
UNIX = Workload("kept-50", "unix", Load(connections=50))


@pytest.mark.parametrize(
    ("trial", "terms", "noted"),
    [
        pytest.param(_trial({"response_us": SLOW}, server_usage=AT_REST), TERMS, True, id="44 ms"),
        pytest.param(
            _trial({"service_us": SLOW}, workload=synthetic.OFFERED, server_usage=AT_REST),
            TERMS,
            True,
            id="of service, under an open loop that waits besides",
        ),
        pytest.param(
            _trial({"response_us": SLOW}, server_usage=AT_REST, counters={"DelayedACKs": 79_000}),
            TERMS,
            True,
            id="and the kernel counted it",
        ),
        pytest.param(
            _trial({"response_us": SLOW}, server_usage=AT_REST, counters={"DelayedACKs": 900}),
            TERMS,
            False,
            id="the kernel counted too few",
        ),
        pytest.param(
            _trial({"response_us": SLOW}, server_usage=synthetic.usage(1.9)),
            TERMS,
            False,
            id="a queue before a busy server",
        ),
        pytest.param(
            _trial({"response_us": SLOW}, server_usage=synthetic.usage(1.9)),
            Setup(server_cpus=32),
            False,
            id="a busy loop that has 32 CPUs",
        ),
        pytest.param(
            _trial({"response_us": SLOW}, server_usage=AT_REST),
            Setup(server_cpus=1, nodelay=True),
            False,
            id="the house turned Nagle's algorithm off",
        ),
        pytest.param(
            _trial({"response_us": SLOW}, server_usage=AT_REST, workload=UNIX),
            TERMS,
            False,
            id="no TCP",
        ),
        pytest.param(
            _trial({"response_us": synthetic.percentiles(80_000.0)}, server_usage=AT_REST),
            TERMS,
            False,
            id="another wait",
        ),
        pytest.param(_trial({"response_us": SLOW}, server_usage=None), TERMS, False, id="unknown"),
    ],
)
def test_a_wait_of_40_ms_has_a_name(trial: Trial, terms: Setup, noted: bool) -> None:
    verdict = checks.judge([trial], terms)
    assert verdict.name != "delayed-ack"
    notes = [note for note in verdict.notes if note.name == "delayed-ack"]
    assert len(notes) == noted
    if noted:
        assert notes[0].sentence == (
            "Half of the requests took 44.0 ms: the server sends a reply in pieces and waits for "
            "the client's delayed acknowledgement (40 ms). Set TCP_NODELAY, or send a reply in one "
            "piece."
        )
