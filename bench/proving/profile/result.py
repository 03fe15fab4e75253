"""What a profile of two servers comes to: stacks, system calls, and what is beside the other."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

# What samples by the clock of the CPU; others do by that on the wall.
ON_CPU = frozenset({"perf"})
# Of the functions that take more in one than in the other, as many are told.
TOLD_MOST = 8
# And of those, differences of a hundredth of the CPU time at least.
TOLD_LEAST = 0.01


@dataclass(frozen=True)
class SideProfile:
    """Of one server.

    stacks: how often each was seen, the outermost function first, `main;serve;read`
    calls: system calls per request, by name; empty where they were not counted
    """

    stacks: dict[str, int] = field(default_factory=dict)
    calls: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Profile:
    """Both servers under one load, after what was measured.

    workload: under which; sampler: what took the stacks, empty if nothing did
    notes: what could not be had, and why
    """

    workload: str
    a: SideProfile
    b: SideProfile
    sampler: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Difference:
    """A function and the part of the CPU time that it took itself, in A and in B."""

    function: str
    a: float
    b: float


def sound(profile: Profile | None) -> bool:
    """Tell if what was read of a file can be a profile: it counts, and not below nothing."""
    if profile is None:
        return True
    sides = (profile.a, profile.b)
    counts = [*(min(side.stacks.values(), default=1) for side in sides)]
    calls = [call for side in sides for call in side.calls.values()]
    return min(counts) > 0 and all(0 <= call < math.inf for call in calls)


def parse(text: str) -> dict[str, int]:
    """Return stacks and how often they were seen; lines that are none are left out."""
    stacks: dict[str, int] = {}
    for line in text.splitlines():
        stack, _, count = line.rpartition(" ")
        if stack and count.isdigit():
            stacks[stack] = stacks.get(stack, 0) + int(count)
    return stacks


def own(stacks: Mapping[str, int]) -> dict[str, float]:
    """Return the part of the samples in which each function itself ran, by its name."""
    total = sum(stacks.values())
    shares: dict[str, float] = {}
    for stack, count in stacks.items():
        name = stack.rpartition(";")[2]
        shares[name] = shares.get(name, 0.0) + count / total
    return shares


def within(stacks: Mapping[str, int]) -> dict[str, float]:
    """Return the part of the samples in which each function ran, or what it called did."""
    total = sum(stacks.values())
    shares: dict[str, float] = {}
    for stack, count in stacks.items():
        for name in dict.fromkeys(stack.split(";")):
            shares[name] = shares.get(name, 0.0) + count / total
    return shares


def differences(a: Mapping[str, int], b: Mapping[str, int]) -> list[Difference]:
    """Return the functions of which the own part differs most, the largest difference first."""
    first, second = own(a), own(b)
    found = [
        Difference(name, first.get(name, 0.0), second.get(name, 0.0))
        for name in {**first, **second}
    ]
    found = [each for each in found if abs(each.b - each.a) >= TOLD_LEAST]
    return sorted(found, key=lambda each: -abs(each.b - each.a))[:TOLD_MOST]
