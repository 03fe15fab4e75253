"""Where the files and the socket of a trial go, and which numbers their descriptors have."""

import contextlib
import errno
import fcntl
import os
import shutil
import socket
import tempfile
from pathlib import Path

from servers import terms

FOLDER_PREFIX = "bench-"
# tempfile puts so many characters behind the prefix.
SUFFIX = 8
SOCKET_NAME = "socket-{}"
# In such a folder: the file that its owner holds a lock on.
OWNER = "owner"
# Where a Unix socket goes if the folder for temporary files makes its path too long.
# A folder of one's own is made in it (mkdtemp).
SHORT_FOLDERS = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108
# Behind standard input, output and error.
FIRST_DESCRIPTOR = 3


class Folder:
    """A new folder for the socket of a server; its owner is whoever holds the lock on a file in it.

    A lock ends with the process that took it, however that ends, and is seen across containers that
    share the folder for temporary files, where ids of processes are not.
    """

    def __init__(self) -> None:
        """Make it, and own it; raises OSError."""
        self._made = tempfile.TemporaryDirectory(prefix=FOLDER_PREFIX, dir=socket_folder())
        self.name = self._made.name
        self._lock = os.open(f"{self.name}/new", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        os.rename(f"{self.name}/new", f"{self.name}/{OWNER}")

    def cleanup(self) -> None:
        """Remove it with all that is in it."""
        self._made.cleanup()
        os.close(self._lock)


def sweep() -> None:
    """Remove the folders that runs which were killed have left behind."""
    for above in dict.fromkeys((tempfile.gettempdir(), *SHORT_FOLDERS)):
        with contextlib.suppress(OSError), os.scandir(above) as entries:
            for entry in entries:
                if entry.name.startswith(FOLDER_PREFIX) and _is_abandoned(entry.path):
                    shutil.rmtree(entry.path, ignore_errors=True)


def _is_abandoned(folder: str) -> bool:
    """Return whether a folder is one of ours, of this user, and nobody owns it any more."""
    try:
        fd = os.open(f"{folder}/{OWNER}", os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.fstat(fd).st_uid == os.getuid()
    except OSError:
        return False
    finally:
        os.close(fd)


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


def wanted(transport: str, folder: Folder | None, attempt: int) -> terms.Address:
    """Return where to bind a server's socket; port 0 is any. attempt: the first is 1."""
    if folder is not None:
        return str(Path(folder.name) / SOCKET_NAME.format(attempt))
    return terms.LOOPBACK[transport], 0


def above_standard(sock: socket.socket) -> socket.socket:
    """Return a socket with a number that no child's standard input, output or error takes."""
    if sock.fileno() >= FIRST_DESCRIPTOR:
        return sock
    with sock:
        fd = fcntl.fcntl(sock.fileno(), fcntl.F_DUPFD_CLOEXEC, FIRST_DESCRIPTOR)
        return socket.socket(fileno=fd)
