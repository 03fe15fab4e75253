"""Interrupts while something is being finished: the first waits, the second does not."""

import os
import signal
from collections.abc import Iterator

import pytest

from loadgen import signals


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    every = (signal.SIGINT, *signals.OTHERS)
    before = {number: signal.getsignal(number) for number in every}
    for number in every:
        signal.signal(number, signal.SIG_DFL)
    signals.end_in_good_order()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def finished(*sent: signal.Signals, interrupted: bool = False) -> bool:
    """Meet these signals in the block; tell if its end was reached. Raised is it either way."""
    reached = False

    def block() -> None:
        nonlocal reached
        with signals.finish_first(interrupted=interrupted):
            for number in sent:
                os.kill(os.getpid(), number)
            reached = True

    with pytest.raises(KeyboardInterrupt):
        block()
    return reached


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_interrupt_waits_for_the_end(number: signal.Signals) -> None:
    assert finished(number)


def test_ctrl_c_once_more_ends_at_once() -> None:
    assert not finished(signal.SIGINT, signal.SIGINT)
    assert not finished(signal.SIGINT, interrupted=True)


def test_without_an_interrupt_nothing_is_raised_and_handlers_are_as_before() -> None:
    with signals.finish_first(interrupted=False):
        pass
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
