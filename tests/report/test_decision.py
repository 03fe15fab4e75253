"""The table of needs: what to take, what a simpler choice costs, what to avoid, what it matters."""

import dataclasses
import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from bench.model.header import ServerEntry
from bench.model.trial import Trial, Workload
from bench.model.work import Work
from bench.report import files
from bench.report.decision import choice, matter, needs, simplicity
from bench.report.decision.choice import Choice
from bench.report.page import render
from bench.report.sentences import doubt
from bench.report.view import run_view
from bench.report.view.run_view import RunView
from loadgen.plan import Load
from servers import discovery
from tests.support import synthetic
from tests.support.known import known
from tests.support.models import Model

STEADY = Workload("offered", "tcp", Load(connections=50, rate=5000.0))


def _only(view: RunView) -> Choice:
    (found,) = choice.of(view)
    return found


def _two(folder: Path, costs: tuple[float, float], workload: Workload, **how: object) -> RunView:
    names = ("uvloop-protocol", "uvloop"), ("asyncio-streams", "asyncio")
    models = [Model(*name, cost, 20) for name, cost in zip(names, costs, strict=True)]
    return run_view.view(synthetic.run(folder, models, [workload], **how))  # type: ignore[arg-type]


def test_the_eight_under_many_clients(tmp_path: Path) -> None:
    found = _only(run_view.view(synthetic.run(tmp_path, workloads=[synthetic.MANY])))
    assert found.need == "Many kept clients"
    assert found.take.startswith("uvloop-protocol, ")
    assert not found.untold
    assert any(each.startswith("without a package") for each in found.simpler)
    assert found.avoid[:2] == (
        "blocking (49 of 50 connections had no reply)",
        "process-pool (46 of 50 connections had no reply)",
    )


@pytest.mark.parametrize(
    ("workload", "need"),
    [
        (synthetic.ONE, "One client"),
        (synthetic.CHURN, "Clients that reconnect"),
        (synthetic.DATAGRAM, "Datagrams"),
        (STEADY, "Steady load below the knee"),
        (Workload("big", "tcp", Load(50, payload_bytes=65536)), "Large messages"),
        (Workload("many", "tcp", Load(2000)), "Thousands of kept clients"),
        (Workload("spin", "tcp", Load(50), work=Work("spin", 100)), "Requests that compute in Pyt"),
        (Workload("w", "tcp", Load(50), work=Work("wait", 100)), "Requests that wait"),
        (Workload("mix", "tcp", Load(50), work=Work("spin", 1e4, 0.01)), "A few heavy requests"),
        (Workload("hog", "tcp", Load(50), hog="spin"), "A thread that computes beside"),
    ],
)
def test_a_workload_speaks_to_a_need(tmp_path: Path, workload: Workload, need: str) -> None:
    view = _two(tmp_path, (10, 20), workload, blocks=2)
    assert needs.of(view.workloads[0]).startswith(need)


def test_a_load_that_not_all_carry_is_not_called_steady(tmp_path: Path) -> None:
    view = _two(tmp_path, (10, 400), STEADY)
    assert needs.of(view.workloads[0]) == needs.BEYOND
    assert "asyncio-streams (answers less than is offered)" in _only(view).avoid


def test_what_a_simpler_choice_costs(tmp_path: Path) -> None:
    found = _only(_two(tmp_path, (10, 12.5), synthetic.MANY))
    assert found.simpler == (
        "without a package and code from top to bottom: asyncio-streams (\u221220 %)",
    )
    found = _only(_two(tmp_path / "tied", (10, 10), synthetic.MANY))
    assert found.simpler == () or "tied" in found.simpler[0]


def test_of_many_to_be_avoided_those_whose_clients_suffer_and_the_worst_are_named(
    tmp_path: Path,
) -> None:
    slow = [Model(f"slow-{at}", "asyncio", 60 + 20 * at, 20) for at in range(9)]
    view = run_view.view(synthetic.run(tmp_path, [*synthetic.EIGHT, *slow], [synthetic.MANY]))
    avoid = _only(view).avoid
    assert [each.split(" (")[0] for each in avoid[:4]] == [
        "blocking",
        "process-pool",
        "slow-8",
        "slow-7",
    ]
    assert len(avoid) == choice.AVOIDED_MOST + 1
    assert re.fullmatch("and [0-9]+ more", avoid[-1])


def test_where_all_was_disturbed_nobody_is_far_behind_and_the_banner_says_so_once(
    tmp_path: Path,
) -> None:
    def change(trial: Trial) -> Trial:
        return dataclasses.replace(trial, others=dict.fromkeys(("server", "generator"), 0.8))

    view = _two(tmp_path, (10, 25), synthetic.MANY, change=change)
    found = _only(view)
    assert found.untold
    assert found.avoid == ()
    page = render.html(view, [])
    assert "What to take, by need" not in page
    assert page.split('<section id="workloads">')[0].count("were disturbed") == 1


