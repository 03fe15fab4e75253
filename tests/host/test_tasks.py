"""How many more processes and threads there may be: made trees of control groups."""

import os
import resource
from pathlib import Path

import pytest

from bench.host import tasks
from tests.support.known import known


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


class TestTheLimitThatAServerMet:
    def limited(self, monkeypatch: pytest.MonkeyPatch, files: int) -> None:
        monkeypatch.setattr(resource, "getrlimit", lambda _: (files, files))

    def test_open_files(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        self.limited(monkeypatch, 20_000)
        words = "OSError: [Errno 24] Too many open files: 'platform.py'"
        limit = known(tasks.met(words, 25_050, tmp_path))
        assert limit.name == "the limit of open files of a process (20,000)"
        self.limited(monkeypatch, resource.RLIM_INFINITY)
        assert tasks.met(words, 25_050, tmp_path) is None

    @pytest.mark.parametrize(
        "words",
        [
            "RuntimeError: can't start new thread",
            "pid = os.fork()\nBlockingIOError: [Errno 11] Resource temporarily unavailable",
        ],
    )
    def test_threads_and_processes_by_the_one_that_leaves_the_least(
        self, words: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        self.limited(monkeypatch, resource.RLIM_INFINITY)
        root = TestTheLimitOfTasks().tree(
            tmp_path,
            {
                "proc/sys/kernel/threads-max": "90000",
                "proc/sys/kernel/pid_max": "4194304",
                "proc/sys/vm/max_map_count": "65530",
                "proc/loadavg": "0.1 0.1 0.1 2/400 77",
            },
        )
        limit = known(tasks.met(words, 33_000, root))
        assert limit.name == "vm.max_map_count (65,530, two a thread)"
        # Who runs out of them with a hundred clients starts more than one for each.
        assert tasks.met(words, 100, root) is None

    @pytest.mark.parametrize(
        ("words", "asked"),
        [
            pytest.param("ValueError: 7", 25_050, id="another reason"),
            pytest.param("OSError: [Errno 24] Too many open files", 50, id="files that leak"),
            pytest.param(
                "data = client.recv(65536)\n"
                "BlockingIOError: [Errno 11] Resource temporarily unavailable",
                25_050,
                id="a call that would block",
            ),
        ],
    )
    def test_what_is_the_servers_own_fault_is_no_limit(
        self, words: str, asked: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        self.limited(monkeypatch, 20_000)
        assert tasks.met(words, asked, tmp_path) is None
