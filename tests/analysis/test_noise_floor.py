"""How far a server and its twin are apart, by hand."""

import dataclasses

import pytest

from bench.analysis import metrics, noise_floor
from bench.model.trial import TWIN, Cell, Trial
from tests.support import synthetic

SERVER = "asyncio-protocol"


def _trials(server: str, speeds: list[float]) -> list[Trial]:
    return [
        synthetic.trial(
            synthetic.result(throughput_rps=speed, response_us=synthetic.percentiles(5e7 / speed)),
            server=server,
            block=block,
            server_usage=synthetic.usage(cpu_s=speed * synthetic.WINDOW_S * 3e-5),
        )
        for block, speed in enumerate(speeds)
    ]


def test_the_floor_is_pooled_over_workloads() -> None:
    own, twins = _trials(SERVER, [1000, 1000]), _trials(SERVER + TWIN, [1010, 990])
    others = [
        dataclasses.replace(trial, cell=Cell(trial.cell.server, synthetic.ONE))
        for trial in (*own, *twins)
    ]
    found = noise_floor.of(metrics.by_cell([*own, *twins, *others]))
    assert found is not None
    assert found.blocks == 4
    assert found.ratio.high is not None
    # Logs of ±1 %, four of them: t(3) = 3.182 times 1.155 % over 2.
    assert found.extent == pytest.approx(0.0185, abs=0.0005)


def test_a_run_without_twins_has_no_floor() -> None:
    assert noise_floor.of(metrics.by_cell(_trials(SERVER, [1000, 1000]))) is None
