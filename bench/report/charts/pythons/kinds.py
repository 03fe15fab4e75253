"""The kinds of charts that set interpreters beside each other."""

from bench.report.charts import ratios, sweeps
from bench.report.charts.pythons import beside_base
from bench.report.drawing.kind import Kind
from bench.report.view.run_view import RunView, Subject

HOW = (
    "of each server under each interpreter, as a ratio to the same server under the base, over "
    "shared blocks. The line is its interval, corrected for the number of pairs. Hollow: tied with "
    "the base. What cannot be ranked is left out."
)


def _over_cpus(view: RunView) -> list[Subject]:
    """Return the workloads that differ in the CPUs of the server alone."""
    column = "throughput_rps"
    return [
        subject
        for subject in view.sweeps(sweeps.CPUS.key)
        if any(sweeps.points(cells, sweeps.CPUS, column) for cells in subject.by_server())
    ]


PYTHON_KINDS = (
    Kind(
        "cpus",
        "Throughput against CPUs",
        "Correct replies per second as the server has more CPUs; higher is better. What cannot use "
        "them stays level: one loop, and threads under a GIL. Hollow: not valid.",
        _over_cpus,
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
