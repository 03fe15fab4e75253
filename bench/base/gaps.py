"""What could not be made or written, while all else is: noted, and told in the report."""

import contextlib
from collections.abc import Iterator

from bench.base import wording
from bench.base.errors import UserError


class Gaps:
    """Parts that are missing, by the reason.

    defects: whether one of the reasons is a mistake of this program, and no lack of the machine's
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.by_reason: dict[str, list[str]] = {}
        self.defects = False

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Note that a part is missing if it fails, and go on."""
        try:
            yield
        except OSError as error:
            self.note(name, error.strerror or str(error))
        except UserError as error:
            self.note(name, str(error))
        except Exception as error:  # a part that fails must not cost the others
            self.defects = True
            self.note(name, f"{type(error).__name__}: {error}".splitlines()[0].rstrip(": "))

    def note(self, name: str, reason: str) -> None:
        """Note that a part is missing."""
        names = self.by_reason.setdefault(reason, [])
        if name not in names:
            names.append(name)

    def __len__(self) -> int:
        """Return how many parts are missing."""
        return sum(map(len, self.by_reason.values()))

    def why(self, name: str) -> str:
        """Return why a part is missing, or nothing."""
        return next((why for why, names in self.by_reason.items() if name in names), "")

    def lines(self) -> list[str]:
        """Return a line for each reason."""
        return [f"{wording.listing(names)}: {why}" for why, names in self.by_reason.items()]
