"""The numbers that decide what is believed, in one table: value, unit, reason and source.

`bench explain` prints it, docs/limits.md quotes it. No limit says how fast a machine is.
"""

from loadgen import result


class Limit(float):
    """A number with a reason, used as the number that it is.

    unit: what it is of; why: the reason for this value; source: where it comes from, `measured`
    for what was found out with this harness
    """

    unit: str
    why: str
    source: str

    def __new__(cls, value: float, unit: str, why: str, source: str) -> "Limit":
        """Return a number that can say why it is what it is."""
        limit = super().__new__(cls, value)
        limit.unit, limit.why, limit.source = unit, why, source
        return limit


# Of a cell

MAJORITY = Limit(
    0.5,
    "of the trials",
    "A verdict, and a figure, is the cell's if more than this part of its trials have it: one "
    "trial that was disturbed, or that had just enough samples for a percentile, speaks for "
    "itself alone.",
    "a majority",
)
SAMPLES_BEYOND = Limit(
    result.SAMPLES_BEYOND,
    "samples",
    "A percentile with fewer samples beyond it is the luck of a few: it is refused.",
    "order statistics: of ten the relative error is a third",
)
SPREAD = Limit(
    0.10,
    "standard deviation of the logarithms of throughput",
    "Five trials that differ so much leave an interval of 12 % to each side, too wide to tell "
    "most models apart.",
    "Student's t of 2.78 for five trials",
)

# Of the server

STARVED_BELOW = Limit(
    0.75,
    "of the requests in flight",
    "In closed loop N requests are in flight by construction, so throughput times mean cycle is "
    "N; a pool of 10 workers under 200 connections comes out at 10.",
    "Little's law",
)
LOSS = Limit(
    0.001,
    "of the datagrams, or of the connections",
    "Datagrams lost on loopback are drops from a full socket buffer; connection attempts dropped "
    "there met a full accept queue, and each waits a second for the next try. One in a thousand "
    "is none.",
    "the kernel's TCP_TIMEOUT_INIT",
)
DELAYED_LEAST_US = Limit(
    38_000,
    "µs",
    "Linux holds an acknowledgement back for 40 ms at least, or a tick of 4 ms less as its timers "
    "are rounded.",
    "TCP_DELACK_MIN in include/net/tcp.h",
)
DELAYED_MOST_US = Limit(
    60_000,
    "µs",
    "What comes on top of those 40 ms is the server's own and the scheduler's; past a half more "
    "it is something else.",
    "TCP_DELACK_MIN in include/net/tcp.h",
)
DELAYED_CPUS = Limit(
    0.5,
    "CPUs",
    "A server that used more may have had a queue of requests before it, and no need to wait. Of "
    "one CPU, however many it has: one loop is busy with that.",
    "chosen",
)
DELAYED_SHARE = Limit(
    0.5,
    "delayed acknowledgements over replies",
    "If half of the requests waited for one each, there is one for every second reply at least.",
    "arithmetic",
)

# Of the generator

FULL_POLLS = Limit(
    0.50,
    "of the generator's polls",
    "Of a generator's polls for replies, those that came back with as many as they may bring: "
    "past this part, replies pile up before it faster than it takes them. An indication, no "
    "proof.",
    "a majority",
)
IDLE = Limit(
    0.05,
    "of the window",
    "A generator that slept for less had no time left to send more.",
    "chosen; for runs of a generator that sleeps",
)
SPARE_BELOW = Limit(
    0.90,
    "of the CPU that the server can use",
    "A server below it was waiting, not working.",
    "chosen",
)
RATE_TOLERANCE = Limit(
    0.10,
    "of the offered rate",
    "A generator that sent less has missed the schedule.",
    "Lancet (Kogias et al., USENIX ATC 2019), first check",
)
LAG_SHARE = Limit(
    0.50,
    "of the p99 of response time",
    "Response time contains the send lag; past this part of its p99 the tail is the generator's "
    "own.",
    "a majority",
)

# Of the offered load

OVERLOAD = Limit(
    0.05,
    "of what fell due",
    "A server that answered less than was offered, by more than this, is past saturation: waits "
    "grow with the window. Charts, captions and the verdict share this limit.",
    "chosen: five standard deviations of 10,000 exponential arrivals",
)
OVERLOAD_DEVIATIONS = Limit(
    5,
    "standard deviations",
    "Where only the asked rate is known, exponential arrivals of n requests vary by sqrt(n) / n: "
    "for fewer than 10,000 requests this many deviations are the limit.",
    "Poisson's variance; one in two million is beyond",
)

# Of what was at work beside them

