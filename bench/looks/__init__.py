"""What is looked at of a machine, in the order in which it is told."""

from collections.abc import Callable

from bench.looks import host, network
from bench.looks.base import Facts, Finding

LOOKS: tuple[Callable[[Facts], Finding], ...] = (*host.LOOKS, *network.LOOKS)
