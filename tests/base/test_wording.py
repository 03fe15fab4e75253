"""Numbers as people read them."""

import pytest

from bench.base import wording
from bench.base.estimate import Estimate


@pytest.mark.parametrize(
    ("value", "half", "text"),
    [
        (41234.5, 300, "41,200"),
        (41234.5, 120, "41,230"),
        (41234.5, 0.01, "41,230"),
        (41234.5, None, "41,200"),
        (0.98765, 0.004, "0.988"),
        (13.0567, 0.2, "13.1"),
        (0.0, None, "0"),
    ],
)
def test_numbers_are_rounded_to_their_interval(value: float, half: float | None, text: str) -> None:
    assert wording.number(value, half) == text


def test_words() -> None:
    assert wording.estimate(Estimate(41234.5, 40934.5, 41534.5), "/s") == "41,200 ± 300 /s"
    assert wording.estimate(Estimate(41234.5)) == "41,200"
    assert wording.estimate(Estimate(24_300, 12_100, 48_800), "/s") == "12,000 to 49,000 /s"
    assert wording.interval(Estimate(20_400, 4_100, 102_000)) == "4.1 to 100 ms"
    assert [wording.duration(time_us) for time_us in (8.7, 870.4, 1240, 2.1e6)] == [
        "8.70 µs",
        "870 µs",
        "1.24 ms",
        "2.10 s",
    ]
    assert (
        wording.shortened("a-server-with-an-endless-name-protocol") == "a-server-with…ame-protocol"
    )
    assert wording.listing(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
    assert wording.times(Estimate(1.4711, 1.4502, 1.4925)) == "1.47 times (1.45 to 1.49)"
    assert wording.ratio(Estimate(0.9412, 0.5, 1.4)) == "0.94"
    assert wording.ratio(Estimate(0.0412, 0.0372, 0.0452)) == "0.041"
    assert wording.ranged(Estimate(0.93, 0.073, 12.1)) == "0.93 (0.073 to 12)"
    assert [wording.digits(value, 2) for value in (0.0, 6.96, 123.0)] == ["0", "7.0", "120"]
    assert wording.clock(247.4) == "4:07"
    assert wording.times(Estimate(3975.7, 3762.4, 4201.2)) == "4,000 times (3,800 to 4,200)"
