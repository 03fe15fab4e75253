"""One connection of the kernel of make-believe, and what its server is asked."""

import errno
import select
from collections import deque
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tests.scripted.kernel import Kernel

READ, WRITE = select.EPOLLIN, select.EPOLLOUT
HUNG_UP = select.EPOLLERR | select.EPOLLHUP

Chunk = bytes | OSError


class Wire:
    """One connection: what its server has said and when, and what has become of its requests.

    sent: of each request the instant of the clock before its first byte was taken
    found: of each whole reply the look that found its last byte, and the end of the read
    """

    def __init__(self, kernel: "Kernel", fd: int, number: int) -> None:
        self.kernel, self.fd, self.number = kernel, fd, number
        self.incoming: deque[tuple[int, Chunk]] = deque()
        self.taken = self.returned = 0  # bytes
        self.sent: list[int] = []
        self.found: list[tuple[int, int]] = []
        self.blocked_until_ns = 0
        self.connect_error = 0
        self.last_ns = 0
        self.closed = self.ended = False

    # What a socket is asked

    def fileno(self) -> int:
        return self.fd

    def getsockopt(self, *_: int) -> int:
        return self.connect_error

    def getsockname(self) -> tuple[str, int]:
        return "127.0.1.1", self.number

    def getpeername(self) -> tuple[str, int]:
        return "127.0.0.1", 9

    def shutdown(self, _: int) -> None:
        self.ended = True
        self.kernel.spend()
        self.kernel.server.ended(self)

    def close(self) -> None:
        self.closed = True
        self.kernel.release(self)

    # What its server does

    def say(self, chunk: Chunk, after_ns: int) -> None:
        """Let something arrive, not before what was said earlier."""
        self.last_ns = max(self.last_ns, self.kernel.now_ns + after_ns)
        self.incoming.append((self.last_ns, chunk))
        self.kernel.wake(self.last_ns, self)

    def block(self, for_ns: int) -> None:
        """Take no more bytes for a while."""
        self.blocked_until_ns = self.kernel.now_ns + for_ns
        self.kernel.wake(self.blocked_until_ns, self)

    def events(self) -> int:
        """Return what an epoll would say of it."""
        now_ns, mask = self.kernel.now_ns, 0
        if self.incoming and self.incoming[0][0] <= now_ns:
            mask = READ | (HUNG_UP if isinstance(self.incoming[0][1], OSError) else 0)
        if now_ns >= self.blocked_until_ns:
            mask |= WRITE | (HUNG_UP if self.connect_error else 0)
        return mask

    def take_in(self, most: int) -> bytes:
        """Return what has arrived, b"" at the end; raises what the script says."""
        incoming, found = self.incoming, bytearray()
        while incoming and incoming[0][0] <= self.kernel.now_ns and len(found) < most:
            at_ns, chunk = incoming[0]
            if isinstance(chunk, OSError):
                if not found:
                    incoming.popleft()
                    raise chunk
                break
            if not chunk:
                if not found:
                    return b""
                break
            incoming.popleft()
            room = most - len(found)
            found += chunk[:room]
            if len(chunk) > room:
                incoming.appendleft((at_ns, chunk[room:]))
        if not found:
            raise BlockingIOError(errno.EAGAIN, "nothing there")
        return bytes(found)


class Peer(Protocol):
    """What is asked of a server (see `scripted_servers`); `size` is the bytes of a request."""

    size: int

    def heard(self, wire: Wire, data: bytes, at: int) -> None:
        """Answer bytes whose place in the stream is `at`."""

    def accepts(self, wire: Wire, length: int, at: int) -> int:
        """Return how many of so many bytes a socket takes; 0 is EAGAIN."""
        ...

    def ended(self, wire: Wire) -> None:
        """Answer an end with an end."""
