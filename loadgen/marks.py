"""The mark of a request that asks a server for work; `servers.work` has the same."""

MARK = b"WORK"
# Where a request has it: behind its number.
MARK_AT = slice(4, 8)
MARK_END = MARK_AT.stop


def is_marked(payload: bytes) -> bool:
    """Tell if a request asks for work."""
    return payload[MARK_AT] == MARK


def marked(payload: bytes) -> bytes:
    """Return a payload with the mark of a request that asks for work."""
    return payload[: MARK_AT.start] + MARK + payload[MARK_AT.stop :]
