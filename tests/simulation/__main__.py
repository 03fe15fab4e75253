"""Print the whole table: `make simulate`, some ten minutes; docs/methodology.md has it."""

import sys

from tests.simulation.cases import CASES
from tests.simulation.rates import Case, tried

RUNS = 1000
SEED = 20261126


def asked(case: Case) -> str:
    """Return the band that a rate has to be in, in words."""
    if case.told:
        return "excluded"
    if case.least and case.most < 1:
        return f"{case.least:.0%} to {case.most:.0%}"
    return f"at least {case.least:.0%}" if case.least else f"at most {case.most:.0%}"


def main() -> int:
    """Return 1 if a rate is outside its band."""
    print("| what | noise | servers | blocks | asked | found |")
    print("|---|---|--:|--:|---|--:|")
    status = 0
    for case, rate in tried(CASES, RUNS, SEED):
        least, most = case.allowed(RUNS if case.servers < 20 else RUNS // 4)
        out = not case.told and not least <= rate <= most
        status |= out
        print(
            f"| {case.what} | {case.noise.name} | {case.servers} | {case.blocks} | {asked(case)} | "
            f"{rate:.1%}{' !' if out else ''} |",
            flush=True,
        )
    return status


if __name__ == "__main__":
    sys.exit(main())
