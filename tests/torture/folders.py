"""A thousand spoiled run folders through report, compare, export and resume: `make torture`."""

import sys
import tempfile
from pathlib import Path

from tests.support import received
from tests.support.hostile import KINDS

TRIES = 1000
# Every so many with all charts, which take the most of the time.
DRAWN_EVERY = 25


def main() -> int:
    """Print a row for each kind of folder: how many were tried, how many did no harm."""
    tries = int(sys.argv[1]) if len(sys.argv) > 1 else TRIES
    each, status = tries // len(KINDS), 0
    print("| spoiled | tries | survived |")
    print("|---|--:|--:|")
    with tempfile.TemporaryDirectory() as name:
        base = received.sound(Path(name) / "sound")
        for kind in KINDS:
            found = [
                received.tried(base, Path(name) / "room", kind, s, drawn=s % DRAWN_EVERY == 0)
                for s in range(each)
            ]
            wrong = [line for line in found if line]
            print(f"| {kind} | {each} | {each - len(wrong)} |", flush=True)
            for line in wrong:
                print(line, file=sys.stderr)
            status |= bool(wrong)
    return status


if __name__ == "__main__":
    sys.exit(main())
