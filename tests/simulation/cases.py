"""What is asked of the judgement, model by model: error rates, power and coverage."""

from tests.simulation.models import QUIET, Noise, mixed
from tests.simulation.rates import Case, covered, equivalence, family_error, power

EQUAL = Noise("equal noise of 3 %")
TAILS = Noise("heavy tails (t with 3 degrees of freedom)", tails=3)
DRIFTING = Noise("the machine drifts by 20 %", drift=-0.2)
SLOW = Noise("a slow mode (25 %) in 15 % of trials", slow=(0.15, 0.25))
LOST = Noise("one trial in ten is lost", lost=0.1)
WEAK = Noise("neighbouring blocks alike (0.15)", dependence=0.15)
ALIKE = Noise("neighbouring blocks alike (0.3)", dependence=0.3)
STRONG = Noise("neighbouring blocks alike (0.6)", dependence=0.6)

# What is asked of the family error is 5 %; two in a hundred more are borne, in the worst model.
ERROR_MOST = 0.07


def one(servers: int) -> Noise:
    """Return noise of which the last server has five times as much."""
    return Noise("one server with 5 times the noise", mixed(servers - 1, 5, servers))


def half(servers: int, loud: float) -> Noise:
    """Return noise of which half of the servers have so many times as much."""
    spread = mixed(servers - servers // 2, loud, servers)
    return Noise(f"half of them with {loud:g} times the noise", spread)


def _error(noise: Noise, servers: int, blocks: int, quick: bool = False) -> Case:
    what = "equal servers called different"
    return Case(what, family_error, noise, servers, blocks, most=ERROR_MOST, quick=quick)


def _told(noise: Noise, servers: int, blocks: int) -> Case:
    return Case("equal servers called different", family_error, noise, servers, blocks, told=True)


def _power(
    noise: Noise, servers: int, blocks: int, least: float, slower: float = 0.10, quick: bool = False
) -> Case:
    what = f"{slower:.0%} between two quiet servers found"
    return Case(what, power(slower), noise, servers, blocks, least=least, quick=quick)


ERRORS = (
    *(
        _error(EQUAL, k, n, quick=(k, n) in ((2, 5), (8, 5)))
        for k in (2, 8)
        for n in (3, 5, 10, 20)
    ),
    _error(EQUAL, 8, 60),
    *(_error(EQUAL, 29, n) for n in (3, 5, 10)),
    *(_error(one(k), k, n, quick=(k, n) == (8, 5)) for k in (3, 8, 29) for n in (3, 5, 10)),
    *(_error(half(k, 3), k, 5, quick=k == 8) for k in (4, 8, 29)),
    *(_error(half(8, 10), 8, n, quick=n == 5) for n in (3, 5, 10)),
    *(_error(TAILS, k, n) for k in (2, 8) for n in (3, 5, 20)),
    *(_error(DRIFTING, 8, n) for n in (5, 20)),
    *(_error(SLOW, k, n, quick=(k, n) == (8, 10)) for k in (2, 8) for n in (5, 10, 20)),
    *(_error(LOST, 8, n, quick=n == 5) for n in (5, 10)),
    *(_error(noise, 8, n, quick=n == 20) for noise in (ALIKE, STRONG) for n in (20, 60)),
    _error(WEAK, 8, 20),
)
# What the methodology excludes by name.
EXCLUDED = tuple(_told(noise, 8, n) for noise in (WEAK, ALIKE, STRONG) for n in (5, 10))
POWERS = (
    _power(EQUAL, 2, 5, 0.85),
    _power(EQUAL, 8, 5, 0.90, quick=True),
    _power(EQUAL, 29, 5, 0.80),
    _power(one(8), 8, 5, 0.80, quick=True),
    _power(half(8, 5), 8, 5, 0.50, quick=True),
    _power(half(8, 10), 8, 5, 0.45),
    _power(EQUAL, 8, 10, 0.80, slower=0.06),
    _power(EQUAL, 8, 20, 0.80, slower=0.04),
    _power(LOST, 8, 5, 0.70),
)
SAME = (
    Case("5 % apart called equivalent", equivalence(0.05), EQUAL, 8, 20, most=0.05),
    Case("3 % apart called equivalent", equivalence(0.03), EQUAL, 2, 20, most=0.05, quick=True),
    Case("the same called equivalent", equivalence(0.0), EQUAL, 2, 60, least=0.80),
    Case(
        "the same called equivalent",
        equivalence(0.0),
        Noise("equal noise of 1 %", (QUIET / 3,)),
        8,
        10,
        least=0.90,
    ),
)
COVERAGE = tuple(
    Case("the interval of a cell holds its truth", covered, noise, 1, n, 0.92, 0.98, quick=n == 5)
    for noise in (EQUAL, TAILS, Noise("noise of 15 %", (0.15,)))
    for n in (3, 5, 10, 20, 60)
)
CASES = (*ERRORS, *EXCLUDED, *POWERS, *SAME, *COVERAGE)
