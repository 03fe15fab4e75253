"""Where the files and the socket of a trial go, and which numbers their descriptors have."""

import errno
import fcntl
import os
import socket
import tempfile
from pathlib import Path

from servers import terms

FOLDER_PREFIX = "bench-"
# tempfile puts so many characters behind the prefix.
SUFFIX = 8
SOCKET_NAME = "socket-{}"
# Where a Unix socket goes if the folder for temporary files makes its path too long.
# A folder of one's own is made in it (mkdtemp).
SHORT_FOLDERS = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108
# Behind standard input, output and error.
FIRST_DESCRIPTOR = 3


def trial_folder(transport: str) -> tempfile.TemporaryDirectory[str]:
    """Return a new folder for the files of one server; raises OSError."""
    above = socket_folder() if transport == "unix" else tempfile.gettempdir()
    return tempfile.TemporaryDirectory(prefix=FOLDER_PREFIX, dir=above)


def socket_folder() -> str:
    """Return the folder for a server's Unix socket: the one for temporary files, or a shorter one.

    Raises:
        OSError: the path of a socket would be too long in every one that can be written to.
    """
    usual = tempfile.gettempdir()
    for folder in (usual, *SHORT_FOLDERS):
        if socket_path_fits(folder) and os.access(folder, os.W_OK | os.X_OK):
            return folder
    raise OSError(errno.ENAMETOOLONG, "the path of a Unix socket would be too long", usual)


def socket_path_fits(folder: str) -> bool:
    """Return whether a Unix socket in a trial's folder below this one has a possible path."""
    path = Path(folder).absolute() / f"{FOLDER_PREFIX}{'x' * SUFFIX}" / SOCKET_NAME.format(1)
    return len(os.fsencode(path)) <= terms.UNIX_PATH_MOST


def wanted(transport: str, folder: str, attempt: int) -> terms.Address:
    """Return where to bind a server's socket; port 0 is any. attempt: the first is 1."""
    if transport == "unix":
        return str(Path(folder) / SOCKET_NAME.format(attempt))
    return terms.LOOPBACK[transport], 0


def above_standard(sock: socket.socket) -> socket.socket:
    """Return a socket with a number that no child's standard input, output or error takes."""
    if sock.fileno() >= FIRST_DESCRIPTOR:
        return sock
    with sock:
        fd = fcntl.fcntl(sock.fileno(), fcntl.F_DUPFD_CLOEXEC, FIRST_DESCRIPTOR)
        return socket.socket(fileno=fd)
