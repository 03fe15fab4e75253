"""Which block is measured next, and in which order: decided from values alone."""

import random
from dataclasses import dataclass

from bench.base import levels
from bench.model.trial import Cell

# Blocks from which on not each is followed by a look.
LOOK_STEP = 20


@dataclass(frozen=True)
class RunPlan:
    """What a run measures.

    cells: each server under each workload; blocks: how often, first: the number of the first block
    until: go on until every interval of throughput is at most this wide, as a fraction; None
    proving: go on until two servers are decided; the planned blocks come before the first look
    budget_s: time limit for blocks beyond the planned ones, repeated or added; of a run that proves
        something, for all blocks
    """

    cells: tuple[Cell, ...]
    blocks: int
    seed: int
    first: int = 0
    until: float | None = None
    budget_s: float = 0.0
    proving: bool = False

    def is_extra(self, block: int, *, again: bool) -> bool:
        """Tell if the time of a block counts against the budget."""
        planned = self.first <= block < self.first + self.blocks
        return again or not planned or self.proving

    def is_look(self, block: int) -> bool:
        """Tell if a run that proves something is looked at after a block.

        After the planned ones, and whenever there are a twentieth more: a look takes time as well,
        and the report of the same run pays for each.
        """
        done = block + 1 - self.first
        return self.proving and done >= self.blocks and done % max(1, done // LOOK_STEP) == 0

    def order(self, block: int) -> tuple[int, ...]:
        """Return the order of a block, as indexes of cells: every cell once, shuffled.

        Interleaving keeps a slow drift of the machine from reading as a difference between servers.
        """
        count = len(self.cells)
        return tuple(random.Random(f"{self.seed} {block}").sample(range(count), count))


@dataclass(frozen=True)
class Standing:
    """How far a run is: what decides on its next block.

    done: the number of the last block, None before the first; disturbed: whether it was
    repeated: the blocks that have been measured again; extra_s: time that counts against the budget
    width: the widest interval so far, as a fraction; None unknown
    decided: whether what the run is to prove is decided
    """

    done: int | None = None
    disturbed: bool = False
    repeated: frozenset[int] = frozenset()
    extra_s: float = 0.0
    width: float | None = None
    decided: bool = False


def next_block(plan: RunPlan, now: Standing) -> int | None:
    """Return the number of the block to measure next, None at the end.

    A disturbed block is measured again, once, as a whole, while the budget of extra time lasts.
    """
    left = now.extra_s < plan.budget_s
    if now.done is not None and now.disturbed and now.done not in now.repeated and left:
        return now.done
    following = plan.first if now.done is None else now.done + 1
    if following < plan.first + plan.blocks:
        return following
    if plan.proving:
        return following if left and not now.decided else None
    if plan.until is None or not left:
        return None
    narrow = now.width is not None and now.width <= plan.until
    return None if narrow and following >= levels.BLOCKS_LEAST else following
