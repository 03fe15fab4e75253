"""Measure work on the CPU out, under a server's interpreter: `python -m servers.calibrate < ORDER`.

The order is a CPU, and pieces of work: kind, microseconds, and a count where it is known. The
answer is a list of counts, each with the microseconds that so many take.
"""

import json
import os
import statistics
import sys
import time

from servers.work import ON_CPU

# A look lasts so long at least, or the clock would be a part of it; and is so short at most that
# looking at a second of work does not take a minute.
LOOK_US, LOOK_MOST_US = 500.0, 5000.0
FIRST_LOOKS, LOOKS = 5, 100


def took_us(kind: str, count: int, times_looked: int = LOOKS) -> float:
    """Return how much CPU time a piece of work takes at the best pace of this CPU.

    The time of the thread, so that what others took meanwhile does not count; and of many looks the
    tenth part that was fastest, for a neighbour on the same core slows a thread down as well: work
    then takes as long as it says or longer, and never less.
    """
    work, clock = ON_CPU[kind], time.thread_time_ns
    looks: list[float] = []
    times = 1
    while len(looks) < times_looked:
        begun_ns = clock()
        for _ in range(times):
            work(count)
        passed_us = (clock() - begun_ns) / 1e3
        if passed_us < LOOK_US:
            times *= 2
        else:
            looks.append(passed_us / times)
    return statistics.quantiles(looks, n=10)[0]


def count_for(kind: str, us: float) -> int:
    """Return how many turns or rounds take so long, one at least.

    A call costs something as well: what is looked at is as long as what is wanted.
    """
    span_us, count = min(us, LOOK_MOST_US), 1000
    for looks in (FIRST_LOOKS, FIRST_LOOKS, LOOKS):
        count = max(1, round(count * span_us / took_us(kind, count, looks)))
    return max(1, round(count * us / span_us))


def main() -> None:
    """Answer one order."""
    order = json.loads(sys.stdin.read())
    os.sched_setaffinity(0, {order["cpu"]})
    answer = []
    for kind, us, known in order["pieces"]:
        count = known or count_for(kind, us)
        scale = max(1.0, us / LOOK_MOST_US)
        answer.append((count, took_us(kind, max(1, round(count / scale))) * scale))
    print(json.dumps(answer))


main()
