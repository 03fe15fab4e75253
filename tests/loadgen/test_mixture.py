"""Requests that ask for work among those that do not: marked, drawn, and told apart."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from loadgen import digest, marks
from loadgen.marks import is_marked
from loadgen.payload import MIXTURE_LENGTH, sequence
from loadgen.plan import Load, Plan, PlanError, Target
from loadgen.result import RequestClass
from servers import work
from tests.support import parts
from tests.support.known import known
from tests.support.parts import MS

TARGET = Target.parse("127.0.0.1:9")


def mixture(marked: float, load: Load | None = None) -> Plan:
    return dataclasses.replace(parts.plan(load), marked=marked)


def test_generator_and_servers_have_one_mark() -> None:
    assert (marks.MARK, marks.MARK_AT, marks.MARK_END) == (
        work.MARK,
        work.MARK_AT,
        work.MARK_END,
    )
    assert work.Work("spin", 1).asked_for(marks.marked(bytes(64)))
    assert not work.Work("spin", 1).asked_for(bytes(64))


@pytest.mark.parametrize("share", [0.001, 0.01, 0.5])
def test_as_many_are_marked_as_the_share_says(share: float) -> None:
    payloads = sequence(mixture(share), in_flight=50)
    assert len(payloads) == MIXTURE_LENGTH
    assert sum(map(is_marked, payloads)) == round(share * MIXTURE_LENGTH)
    assert payloads == sequence(mixture(share), in_flight=50)
    assert payloads != sequence(mixture(share), in_flight=50, number=1)
    other = dataclasses.replace(mixture(share), block=1)
    assert payloads != sequence(other, in_flight=50)


def test_all_or_none_are_marked_without_a_draw() -> None:
    assert all(map(is_marked, sequence(mixture(1.0), in_flight=50)))
    plain = sequence(mixture(0.0), in_flight=50)
    assert not any(map(is_marked, plain))
    # What follows the mark, and the number before it, is as it was.
    assert [payload[8:] for payload in plain] == [
        payload[8:] for payload in sequence(mixture(1.0), in_flight=50)
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"target": Target.parse("udp:127.0.0.1:9")},
        {"load": Load(3, depth=2)},
        {"load": Load(3, payload_bytes=7)},
        {"marked": 1.1},
    ],
)
def test_a_mark_needs_a_stream_and_room(change: dict[str, object]) -> None:
    with pytest.raises(PlanError):
        Plan(**({"target": TARGET, "load": Load(3), "marked": 0.5} | change))  # type: ignore[arg-type]


@pytest.mark.parametrize("raw", [True, False])
def test_the_classes_are_told_apart_whether_rows_are_kept_or_counted(
    tmp_path: Path, raw: bool
) -> None:
    """Light requests of 1 ms and heavy ones of 20 ms, one of each without a reply."""
    plan = mixture(0.5)
    recorder = parts.begun(plan)
    if not raw:
        recorder.fold(0)
    for number in range(200):
        sent = recorder.open_ns + number * MS
        heavy = number % 2
        recorder.add(sent, sent, sent + (20 if heavy else 1) * MS, ~1 if heavy else 1)
    for slot in (2, ~2):
        recorder.leave(recorder.open_ns, recorder.open_ns, slot)
    ended_ns = recorder.close_ns + 100 * MS
    part = parts.part(recorder, tmp_path / "columns", ended_ns)
    result = digest.digest(plan, [part], None)
    light, heavy_class = known(result.light), known(result.heavy)
    for found, usual_us in ((light, 1000.0), (heavy_class, 20_000.0)):
        assert isinstance(found, RequestClass)
        assert found.samples == 101
        assert found.response_us.p50 == pytest.approx(usual_us, rel=1e-3)
        assert known(found.response_us.max) == pytest.approx(1.1e6, rel=1e-2)
    assert light.throughput_rps == heavy_class.throughput_rps == 100.0
    assert light.throughput_rps + heavy_class.throughput_rps == result.throughput_rps
    assert result.samples == 202
    # The connection is known whatever its class.
    assert list(result.replies_per_connection) == [0, 200, 0]


def test_samples_say_which_requests_asked_for_work(tmp_path: Path) -> None:
    plan = mixture(0.5)
    recorder = parts.begun(plan)
    for number in range(10):
        sent = recorder.open_ns + number * MS
        recorder.add(sent, sent, sent + MS, ~2 if number < 3 else 0)
    part = parts.part(recorder, tmp_path / "columns", recorder.close_ns)
    digest.digest(plan, [part], tmp_path / "samples.npz")
    with np.load(tmp_path / "samples.npz") as saved:
        assert saved["heavy"].tolist() == [1] * 3 + [0] * 7
        assert saved["connection"].tolist() == [2] * 3 + [0] * 7


def test_a_load_that_is_no_mixture_has_no_classes(tmp_path: Path) -> None:
    plan = mixture(1.0)
    recorder = parts.begun(plan)
    recorder.add(recorder.open_ns, recorder.open_ns, recorder.open_ns + MS, 1)
    part = parts.part(recorder, tmp_path / "columns", recorder.close_ns)
    result = digest.digest(plan, [part], None)
    assert result.light is result.heavy is None
