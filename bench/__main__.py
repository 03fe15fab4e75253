"""`python -m bench`: the same as the console script."""

from bench.cli.main import main

main()