OTHERS = Limit(
    0.10,
    "of the CPU time of one side",
    "Others that used more took part in the trial.",
    "chosen",
)
STOLEN = Limit(
    0.03,
    "of the CPU time of one side",
    "What the hypervisor withholds is taken at moments of its own choice, a time slice at once, "
    "and so it is the tail that shows it first.",
    "chosen",
)
FREQUENCY_CHANGE = Limit(
    0.10,
    "of a CPU's frequency",
    "A server's figures follow the clock: this much in one of its CPUs, and they are of two "
    "machines.",
    "half of what separates two kinds of cores (bench/host/topology.py)",
)
THROTTLED = Limit(
    0.01,
    "of the window",
    "A quota stops every process of a group until the next period, and a stop of more than a "
    "hundredth of the window is what a p99 then shows. What cuts the house's own work by less is "
    "not worth a repeat.",
    "the definition of p99",
)
RUN_QUEUE = Limit(
    0.10,
    "of the window",
    "A generator that did not get its own CPU for so long measured the one who did.",
    "chosen",
)
STOPPED = Limit(
    0.05,
    "of the window",
    "A generator that spins always runs, or waits for its CPU: what is in neither is time in "
    "which it was stopped, or its CPU was the hypervisor's.",
    "chosen",
)
LATE = Limit(
    0.05,
    "of the window",
    "A late look harms CPU per request little: CPU time and replies are counted between the same "
    "two stamps. But so late, the window that is judged for its noise is another than the window "
    "of the latencies, and what stopped the house may have stopped the generator.",
    "chosen",
)

# Of the course of a trial

DRIFT = Limit(
    0.10,
    "of the median",
    "A drift is a Theil-Sen slope that changes the level by more than this from end to end.",
    "Sen 1968 for the slope; its size is chosen",
)
CHANCE = Limit(
    0.01,
    "p",
    "And a trend that is as clear as this.",
    "Mann 1945 and Kendall for the test; its level is chosen",
)
POINTS_LEAST = Limit(
    10,
    "steps of 100 ms",
    "Of five points no order has p below 0.01, and of few more one outlier decides.",
    "arithmetic: 2 / 5! is 0.017",
)
SEGMENT_LEAST = Limit(
    5,
    "steps of 100 ms",
    "A change of level lasts half a second at least.",
    "chosen, with the penalty",
)
PENALTY = Limit(
    6,
    "times ln n, of the noise's variance",
    "What a change of level costs: of 1,800 series of pure noise (2 and 10 %, 20 to 100 points) 3 "
    "are not called steady.",
    "measured",
)

# Of intervals and comparisons

LEVEL = Limit(
    0.95,
    "confidence",
    "Of the intervals that are shown.",
    "the custom of the field",
)
ERROR = Limit(
    0.05,
    "chance",
    "Of calling any two servers of a workload different, or any cell of two runs changed, where "
    "none is: over all of them together.",
    "the custom of the field; Holm 1979, Bonferroni",
)
BOOTSTRAP_FROM = Limit(
    50,
    "trials",
    "With fewer the bootstrap's intervals are too narrow: on 240 real pairs of a server and its "
    "twin, at 5 % asked, BCa calls them different in 12.7 % of ten blocks, 9.3 % of twenty, 6.7 % "
    "of fifty and 4.5 % of a hundred; Student's t in 4 to 6 % of any number.",
    "measured",
)
RESAMPLES_BEYOND = Limit(
    20,
    "resamples",
    "At a level with fewer of them beyond it, Student's t is used as well.",
    "order statistics",
)
PRIOR_PAIRS = Limit(
    3,
    "pairs",
    "With fewer there is no common variance of a workload to be estimated.",
    "Smyth 2004, the method behind limma",
)
MEDIAN_FROM = Limit(
    9,
    "pairs of a server and its twin",
    "From so many on the median's interval leaves the outermost ones out.",
    "order statistics",
)
DRIFT_CELLS = Limit(
    3,
    "cells",
    "So many that all moved the same way speak of the machine.",
    "chosen: it is said, and decides nothing",
)
DRIFT_LEAST = Limit(
    0.03,
    "of the figure",
    "And by this much at least.",
    "chosen",
)

# Of a run

BLOCKS_LEAST = Limit(
    8,
    "blocks",
    "`--until` wants so many before it believes that an interval is narrow.",
    "chosen: looked at after each block, an interval of few is narrow by luck",
)
EXTRA = Limit(
    0.25,
    "of the time planned under load",
    "For blocks that were disturbed and are measured again.",
    "chosen",
)
EXTRA_UNTIL = Limit(
    3,
    "times the time planned under load",
    "With `--until`, for blocks that make intervals narrower: four times the blocks, half the "
    "width.",
    "the root of n",
)

TABLE = {name: value for name, value in globals().items() if isinstance(value, Limit)}
