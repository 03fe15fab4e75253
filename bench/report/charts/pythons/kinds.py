"""The kinds of charts that set interpreters beside each other."""

from bench.report.charts import ratios, sweeps
from bench.report.charts.pythons import beside_base
from bench.report.drawing.kind import Kind

HOW = (
    "of each server under each interpreter, as a ratio to the same server under the base, over "
    "shared blocks. The line is its interval, corrected for the number of pairs. Hollow: tied with "
    "the base. What cannot be ranked is left out."
)

PYTHON_KINDS = (
    Kind(
        "cpus",
        "Throughput against CPUs",
        "Correct replies per second as the server has more CPUs; higher is better. What cannot use "
        "them stays level: one loop, and threads under a GIL. Hollow: not valid.",
        sweeps.over(sweeps.CPUS, "throughput_rps"),
        sweeps.margins,
        sweeps.throughput(sweeps.CPUS),
    ),
    Kind(
        "interpreters",
        "Interpreters: CPU per request",
        f"CPU time per request {HOW} Left of 1 is cheaper.",
        beside_base.subjects,
        beside_base.margins(ratios.cpu),
        beside_base.drawn(ratios.cpu),
        rows=True,
    ),
    Kind(
        "interpreters-rank",
        "Interpreters: what ranks",
        f"Throughput, in open loop p99, {HOW}",
        beside_base.subjects,
        beside_base.margins(ratios.leading),
        beside_base.drawn(ratios.leading),
        folded=True,
        rows=True,
    ),
)
