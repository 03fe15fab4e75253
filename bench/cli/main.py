"""The command line: one program, `bench`, whose commands stand in modules of their own."""

import contextlib
import sys
import traceback
from typing import Annotated, Any

import typer

from bench.base import wording
from bench.base.errors import UserError, in_words
from bench.base.shortages import HouseError
from bench.cli import results, run, servers
from bench.cli.changes import ab, compare, history
from bench.cli.planning import capacity
from bench.cli.teaching import demo
from loadgen.descriptors import open_standard_descriptors
from loadgen.exits import Exit
from loadgen.exits import in_words as statuses
from loadgen.outlet import Outlet
from loadgen.plan import PlanError
from loadgen.process import FleetError
from loadgen.signals import end_in_good_order
from loadgen.version import NAME, version
from servers.discovery import VariantError

# What a user can mend: one line, exit status 2.
BAD_INPUT = (UserError, PlanError, VariantError)
# The machine or the harness failed: one line, and nothing was measured.
INSTRUMENT = (HouseError, FleetError)
# What typer raises for options and arguments that are not known or not complete.
USAGE: type[Exception] = typer.BadParameter.__bases__[0]
DEFECT = (
    "error: this is a mistake of this program and not yours: please report it with the lines above "
    "to its developers; what a run had measured is in its folder (bench report FOLDER)"
)
# What a line may quote of what was given.
LINE_MOST = 2000

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Compare concurrency models for network servers in Python.",
    epilog=statuses(),
)
for part in (run, ab, capacity, results, compare, history, servers, demo):
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
    """Run the command line; whatever ends it early is one line on standard error.

    This is the only place where errors become lines and statuses.
    """
    open_standard_descriptors()
    end_in_good_order()
    if sys.platform != "linux":
        sys.exit(fail(f"this harness needs Linux (epoll, /proc); here is {sys.platform}"))
    outlet = Outlet.install()
    status = guarded()
    if (why := outlet.failure()) and status in (Exit.MEASURED, Exit.NOTHING):
        status = fail(why)
    sys.exit(status)


def guarded() -> int:
    """Run the command line and return its status."""
    try:
        done: Any = app(standalone_mode=False)
    except SystemExit as ended:
        done = ended.code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BAD_INPUT as error:
        return fail(str(error))
    except INSTRUMENT as error:
        return fail(str(error), Exit.NOTHING)
    except OSError as error:
        return fail(in_words(error))
    except USAGE as error:
        return usage(error)
    except Exception:  # a defect of ours, and the only thing that shows a traceback
        with contextlib.suppress(OSError):
            traceback.print_exc()
            print(DEFECT, file=sys.stderr)
        return Exit.DEFECT
    return done if isinstance(done, int) else Exit.MEASURED


def usage(error: Any) -> int:
    """Say which option or argument is wrong, and where to read of them."""
    if error.__class__.__name__ == "NoArgsIsHelpError":
        error.show()
        return Exit.BAD_INPUT
    about = error.ctx.command_path if error.ctx is not None else "bench"
    message = error.format_message().rstrip(".")
    return fail(f"{message}; see `{about} --help`")


def fail(message: str, status: Exit = Exit.BAD_INPUT) -> int:
    """Print one line on standard error and return the status to end with."""
    with contextlib.suppress(OSError):
        print(f"error: {wording.printable(message, LINE_MOST)}", file=sys.stderr)
    return status
