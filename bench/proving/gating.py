"""Gates on what a run proves: the same limits as those of `bench compare`, on its intervals."""

from collections.abc import Sequence

from bench.base import wording
from bench.base.errors import ConfigError
from bench.comparing.gates import Decision as Gated
from bench.comparing.gates import Gate, Judgement
from bench.proving.decision import FIGURES, Decision, Finding


def check(gates: Sequence[Gate]) -> None:
    """Refuse a gate on a figure that is not looked at; raises ConfigError."""
    for gate in gates:
        if gate.figure not in FIGURES:
            raise ConfigError(f"gate on {gate.figure}: ab looks at {', '.join(FIGURES)}")


def judge(server: str, findings: Sequence[Finding], gates: Sequence[Gate]) -> list[Judgement]:
    """Return what every gate comes to under every workload.

    What cannot be compared passes nothing, and fails nothing. The intervals are those that hold
    for all figures together and however often one looked, so a gate fires no more often than is
    said.
    """
    return [
        Judgement(server, finding.workload, gate.figure, str(gate), *_judged(finding, gate))
        for gate in gates
        for finding in findings
        if finding.figure == gate.figure
    ]


def _judged(finding: Finding, gate: Gate) -> tuple[Gated, str]:
    ratio = finding.estimate
    if finding.decision is Decision.NOT_COMPARABLE or ratio is None:
        return Gated.UNDECIDED, f"{gate}: {finding.why}"
    decided = gate.decides(ratio)
    if decided is Gated.PASSED:
        return decided, ""
    text = f"{gate.figure} is {wording.ranged(ratio)} times A's, and the gate is {gate}"
    return decided, text if decided is Gated.FAILED else f"{text}: the interval holds it"
