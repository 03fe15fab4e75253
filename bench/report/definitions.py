"""The words of the report, one for each thing."""

DEFINITIONS = (
    ("throughput", "Correct replies received in the window, per second."),
    ("response time", "From the moment a request was due to be sent until its reply was complete."),
    ("service time", "From the moment a request was sent until its reply was complete."),
    ("p99", "The response time that 99 of 100 requests stayed below, waits cut off included."),
    ("CPU per request", "CPU time of all the server's processes in the window, per reply."),
    ("memory", "Proportional set size of all the server's processes: shared pages count once."),
    ("±", "Half of the 95 % confidence interval over trials, each with a fresh server process."),
    ("≥", "A lower bound: the generator had no time left while the server had."),
    (
        "of the best",
        "Throughput, in open loop p99, as a ratio to the best over shared blocks; ≈ is tied with"
        " it, ? cannot be compared with it. Every pair stands in pairs.csv.",
    ),
    (
        "served at once",
        "Effective concurrency, by Little's law: throughput times the mean cycle, of the requests"
        " in flight (in open loop beside the connections that share them).",
    ),
    (
        "of witness",
        "Throughput over what an independent client in C got of the same server, right after the"
        " window: near 1 the server was the limit, in closed loop.",
    ),
    (
        "apart",
        "The interval of the ratio over shared blocks, corrected for the pairs, leaves out 1.",
    ),
    ("tied", "The interval holds 1, or lies within the floor."),
    ("not comparable", "One of the two is a lower bound, or they have fewer than two blocks."),
    ("place", "Where a server can stand: a range where it is tied with others."),
    (
        "equivalent",
        "The whole interval of the ratio lies within the margin, 3 % unless another is given.",
    ),
    (
        "floor",
        "How far a server and its twin, the same server again, came out apart, beyond chance.",
    ),
    ("closed loop", "Each connection sends its next request when the reply is there."),
    ("open loop", "Requests follow a schedule, whatever the server does."),
    (
        "work",
        "What a request asks for beside its echo, measured out once a run: spin computes in Python"
        " and holds the GIL, release computes without it, wait leaves the CPU alone.",
    ),
    ("light, heavy", "Of a mixture: the requests that are plain echoes, and those with work."),
    (
        "ideal",
        "What a server would answer that costs nothing beside the work: the CPUs over the work of"
        " a request, or, of a wait, the connections over it.",
    ),
    ("hog", "A thread in each process of a server that never stops working."),
    ("starved", "Some connections were left waiting while others were served."),
    (
        "course",
        "Replies per 100 ms from the first request on, in open loop the median response time:"
        " steady, warming (faster later), slowing, or unsteady (to and fro); from one second on.",
    ),
    ("trial, block", "One measurement of one cell; one repeat of all cells, in shuffled order."),
)
