"""Where the processes of a server listen."""

import os
import socket
from pathlib import Path

import pytest

from bench.launch import listening
from servers import terms


class TestWhereAServerListens:
    @pytest.mark.parametrize(
        ("family", "host", "told"),
        [
            (socket.AF_INET, "127.0.0.1", "; it listens on 127.0.0.1:{} and not on 127.0.0.1:9"),
            (socket.AF_INET6, "::1", "; it listens on [::1]:{} and not on 127.0.0.1:9"),
        ],
    )
    def test_another_address_is_told(self, family: int, host: str, told: str) -> None:
        try:
            sock = socket.create_server((host, 0), family=family)
        except OSError:
            pytest.skip("there is no IPv6 here")
        with sock:
            port = sock.getsockname()[1]
            assert listening.hint([os.getpid()], "tcp", ("127.0.0.1", 9)) == told.format(port)
            assert listening.hint([os.getpid()], "tcp", (host, port)) == ""

    def test_a_datagram_socket_and_a_path(self, tmp_path: Path) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", 0))
            here = f"127.0.0.1:{sock.getsockname()[1]}"
            assert here in listening.elsewhere([os.getpid()], "udp", ("127.0.0.1", 9))
        with socket.socket(socket.AF_UNIX) as sock:
            sock.bind(str(tmp_path / "s"))
            sock.listen()
            assert str(tmp_path / "s") in listening.elsewhere([os.getpid()], "unix", "/other")

    @pytest.mark.parametrize(
        ("bound", "asked", "expected"),
        [
            (("0.0.0.0", 7), ("127.0.0.1", 7), True),
            (("::", 7), ("127.0.0.1", 7), True),
            (("::", 7), ("::1", 7), True),
            (("0.0.0.0", 7), ("::1", 7), False),
            (("::1", 7), ("127.0.0.1", 7), False),
            (("127.0.0.1", 8), ("127.0.0.1", 7), False),
            ("/a", "/a", True),
        ],
    )
    def test_an_address_for_all_hosts_is_the_one_asked_for(
        self, bound: terms.Address, asked: terms.Address, expected: bool
    ) -> None:
        assert listening.covers(bound, asked) == expected

    def test_processes_that_are_gone_tell_nothing(self, tmp_path: Path) -> None:
        assert listening.elsewhere([1], "tcp", ("127.0.0.1", 9), tmp_path) == []
