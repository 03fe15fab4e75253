"""The numbers that decide which trial and which cell is believed: value, unit, reason, source.

`bench explain` prints them, docs/limits.md quotes them, together with those of `levels.py`. None
says how fast a machine is.
"""

from bench.base.limit import Limit, table
from loadgen import result

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

SPREAD_LATENCY = Limit(
    0.25,
    "standard deviation of the logarithms of p99, in open loop",
    "Five trials that differ so much leave an interval of a third to each side. A tail varies more "
    "than a throughput, and models differ more in it.",
    "Student's t of 2.78 for five trials; its size is chosen",
)
SAME_VERDICT = Limit(
    0.95,
    "of the draws",
    "Trials that are drawn anew from those of the cell give its verdict in at least so many; else "
    "the cell is near a limit, and says so.",
    "the custom of the field",
)

WORK_DRIFT = Limit(
    0.05,
    "of the time that work was to take",
    "Work on the CPU is a count, measured out once: where so many turns take longer or shorter at "
    "the end of the run, the axis of work is off by as much.",
    "half of what models that share a GIL may differ by",
)

# Of the server

WORK_LEAST = Limit(
    0.5,
    "of the time that work takes",
    "Half of the requests that ask for work are answered before this, or cost less CPU: the server "
    "cannot have done it. A clock that has become faster since explains a few per cent.",
    "chosen: far from either",
)
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
LEAK_MIB = Limit(
    4,
    "MiB",
    "A server whose memory grows by less in a window has a heap that settles: CPython takes memory "
    "in arenas of 1 MiB, and frees one only if all in it is free.",
    "ARENA_BITS in Objects/obmalloc.c; four of them are chosen",
)
LEAK_EVEN = Limit(
    0.5,
    "of the mean",
    "It grows in step with requests where each third of them brings at least this part of what a "
    "third brings in the mean. What fills a cache, or settles, brings less and less.",
    "chosen",
)

# Of the generator

WITNESS_BELOW = Limit(
    0.97,
    "of what an independent client got",
    "Where the generator surely got less than this of the same server, the server can do more.",
    "measured: the generator and a C client that spins agree within 3 % where the server limits",
)
SLOPE = Limit(
    0.5,
    "of a counted extra time per request, a fifth of what it took",
    "Where requests surely grow by more of what the generator is slowed down by, it has less than "
    "a tenth of its time to spare, and limits; surely by less, and the server does.",
    "derived: 1 is a generator that is never idle, 0 one that is idle for a fifth of its time",
)
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
    0.05,
    "of what fell due",
    "A generator that sent less has missed the schedule.",
    "half of what Lancet allows of the nominal rate (Kogias et al., USENIX ATC 2019): what fell "
    "due is known exactly",
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
    1.96,
    "standard deviations",
    "And by more than this, of requests that pile up by chance before a server that can answer "
    "just what is offered: the root of their number.",
    "a normal variable's absolute value is beyond it in 5 %; simulated: tests/simulation",
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

TABLE = table(globals())
