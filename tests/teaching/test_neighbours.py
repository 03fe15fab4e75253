"""The pages on models: what stands in them of a run, under data of which it would be wrong."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.base.estimate import Estimate
from bench.model.trial import Trial
from bench.pairs.pairwise import Pair, Reason
from bench.report.view import run_view
from bench.report.view.restricted import restricted
from bench.report.view.run_view import RunView
from bench.teaching.neighbours import BEGIN, END, FIGURES, Beside, alone, of_page, put, sentences
from bench.teaching.neighbours import stands as stands_in
from tests.support import synthetic
from tests.support.synthetic import EIGHT, MANY, ONE

SERVERS = ("selectors-default", "thread-per-client", "asyncio-streams")
Change = Callable[[Trial], Trial | None]


def made(folder: Path, change: Change = lambda trial: trial, blocks: int = 5) -> RunView:
    return run_view.view(synthetic.run(folder / "run", EIGHT, (MANY,), blocks, change))


def told(view: RunView, *servers: str) -> str:
    names = (servers + SERVERS)[:3]
    beside = Beside((names[0], names[1], names[2]), workload=view.workloads[0].label)
    return " ".join(sentences(of_page(view, beside), names))


def stands(because: Reason | None, *ends: float, margin: float = 0.03) -> str:
    ratio = Estimate(*ends) if ends else None
    apart = because is None
    pair = Pair("a", "b", ratio, 0.95, apart, because, margin, 0.1, 5)
    return stands_in(pair, *FIGURES["throughput"])


def test_a_view_of_some_servers_has_those_alone(tmp_path: Path) -> None:
    view = run_view.view(synthetic.run(tmp_path / "run", EIGHT, (ONE, MANY)))
    few = restricted(view, SERVERS)
    assert {cell.server for cell in few.cells} == set(SERVERS)
    assert {trial.trial.cell.server for trial in few.trials} == set(SERVERS)
    assert [item.label for item in few.workloads] == [item.label for item in view.workloads]
    for item in few.workloads:
        assert len(item.order.pairs) == 3
        assert {place.best for place in item.order.places} <= {1, 2, 3}
        # Corrected for the pairs that there are, not for those of the whole run.
        assert max(pair.level for pair in item.order.pairs) == pytest.approx(1 - 0.05 / 3)
    looks = {cell.server: cell.look for cell in view.servers}
    assert all(cell.look == looks[cell.server] for cell in few.servers)
    assert not restricted(view, ["nobody"]).workloads


def test_servers_that_differ_are_told_by_their_ratios(tmp_path: Path) -> None:
    text = told(made(tmp_path), *SERVERS)
    assert text.startswith("`selectors-default` came to ")
    assert "Against `asyncio-streams`: 2.7" in text
    assert " times (" in text
    assert ") as many requests/s; 0.3" in text


def test_a_server_whose_clients_wait_is_not_compared(tmp_path: Path) -> None:
    text = told(made(tmp_path), "blocking", "process-pool", "asyncio-streams")
    assert "It is `starved`: 49 of 50 connections had no reply" in text
    assert (
        "Beside `process-pool` no speed is compared: `blocking` serves 1.00 of 50 and "
        "`process-pool` serves 4.00 of 50 clients at once."
    ) in text
    assert "Beside `asyncio-streams` no speed is compared: `blocking` serves 1.00 of 50" in text
    assert "Against" not in text


def test_where_nothing_can_be_told_nobody_is_ahead(tmp_path: Path) -> None:
    text = told(made(tmp_path, blocks=1), *SERVERS)
    assert "Who is ahead cannot be told here: one trial tells nobody apart" in text
    assert "Against" not in text


def test_a_server_that_failed_has_no_figures(tmp_path: Path) -> None:
    def fails(trial: Trial) -> Trial:
        name = trial.cell.server
        broken = synthetic.unready(name, block=trial.block)
        kept = dataclasses.replace(broken, position=trial.position)
        return kept if name == "selectors-default" else trial

    view = made(tmp_path, fails)
    assert told(view, *SERVERS).startswith("`selectors-default` has no figures here: ")
    other = told(view, "asyncio-streams", "selectors-default", "thread-per-client")
    assert "`selectors-default` has no figures here" in other
    assert "Against `thread-per-client`" in other


def test_a_valid_server_has_nothing_against_it(tmp_path: Path) -> None:
    view = made(tmp_path)
    valid = [cell for cell in view.servers if cell.verdict.valid]
    assert valid
    assert not [cell for cell in valid if "It is `" in alone(cell)]


def test_what_is_not_shown_is_not_a_ratio_that_holds() -> None:
    assert stands(None, 1.5, 1.4, 1.6) == "1.50 times (1.40 to 1.60) as many requests/s"
    assert stands(Reason.INTERVAL, 1.1, 0.9, 1.3).startswith("no difference in requests/s is shown")
    assert stands(Reason.INTERVAL, 1.0, 0.99, 1.01) == "the same in requests/s, within 3%"
    assert stands(Reason.BOUND, 1.5, 1.4, 1.6).endswith("for the generator was the limit")
    assert stands(Reason.ONE_BLOCK, 1.5).endswith("for want of blocks")
    assert stands(Reason.ONE_BLOCK).endswith("for want of blocks")
    # No end is rounded to the side on which there is no difference.
    assert stands(None, 1.2, 1.004, 1.4).startswith("1.200 times (1.004 to")


def test_only_what_stands_between_its_lines_is_written_anew() -> None:
    assert put(f"before\n{BEGIN}\nold\n{END}\nafter\n", "new") == "before\nnew\nafter\n"
    for text in ("", BEGIN, END):
        with pytest.raises(ValueError, match="has no lines"):
            put(text, "new")
