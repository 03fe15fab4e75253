"""Tables of axes become workloads and cells; one server has a twin."""

import dataclasses
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bench.model.trial import Workload
from bench.plan import catalog, suite_file, workloads
from bench.plan.suite_file import Suite
from loadgen.plan import PlanError

SUITE = """
servers = ["asyncio"]
trials = 2
[workloads.kept]
connections = [1, 50]
payload = 64
"""


def suite_of(text: str, folder: Path) -> Suite:
    path = folder / "mine.toml"
    path.write_text(text)
    return suite_file.load(str(path))


class TestWorkloads:
    def test_a_point_is_named_by_its_values_on_the_axes_that_have_several(self) -> None:
        tables: dict[str, dict[str, list[Any]]] = {
            "kept": {"connections": [1, 50], "payload": [64]},
            "churn": {"requests_per_connection": [1]},
        }
        assert [w.name for w in workloads.workloads(tables)] == ["kept-1", "kept-50", "churn"]

    def test_an_axis_given_on_the_command_line_replaces_it_and_equal_cells_collapse(
        self, tmp_path: Path
    ) -> None:
        suite = suite_of(SUITE + "[workloads.more]\nconnections = 7\npayload = 64\n", tmp_path)
        given = suite_file.override(
            suite, {}, {"connections": suite_file.axis_values("connections", "3")}
        )
        assert len(workloads.workloads(given.workloads)) == 1

    def test_sizes_of_pools_are_points_of_their_own(self) -> None:
        points = workloads.workloads({"kept": {"connections": [50], "pool_size": [4, 16]}})
        assert [(w.name, w.pool_size) for w in points] == [("kept-pool4", 4), ("kept-pool16", 16)]
        assert msgspec.convert(dataclasses.asdict(points[1]), Workload) == points[1]

    def test_numbers_of_cpus_are_points_of_their_own(self) -> None:
        points = workloads.workloads({"kept": {"cpus": [1, 2]}})
        assert [(w.name, w.cpus) for w in points] == [("kept-1cpus", 1), ("kept-2cpus", 2)]
        workloads.check_cpus(points, 2)
        with pytest.raises(PlanError, match="cpus 2: the server's side has 1 CPU here; name"):
            workloads.check_cpus(points, 1)

    def test_kept_means_no_limit_of_requests(self) -> None:
        (point,) = workloads.workloads({"a": {"requests_per_connection": ["kept"]}})
        assert point.load.requests_per_connection is None

    @pytest.mark.parametrize(
        ("axis", "value"),
        [
            *(("connections", 0), ("payload", 2**30), ("transport", "sctp"), ("rate", -1.0)),
            *(("pool_size", 0), ("pool_size", 10**6), ("cpus", 0)),
        ],
    )
    def test_a_senseless_value_names_the_workload(self, axis: str, value: object) -> None:
        with pytest.raises(PlanError, match="workload bad"):
            workloads.workloads({"bad": {axis: [value]}})


class TestTwin:
    @pytest.mark.parametrize(
        ("asked", "twin"),
        [(None, "asyncio-streams~aa"), ("blocking", "blocking~aa"), ("none", None)],
    )
    def test_it_is_of_the_server_asked_or_of_one_that_serves_all(
        self, asked: str | None, twin: str | None
    ) -> None:
        choice = catalog.choose(catalog.read(), ["blocking", "asyncio-streams"], {"stream"})
        names = [spec.name for spec in workloads.twin(list(choice.specs.values()), asked)]
        assert names == ["blocking", "asyncio-streams", *([twin] if twin else [])]
