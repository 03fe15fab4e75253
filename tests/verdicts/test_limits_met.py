"""What a server met, or leaves behind, in verdicts: the machine's limits, and memory that grows."""

from typing import Any

import pytest

from bench.model.trial import Met, Trial
from bench.verdicts import checks
from bench.verdicts.verdict import Name, Setup
from tests.support import synthetic

TERMS = Setup(server_cpus=1)


def _trial(load: dict[str, Any], **changed: Any) -> Trial:
    return synthetic.trial(synthetic.result(**load), **changed)


def test_a_leak_is_noted_and_no_verdict() -> None:
    course = tuple((place * synthetic.WINDOW_S / 8, (20 + place) * 2**20) for place in range(9))
    leaking = _trial({}, server_usage=synthetic.usage(resident=course))
    verdict = checks.judge([leaking] * 3, TERMS)
    assert verdict.valid
    assert verdict.holds(Name.LEAKING)
    (note,) = verdict.notes
    assert note.reason.startswith(
        "Its memory grew by 8.00 MiB in the window, by 105 bytes a request"
    )
    assert not checks.judge([leaking, _trial({}), _trial({})], TERMS).holds(Name.LEAKING)


MET = Met("the limit of open files of a process (20,000)", "raise it (ulimit -Hn)")


@pytest.mark.parametrize(
    ("trial", "reason"),
    [
        pytest.param(
            _trial({"not_connected": 7}, met=MET, server_usage=synthetic.usage(open_files=20_000)),
            "it has 20,000 files open under 50 connections",
            id="it goes on",
        ),
        pytest.param(
            _trial({"errors": 50}, met=MET, exit_status=1),
            "it ended under 50 connections",
            id="it ended",
        ),
    ],
)
def test_a_limit_of_the_machine_is_the_result_and_no_fault_of_the_server(
    trial: Trial, reason: str
) -> None:
    verdict = checks.judge([trial, _trial({}), _trial({})], TERMS)
    assert verdict.name is Name.FULL
    assert verdict.reason == f"In 1 of 3 trials: {reason}, at {MET.limit}"
    assert verdict.remedy == "Raise it (ulimit -Hn)."
    assert not verdict.ranked
