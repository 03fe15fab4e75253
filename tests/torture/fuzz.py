"""Thousands of command lines, other ones each time: `make fuzz`."""

import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, given, seed, settings

from tests.support import command_lines

TRIES = 2000


def main() -> int:
    """Print how many command lines of each sub-command were tried and had an answer."""
    tries = int(sys.argv[1]) if len(sys.argv) > 1 else TRIES
    number = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(10**6)
    tried: Counter[str] = Counter()
    wrong: dict[tuple[str, ...], str] = {}

    @seed(number)
    @settings(
        max_examples=tries,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(command_lines.lines())
    def try_one(line: tuple[str, list[str]]) -> None:
        program, words = line
        tried[f"{program} {words[0] if program == 'bench' else ''}"] += 1
        if why := command_lines.complaint(program, words):
            wrong[program, *words] = why

    with tempfile.TemporaryDirectory() as name:
        command_lines.furnish(Path(name))
        with command_lines.without_work(Path(name)):
            try_one()
    failed = Counter(f"{line[0]} {line[1] if line[0] == 'bench' else ''}" for line in wrong)
    print(f"| command lines (seed {number}) | tries | answered |\n|---|--:|--:|")
    for command, count in sorted(tried.items()):
        print(f"| {command} | {count} | {count - failed[command]} |")
    for line, why in wrong.items():
        print(f"{line}: {why}", file=sys.stderr)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
