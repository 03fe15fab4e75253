"""Signals that end a program in good order: Ctrl-C, TERM and HUP alike."""

import signal
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
