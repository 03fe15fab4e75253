"""Files below a run folder, and nothing else: no link leads a read or a write out of it."""

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from bench.base.errors import StoreError

# Neither followed nor waited for: a link, a pipe that nobody writes to.
PLAIN = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
# The folders of a run; a file of the report is at its top.
BELOW = ("samples", "sources", "charts", "export")
# Beyond so many entries a folder is none that a run made: 1,000,000 trials have no samples each.
ENTRIES_MOST = 200_000


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Let an OSError tell which file it is about: the kernel does not say it of a write.

    Raises:
        StoreError: it was refused because a link is there
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR) and path.is_symlink():
            raise linked(path) from None
        error.filename, error.filename2 = str(path), None
        raise


def linked(path: Path) -> StoreError:
    """Return what is said of a link."""
    return StoreError(
        f"{path}: is a link, which a run folder must not hold, for it leads elsewhere; remove it"
    )


def check(folder: Path) -> None:
    """Refuse a run folder that holds a link; raises StoreError."""
    count = 0
    for top in (folder, *(folder / name for name in BELOW)):
        if top.is_symlink() and top != folder:
            raise linked(top)
        for place, folders, names in os.walk(top):
            for name in (*folders, *names):
                if os.path.islink(os.path.join(place, name)):
                    raise linked(Path(place, name))
            count += len(names) + len(folders)
            if count > ENTRIES_MOST:
                raise StoreError(
                    f"{top}: holds more than {ENTRIES_MOST:,} files, which no run does; remove it"
                )
            if top == folder:
                break


@contextlib.contextmanager
def _holder(folder: Path, name: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
    """Yield an open folder below a run's and the last part of a name, without following a link.

    make: folders that are missing
    """
    *steps, last = PurePosixPath(name).parts
    if last == ".." or {"/", ".."} & set(steps):
        raise StoreError(f"{folder / name}: is not below the run folder; remove it from the run")
    place = folder
    with naming(place):
        at = os.open(folder, FOLDER)
    try:
        for step in steps:
            place /= step
            with naming(place):
                if make:
                    with contextlib.suppress(FileExistsError):
                        os.mkdir(step, dir_fd=at)
                below = os.open(step, FOLDER | os.O_NOFOLLOW, dir_fd=at)
            os.close(at)
            at = below
        yield at, last
    finally:
        os.close(at)


def opened(folder: Path, name: str, flags: int = os.O_RDONLY) -> int:
    """Return a descriptor of a file below a run folder.

    Raises:
        StoreError: it is a link or behind one, no plain file, or one that is written to and has
            another name elsewhere
        OSError: it cannot be opened
    """
    path = folder / name
    with _holder(folder, name) as (at, last), naming(path):
        file = os.open(last, flags | PLAIN, 0o666, dir_fd=at)
    found = os.fstat(file)
    if not stat.S_ISREG(found.st_mode):
        os.close(file)
        raise StoreError(f"{path}: is no file; remove it")
    if found.st_nlink > 1 and flags & os.O_ACCMODE != os.O_RDONLY:
        os.close(file)
        raise StoreError(f"{path}: has another name elsewhere (a hard link); put a copy there")
    return file


def read(folder: Path, name: str, most: int) -> bytes:
    """Return what a file below a run folder holds.

    Raises:
        StoreError: it is longer than `most` bytes, or as for `opened`
        OSError: it cannot be read
    """
    with naming(folder / name), open(opened(folder, name), "rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise StoreError(f"{folder / name}: is longer than {most:,} bytes, which no run's is")
    return data


def write(folder: Path, name: str, data: bytes) -> None:
    """Replace a file as a whole, so that nobody ever reads half of it; its folders are made.

    Of what could not be written nothing stays, nor does what a kill left of an earlier attempt.

    Raises:
        StoreError: it is behind a link
        OSError: it cannot be written
    """
    with _holder(folder, name, make=True) as (at, last), naming(folder / name):
        part = f"{last}.part"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(part, dir_fd=at)
        try:
            new = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            with open(os.open(part, new | PLAIN, 0o666, dir_fd=at), "wb") as file:
                file.write(data)
            os.replace(part, last, src_dir_fd=at, dst_dir_fd=at)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(part, dir_fd=at)
            raise


def place(folder: Path, name: str) -> Path:
    """Return the path of a file that somebody else writes, with nothing there yet.

    Raises:
        StoreError: it is behind a link
    """
    with contextlib.suppress(OSError), _holder(folder, name) as (at, last):
        os.unlink(last, dir_fd=at)
    return folder / name


def files(folder: Path, name: str) -> list[Path]:
    """Return what is in a folder below a run's; nothing of a link, or of what cannot be read."""
    place = folder / name
    with contextlib.suppress(OSError):
        return [] if place.is_symlink() else list(place.iterdir())
    return []


def remove(folder: Path, name: str) -> None:
    """Remove a folder below a run's with all that it holds, as far as it can be; a link stays.

    What is no folder stays as well: of a pipe rmtree would wait for a writer.
    """
    with contextlib.suppress(OSError):
        if stat.S_ISDIR((folder / name).lstat().st_mode):
            shutil.rmtree(folder / name, ignore_errors=True)  # follows no link within
