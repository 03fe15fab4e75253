"""Distributions: exact from values, to three digits from buckets."""

from dataclasses import asdict

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram

from loadgen import recorder
from loadgen.digest import jain
from loadgen.histogram import Distribution, bucketed, indexes, lows
from loadgen.recorder import BUCKETS
from loadgen.result import Times


def test_buckets_are_hdr_buckets_of_three_digits() -> None:
    values = np.array([0, 1, 2047, 2048, 2049, 10_000, 123_456_789, 3_600_000_000_000])
    low = lows(np.array([recorder.bucket(value) for value in values.tolist()]))
    assert (low <= values).all()
    assert (values - low <= values / 1000).all()


def test_numpy_and_the_hot_loop_agree_on_buckets() -> None:
    values = np.random.default_rng(1).lognormal(11, 3, 2000).astype(np.int64)
    edges = np.concatenate([2 ** np.arange(42), 2 ** np.arange(42) - 1])
    values = np.concatenate([values, edges, [1 << 52]])
    assert indexes(values).tolist() == [recorder.bucket(value) for value in values.tolist()]
    assert bucketed(values).sum() == len(values)


def test_buckets_rise_with_the_value_and_none_is_left_out() -> None:
    assert [recorder.bucket(value) for value in range(5000)] == sorted(
        recorder.bucket(value) for value in range(5000)
    )
    starts = lows(np.arange(BUCKETS))
    assert (np.diff(starts) > 0).all()
    assert indexes(starts).tolist() == list(range(BUCKETS))
    assert indexes(starts[1:] - 1).tolist() == list(range(BUCKETS - 1))


def test_an_overlong_time_lands_in_the_last_bucket() -> None:
    assert recorder.bucket(1 << 60) == BUCKETS - 1
    assert bucketed(np.array([1 << 52]))[-1] == 1


def test_percentiles_are_of_nearest_rank_and_refused_with_fewer_than_ten_beyond() -> None:
    times = Distribution.of(np.arange(1, 1001) * 1000).summary_us()
    assert (times.p50, times.p90, times.p99, times.max) == (500, 900, 990, 1000)
    assert times.p999 is None
    assert times.mean == pytest.approx(500.5)


def test_buckets_give_the_same_within_their_precision() -> None:
    values = np.random.default_rng(2).exponential(80_000, 50_000).astype(np.int64)
    exact, counted = Distribution.of(values), Distribution(bucketed(values))
    assert asdict(counted.summary_us()) == pytest.approx(asdict(exact.summary_us()), rel=2e-3)


def test_nothing_gives_nothing() -> None:
    nothing = Distribution.of(np.empty(0, dtype=np.int64))
    assert nothing.summary_us() == Times()


def test_the_encoded_histogram_is_read_by_hdrhistogram() -> None:
    values = np.random.default_rng(2).exponential(80_000, 5_000).astype(np.int64)
    decoded = HdrHistogram.decode(Distribution.of(values).encode())
    assert decoded.get_total_count() == 5_000
    p99 = np.sort(values)[4949]
    assert decoded.get_value_at_percentile(99) == pytest.approx(p99, rel=2e-3)


def test_beyond_counts_what_is_above_a_limit() -> None:
    values = np.array([1, 5_000_000, 7_000_000])
    assert Distribution.of(values).beyond(1_000_000) == 2
    assert Distribution(bucketed(values)).beyond(1_000_000) == 2


def test_jain_is_one_for_equal_shares_and_a_nth_for_one_that_has_all() -> None:
    assert jain(np.array([5, 5, 5, 5])) == 1
    assert jain(np.array([8, 0, 0, 0])) == 0.25
    assert jain(np.zeros(3, dtype=np.int64)) == 0
