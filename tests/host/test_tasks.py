"""How many more processes and threads there may be: made trees of control groups."""

import os
import resource
from pathlib import Path

import pytest

from bench.host import tasks


class TestTheLimitOfTasks:
    def tree(self, root: Path, files: dict[str, str]) -> Path:
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text + "\n")
        return root

    def test_what_the_machine_has_left(self, tmp_path: Path) -> None:
        sysctl = {"proc/sys/kernel/threads-max": "5000", "proc/sys/kernel/pid_max": "900"}
        root = self.tree(tmp_path, sysctl | {"proc/loadavg": "0.1 0.1 0.1 2/400 77"})
        left = {limit.name: limit.left for limit in tasks.limits(root)}
        assert left["kernel.threads-max (5,000)"] == 4600
        assert left["kernel.pid_max (900)"] == 500

    def test_a_machine_that_does_not_tell_limits_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        monkeypatch.setattr(resource, "getrlimit", lambda _: unlimited)
        assert tasks.limits(tmp_path) == []

    @pytest.mark.parametrize(
        ("capabilities", "users", "expected"),
        [
            ("000001ffffffffff", "0 0 4294967295", True),
            ("000001ffffffffff", "0 1000 1", False),
            ("0000000000000000", "0 0 4294967295", False),
            ("0000000001000000", "0 0 4294967295", True),
        ],
    )
    def test_root_is_exempt_from_the_users_limit(
        self, capabilities: str, users: str, expected: bool, tmp_path: Path
    ) -> None:
        files = {"proc/self/status": f"Name: x\nCapEff:\t{capabilities}"}
        root = self.tree(tmp_path, files | {"proc/self/uid_map": f"   {users}"})
        assert tasks.exempt(root) == expected

    def test_threads_of_a_user_are_counted(self) -> None:
        assert tasks.tasks_of_user(os.getuid()) >= 1
