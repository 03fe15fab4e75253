"""Distributions of times: exact where every sample was kept, else from the recorder's buckets."""

from dataclasses import dataclass

import numpy as np
from hdrh.histogram import HdrHistogram
from numpy.typing import NDArray

from loadgen.recorder import BUCKETS, SUB_BITS
from loadgen.result import SAMPLES_BEYOND, Times

Column = NDArray[np.int64]
HIGHEST_NS = 4_000_000_000_000
DIGITS = 3
QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999}


def indexes(values_ns: Column) -> Column:
    """Return the recorder's bucket of each value (see `recorder.bucket`)."""
    values = np.maximum(values_ns, 0)
    # frexp's exponent is the bit length, exact below 2**53 ns, which is 104 days.
    shift = np.maximum(np.frexp(values.astype(np.float64))[1] - SUB_BITS, 0).astype(np.int64)
    index: Column = (shift << (SUB_BITS - 1)) + (values >> shift)
    return np.minimum(index, BUCKETS - 1)


def bucketed(values_ns: Column) -> Column:
    """Return the counts of values in the recorder's buckets."""
    return np.bincount(indexes(values_ns), minlength=BUCKETS).astype(np.int64)


def lows(indexes: Column) -> Column:
    """Return the least value of each bucket, in nanoseconds."""
    shift = np.maximum((indexes >> (SUB_BITS - 1)) - 1, 0)
    low: Column = (indexes - (shift << (SUB_BITS - 1))) << shift
    return low


@dataclass(frozen=True)
class Distribution:
    """Times in nanoseconds: the counts of their buckets, and the values where they were kept."""

    counts: Column
    values: Column | None = None

    @classmethod
    def of(cls, values: Column) -> "Distribution":
        """Return the distribution of samples that were all kept."""
        return cls(bucketed(values), np.sort(values))

    @property
    def size(self) -> int:
        """Return the number of samples."""
        return int(self.counts.sum())

    def quantile_ns(self, quantile: float) -> float:
        """Return the value of nearest rank."""
        rank = max(1, int(np.ceil(quantile * self.size)))
        if self.values is not None:
            return float(self.values[rank - 1])
        cumulated = np.cumsum(self.counts)
        return float(lows(np.array([np.searchsorted(cumulated, rank)]))[0])

    def beyond(self, limit_ns: int) -> int:
        """Return how many samples lie above a limit."""
        if self.values is not None:
            return int(self.values.size - np.searchsorted(self.values, limit_ns, side="right"))
        return int(self.counts[lows(np.arange(BUCKETS)) > limit_ns].sum())

    def mean_ns(self) -> float:
        """Return the mean; from buckets, to three digits."""
        if self.values is not None:
            return float(self.values.mean())
        return float((lows(np.arange(BUCKETS)) * self.counts).sum() / self.size)

    def summary_us(self) -> Times:
        """Return percentiles, maximum and mean in microseconds; None where refused."""
        size = self.size
        if not size:
            return Times()
        percentiles = {
            name: self.quantile_ns(quantile) / 1e3
            for name, quantile in QUANTILES.items()
            if size * (1 - quantile) >= SAMPLES_BEYOND - 1e-9
        }
        return Times(**percentiles, max=self.quantile_ns(1.0) / 1e3, mean=self.mean_ns() / 1e3)

    def encode(self) -> str:
        """Return it as an encoded HdrHistogram of nanoseconds (base64, format V2)."""
        histogram = HdrHistogram(1, HIGHEST_NS, DIGITS)
        filled = np.flatnonzero(self.counts)
        for low, count in zip(lows(filled).tolist(), self.counts[filled].tolist(), strict=True):
            histogram.record_value(max(1, low), count)
        encoded: bytes = histogram.encode()
        return encoded.decode()
