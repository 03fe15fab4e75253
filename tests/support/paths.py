"""Where the checkout and its tests are."""

import shlex
import sys
from pathlib import Path

TESTS = Path(__file__).parent.parent
ROOT = TESTS.parent


def python(*words: object) -> str:
    """Return the command line of a script under this interpreter, wherever the tree lies."""
    return shlex.join([sys.executable, *map(str, words)])
