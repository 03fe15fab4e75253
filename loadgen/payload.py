"""Payloads made before the load starts: distinct for every request that could be confused."""

import random

from loadgen.marks import marked
from loadgen.plan import Plan

# A ring this small stays in the processor's nearest cache: 3 % against 2 MiB; building each payload
# in the loop costs 5 %. Measured here, 50 connections of 64 bytes.
RING_BYTES = 128 * 1024
RING_BYTES_MAX = 64 * 1024 * 1024
RING_LEAST = 64
# Payloads of a mixture come again after so many requests: of one in a thousand that asks for work
# there are 65. They are references to the payloads of a ring of the usual length.
MIXTURE_LENGTH = 1 << 16


def ring_length(payload_bytes: int, in_flight: int) -> int:
    """Return how many payloads to make: a power of two, twice what can be in flight if it fits."""
    fitting = max(RING_BYTES // payload_bytes, 2 * in_flight, RING_LEAST)
    most = max(RING_BYTES_MAX // payload_bytes, RING_LEAST)
    return 1 << (min(fitting, most).bit_length() - 1)


def ring(payload_bytes: int, in_flight: int, seed: int) -> list[bytes]:
    """Return payloads of one size, used in turn.

    The first bytes count up, so that payloads differ as far as their size permits (one byte has
    256 values); the rest is random, so that no two share a run that a shifted echo could match.
    """
    randbytes = random.Random(seed).randbytes
    header = min(4, payload_bytes)
    return [
        number.to_bytes(8, "little")[:header] + randbytes(payload_bytes - header)
        for number in range(ring_length(payload_bytes, in_flight))
    ]


def sequence(plan: Plan, in_flight: int, number: int = 0) -> list[bytes]:
    """Return the payloads of a plan in the order in which they are sent, again and again.

    Of a mixture as many as its share says are marked; which ones is drawn from seed and block, by
    each process for itself (number).
    """
    payloads = ring(plan.load.payload_bytes, in_flight, plan.seed)
    if not plan.marked:
        return payloads
    with_mark = [marked(payload) for payload in payloads]
    if not plan.mixture:
        return with_mark
    mask = len(payloads) - 1
    draw = random.Random(f"{plan.seed} {plan.block} {number}")
    heavy = draw.sample(range(MIXTURE_LENGTH), max(1, round(plan.marked * MIXTURE_LENGTH)))
    mixture = [payloads[at & mask] for at in range(MIXTURE_LENGTH)]
    for at in heavy:
        mixture[at] = with_mark[at & mask]
    return mixture


def describe(payload: bytes, received: bytes, others: list[bytes]) -> str:
    """Say how a reply differs from the payload that was expected, as evidence for a person."""
    if len(received) > len(payload) and received.startswith(payload):
        return (
            f"{len(received) - len(payload)} bytes beyond the reply: "
            f"{received[len(payload) :][:16].hex(' ')}"
        )
    at = next(
        (i for i, (a, b) in enumerate(zip(payload, received, strict=False)) if a != b),
        min(len(payload), len(received)),
    )
    whose = ""
    if len(received) >= min(8, len(payload)) and any(
        other.startswith(received[: len(payload)]) for other in others
    ):
        whose = "; these bytes were sent as another request"
    return (
        f"{len(received)} bytes differ from offset {at}: expected "
        f"{payload[at : at + 16].hex(' ')}, received {received[at : at + 16].hex(' ')}{whose}"
    )
