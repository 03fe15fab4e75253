"""The parts of the contract: a check, what a variant claims, and how a server must end."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.authoring.contract.client import Broken, group_is_gone
from bench.launch.launcher import Server


@dataclass(frozen=True)
class Clause:
    """One line of the contract.

    asks: what must hold; advice: what to change where it does not
    hold: raises Broken with the evidence
    ends: it ends the server, so that the next check needs another
    """

    name: str
    asks: str
    advice: str
    hold: Callable[[Server], None]
    ends: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of one check.

    detail, meaning, advice: where it failed the evidence, what that usually means, the remedy
    """

    check: str
    asks: str
    passed: bool
    detail: str = ""
    meaning: str = ""
    advice: str = ""


@dataclass(frozen=True)
class Claims:
    """What a server says of itself; a foreign command says nothing and is held to everything.

    clients: how many are served at once; None is as many as come
    """

    clients: int | None = None
    isolates_slow_reader: bool = True
    bounds_memory: bool = True


def claims(server: Server) -> Claims:
    """Return what the server's variant declares."""
    variant = server.spec.variant
    if variant is None:
        return Claims()
    return Claims(
        variant.clients_at_once(server.fair.pool_size),
        variant.isolates_slow_reader,
        variant.bounds_memory,
    )


def clean_end(server: Server) -> None:
    """End the server; nothing of it may need SIGKILL or be left.

    Raises:
        Broken: it had to be killed, or a process of its group is still there.
    """
    if server.exited():  # this also takes in the server's id
        raise Broken(f"it has ended by itself, with status {server.exit_status}")
    group = server.pid
    server.stop()
    if server.ended != "clean":
        raise Broken(f"it did not end within {server.fair.grace_s:g} s of SIGTERM and was killed")
    if not group_is_gone(group):
        raise Broken(f"a process of its group {group} is left")


def quiet(server: Server) -> None:
    """End the server; it must have printed nothing in its whole life.

    Raises:
        Broken: it has; the message is the end of it.
    """
    server.stop()
    if printed := server.output():
        raise Broken(f"it printed: {printed[-600:]}")
