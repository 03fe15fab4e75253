"""What holds for a cell, what a check finds in a trial, and what a cell was measured under."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bench.base import limits


class Name(StrEnum):
    """The verdicts in their order, and what is only noted."""

    INSTRUMENT = "instrument"
    FAILED = "failed"
    FULL = "full"
    BROKEN_ECHO = "broken-echo"
    NO_WORK = "no-work"
    STALLED = "stalled"
    LOSSY = "lossy"
    STARVED = "starved"
    GENERATOR_BOUND = "generator-bound"
    OVERLOADED = "overloaded"
    UNSTEADY = "unsteady"
    NOISY = "noisy"
    DELAYED_ACK = "delayed-ack"
    LEAKING = "leaking"
    TWO_MODES = "two-modes"
    VALID = "valid"
    NOT_MEASURED = "not measured"


# No figure of these stands for the server, so they are never ranked.
UNRANKED = frozenset(
    {
        Name.INSTRUMENT,
        Name.FAILED,
        Name.FULL,
        Name.BROKEN_ECHO,
        Name.NO_WORK,
        Name.STALLED,
        Name.STARVED,
        Name.NOT_MEASURED,
    }
)
# Of these there is no figure at all, or none that means anything.
MEANINGLESS = UNRANKED - {Name.STALLED, Name.STARVED}


@dataclass(frozen=True)
class Verdict:
    """What holds for a cell.

    reason: why, without a full stop; remedy: what to do about it, a sentence
    facts: the numbers that led to it
    notes: other verdicts that apply to it, or to some of its trials only
    barred: whether one of those that apply to it forbids a place, as its own name may
    near: another verdict that trials drawn anew from the cell's often have; None if they seldom do
    same: the part of such draws that have this one
    """

    name: Name
    reason: str
    remedy: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    notes: tuple["Verdict", ...] = ()
    barred: bool = False
    near: Name | None = None
    same: float = 1.0

    @property
    def sentence(self) -> str:
        """Return why, and what to do about it."""
        return f"{self.reason}. {self.remedy}".rstrip()

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "verdict": self.name,
            "reason": self.reason,
            "remedy": self.remedy,
            "facts": self.facts,
            "notes": [note.to_json() for note in self.notes],
            "near": self.near,
            "same": self.same,
        }

    @property
    def valid(self) -> bool:
        """Tell if nothing speaks against the cell's figures."""
        return self.name is Name.VALID

    def holds(self, name: Name) -> bool:
        """Tell if this is the cell's verdict, or another one that holds for the whole cell."""
        return self.name is name or any(
            note.name is name and note.facts["found_in"] > limits.MAJORITY * note.facts["trials"]
            for note in self.notes
        )

    @property
    def ranked(self) -> bool:
        """Tell if the cell has a place in a ranking."""
        return self.name not in UNRANKED and not self.barred


@dataclass(frozen=True)
class Setup:
    """What a cell was measured under.

    server_cpus: how many CPUs the server's processes could use
    clients_at_once: how many clients the model says that it can serve, None: any number
    shared: whether one CPU served both sides, so that neither could wait for the other alone
    own_listeners: whether each worker listens by itself, and the kernel deals out connections
    nodelay: whether the house turned Nagle's algorithm off; not on the sockets of a foreign command
    """

    server_cpus: int
    clients_at_once: int | None = None
    shared: bool = False
    own_listeners: bool = False
    nodelay: bool = False


@dataclass(frozen=True)
class Shown:
    """What all trials of a cell show together, by an interval: in place of what each finds alone.

    finding: None where it is shown that the check does not apply
    """

    finding: "Finding | None"


@dataclass(frozen=True)
class Finding:
    """Why a check applies to a trial: the reason in words and the numbers that led to it.

    remedy: what to do about it, a sentence, where it is known better than by the check's own
    """

    reason: str
    facts: dict[str, Any]
    remedy: str = ""
