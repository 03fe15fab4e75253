"""The two tables of a run, on invented runs: columns, values worked out by hand, gaps."""

import csv
import dataclasses
import io
from pathlib import Path

import pytest

from bench.model.run import Run, workload_labels
from bench.model.trial import Cell, Trial, Workload
from bench.report import tables
from bench.report.view import run_view
from bench.verdicts import checks, judging
from loadgen.plan import Load
from tests.support import synthetic
from tests.support.known import known

# As written in the interface of summary.csv: readers depend on the names and their order.
COLUMNS = (
    "server,family,transport,workload,connections,payload_bytes,requests_per_connection,"
    "offered_rps,trials,throughput_rps,throughput_lo,throughput_hi,p50_us,p90_us,p99_us,p999_us,"
    "max_us,send_lag_p99_us,connect_p99_us,cpu_us_per_request,ctx_switches_per_request,"
    "memory_mib,effective_concurrency,fairness_jain,errors,verdict,depth,think_us,idle,arrivals,"
    "achieved_rps,censored,connections_without_reply,lost,duplicated,reordered,python,pool_size,"
    "p50_us_lo,p50_us_hi,p90_us_lo,p90_us_hi,p99_us_lo,p99_us_hi,p999_us_lo,p999_us_hi,"
    "cpu_us_per_request_lo,cpu_us_per_request_hi,course,"
    "witness_ratio,witness_lo,witness_hi,"
    "work,work_share,light_p50_us,light_p99_us,heavy_p50_us,heavy_p99_us,"
    "light_rps,heavy_rps,hog,switch_interval,cpus,kernel_us_per_request"
)


def _rows(folder: Path, **how: object) -> list[dict[str, str]]:
    run = synthetic.run(folder, **how)  # type: ignore[arg-type]
    return list(csv.DictReader(io.StringIO(tables.to_csv(tables.summary(run_view.view(run))))))


def test_columns_and_their_order(tmp_path: Path) -> None:
    run = synthetic.run(tmp_path, blocks=1)
    assert tables.to_csv(tables.summary(run_view.view(run))).splitlines()[0] == COLUMNS


def test_one_row_a_cell_in_the_order_of_the_plan(tmp_path: Path) -> None:
    rows = _rows(tmp_path, blocks=2)
    expected = [
        (model.name, workload.name)
        for workload in (synthetic.ONE, synthetic.MANY, synthetic.CHURN)
        for model in synthetic.EIGHT
    ]
    assert [(row["server"], row["workload"]) for row in rows] == expected


def test_whole_numbers_have_no_point_and_gaps_are_empty(tmp_path: Path) -> None:
    kept, churn = _rows(
        tmp_path,
        models=synthetic.EIGHT[4:5],
        workloads=[synthetic.MANY, synthetic.CHURN],
        blocks=2,
    )
    assert (kept["connections"], kept["errors"], kept["trials"]) == ("50", "0", "2")
    assert (kept["requests_per_connection"], churn["requests_per_connection"]) == ("", "10")
    assert (kept["offered_rps"], kept["send_lag_p99_us"], kept["lost"]) == ("", "", "")
    assert (kept["depth"], kept["arrivals"]) == ("1", "")


def test_open_loop_columns(tmp_path: Path) -> None:
    row = _rows(tmp_path, models=synthetic.EIGHT[4:5], workloads=[synthetic.OFFERED])[0]
    assert (row["offered_rps"], row["depth"], row["arrivals"]) == ("5000", "", "exponential")


def test_values_by_hand(tmp_path: Path) -> None:
    figures = {0: (10_000.0, 1.0, 900.0), 1: (40_000.0, 3.0, 100.0)}

    def change(trial: Trial) -> Trial:
        rps, cpu_s, p50 = figures[trial.block]
        response = dataclasses.replace(known(trial.result).response_us, p50=p50, p999=None)
        trial = synthetic.with_result(trial, throughput_rps=rps, response_us=response, errors=1)
        used = synthetic.usage(cpu_s, ctx_switches=None)
        return dataclasses.replace(trial, server_usage=used)

    row = _rows(
        tmp_path,
        models=synthetic.EIGHT[4:5],
        workloads=[synthetic.MANY],
        blocks=2,
        change=change,
    )[0]
    assert row["throughput_rps"] == "20000"
    assert row["p50_us"] == "300"
    # 1 s of CPU in 2 s at 10,000/s is 50 µs each; 3 s at 40,000/s is 37.5 µs.
    assert float(row["cpu_us_per_request"]) == pytest.approx((50 * 37.5) ** 0.5, abs=1e-3)
    assert (row["p999_us"], row["ctx_switches_per_request"]) == ("", "")
    assert (row["errors"], row["memory_mib"], row["verdict"]) == ("2", "21", "broken-echo")


def test_a_percentile_needs_most_of_the_trials(tmp_path: Path) -> None:
    def change(trial: Trial) -> Trial:
        if trial.block >= 3:
            return trial
        refused = dataclasses.replace(known(trial.result).response_us, p999=None)
        return synthetic.with_result(trial, response_us=refused)

    row = _rows(tmp_path, models=synthetic.EIGHT[4:5], workloads=[synthetic.MANY], change=change)[0]
    assert row["p999_us"] == ""
    assert row["p99_us"] != ""


def test_a_run_cut_off_has_a_row_for_every_cell(tmp_path: Path) -> None:
    rows = _rows(tmp_path, change=lambda trial: trial if trial.block + trial.position < 1 else None)
    assert len(rows) == 24
    assert sorted({row["verdict"] for row in rows})[0] == "not measured"
    assert sum(row["trials"] == "1" for row in rows) == 1


