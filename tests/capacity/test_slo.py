"""Limits as people write them."""

import pytest

from bench.base.errors import ConfigError
from bench.capacity import slo


@pytest.mark.parametrize(
    ("text", "percentile", "limit_us", "written"),
    [
        ("p99 < 5ms", 99.0, 5000.0, "p99 < 5 ms"),
        ("p50<1s", 50.0, 1e6, "p50 < 1 s"),
        (" p99.9 <= 250 us ", 99.9, 250.0, "p99.9 < 250 µs"),
        ("p90 < 1.5ms", 90.0, 1500.0, "p90 < 1.5 ms"),
        ("p99 < 5 µs", 99.0, 5.0, "p99 < 5 µs"),
    ],
)
def test_what_is_written_is_read_and_written_again(
    text: str, percentile: float, limit_us: float, written: str
) -> None:
    found = slo.parse(text)
    assert (found.percentile, found.limit_us, str(found)) == (percentile, limit_us, written)
    assert slo.parse(written) == found
    assert found.share == pytest.approx(1 - percentile / 100)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("p99 < 5", "with its unit"),
        ("p99", "with its unit"),
        ("", "with its unit"),
        ("mean < 5ms", "write a percentile"),
        ("p101 < 5ms", "write a percentile"),
        ("p0 < 5ms", "above 0 and below 100"),
        ("p99 > 5ms", "write a percentile"),
        ("p99 < 0ms", "the time is above 0"),
        ("p99 < 2.5.1ms", "is no number"),
        ("p99 < 5 minutes", "with its unit"),
        ("p99 < 61s", "at most a minute"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as refused:
        slo.parse(text)
    assert "\n" not in str(refused.value)


def test_none_and_two_of_a_percentile_are_refused() -> None:
    with pytest.raises(ConfigError, match="--slo is missing"):
        slo.parse_all(())
    with pytest.raises(ConfigError, match="p99 has two limits"):
        slo.parse_all(("p99 < 5ms", "p99 < 6ms"))
    assert len(slo.parse_all(("p99 < 5ms", "p50 < 1ms"))) == 2
