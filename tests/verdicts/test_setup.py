"""What a cell was measured under, as its verdicts count it."""

import dataclasses
from pathlib import Path

import pytest

from bench.model.cpus import Cpus
from bench.model.trial import Cell
from bench.verdicts import judging
from tests.support import synthetic
from tests.support.models import Model


@pytest.mark.parametrize(("most", "counted"), [(None, 4), (1, 1), (3, 3)])
def test_a_workload_limits_the_cpus_that_count(
    most: int | None, counted: int, tmp_path: Path
) -> None:
    workload = dataclasses.replace(synthetic.MANY, cpus=most)
    run = synthetic.run(tmp_path, [Model("many", "per-core", 20, 20)], [workload], blocks=1)
    (entry,) = run.header.config.servers
    config = dataclasses.replace(
        run.header.config, servers=(dataclasses.replace(entry, many_cpus=True),)
    )
    cpus = Cpus((0, 1, 2, 3), (4, 5))
    header = dataclasses.replace(run.header, config=config, cpus=cpus)
    setup = judging.setup_of(dataclasses.replace(run, header=header), Cell("many", workload))
    assert setup.server_cpus == counted