def test_a_cell_that_failed_has_its_row(tmp_path: Path) -> None:
    def change(trial: Trial) -> Trial:
        return synthetic.unready(trial.cell.server, trial.cell.workload, trial.block)

    row = _rows(tmp_path, models=synthetic.EIGHT[:1], workloads=[synthetic.ONE], change=change)[0]
    assert (row["verdict"], row["throughput_rps"], row["errors"]) == ("failed", "", "")


def test_twins_are_trials_but_no_row(tmp_path: Path) -> None:
    def change(trial: Trial) -> Trial:
        return dataclasses.replace(trial, cell=Cell("blocking~aa", trial.cell.workload))

    run = synthetic.run(
        tmp_path, models=synthetic.EIGHT[:1], workloads=[synthetic.ONE], change=change
    )
    assert list(tables.summary(run_view.view(run))["trials"]) == [0]
    assert list(tables.trials(run_view.view(run))["server"]) == ["blocking~aa"] * 5
    assert list(tables.trials(run_view.view(run))["family"]) == ["blocking"] * 5


def test_datagram_servers_are_not_planned_on_tcp(tmp_path: Path) -> None:
    models = [synthetic.EIGHT[0], synthetic.Model("blocking", "blocking", 9, 10, kind="datagram")]
    header = synthetic.header(models, [synthetic.ONE, synthetic.DATAGRAM], [])
    planned = Run.cells(Run(tmp_path, header, []))
    assert [cell.workload.transport for cell in planned] == ["tcp", "udp"]


def test_starved_by_design_comes_from_the_header(tmp_path: Path) -> None:
    run = synthetic.run(tmp_path, models=synthetic.EIGHT[:3], workloads=[synthetic.MANY])
    verdicts = list(judging.verdicts(run).values())
    assert [verdict.name for verdict in verdicts] == ["starved", "valid", "starved"]
    assert "serves 4 clients at once" in verdicts[2].sentence


def test_a_pool_of_the_workload_s_own_size_goes_before_the_run_s(tmp_path: Path) -> None:
    models = [dataclasses.replace(synthetic.EIGHT[2], clients="pool")]
    small = dataclasses.replace(synthetic.MANY, pool_size=2)
    run = synthetic.run(tmp_path, models=models, workloads=[synthetic.MANY, small])
    usual, own = (
        checks.judge(
            [synthetic.with_result(trial, effective_concurrency=2.0)],
            judging.setup_of(run, cell),
        )
        for cell, (trial, *_) in run.cells().items()
    )
    assert "serves 4 clients at once" in usual.reason
    assert "serves 2 clients at once" in own.reason
    assert list(tables.summary(run_view.view(run))["pool_size"].fillna(0)) == [0, 2]


def test_what_a_cell_was_measured_under_comes_from_the_header(tmp_path: Path) -> None:
    names = [dataclasses.replace(synthetic.EIGHT[3], name=name) for name in ("ours", "own", "mine")]
    run = synthetic.run(tmp_path, models=names, workloads=[synthetic.MANY], blocks=1)
    ours, own, mine = run.header.config.servers
    own = dataclasses.replace(own, own_listeners=True)
    mine = dataclasses.replace(mine, command="./echo {host} {port}")
    config = dataclasses.replace(run.header.config, servers=(ours, own, mine))
    run = dataclasses.replace(run, header=dataclasses.replace(run.header, config=config))
    found = [judging.setup_of(run, cell) for cell in run.cells()]
    assert [each.own_listeners for each in found] == [False, True, False]
    assert [each.nodelay for each in found] == [True, True, False]


def test_servers_of_one_name_are_told_apart_by_transport(tmp_path: Path) -> None:
    stream = synthetic.Model("pool", "stream-family", 9, 10)
    datagram = synthetic.Model("pool", "datagram-family", 9, 10, kind="datagram")
    workloads = [synthetic.MANY, synthetic.DATAGRAM]
    run = synthetic.run(tmp_path, models=[stream, datagram], workloads=workloads)
    assert list(tables.summary(run_view.view(run))["family"]) == [
        "stream-family",
        "datagram-family",
    ]


def test_intervals_lie_around_their_figures(tmp_path: Path) -> None:
    (row,) = _rows(tmp_path, models=synthetic.EIGHT[4:5], workloads=[synthetic.MANY])
    for name in ("p50_us", "p90_us", "p99_us", "p999_us", "cpu_us_per_request"):
        low, value, high = (float(row[each]) for each in (f"{name}_lo", name, f"{name}_hi"))
        assert low < value < high


def test_what_was_around_a_trial_stands_in_its_row(tmp_path: Path) -> None:
    def change(trial: Trial) -> Trial:
        mhz = {"open": [3000.0, 3200.0], "close": [2900.0, 3200.0]}
        return dataclasses.replace(
            trial, others={"server": 0.25, "generator": 0}, frequencies_mhz=mhz
        )

    run = synthetic.run(
        tmp_path, models=synthetic.EIGHT[4:5], workloads=[synthetic.MANY], change=change
    )
    row = tables.trials(run_view.view(run)).iloc[0]
    assert (row["course"], row["others_share"], row["server_end"]) == ("steady", 0.25, "clean")
    assert (row["frequency_open_mhz"], row["frequency_close_mhz"]) == (3100.0, 3050.0)


def test_labels_tell_equal_names_apart() -> None:
    few = Workload("kept", "tcp", Load(connections=1))
    many = Workload("kept", "tcp", Load(connections=50))
    assert list(workload_labels([few, many]).values()) == ["kept (1 x 64 B)", "kept (50 x 64 B)"]
    assert workload_labels([few, few]) == {few: "kept"}
