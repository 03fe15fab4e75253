"""Suites, options and plans: what is asked becomes cells in an order, or one clear line."""

import dataclasses
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bench.base.errors import ConfigError
from bench.model.server import ServerSpec
from bench.model.trial import Cell, Workload
from bench.plan import blocks, catalog, suite_file, workloads
from bench.plan.suite_file import Suite
from loadgen.plan import Load, PlanError

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


@pytest.mark.parametrize("name", suite_file.suites())
def test_every_suite_of_ours_can_be_planned(name: str) -> None:
    suite = suite_file.load(name)
    points = workloads.workloads(suite.workloads)
    choice = catalog.choose(catalog.read(), list(suite.servers), {"stream", "datagram"})
    assert workloads.cells(list(choice.specs.values()), points)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("servers = 1\nx = =", "line 2"),
        ("servers = []\n[workloads.a]", "servers must be a list"),
        ('servers = ["x"]', "no workload"),
        ('servers = ["x"]\nworkload = 1\n[workloads.a]', "unknown key 'workload'"),
        ('servers = ["x"]\n[workloads.a]\nconection = 1', "no axis 'conection'"),
        ('servers = ["x"]\n[workloads.a]\nconnections = []', "a value or a list"),
        ('servers = ["x"]\n[workloads.a]\nconnections = 1.5', "not a whole number"),
        ('servers = ["x"]\n[workloads.a]\nconnections = true', "not a whole number"),
        ('servers = ["x"]\ntrials = 0\n[workloads.a]', "trials is 0"),
        ('servers = ["x"]\nduration_s = nan\n[workloads.a]', "duration_s is nan"),
        ('servers = ["x"]\nduration_s = "2"\n[workloads.a]', "duration_s is '2'"),
    ],
)
def test_a_bad_suite_is_refused_with_what_and_where(
    text: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        suite_of(text, tmp_path)
    assert "mine.toml" in str(caught.value)


def test_a_folder_or_a_missing_suite_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a folder"):
        suite_file.load(str(tmp_path))
    with pytest.raises(ConfigError, match="choose from default, full, quick"):
        suite_file.load("quik")


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

    def test_kept_means_no_limit_of_requests(self) -> None:
        (point,) = workloads.workloads({"a": {"requests_per_connection": ["kept"]}})
        assert point.load.requests_per_connection is None

    @pytest.mark.parametrize(
        ("axis", "value"),
        [
            *(("connections", 0), ("payload", 2**30), ("transport", "sctp"), ("rate", -1.0)),
            *(("pool_size", 0), ("pool_size", 10**6)),
        ],
    )
    def test_a_senseless_value_names_the_workload(self, axis: str, value: object) -> None:
        with pytest.raises(PlanError, match="workload bad"):
            workloads.workloads({"bad": {axis: [value]}})


def plan_of(count: int, **more: Any) -> blocks.RunPlan:
    cells = tuple(Cell(f"server-{n}", Workload("w", "tcp", Load())) for n in range(count))
    return blocks.RunPlan(cells, **({"blocks": 3, "seed": 1} | more))


class TestOrder:
    def test_each_block_holds_every_cell_once_in_an_order_of_its_own(self) -> None:
        blocks = [plan_of(20, seed=4).order(block) for block in range(6)]
        assert all(sorted(block) == list(range(20)) for block in blocks)
        assert len(set(blocks)) == 6

    def test_the_seed_decides(self) -> None:
        first, again, other = (plan_of(9, seed=seed).order(2) for seed in (1, 1, 2))
        assert first == again != other


@pytest.mark.parametrize(
    ("asked", "now", "expected"),
    [
        pytest.param({}, {}, 0, id="starts with the first block"),
        pytest.param({}, {"done": 0}, 1, id="goes on"),
        pytest.param({}, {"done": 2}, None, id="ends"),
        pytest.param({"first": 4}, {}, 4, id="an extended run starts behind its last"),
        pytest.param({"first": 4}, {"done": 6}, None, id="and adds so many"),
        pytest.param({"first": 5, "blocks": 0}, {}, None, id="a finished run has nothing left"),
        pytest.param(
            {"first": 9, "blocks": 0, "until": 0.03, "budget_s": 99},
            {"width": 0.05},
            9,
            id="unless its intervals are to be narrower",
        ),
        pytest.param(
            {"budget_s": 9}, {"done": 1, "disturbed": True}, 1, id="repeats a disturbed block"
        ),
        pytest.param(
            {"budget_s": 9},
            {"done": 1, "disturbed": True, "repeated": frozenset({1})},
            2,
            id="but only once",
        ),
        pytest.param(
            {"budget_s": 9},
            {"done": 1, "disturbed": True, "extra_s": 9.5},
            2,
            id="and only within the budget",
        ),
        pytest.param(
            {"until": 0.03, "budget_s": 99, "blocks": 8},
            {"done": 7, "width": 0.05},
            8,
            id="adds blocks until intervals are narrow",
        ),
        pytest.param(
            {"until": 0.03, "budget_s": 99, "blocks": 8},
            {"done": 7, "width": 0.02},
            None,
            id="ends when they are",
        ),
        pytest.param(
            {"until": 0.03, "budget_s": 99},
            {"done": 2, "width": 0.01},
            3,
            id="believes no interval of few blocks",
        ),
        pytest.param(
            {"until": 0.03, "budget_s": 99, "blocks": 8},
            {"done": 20, "width": 0.05, "extra_s": 100},
            None,
            id="ends when the time is up",
        ),
    ],
)
def test_the_next_block(asked: dict[str, Any], now: dict[str, Any], expected: int | None) -> None:
    assert blocks.next_block(plan_of(2, **asked), blocks.Standing(**now)) == expected


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


class TestServers:
    known = catalog.read()

    def names(self, *wanted: str) -> list[str]:
        choice = catalog.choose(self.known, list(wanted), {"stream"})
        return [spec.name for spec in choice.specs.values()]

    def test_names_families_and_patterns(self) -> None:
        assert self.names("blocking") == ["blocking"]
        assert {"asyncio-streams", "asyncio-protocol"} <= set(self.names("asyncio"))
        assert set(self.names("uvloop-str*")) == {"uvloop-streams"}
        assert self.names("blocking", "blocking") == ["blocking"]

    def test_an_unknown_server_gets_a_hint(self) -> None:
        with pytest.raises(ConfigError, match="did you mean asyncio"):
            self.names("asyncoi")

    def test_a_file_outside_the_tree(self, tmp_path: Path) -> None:
        path = tmp_path / "my_own.py"
        path.write_text('"""Mine."""\nFAMILY = "mine"\ndef serve(listener, settings): ...\n')
        assert self.names(str(path)) == ["my-own"]
        with pytest.raises(ConfigError, match="no such file"):
            self.names(str(tmp_path / "other.py"))

    def test_a_file_that_needs_a_missing_package_is_left_out_with_the_reason(
        self, tmp_path: Path
    ) -> None:
        path = tmp_path / "needy.py"
        path.write_text(
            '"""Mine."""\nFAMILY = "mine"\nREQUIRES = ("no_such_package",)\n'
            "def serve(listener, settings): ...\n"
        )
        choice = catalog.choose(self.known, ["blocking", str(path)], {"stream"})
        assert [spec.name for spec in choice.specs.values()] == ["blocking"]
        assert "needs no_such_package" in choice.skipped[0]
        with pytest.raises(ConfigError, match="no server is left"):
            catalog.choose(self.known, [str(path)], {"stream"})

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("mine", "write NAME="),
            ("mine=", "is empty"),
            ("mine='open", "No closing quotation"),
            ("mine=/no/such/program {port}", "is not there"),
            ("mine=sleep 5", "no {port}"),
            ("blocking=sleep {port}", "a server has that name"),
        ],
    )
    def test_a_bad_command_is_refused(self, text: str, message: str) -> None:
        with pytest.raises(ConfigError, match=message):
            catalog.read(catalog.Outside(commands=(text,)))

    def test_a_command_serves_where_it_can_be_told_the_address(self) -> None:
        spec = catalog.command_spec("mine=sleep {port}")
        assert spec.serves("tcp")
        assert not spec.serves("unix")
        points = workloads.workloads({"a": {"transport": ["tcp", "unix"]}})
        assert len(workloads.cells([spec], points)) == 1
        assert isinstance(spec, ServerSpec)
