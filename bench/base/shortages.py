"""What fails for want of something on this machine, and is no verdict of a server."""

import contextlib
import errno
from collections.abc import Iterator

# What the kernel says where it has no descriptor, port, memory, room on a disk or process left for
# whoever asks.
SHORTAGES = (
    *(errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.ENOSPC, errno.EDQUOT),
    *(errno.EADDRNOTAVAIL, errno.EAGAIN),
)


class HouseError(Exception):
    """The house or the machine failed, not the server: no descriptor, port, room or process."""


@contextlib.contextmanager
def house_errors(what: str) -> Iterator[None]:
    """Tell what the kernel refuses to the house as what it is.

    Raises:
        HouseError: for an OSError; with `what` could not be done, why, and which file it is about
    """
    try:
        yield
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise HouseError(f"{what}: {error.strerror or error}{where}") from None
