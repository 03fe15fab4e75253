"""`python -m bench`: the same as the console script."""

import sys

try:
    from bench.cli.main import main
except KeyboardInterrupt:  # Ctrl-C in the half second that imports take
    sys.exit(130)

main()
