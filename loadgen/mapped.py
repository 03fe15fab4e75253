"""The columns of one process, mapped from the file that it wrote."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from loadgen.histogram import Column
from loadgen.part import Part


class Columns:
    """One process's columns by name; a row is an answered request."""

    def __init__(self, part: Part, first_slot: int) -> None:
        """Map the file; slots are numbered through over all processes."""
        # Mapped, not read: five million rows are 160 MB, and most of it is copied once only.
        data: Column = np.memmap(part.path, dtype=np.int64, mode="r")
        self.facts = part.facts
        self.first_slot = first_slot
        self.column: dict[str, Column] = {}
        at = 0
        for name, length in part.facts["columns"].items():
            self.column[name] = data[at : at + length]
            at += length
        if part.facts["sends_as_intended"]:
            self.column["intended"] = self.column["sent"]
        self.names: tuple[str, ...] = ("intended", "sent", "received", "slot")
        if self.mixture:
            self.names += ("marked",)
            slots = self.column["slot"]
            self.column["marked"] = (slots < 0).astype(np.int64)
            self.column["slot"] = np.maximum(slots, ~slots)

    @property
    def mixture(self) -> bool:
        """Tell if some requests asked for work and the others did not."""
        return "left_heavy" in self.facts["columns"]

    def rows(self, choose: Callable[[Column, Column], NDArray[np.bool_]]) -> Column:
        """Return intended, sent, received, slot (4 x n) of the rows that are chosen.

        Of a mixture there is a fifth: 1 of one that asked for work, else 0.

        choose: tells them by when they were intended and when received
        """
        which = choose(self.column["intended"], self.column["received"])
        rows = np.empty((len(self.names), np.count_nonzero(which)), dtype=np.int64)
        for row, name in zip(rows, self.names, strict=True):
            np.compress(which, self.column[name], out=row)
        rows[3] += self.first_slot
        return rows

    def unanswered(self, open_ns: int, close_ns: int) -> Column:
        """Return intended, sent, slot (3 x n) of the window's requests that got no reply.

        Of a mixture there is a fourth, as there is of rows. Those that were given up in the
        warm-up are the warm-up's.
        """
        intended, sent, slot, left = self.column["unanswered"].reshape(-1, 4).T
        inside = (intended < close_ns) & (left >= open_ns)
        rows = [intended, sent, np.maximum(slot, ~slot) + self.first_slot]
        return np.stack([*rows, slot < 0] if self.mixture else rows)[:, inside]


def joined(tables: list[Column]) -> Column:
    """Return the columns of all processes behind each other."""
    return tables[0] if len(tables) == 1 else np.concatenate(tables, axis=1)
