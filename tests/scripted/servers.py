"""The servers of a scripted kernel: what they answer, when, and how much their sockets take."""

from itertools import pairwise

from tests.scripted.kernel import Chunk, Wire


class Server:
    """Echoes after a time that depends on the connection and the place in its stream alone.

    size: bytes of a request; service_ns: from the least time to the most; byte_ns: more for each
    """

    byte_ns = 5

    def __init__(self, size: int, service_ns: tuple[int, int] = (1_000, 12_000)) -> None:
        self.size = size
        self.least_ns, self.span_ns = service_ns[0], max(1, service_ns[1] - service_ns[0])

    def heard(self, wire: Wire, data: bytes, at: int) -> None:
        """Answer bytes whose place in the stream is `at`."""
        for number, piece in enumerate(self.answer(wire, data, at)):
            first_ns = self.service_ns(wire, at) + len(data) * self.byte_ns
            wire.say(piece, self.gap_ns(wire, at) if number else first_ns)

    def service_ns(self, wire: Wire, at: int) -> int:
        return self.least_ns + self.drawn(wire, at) % self.span_ns

    def gap_ns(self, wire: Wire, at: int) -> int:
        return self.drawn(wire, at + 1) % 700

    @staticmethod
    def drawn(wire: Wire, at: int) -> int:
        """Return a number that looks random, and is the same for every loop (Knuth's hash)."""
        return ((wire.number * 7919 + at + 1) * 2654435761 >> 7) & 0xFFFFFF

    def answer(self, wire: Wire, data: bytes, at: int) -> list[Chunk]:
        return [data]

    def accepts(self, wire: Wire, length: int, at: int) -> int:
        """Return how many of so many bytes a socket takes; 0 is EAGAIN."""
        return length

    def ended(self, wire: Wire) -> None:
        """Answer an end with an end."""
        wire.say(b"", self.least_ns)


class Pieces(Server):
    """Answers in up to four pieces, cut anywhere."""

    def answer(self, wire: Wire, data: bytes, at: int) -> list[Chunk]:
        cuts = sorted({self.drawn(wire, at + n) % len(data) for n in range(1, 4)} | {0, len(data)})
        return [data[begin:end] for begin, end in pairwise(cuts)]


class Narrow(Server):
    """Its sockets take a part of a request, or nothing for now, one time in three each."""

    def accepts(self, wire: Wire, length: int, at: int) -> int:
        chance = self.drawn(wire, at + self.asked(wire)) % 3
        return (length, 0, 1 + self.drawn(wire, at) % length)[chance]

    def asked(self, wire: Wire) -> int:
        """Return how often it was asked: the same bytes are taken another time."""
        self.times = getattr(self, "times", 0) + 1
        return 131 * self.times


class Both(Narrow, Pieces):
    """Does both."""
