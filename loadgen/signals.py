"""Signals that end a program in good order: Ctrl-C, TERM and HUP alike."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

OTHERS = (signal.SIGTERM, signal.SIGHUP)


def end_in_good_order() -> None:
    """Let TERM and HUP raise KeyboardInterrupt as Ctrl-C does.

    Ctrl-C is made to work where it was ignored by inheritance, as in a job that a script starts
    with `&`. HUP stays ignored where it is: that is what `nohup` asks for.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in OTHERS:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """Interrupt once: a session's end sends both, and the report is being written by then."""
    for each in OTHERS:
        if signal.getsignal(each) is _interrupt:
            signal.signal(each, _ignore)
    raise KeyboardInterrupt


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """Do nothing; unlike SIG_IGN it is not handed down to processes that are started."""


@contextlib.contextmanager
def finish_first(*, interrupted: bool) -> Iterator[None]:
    """Finish what is in the block: the first interrupt is raised behind it, a second one at once.

    interrupted: there was a first one already
    """
    asked = interrupted
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, *OTHERS)}

    def note(number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        asked = True

    for number, handler in before.items():
        if handler in (signal.default_int_handler, _interrupt):
            signal.signal(number, note)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if asked and not interrupted:
        raise KeyboardInterrupt
