"""Servers as students write them: `bench check` names the stage, the byte and what it means."""

import textwrap
from pathlib import Path

import pytest

from bench.authoring import contract
from bench.authoring.contract import evidence
from bench.launch.launcher import Allotment
from bench.model.server import ServerSpec
from servers.discovery import read
from tests.support import machine

FRAME = '''
"""A server of a student."""
import socket
import threading

from servers.api import Settings

FAMILY = "blocking"


def serve(listener: socket.socket, settings: Settings) -> None:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=talk, args=(client,), daemon=True).start()


def talk(client: socket.socket) -> None:
    with client:
        try:
            {body}
        except ConnectionError:
            pass
'''
LOOP = """while data := client.recv(65536):
                {reply}"""


def _echoing(reply: str) -> str:
    return FRAME.replace("{body}", LOOP.replace("{reply}", reply))


# What is done instead of an echo; the clause that fails first, and words that explain it.
DEFECTS = {
    "upper case": (
        _echoing("client.sendall(data.upper())"),
        "echoes",
        "It starts, but changes bytes. It changes upper and lower case",
    ),
    "off by one": (
        _echoing("client.sendall(bytes((b + 1) % 256 for b in data))"),
        "echoes",
        "adds the same number to every byte",
    ),
    "without the first byte": (
        _echoing("client.sendall(data[1:])"),
        "echoes",
        "It loses the first byte",
    ),
    "doubled": (_echoing("client.sendall(data + data)"), "echoes", "It answers twice"),
    "backwards": (_echoing("client.sendall(data[::-1])"), "echoes", "turns what it receives round"),
    "the text of bytes": (_echoing("client.sendall(str(data).encode())"), "echoes", "bytes object"),
    "a whole buffer": (
        _echoing("client.sendall(data.ljust(4096, bytes(1)))"),
        "echoes",
        "a whole buffer",
    ),
    "http": (
        _echoing('client.sendall(b"HTTP/1.1 400 Bad Request\\\\r\\\\n\\\\r\\\\n")'),
        "echoes",
        "It speaks HTTP",
    ),
    "hangs up": (
        FRAME.replace("{body}", "client.recv(65536)"),
        "echoes",
        "hangs up on its clients",
    ),
    "one reply": (
        FRAME.replace("{body}", "client.sendall(client.recv(65536))"),
        "one byte",
        "It hangs up instead of answering",
    ),
    "a part of a large one": (
        _echoing("client.send(data[:1500])"),
        "four MiB",
        "It dropped bytes in between",
    ),
    "waits for a full buffer": (
        FRAME.replace("{body}", "client.recv(65536, socket.MSG_WAITALL)"),
        "starts",
        "It is there, and answers nobody",
    ),
    "ends": (
        FRAME.replace("while True:", "while False:").replace("{body}", "pass"),
        "starts",
        "It ended before it served anybody",
    ),
    "raises": (
        FRAME.replace("while True:", "raise ValueError('no idea')\n    while True:").replace(
            "{body}", "pass"
        ),
        "starts",
        "what it printed says why",
    ),
    "serves the first alone": (
        _echoing("client.sendall(data)")
        .replace("while True:", "if True:")
        .replace("daemon=True).start()", "daemon=True).start()\n    threading.Event().wait()"),
        "one byte",
        "or hangs",
    ),
}


@pytest.mark.parametrize("name", DEFECTS)
def test_the_first_failure_says_what_is_wrong(tmp_path: Path, name: str) -> None:
    text, check, words = DEFECTS[name]
    path = tmp_path / "student.py"
    path.write_text(textwrap.dedent(text).lstrip())
    variant = read(path)
    fair = Allotment(cpus=machine.split()[:1], pool_size=2, ready_s=2.0, grace_s=0.5)
    outcomes = contract.run(ServerSpec("student", variant.family, variant), "tcp", fair)
    failed = next(outcome for outcome in outcomes if not outcome.passed)
    assert failed.check == check
    assert words in failed.meaning, failed


SENT = b"probe 7 abcdef"


@pytest.mark.parametrize(
    ("received", "words"),
    [
        (b"PROBE 7 ABCDEF", "upper and lower case"),
        (SENT[1:], "loses the first byte"),
        (SENT + SENT, "answers twice"),
        (SENT + b"\0\0\0", "whole buffer"),
        (b"b'probe 7", "text of a bytes object"),
        (SENT[::-1], "turns what it receives round"),
        (bytes(b + 1 for b in SENT), "same number to every byte"),
        (b"welcome! " + SENT, "something of its own"),
        (SENT + b"\n", "something of its own"),
        (b"HTTP/1.1 400", "speaks HTTP"),
    ],
)
def test_what_an_answer_usually_means(received: bytes, words: str) -> None:
    assert words in evidence.meaning(SENT, received)


@pytest.mark.parametrize("received", [SENT, SENT[:4], b"\x93\x02zqx", b"probe 8 abcdef"])
def test_nothing_is_made_up_of_an_answer_like_no_other(received: bytes) -> None:
    assert evidence.meaning(SENT, received) == ""


def test_the_byte_is_named() -> None:
    assert evidence.difference(b"prob", b"PROB") == (
        "sent 'prob', got 'PROB' (byte 0: 'p' became 'P')"
    )
    assert evidence.difference(b"ab\x00\xff", b"ab\x01\xff").endswith(
        r"(byte 2: '\x00' became '\x01')"
    )
    assert "after byte 4, where nothing more was due" in evidence.difference(b"prob", b"prob\n")
