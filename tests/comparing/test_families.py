"""Which of many ratios changed, by hand."""

import math

import pytest

from bench.base import levels
from bench.comparing import families
from bench.comparing.families import Family
from bench.pairs import pairwise
from bench.pairs.layout import Contrast


def _of(chance: float) -> Contrast:
    """Return a ratio whose p-value is this, with so many degrees of freedom that t is normal."""
    from scipy.special import ndtri

    return Contrast(0.01 * -float(ndtri(chance / 2)), 0.01, 1e9, 5)


def _family(**contrasts: Contrast) -> Family[str]:
    return Family(contrasts, dict.fromkeys(contrasts, 0.0))


def test_each_is_tested_at_the_error_over_those_that_are_left() -> None:
    # 0.05 over 3, 2 and 1: the second passes for Holm and not for Bonferroni.
    found = _family(a=_of(0.001), b=_of(0.02), c=_of(0.2))
    assert found.level == pytest.approx(1 - 0.05 / 3)
    assert found.changed() == {"a", "b"}


def test_one_that_fails_ends_it() -> None:
    assert _family(a=_of(0.03), b=_of(0.04)).changed() == frozenset()
    assert _family(a=_of(0.01), b=_of(0.04)).changed() == {"a", "b"}


def test_what_has_no_error_is_no_test() -> None:
    found = _family(a=_of(0.04), b=Contrast(9.0, None, 0.0, 1))
    assert found.level == pytest.approx(0.95)
    assert found.changed() == {"a"}
    assert found.detectable("b") is None


def test_what_the_instrument_adds_is_no_change_and_has_to_be_exceeded() -> None:
    contrast = _of(0.001)
    within, alone = Family({"a": contrast}, {"a": 0.04}), Family({"a": contrast}, {"a": 0.0})
    assert within.changed() == frozenset()
    assert alone.changed() == {"a"}
    seen, plain = within.detectable("a"), alone.detectable("a")
    assert seen is not None
    assert plain is not None
    # 1.96 and 0.84 standard errors, as logarithms.
    assert math.log1p(plain) == pytest.approx(0.028, abs=1e-4)
    assert 1 + seen == pytest.approx((1 + plain) * 1.04)


def test_the_runs_that_are_proposed_would_show_what_is_wanted() -> None:
    # Two runs a side that differ by 1 %: the error of their difference is 1 %.
    level = 1 - levels.ERROR / 10
    contrasts = [Contrast(0.0, 0.01, 2.0, 5)] * 3
    many = families.runs_for(contrasts, (2, 2), level, 0.05)
    assert many is not None
    for runs, enough in ((many, True), (many - 1, False)):
        planned = Contrast(0.0, 0.01 * math.sqrt(2 / runs), 2.0 * runs - 2, runs)
        _, size = pairwise.estimated(planned, level)
        assert size is not None
        assert (size <= 0.05) is enough
    assert families.runs_for([], (2, 2), level, 0.05) is None
    assert families.runs_for([Contrast(0.0, 9.0, 2.0, 5)], (2, 2), level, 0.05) is None
