"""What an idle connection costs, in words and as a chart."""

import dataclasses
from pathlib import Path

from bench.model.trial import Trial, Workload
from bench.report import charts
from bench.report.page import render as page
from bench.report.sentences import captions
from bench.report.view import run_view
from bench.running import calibration
from loadgen.plan import Load
from tests.support import synthetic

IDLE = tuple(
    Workload(f"kept-{n}idle", "tcp", Load(connections=50, rate=2000.0, idle=n))
    for n in (0, 500, 1000, 2000)
)


def test_the_memory_of_an_idle_connection_is_told_with_its_interval(tmp_path: Path) -> None:
    def change(trial: Trial) -> Trial:
        idle, noise = trial.cell.workload.load.idle, (trial.block % 3) * 4096
        per = 0 if trial.cell.server == "light" else 20 * 1024
        used = dataclasses.replace(synthetic.usage(), pss_bytes=20 * 2**20 + per * idle + noise)
        return dataclasses.replace(
            synthetic.with_result(trial, throughput_rps=2000.0, achieved_rps=2000.0),
            server_usage=used,
        )

    models = [synthetic.Model(name, "asyncio", 10, 20) for name in ("light", "heavy")]
    view = run_view.view(synthetic.run(tmp_path, models, IDLE, change=change))
    (subject,) = view.sweeps("idle")
    told = captions.shows("idle-memory", subject)
    assert told.startswith("For each idle connection: light nothing that is seen (up to ")
    assert "heavy 20.0 KiB (" in told
    assert any(told in sentence for sentence in captions.across(view))
    assert told in page.markdown(view, [])
    kinds = {chart.kind.name for chart in charts.by_subject(view)}
    assert {"idle-memory", "idle-tail"} <= kinds


def test_loads_that_differ_in_idle_connections_share_a_rate() -> None:
    found = {
        dataclasses.replace(each, load=dataclasses.replace(each.load, rate=None)): rate
        for each, rate in zip(IDLE, (5000.0, 2000.0, 5000.0, 5000.0), strict=True)
    }
    other = Workload("churn", "tcp", Load(connections=50, requests_per_connection=1))
    rates = calibration.shared(found | {other: 100.0})
    assert rates == {each.name: 2000.0 for each in IDLE} | {"churn": 100.0}
