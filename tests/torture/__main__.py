"""All that is done to the harness on purpose, many times each: `make torture`, within an hour.

A row for each kind: how many tries, how many the harness survived as it should. What is a test
already is counted as its cases.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.support import ends
from tests.support.paths import ROOT
from tests.torture import folders, fuzz

TRIES = {"kill": 20, "ask": 10, "bereave": 8}
# Kinds of harm that are cases of tests.
CASES = {
    "calls of the system that fail (disk, fork, exec, bind, …)": "tests/end_to_end/test_faults.py",
    "terminals, jobs and sessions that go away": "tests/end_to_end/test_interrupts.py",
    "defective and hostile servers": "tests/end_to_end/test_defects.py",
    "hostile clients, against every server": "tests/servers/test_contract.py",
    "houses, supervisors and orphans": "tests/servers/test_supervision.py",
    "secrets in command lines and records": "tests/launch",
    "hostile names in a browser": "tests/page/test_page_of_a_stranger.py",
    "links, wrong types, bombs in a run folder": "tests/store",
}
COUNTS = re.compile(r"(\d+) (passed|failed|error)")


def row(what: str, tries: int, survived: int) -> bool:
    """Print a row; tell if it is wrong."""
    print(f"| {what} | {tries} | {survived} |", flush=True)
    return survived < tries


def run_ends(room: Path) -> Iterator[bool]:
    """Let runs meet their ends; yield for each kind whether it is wrong."""
    for kind in ends.ENDS:
        group = "ask" if kind.endswith("to a run") else "kill" if "--resume" in kind else "bereave"
        found = [ends.tried(kind, room, seed) for seed in range(TRIES[group])]
        wrong = [line for line in found if line]
        for line in wrong:
            print(line, file=sys.stderr)
        yield row(kind, len(found), len(found) - len(wrong))


def run_cases() -> Iterator[bool]:
    """Run the tests that are kinds of harm; yield for each whether it is wrong."""
    for what, where in CASES.items():
        command = [sys.executable, "-m", "pytest", where]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        last = done.stdout.strip().rpartition("\n")[2]
        counts = {word: int(number) for number, word in COUNTS.findall(last)}
        passed, tries = counts.get("passed", 0), sum(counts.values())
        if done.returncode:
            print(done.stdout[-4000:], file=sys.stderr)
        yield row(what, tries, passed) or not tries


def main() -> int:
    """Print the whole table; return 1 if anything did harm."""
    print("| what was done | tries | survived |\n|---|--:|--:|", flush=True)
    with tempfile.TemporaryDirectory() as name:
        wrong = [*run_ends(Path(name) / "room"), *run_cases()]
    # One after the other, each to its end: a row that is wrong keeps none from being tried.
    return max(any(wrong), fuzz.main(), folders.main())


if __name__ == "__main__":
    sys.exit(main())
