"""The command line: one program, `bench`, whose commands stand in three modules."""

import sys
from typing import Annotated, NoReturn

import typer

from bench.base.errors import UserError
from bench.cli import results, run, servers
from loadgen.descriptors import open_standard_descriptors
from loadgen.exits import Exit, in_words
from loadgen.plan import PlanError
from loadgen.signals import end_in_good_order
from loadgen.version import NAME, version
from servers.discovery import VariantError

# What a user can mend: one line, exit status 2.
BAD_INPUT = (UserError, PlanError, VariantError)

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Compare concurrency models for network servers in Python.",
    epilog=in_words(),
)
for part in (run, results, servers):
    app.add_typer(part.app)


def tell_version(asked: bool) -> None:
    """Print name and version, if it was asked for, and end."""
    if asked:
        print(f"{NAME} {version()}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=tell_version, is_eager=True, help="print the version"),
    ] = False,
) -> None:
    """Compare concurrency models for network servers in Python."""


def main() -> None:
    """Run the command line; bad input ends with one line and status 2, Ctrl-C with 130."""
    open_standard_descriptors()
    end_in_good_order()
    if sys.platform != "linux":
        fail(f"this harness needs Linux (epoll, /proc); here is {sys.platform}")
    try:
        app()
    except BAD_INPUT as error:
        fail(str(error))
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)


def fail(message: str) -> NoReturn:
    """End with one line on standard error and status 2."""
    print(f"error: {message}", file=sys.stderr)
    sys.exit(Exit.BAD_INPUT)
