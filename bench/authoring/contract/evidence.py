"""What came back instead of what was sent, in words, and what that usually means."""

from collections.abc import Callable

SHOWN = 16
# How much of a stray text is looked at.
LOOKED_AT = 4096


def difference(sent: bytes, received: bytes) -> str:
    """Return where received bytes leave the sent ones: `sent 'prob', got 'PROB' (byte 0: ...)`."""
    at = _first_difference(sent, received)
    here = f"sent {shown(sent[at:])}, got {shown(received[at:])}"
    if at < len(sent) and at < len(received):
        one, other = shown(sent[at : at + 1]), shown(received[at : at + 1])
        return f"{here} (byte {at:,}: {one} became {other})"
    return f"{here} (after byte {at:,}, where nothing more was due)"


def _first_difference(sent: bytes, received: bytes) -> int:
    """Return the first byte that differs; where none does, the length of what was sent."""
    pairs = zip(received, sent, strict=False)
    return next((i for i, (got, want) in enumerate(pairs) if got != want), len(sent))


def shown(data: bytes) -> str:
    """Return the beginning of some bytes as text in quotes, escaped where they are none."""
    if not data:
        return "nothing"
    text = data[:SHOWN].decode("ascii", "backslashreplace")
    kept = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return f"'{kept}'" + ("…" if len(data) > SHOWN else "")


def meaning(sent: bytes, received: bytes) -> str:
    """Return what usually brings such an answer about, empty if it looks like nothing known.

    received: what came for `sent`, which may have been cut off
    """
    if _skipped(sent, received):
        return "It dropped bytes in between: what send() did not take was not sent again."
    received = received[:LOOKED_AT]
    known = (sentence for applies, sentence in MEANINGS if applies(sent, received))
    return next(known, "")


def _skipped(sent: bytes, received: bytes) -> bool:
    """Tell if what comes after the first difference was sent later than there."""
    at = _first_difference(sent, received)
    piece = received[at : at + SHOWN]
    return at > 0 and len(piece) == SHOWN and sent.find(piece, at + 1) > at


def _cased(sent: bytes, received: bytes) -> bool:
    changed = received != sent[: len(received)]
    return changed and received.lower() == sent[: len(received)].lower()


def _shifted(sent: bytes, received: bytes) -> bool:
    pairs = zip(sent, received, strict=False)
    steps = {(got - want) % 256 for want, got in pairs}
    return len(received) > 1 and len(steps) == 1 and steps != {0}


def _without_its_first(sent: bytes, received: bytes) -> bool:
    return len(received) > 2 and sent[1:].startswith(received)


def _as_a_literal(sent: bytes, received: bytes) -> bool:
    return received.startswith((repr(sent)[:6].encode(), b'b"', b"b'"))


def _padded(sent: bytes, received: bytes) -> bool:
    rest = received[len(sent) :]
    return received.startswith(sent) and bool(rest) and not rest.strip(b"\0")


def _twice(sent: bytes, received: bytes) -> bool:
    rest = received[len(sent) :]
    return received.startswith(sent) and bool(rest) and sent.startswith(rest[: len(sent)])


def _backwards(sent: bytes, received: bytes) -> bool:
    return len(received) > 1 and received == sent[::-1][: len(received)]


def _around(sent: bytes, received: bytes) -> bool:
    if sent.startswith(received):
        return False
    return sent in received or received.endswith(sent[: max(4, len(sent) // 2)])


# The first that applies: how an answer looks, and what usually brings it about.
MEANINGS: tuple[tuple[Callable[[bytes, bytes], bool], str], ...] = (
    (lambda _, got: got.startswith(b"HTTP/"), "It speaks HTTP: that is no echo server."),
    (_cased, "It changes upper and lower case: it treats bytes as text, which has to be echoed."),
    (_backwards, "It turns what it receives round."),
    (_shifted, "It adds the same number to every byte."),
    (_as_a_literal, "It sends the text of a bytes object: str(data), or an f-string around it."),
    (_without_its_first, "It loses the first byte: one is read, and not sent back."),
    (_padded, "It sends a whole buffer, and not just the bytes that were received into it."),
    (_twice, "It answers twice: something is sent, or read, two times."),
    (_around, "It sends something of its own besides the echo: a greeting, a prompt, a new line."),
)
