"""Memory that grows in step with requests, told from what settles, fills up or comes and goes."""

import dataclasses
from collections.abc import Callable

import pytest

from bench.analysis import leaks
from bench.model.trial import Trial
from tests.support import synthetic
from tests.support.known import known

MIB = 2**20
LOOKS = 21


def trial(size: Callable[[float], float], looks: int = LOOKS) -> Trial:
    """Return a trial whose memory had this size, in MiB, after a part of the window."""
    parts = [place / (looks - 1) for place in range(looks)]
    course = tuple((part * synthetic.WINDOW_S, int(size(part) * MIB)) for part in parts)
    return synthetic.trial(server_usage=synthetic.usage(resident=course))


def test_what_stays_of_each_request_is_told() -> None:
    growth = known(leaks.of_trial(trial(lambda part: 20 + 8 * part)))
    assert growth.in_step
    assert growth.per_request == pytest.approx(8 * MIB / 80_000)
    assert growth.parts == pytest.approx((8 * MIB / 3,) * 3, rel=0.01)


@pytest.mark.parametrize(
    "size",
    [
        pytest.param(lambda part: 20.0, id="level"),
        pytest.param(lambda part: 20 + 3.9 * part, id="less than a heap that settles"),
        pytest.param(lambda part: 20 + 30 * min(part, 0.6), id="a cache that is full"),
        pytest.param(lambda part: 20 + 30 * part**0.25, id="less and less"),
        pytest.param(lambda part: 20 + 30 * (part >= 0.5), id="one large piece"),
        pytest.param(lambda part: 50 - 30 * part, id="given back"),
        pytest.param(lambda part: 20 + 30 * (part < 0.9) * part, id="collected at the end"),
    ],
)
def test_what_settles_is_no_leak(size: Callable[[float], float]) -> None:
    assert not known(leaks.of_trial(trial(size))).in_step


def test_growth_follows_requests_and_not_the_clock() -> None:
    """Half of the requests come in the last tenth of the window, and so does half of the memory."""
    seen = synthetic.result()
    replies = (1000,) * 18 + (9000,) * 2
    seen = dataclasses.replace(seen, series=dataclasses.replace(seen.series, replies=replies))
    leaking = trial(lambda part: 20 + 9 * part / 0.9 if part <= 0.9 else 29 + 90 * (part - 0.9))
    growth = known(leaks.of_trial(dataclasses.replace(leaking, result=seen)))
    assert growth.in_step
    assert growth.parts == pytest.approx((6 * MIB,) * 3, rel=0.02)


def test_too_few_looks_tell_nothing() -> None:
    assert leaks.of_trial(trial(lambda part: 20 + 8 * part, looks=4)) is None
    assert leaks.of_trial(synthetic.trial()) is None
    assert leaks.of_trial(synthetic.unready()) is None


def test_without_replies_nothing_is_in_step_with_them() -> None:
    seen = synthetic.result()
    silent = dataclasses.replace(seen, series=dataclasses.replace(seen.series, replies=(0,) * 20))
    growing = trial(lambda part: 20 + 8 * part)
    assert leaks.of_trial(dataclasses.replace(growing, result=silent)) is None
