"""What users are told in one line: what was wrong, where, and what to do."""

import errno


class UserError(ValueError):
    """Something that a user can mend; the message says what, where, and what to do."""


class ConfigError(UserError):
    """A suite or an option that cannot be used."""


class StoreError(UserError):
    """A run folder that cannot be used; the message names it and the remedy."""


class InterpreterError(UserError):
    """An interpreter that cannot be used; the message says why."""


class NoRoom(UserError):
    """A run that cannot go on for want of a place to write to; the message says where and why."""


# What to do about what the kernel says.
REMEDIES = {
    errno.ENOSPC: "make room there, or choose another place",
    errno.EDQUOT: "make room there, or choose another place",
    errno.EROFS: "choose a place that can be written to",
    errno.EACCES: "change its permissions, or choose another place",
    errno.EPERM: "change its permissions, or choose another place",
    errno.EISDIR: "remove or rename that folder",
    errno.ENOTDIR: "a part of that path is a file: remove or rename it",
    errno.EEXIST: "remove or rename what is there",
    errno.ENOENT: "look whether it is still there",
    errno.ELOOP: "it leads through a loop of links: name the folder itself",
    errno.ENAMETOOLONG: "use a shorter name",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.EIO: "look at the disk",
}


def in_words(error: OSError) -> str:
    """Return an error of the kernel's as one line: where, why, and what to do."""
    where = error.filename2 or error.filename
    why = error.strerror or str(error) or type(error).__name__
    remedy = REMEDIES.get(error.errno or 0)
    line = f"{_text(where)}: {why}" if where is not None else why
    return line if remedy is None else f"{line}; {remedy}"


def _text(where: object) -> str:
    text = where.decode(errors="replace") if isinstance(where, bytes) else str(where)
    return text if len(text) <= 200 else f"{text[:200]}…"
