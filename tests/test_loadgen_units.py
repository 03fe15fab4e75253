"""The generator's pure parts: plans, pacing, payloads, buckets, distributions."""

import dataclasses

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram

from loadgen import pacing, payload, recorder
from loadgen.digest import jain
from loadgen.histogram import Distribution, bucketed, lows
from loadgen.plan import Load, Plan, PlanError, Target
from loadgen.recorder import BUCKETS


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


class TestPacing:
    def test_exponential_gaps_have_the_mean_and_spread_of_a_poisson_process(self) -> None:
        gaps = np.array(pacing.gaps_ns(10_000, "exponential", seed=3))
        assert gaps.mean() == pytest.approx(100_000, rel=1e-4)
        assert gaps.std() / gaps.mean() == pytest.approx(1, abs=0.02)

    def test_the_seed_decides(self) -> None:
        first, again, other = (pacing.gaps_ns(50, "exponential", seed) for seed in (1, 1, 2))
        assert first == again != other

    def test_constant_gaps_do_not_drift_from_the_rate(self) -> None:
        gaps = np.array(pacing.gaps_ns(3, "constant", seed=1, count=3000))
        assert abs(gaps.sum() - 1000e9) < 2
        assert gaps.max() - gaps.min() <= 1


class TestPayload:
    @pytest.mark.parametrize("size", [1, 2, 3, 4, 7, 64, 1024, 2**20])
    def test_payloads_of_a_ring_differ_as_far_as_their_size_permits(self, size: int) -> None:
        ring = payload.ring(size, in_flight=10, seed=1)
        assert {len(each) for each in ring} == {size}
        assert len(set(ring)) == min(len(ring), 256**size)

    @pytest.mark.parametrize(("size", "in_flight"), [(64, 10_000), (1, 1), (2**20, 3), (999, 70)])
    def test_a_ring_holds_more_than_is_in_flight_within_its_memory(
        self, size: int, in_flight: int
    ) -> None:
        length = payload.ring_length(size, in_flight)
        assert length & (length - 1) == 0
        assert length * size <= max(payload.RING_BYTES_MAX, payload.RING_LEAST * size)
        if in_flight * size * 2 < payload.RING_BYTES_MAX / 2:
            assert length >= in_flight

    def test_evidence_names_the_offset_and_the_request_that_the_bytes_belong_to(self) -> None:
        ring = payload.ring(64, 4, seed=1)
        assert "sent as another request" in payload.describe(ring[0], ring[1], ring)
        flipped = ring[0][:9] + bytes([ring[0][9] ^ 1]) + ring[0][10:]
        assert "offset 9" in payload.describe(ring[0], flipped, ring)
        assert "2 bytes beyond" in payload.describe(ring[0], ring[0] + b"xy", ring)


class TestRecorder:
    def test_rows_are_kept_where_they_fit_and_counted_where_not(self) -> None:
        short = Plan(Target.parse("a:1"), duration_s=2.0)
        assert recorder.Recorder(short, 50).raw
        assert not recorder.Recorder(dataclasses.replace(short, duration_s=600.0), 50).raw

    def test_buckets_are_hdr_buckets_of_three_digits(self) -> None:
        values = [0, 1, 2047, 2048, 2049, 10_000, 123_456_789, 3_600_000_000_000]
        for value in values:
            low = recorder.bucket_value(recorder.bucket(value))
            assert low <= value
            assert value - low <= value / 1000

    def test_numpy_and_the_hot_loop_agree_on_buckets(self) -> None:
        values = np.random.default_rng(1).lognormal(11, 3, 2000).astype(np.int64)
        counts = bucketed(values)
        assert counts.sum() == len(values)
        expected = np.zeros(BUCKETS, dtype=np.int64)
        for value in values.tolist():
            expected[recorder.bucket(value)] += 1
        assert (counts == expected).all()

    def test_an_overlong_time_lands_in_the_last_bucket(self) -> None:
        assert recorder.bucket(1 << 60) == BUCKETS - 1
        assert bucketed(np.array([1 << 52]))[-1] == 1


class TestDistribution:
    def test_percentiles_are_of_nearest_rank_and_refused_with_fewer_than_ten_beyond(self) -> None:
        times = Distribution.of(np.arange(1, 1001) * 1000).summary_us()
        assert (times["p50"], times["p90"], times["p99"], times["max"]) == (500, 900, 990, 1000)
        assert times["p999"] is None
        assert times["mean"] == pytest.approx(500.5)

    def test_buckets_give_the_same_within_their_precision(self) -> None:
        values = np.random.default_rng(2).exponential(80_000, 50_000).astype(np.int64)
        exact, counted = Distribution.of(values), Distribution(bucketed(values))
        for name, value in exact.summary_us().items():
            assert counted.summary_us()[name] == pytest.approx(value, rel=2e-3)

    def test_nothing_gives_nothing(self) -> None:
        nothing = Distribution.of(np.empty(0, dtype=np.int64))
        assert set(nothing.summary_us().values()) == {None}

    def test_the_encoded_histogram_is_read_by_hdrhistogram(self) -> None:
        values = np.random.default_rng(2).exponential(80_000, 5_000).astype(np.int64)
        decoded = HdrHistogram.decode(Distribution.of(values).encode())
        assert decoded.get_total_count() == 5_000
        p99 = np.sort(values)[4949]
        assert decoded.get_value_at_percentile(99) == pytest.approx(p99, rel=2e-3)

    def test_beyond_counts_what_is_above_a_limit(self) -> None:
        values = np.array([1, 5_000_000, 7_000_000])
        assert Distribution.of(values).beyond(1_000_000) == 2
        assert Distribution(bucketed(values)).beyond(1_000_000) == 2

    def test_lows_undo_buckets(self) -> None:
        indexes = np.array([0, 2047, 2048, 5000])
        assert [recorder.bucket_value(i) for i in indexes.tolist()] == lows(indexes).tolist()


def test_jain_is_one_for_equal_shares_and_a_nth_for_one_that_has_all() -> None:
    assert jain(np.array([5, 5, 5, 5])) == 1
    assert jain(np.array([8, 0, 0, 0])) == 0.25
    assert jain(np.zeros(3, dtype=np.int64)) == 0
