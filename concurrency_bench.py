"""The name under which this project is installed: `bench`, `servers` and `loadgen` lie inside it.

Three names that anybody may use for packages of their own are not put into everybody's way: in the
wheel they are in the folder `concurrency_bench`, which is on the path only while one of its
commands runs, or once `activate()` was called. In a checkout that folder is the checkout itself.
"""

import sys
from pathlib import Path

HOME = Path(__file__).resolve().parent


def activate() -> None:
    """Make `bench`, `servers` and `loadgen` importable in this process."""
    if str(HOME) not in sys.path:
        sys.path.insert(0, str(HOME))


def bench() -> None:
    """Run the command `bench`."""
    activate()
    try:
        from bench.cli.main import main
    except KeyboardInterrupt:  # Ctrl-C in the half second that imports take
        sys.exit(130)
    main()


def loadgen() -> None:
    """Run the load generator alone."""
    activate()
    try:
        from loadgen.__main__ import main
    except KeyboardInterrupt:
        sys.exit(130)
    main()