def test_twice_as_slow_is_to_be_avoided_and_less_is_not(tmp_path: Path) -> None:
    assert _only(_two(tmp_path, (10, 25), synthetic.MANY)).avoid == (
        "asyncio-streams (2.5 times less)",
    )
    assert _only(_two(tmp_path / "near", (10, 18), synthetic.MANY)).avoid == ()


def test_what_it_matters(tmp_path: Path) -> None:
    gap = known(_only(_two(tmp_path, (10, 20), synthetic.MANY)).gap)
    assert gap.surely
    assert known(gap.gap_us) == pytest.approx(10, rel=0.05)
    assert gap.shares[1].startswith(("1.0", "0.9"))
    equal = known(_only(_two(tmp_path / "equal", (10, 10), synthetic.MANY)).gap)
    assert not equal.surely
    assert equal.text.startswith("at most ")


def test_one_server_is_an_answer_without_a_second(tmp_path: Path) -> None:
    models = [Model("uvloop-protocol", "uvloop", 10, 20)]
    view = run_view.view(synthetic.run(tmp_path, models, [synthetic.MANY]))
    assert _only(view).gap is None
    assert matter.gap(view.workloads[0]) is None
    assert not doubt.banner(view)


def _shaken(trial: Trial) -> Trial:
    factor = 1 + 0.2 * ((trial.block * 7 + len(trial.cell.server[:7])) % 5 - 2) / 2
    factor = factor if trial.cell.server.startswith("uvloop") else 2 - factor
    seen = known(trial.result)
    return synthetic.with_result(trial, throughput_rps=seen.throughput_rps * factor)


def _one_block(trial: Trial) -> Trial | None:
    return None if trial.block else trial


def _disturbed(trial: Trial) -> Trial:
    return dataclasses.replace(trial, others={"server": 0.82, "generator": 0.1})


def _slow_generator(trial: Trial) -> Trial:
    rps = 20_000.0 + 100 * len(trial.cell.server) + 1000 * trial.cell.server.count("v")
    seen = synthetic.with_result(trial, generator_idle_fraction=0.0, throughput_rps=rps)
    return dataclasses.replace(seen, server_usage=synthetic.usage(0.8))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_shaken, "more blocks would show 5%"),
        (_one_block, "one trial tells nobody apart"),
        (_disturbed, "others used 82% of the CPU time"),
        (_slow_generator, "the generator was the limit"),
    ],
)
def test_where_nobody_can_be_named_nobody_is(tmp_path: Path, change: object, why: str) -> None:
    view = _two(tmp_path, (10.0, 10.3), synthetic.MANY, change=change)
    banner = doubt.banner(view)
    assert banner.startswith("No order can be told")
    assert why in banner
    found = _only(view)
    assert (found.take, found.simpler, found.gap) == ("", (), None)
    page, text = render.html(view, []), render.markdown(view, [])
    for document in (page, text):
        assert "answers most" not in document
        assert "No order can be told here" in document
    console = Console(width=80, file=io.StringIO())
    console.print(files.table(view, 80))
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert "No order can be told here" in printed
    assert "answers most" not in printed


def test_a_run_in_which_all_failed_says_so_first(tmp_path: Path) -> None:
    def unready(trial: Trial) -> Trial:
        failed = synthetic.unready(trial.cell.server, trial.cell.workload, trial.block)
        return dataclasses.replace(failed, position=trial.position)

    view = _two(tmp_path, (10, 20), synthetic.MANY, change=unready)
    assert doubt.banner(view) == "No order can be told here: no cell has figures (2 failed)."
    assert "no cell has figures" in render.html(view, [])


def test_the_page_and_the_markdown_begin_with_the_answer(tmp_path: Path) -> None:
    view = run_view.view(synthetic.run(tmp_path, workloads=[synthetic.MANY, synthetic.ONE]))
    page, text = render.html(view, []), render.markdown(view, [])
    assert page.index("What to take, by need") < page.index('id="workloads"')
    assert text.index("| Many kept clients") < text.index("## kept-50")


def test_every_model_of_the_house_is_known_to_be_simple_or_not() -> None:
    for variant in discovery.discover().values():
        entry = ServerEntry(variant.name, variant.family)
        found = simplicity.of(entry)
        assert set(found.spares + found.lacking) == {simplicity.ALONE, simplicity.DOWNWARDS}
    assert simplicity.of(ServerEntry("mine", "blocking", command="x {port}")).spares == ()
    assert simplicity.of(ServerEntry("blocking", "blocking")).lacking == ()
    assert simplicity.of(ServerEntry("uvloop-protocol", "uvloop", packages={"uvloop": "1"})) == (
        simplicity.Simplicity((), (simplicity.ALONE, simplicity.DOWNWARDS))
    )
