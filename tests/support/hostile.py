"""Run folders as a stranger could make them: a small one, spoiled in a way that a seed decides."""

import base64
import json
import os
import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

FILES = ("run.json", "trials.jsonl")
NAMES = (
    *("x[/b]", "[bold]x", ":pile_of_poo:", "=1+1", "+x", "-x", "@x", "a.b", "a-b", "x" * 300),
    *("<script>alert(1)</script>", "</style><img src=x onerror=y>", "a|b", "```", "~~~", "$x^2$"),
    *("\x1b[31mred\x1b]0;t\x07", "\u202eevil", "\u200d", "a\x00b", "a\nb", "\\", "", " ", "."),
    *("../../x", "/etc/passwd", "{{ 7*7 }}", "{port}", "%s%n", "é" * 200, "\U0001f4a9" * 90),
    *("![x](http://e)", '"><b>', "'", "&amp;", "native", "x~aa", "~aa", "CON", "\ufeff", "\x85"),
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 0.0, -0.5, 1e-300, 1e308, 1e9, 10**6, 2**31, 2**63, 10**30),
    *(float("nan"), float("inf"), "", "x", "1", "\x1b[2J", [], {}, [[]], [None], {"": None}),
    *([1] * 5000, "y" * 5000, {"a": {"b": [0, -1, "z"]}}, [-1], [0], [1e300, -1e300]),
)
# Text that takes the place of a value, as no writer of JSON has it.
TOKENS = ("[" * 100_000, '{"a":' * 5000, "1e999", "9" * 6000, "NaN", "-Infinity", '"\\ud800"', "\0")
LINKED = (
    *("run.json", "trials.jsonl", "samples", "sources", "charts", "export", "report.html"),
    *("report.md", "summary.csv", "trials.csv", "pairs.csv", "verdicts.json", "report.html.part"),
    *("summary.csv.part", "verdicts.json.part", "run.json.part", "trials.jsonl.part"),
    *("samples/000-000-x.npz", "sources/servers", "charts/throughput-kept-50.svg"),
    *("charts/throughput.png.part", "export/summary.csv", "export/summary.csv.part"),
    *("sources/servers/stream/blocking.py", "export/summary.json"),
)


def of_bytes(folder: Path, victim: Path, draw: random.Random) -> None:
    """Flip, cut, double, remove or put in bytes of a file."""
    path = folder / draw.choice(FILES)
    data = bytearray(path.read_bytes())
    at, many = draw.randrange(len(data)), draw.choice((1, 2, 30, 3000))
    if path.name == "trials.jsonl" and draw.random() < 0.2:
        at = len(data) - draw.randrange(1, 200)
    change = draw.randrange(6)
    if change == 0:
        data[at] ^= 1 << draw.randrange(8)
    elif change == 1:
        del data[at:]
    elif change == 2:
        data[at:at] = data[at : at + many]
    elif change == 3:
        del data[at : at + many]
    elif change == 4:
        data[at:at] = draw.choice((b"\xff", b"\0" * many, b"\n", b"[", b"\r", draw.randbytes(many)))
    else:
        data[:] = draw.choice((b"", b"[]", b"null", b"{}", b"\xff", b"1", b'{"schema":4}', b"\n\n"))
    path.write_bytes(data)


def of_structure(folder: Path, victim: Path, draw: random.Random) -> None:
    """Put another value, of another type or beyond all bounds, in a place of the documents."""
    path = folder / draw.choice((*FILES, "trials.jsonl"))
    lines = path.read_text().splitlines() if path.suffix == ".jsonl" else [path.read_text()]
    which = draw.randrange(len(lines))
    document = json.loads(lines[which])
    holder, key = _place(document, draw)
    if draw.random() < 0.15:
        holder[key] = "TOKEN"
        lines[which] = json.dumps(document).replace('"TOKEN"', draw.choice(TOKENS), 1)
    else:
        if draw.random() < 0.12:
            del holder[key]
        else:
            holder[key] = draw.choice(VALUES)
        lines[which] = json.dumps(document)
    if draw.random() < 0.1:
        lines.insert(which, draw.choice((lines[which], "", "null", "[]", "{}")))
    path.write_text("\n".join(lines) + "\n")


def _place(document: Any, draw: random.Random) -> tuple[Any, Any]:
    """Return a place in a document: what holds it, and its key there."""
    while True:
        keys = list(document) if isinstance(document, dict) else list(range(len(document)))
        key = draw.choice(keys)
        below = document[key]
        if not isinstance(below, dict | list) or not below or draw.random() < 0.15:
            return document, key
        document = below


def of_names(folder: Path, victim: Path, draw: random.Random) -> None:
    """Call a server, a workload, a family or a source otherwise, wherever it is named."""
    old = draw.choice(("blocking", "thread-per-client", "kept-50", "churn-50", "servers/stream/"))
    new = json.dumps(draw.choice(NAMES))[1:-1]
    for name in FILES:
        path = folder / name
        path.write_text(path.read_text().replace(old, new))


def of_links(folder: Path, victim: Path, draw: random.Random) -> None:
    """Let a name below the folder lead to the victim's, be another name of it, or be a pipe."""
    path = folder / draw.choice(LINKED)
    target = victim if path.suffix == "" else victim / draw.choice(("precious.txt", "new.txt"))
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        path.rename(victim.parent / "moved")
    path.unlink(missing_ok=True)
    kind = draw.random()
    if kind < 0.1:
        os.mkfifo(path)
    elif kind < 0.2 and target.is_file():
        path.hardlink_to(target)
    else:
        path.symlink_to(os.path.relpath(target, path.parent) if draw.random() < 0.3 else target)


def of_histograms(folder: Path, victim: Path, draw: random.Random) -> None:
    """Spoil an encoded histogram: a hole, a bomb, other counts, another head."""
    path = folder / "trials.jsonl"
    lines = path.read_text().splitlines()
    which = draw.randrange(len(lines))
    document = json.loads(lines[which])
    kind = draw.choice(("response_hdr", "service_hdr"))
    data = bytearray(base64.b64decode(document["result"][kind]))
    payload = bytearray(zlib.decompress(data[8:]))
    change = draw.randrange(6)
    if change == 0:
        del data[draw.randrange(len(data)) :]
    elif change == 1:
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    elif change == 2:
        payload += bytes(100_000_000)
    elif change == 3:
        payload[draw.randrange(len(payload))] ^= 1 << draw.randrange(8)
    elif change == 4:
        payload[40:] = draw.randbytes(draw.choice((0, 1, 50, 3000)))
    if change in (2, 3, 4):
        if draw.random() < 0.5:
            struct.pack_into(">i", payload, 4, len(payload) - 40)
        body = zlib.compress(bytes(payload))
        data[:] = struct.pack(">II", 0x1C849314, len(body)) + body
    text = base64.b64encode(bytes(data)).decode()
    if change == 5:
        text = draw.choice(("", "x", "=", "é", text[:100] + text[130:], text * 2, "A" * 1_000_000))
    document["result"][kind] = text
    lines[which] = json.dumps(document)
    path.write_text("\n".join(lines) + "\n")


KINDS: dict[str, Callable[[Path, Path, random.Random], None]] = {
    "bytes": of_bytes,
    "structure": of_structure,
    "names": of_names,
    "links": of_links,
    "histograms": of_histograms,
}
