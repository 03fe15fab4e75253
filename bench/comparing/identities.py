"""Whether the servers of two runs are what they were: what must be, and what is only named."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.model.header import ServerEntry
from bench.model.run import Run
from bench.model.trial import Cell
from bench.store import identity

# Who compares two of these asks for it, and gives them two names.
INTERPRETER = ("python", "gil", "jit")


@dataclass(frozen=True)
class Identities:
    """What is known of the servers that are compared; each in words, `the source of native`.

    unequal: what must be equal and is not: the interpreter, anything of the control, and anything
        that the runs of one side do not have in common
    changed: what differs between the sides otherwise, which is what a comparison is about
    unrecorded: what a run of an earlier version does not say, over all servers
    """

    unequal: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unrecorded: tuple[str, ...] = ()


def of(
    before: Sequence[Run], after: Sequence[Run], cells: Sequence[Cell], control: str = ""
) -> Identities:
    """Return what is known of the servers of cells that all runs have."""
    unequal: list[str] = []
    changed: list[str] = []
    unrecorded: list[str] = []
    for cell in cells:
        sides = [[run.entry_of(cell) for run in side] for side in (before, after)]
        (first, *_), (second, *_) = sides
        for side in sides:
            for other in side[1:]:
                found = _differing(side[0], other)
                unequal += [f"{identity.SAME[name]} of {cell.server} on one side" for name in found]
        for name in _differing(first, second):
            must = name in INTERPRETER or cell.server == control
            (unequal if must else changed).append(f"{identity.SAME[name]} of {cell.server}")
        unrecorded += [words for side in sides for entry in side for words in _unrecorded(entry)]
    return Identities(*(tuple(dict.fromkeys(each)) for each in (unequal, changed, unrecorded)))


def _differing(first: ServerEntry, second: ServerEntry) -> list[str]:
    """Return the facts that both say and that differ; whether it is a command is always known."""
    pairs = ((name, getattr(first, name), getattr(second, name)) for name in identity.SAME)
    return [
        name
        for name, one, other in pairs
        if one != other
        and (name == "command" or not (identity.blank(one) or identity.blank(other)))
    ]


def _unrecorded(entry: ServerEntry) -> Iterator[str]:
    """Yield what an entry of this version would say, and this one does not."""
    foreign = entry.command is not None or entry.family == "native"
    for name in ("files",) if foreign else ("sources", "gil", "jit"):
        if identity.blank(getattr(entry, name)):
            yield identity.SAME[name]
