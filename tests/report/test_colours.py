"""Colours, markers and dashes: any two servers are told apart, by any eyes, in light and dark."""

import itertools
from collections import Counter

import numpy as np
import pytest

from bench.report.drawing import palette
from servers import discovery

CARD = ("blocking", "thread-per-client", "process-pool", "selectors", "asyncio", "uvloop")
OF_FAMILY = Counter(v.family for (kind, _), v in discovery.discover().items() if kind == "stream")
VARIANTS = {(family, place) for family, many in OF_FAMILY.items() for place in range(many)}
VARIANTS |= {("native", 0), ("a family of a user", 0)}
# Colours that are nearer than this, in CIE L*a*b*, need something else to be told apart by.
NEAR = 15
# Linear RGB as seen with three kinds of colour blindness (Machado et al. 2009, severity 1.0).
SEEN_AS = {
    "normal": np.eye(3),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.01182, 0.04294, 0.968881],
        ]
    ),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def _lab(colour: str, sight: str) -> np.ndarray:
    """Return CIE L*a*b* of a colour as somebody sees it."""
    rgb = np.array([int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(SEEN_AS[sight] @ linear, 0, 1)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = np.cbrt(np.array(to_xyz) @ linear / [0.9505, 1, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def _distance(first: str, second: str, sight: str) -> float:
    return float(np.linalg.norm(_lab(first, sight) - _lab(second, sight)))


@pytest.mark.parametrize("sight", SEEN_AS)
@pytest.mark.parametrize("dark", [False, True])
def test_whatever_the_eyes_two_servers_differ_in_colour_marker_or_dash(
    sight: str, dark: bool
) -> None:
    shown = palette.variables(dark)
    for one, other in itertools.combinations(sorted(VARIANTS), 2):
        colour, beside = (shown[palette.variable(*each)] for each in (one, other))
        first, second = palette.look(*one), palette.look(*other)
        differ = (first.marker, first.dash) != (second.marker, second.dash)
        assert differ or _distance(colour, beside, sight) > NEAR, (one, other)


def test_variants_of_a_family_have_shades_of_their_own() -> None:
    for one, other in itertools.combinations(sorted(VARIANTS), 2):
        if one[0] == other[0]:
            assert _distance(palette.of(*one), palette.of(*other), "normal") > 4, (one, other)


@pytest.mark.parametrize("sight", SEEN_AS)
@pytest.mark.parametrize("dark", [False, True])
def test_card_families_are_told_apart(sight: str, dark: bool) -> None:
    colours = {family: palette.FAMILIES[family][dark] for family in CARD}
    for (one, first), (other, second) in itertools.combinations(colours.items(), 2):
        distance = _distance(first, second, sight)
        assert distance > 11, f"{one} and {other} for {sight}: {distance:.0f}"


def test_no_colour_has_two_roles() -> None:
    for dark in (False, True):
        values = list(palette.variables(dark).values())
        assert len(values) == len(set(values))
