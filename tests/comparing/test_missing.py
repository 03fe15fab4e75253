"""Cells that are gone, or of which no figures stand: silence is no pass."""

import dataclasses
from pathlib import Path

from bench.comparing import comparison, gates
from bench.comparing.gates import Decision, Judgement
from bench.model.run import Run
from bench.model.trial import Trial
from tests.comparing.common import OTHER, PLAIN, SLOWER, Change, run
from tests.support import synthetic


def _sound(trial: Trial) -> Trial:
    trial = synthetic.with_result(trial, generator_idle_fraction=0.5)
    return dataclasses.replace(trial, server_usage=synthetic.usage(1.9))


def _starved(trial: Trial) -> Trial:
    return synthetic.with_result(_sound(trial), connections_without_reply=9)


def _unmeasured(trial: Trial) -> Trial | None:
    """Leave out a server, as an interrupted run does."""
    return None if trial.cell.server == PLAIN.name else _sound(trial)


def _run(
    folder: Path, change: Change = _sound, models: tuple[synthetic.Model, ...] = (PLAIN, OTHER)
) -> Run:
    return run(folder, change, blocks=5, models=models)


def _of_plain(before: list[Run], after: list[Run], allow_missing: bool = False) -> list[Judgement]:
    found = comparison.compare(before, after)
    judged = gates.judge(found, [gates.parse_gate(SLOWER)], allow_missing)
    return [each for each in judged if each.server != OTHER.name]


def test_a_cell_that_is_gone_fails_unless_that_is_allowed(tmp_path: Path) -> None:
    before, gone = _run(tmp_path / "a"), _run(tmp_path / "b", models=(OTHER,))
    (one,) = _of_plain([before], [gone])
    assert (one.decision, one.why) == (Decision.FAILED, "is in A and not in B")
    assert _of_plain([before], [gone], allow_missing=True) == []


def test_a_cell_without_figures_in_b_or_in_both_fails(tmp_path: Path) -> None:
    sound, one, other = (
        _run(tmp_path / name, change)
        for name, change in (("a", _sound), ("b", _starved), ("c", _starved))
    )
    assert [each.decision for each in _of_plain([sound], [one])] == [Decision.FAILED]
    (both,) = _of_plain([one], [other])
    assert (both.decision, both.why) == (Decision.FAILED, "was starved and is starved")


def test_a_cell_without_figures_in_a_alone_is_undecided(tmp_path: Path) -> None:
    broken, mended = _run(tmp_path / "a", _starved), _run(tmp_path / "b")
    (one,) = _of_plain([broken], [mended])
    assert (one.decision, one.why) == (Decision.UNDECIDED, "was starved and is valid")


def test_a_cell_that_was_not_measured_fails(tmp_path: Path) -> None:
    before, interrupted = _run(tmp_path / "a"), _run(tmp_path / "b", _unmeasured)
    (one,) = _of_plain([before], [interrupted])
    assert (one.decision, one.why) == (Decision.FAILED, "was valid and is not measured")


def test_of_several_runs_one_without_the_cell_is_enough(tmp_path: Path) -> None:
    sound = [_run(tmp_path / str(at)) for at in range(3)]
    for name, lacking, why in (
        ("b", _run(tmp_path / "b", _unmeasured), "was valid and is not measured"),
        ("c", _run(tmp_path / "c", _starved), "was valid and is starved"),
        ("d", _run(tmp_path / "d", models=(OTHER,)), "is not in every run"),
    ):
        (one,) = _of_plain(sound[:2], [sound[2], lacking])
        assert (one.decision, one.why) == (Decision.FAILED, why), name
    only_once = _run(tmp_path / "e", models=(OTHER,))
    (one,) = _of_plain([sound[0], only_once], [sound[1], sound[2]])
    assert (one.decision, one.why) == (Decision.FAILED, "is not in every run")


def test_where_nothing_can_be_looked_at_nothing_is_known(tmp_path: Path) -> None:
    one, other = (_run(tmp_path / name, _starved) for name in ("a", "b"))
    (found,) = _of_plain([one], [other], allow_missing=True)
    assert found.decision is Decision.UNDECIDED
    assert found.why == "no cell has figures that stand on both sides"
    alone = [_run(tmp_path / name, models=(OTHER,)) for name in ("c", "d")]
    beside = comparison.compare(alone[:1], alone[1:], control=OTHER.name)
    assert gates.gravest(gates.judge(beside, [gates.parse_gate(SLOWER)])) is Decision.UNDECIDED


def test_judgements_together_are_as_grave_as_the_gravest() -> None:
    def judged(*decisions: Decision) -> list[Judgement]:
        return [Judgement("a", "b", "p99", "p99 > 2", decision) for decision in decisions]

    assert gates.gravest([]) is None
    assert gates.gravest(judged(Decision.PASSED)) is Decision.PASSED
    assert gates.gravest(judged(Decision.PASSED, Decision.UNDECIDED)) is Decision.UNDECIDED
    assert gates.gravest(judged(Decision.UNDECIDED, Decision.FAILED)) is Decision.FAILED
