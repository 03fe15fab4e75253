"""What is looked at of a machine, in the order in which it is told."""

from collections.abc import Callable

from bench.host.doctor import network, processor
from bench.host.doctor.finding import MachineFacts, Remark

LOOKS: tuple[Callable[[MachineFacts], Remark], ...] = (*processor.LOOKS, *network.LOOKS)
