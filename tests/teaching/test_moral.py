"""The two lines under a demonstration, under data of which other lines would be wrong."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

from bench.model.trial import Status, Trial
from bench.report.view import run_view
from bench.teaching.moral import moral
from tests.support import synthetic
from tests.support.synthetic import Model

Change = Callable[[Trial], Trial | None]
ONE = Model("one", "asyncio", 10, 20)
TWO = Model("two", "selectors", 20, 20)
FEW = Model("few", "blocking", 14, 11, clients=1)


def told(
    folder: Path, *models: Model, change: Change = lambda trial: trial, blocks: int = 5
) -> tuple[str, str]:
    run = synthetic.run(folder / "run", models, (synthetic.MANY,), blocks, change)
    return moral(run_view.view(run).workloads[0])


def of(server: str, change: Callable[[Trial], Trial]) -> Change:
    """Return a change of one server's trials."""
    return lambda trial: change(trial) if trial.cell.server == server else trial


def with_p50(time_us: float) -> Callable[[Trial], Trial]:
    return lambda trial: synthetic.with_result(
        trial, response_us=dataclasses.replace(synthetic.percentiles(time_us))
    )


def with_cpu(share: float) -> Callable[[Trial], Trial]:
    """Return a change by which a server has so many CPUs in use."""
    return lambda trial: dataclasses.replace(
        trial, server_usage=synthetic.usage(share * synthetic.WINDOW_S)
    )


def at_rate(rps: float) -> Callable[[Trial], Trial]:
    def change(trial: Trial) -> Trial:
        assert trial.result is not None
        # A little apart from block to block, the same for both.
        return synthetic.with_result(trial, throughput_rps=rps * (1 + trial.block / 1000))

    return change


def test_splendid_times_of_few_clients_are_named_as_such(tmp_path: Path) -> None:
    first, second = told(tmp_path, FEW, ONE)
    assert first == "few answered 1 of 50 clients, one 50."
    assert second.startswith("The p50 of few, ")
    assert "the 49 that wait hardly count in it" in second


def test_times_of_few_clients_that_are_worse_are_not_called_splendid(tmp_path: Path) -> None:
    first, second = told(tmp_path, FEW, ONE, change=of("few", with_p50(5000.0)))
    assert first == "few answered 1 of 50 clients, one 50."
    assert second.startswith("Nor are those few better off, with a p50 of 5.00 ms beside")


def test_two_that_answer_equally_few_are_not_set_beside_each_other(tmp_path: Path) -> None:
    other = dataclasses.replace(FEW, name="other", family="thread-pool")
    first, second = told(tmp_path, FEW, other)
    assert first == "few answered 1 of 50 clients, other 1."
    assert " is not to be compared: 49 of 50 connections had no reply" in second


def test_a_server_that_fails_is_no_slow_server(tmp_path: Path) -> None:
    first, second = told(
        tmp_path, ONE, TWO, change=of("two", lambda t: synthetic.unready("two", block=t.block))
    )
    assert first.startswith("two, failed: ")
    assert second == "Right first, then fast: bench check two says what is wrong with it."


def test_what_the_machine_did_is_no_fault_of_the_servers(tmp_path: Path) -> None:
    def broke(trial: Trial) -> Trial:
        return dataclasses.replace(
            trial, status=Status.INSTRUMENT, reason="a generator was killed", result=None
        )

    first, second = told(tmp_path, ONE, TWO, change=of("two", broke))
    assert first.startswith("two, instrument: ")
    assert "no fault of the server's" in second


def test_who_needs_less_of_one_busy_cpu_answers_more(tmp_path: Path) -> None:
    first, second = told(tmp_path, ONE, TWO)
    assert first.startswith("one answers most: ")
    assert first.endswith(" as many as two.")
    assert second.startswith("A request costs one ")
    assert "both keep one CPU busy" in second


def test_two_that_leave_their_cpu_idle_do_not_keep_it_busy(tmp_path: Path) -> None:
    def idle(trial: Trial) -> Trial:
        return with_cpu(0.3 if trial.cell.server == "one" else 0.4)(trial)

    _, second = told(tmp_path, ONE, TWO, change=idle)
    assert "busy" not in second
    assert "as well; they had 0.30 beside 0.40 CPUs in use." in second


def test_a_lead_that_costs_more_cpu_is_not_called_cheap(tmp_path: Path) -> None:
    _, second = told(tmp_path, ONE, TWO, change=of("one", with_cpu(2.5)))
    assert second.startswith("Yet a request costs two ")
    assert "one had 2.5 beside 1.00 CPUs in use for its lead" in second


def test_more_requests_are_not_sooner_for_everybody(tmp_path: Path) -> None:
    def uneven(trial: Trial) -> Trial:
        assert trial.result is not None
        times = dataclasses.replace(trial.result.response_us, p99=9000.0 + trial.block)
        return synthetic.with_result(trial, response_us=times)

    _, second = told(tmp_path, ONE, TWO, change=of("one", uneven))
    assert second.startswith("Yet two has the lower p99, ")
    assert "beside 9.00 ms" in second


def test_two_that_are_equivalent_are_a_matter_of_taste(tmp_path: Path) -> None:
    def same(trial: Trial) -> Trial:
        return with_cpu(1.0)(at_rate(50_000)(trial))

    first, second = told(tmp_path, ONE, TWO, change=same)
    assert "is equivalent to" in first
    assert second.startswith("Nothing that matters sets them apart here: take")


def test_the_same_answers_for_less_cpu_time_are_told(tmp_path: Path) -> None:
    def same(trial: Trial) -> Trial:
        used = 0.5 if trial.cell.server == "one" else 1.0
        return with_cpu(used)(at_rate(50_000)(trial))

    _, second = told(tmp_path, ONE, TWO, change=same)
    assert second.startswith("But a request costs one 9.98 µs, two 20.0 µs of CPU time: the same")


def test_one_block_tells_nobody_apart(tmp_path: Path) -> None:
    first, second = told(tmp_path, ONE, TWO, blocks=1)
    assert first.startswith("No order can be told: one trial tells nobody apart")
    assert second.startswith("More seconds or a quieter hour")


def test_cpu_time_tells_apart_what_the_generator_could_not(tmp_path: Path) -> None:
    def bound(trial: Trial) -> Trial:
        used = 0.3 if trial.cell.server == "one" else 0.6
        paced = at_rate(50_000 if trial.cell.server == "one" else 40_000)(trial)
        return with_cpu(used)(synthetic.with_result(paced, generator_idle_fraction=0.0))

    first, second = told(tmp_path, ONE, TWO, change=bound)
    assert first.startswith("No order can be told: the generator was the limit")
    assert "CPU time per request tells them apart all the same: a request costs one" in second
