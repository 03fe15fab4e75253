"""What a probe must not take for an answer."""

import resource
import socket

import pytest

from bench.base.shortages import HouseError
from bench.launch import probe


class TestTheProbe:
    def test_a_connection_to_itself_is_refused(self) -> None:
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            sock.connect(sock.getsockname())
            with pytest.raises(ConnectionRefusedError):
                probe.refuse_self(sock)

    def test_a_connection_to_another_is_not(self) -> None:
        with (
            socket.create_server(("127.0.0.1", 0)) as server,
            socket.create_connection(server.getsockname()) as sock,
        ):
            probe.refuse_self(sock)

    def test_a_house_without_descriptors_says_so(self) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        with socket.create_server(("127.0.0.1", 0)) as server:
            resource.setrlimit(resource.RLIMIT_NOFILE, (server.fileno() + 1, hard))
            try:
                with pytest.raises(HouseError, match="Too many open files"):
                    probe.prove("tcp", server.getsockname(), 99, 1.0, lambda: False)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
