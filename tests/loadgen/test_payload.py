"""Payloads: distinct as far as their size permits, and evidence of what came instead."""

import pytest

from loadgen import payload


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7, 64, 1024, 2**20])
def test_payloads_of_a_ring_differ_as_far_as_their_size_permits(size: int) -> None:
    ring = payload.ring(size, in_flight=10, seed=1)
    assert {len(each) for each in ring} == {size}
    assert len(set(ring)) == min(len(ring), 256**size)


@pytest.mark.parametrize(("size", "in_flight"), [(64, 10_000), (1, 1), (2**20, 3), (999, 70)])
def test_a_ring_holds_more_than_is_in_flight_within_its_memory(size: int, in_flight: int) -> None:
    length = payload.ring_length(size, in_flight)
    assert length & (length - 1) == 0
    assert length * size <= max(payload.RING_BYTES_MAX, payload.RING_LEAST * size)
    if in_flight * size * 2 < payload.RING_BYTES_MAX / 2:
        assert length >= in_flight


def test_evidence_names_the_offset_and_the_request_that_the_bytes_belong_to() -> None:
    ring = payload.ring(64, 4, seed=1)
    assert "sent as another request" in payload.describe(ring[0], ring[1], ring)
    flipped = ring[0][:9] + bytes([ring[0][9] ^ 1]) + ring[0][10:]
    assert "offset 9" in payload.describe(ring[0], flipped, ring)
    assert "2 bytes beyond" in payload.describe(ring[0], ring[0] + b"xy", ring)
