"""A free-threaded build on which an import turns the GIL on: told, wherever the server is named."""

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.model.interpreter import Interpreter
from tests.support.paths import ROOT

# A module that does not say that it can do without the GIL.
EXTENSION = """
#include <Python.h>
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "old", NULL, -1, NULL};
PyMODINIT_FUNC PyInit_old(void) { return PyModule_Create(&module); }
"""
# Its first client has it imported: as the server begins, there is no GIL.
VARIANT = '''"""Threads that use an old extension."""
import sys
import threading
from servers.api import echo
FAMILY = "mine"
MANY_CPUS = "free-threaded"
def talk(client, work):
    sys.path.insert(0, {folder!r})
    import old
    echo(client, work)
def serve(listener, settings):
    while True:
        client, _ = listener.accept()
        threading.Thread(target=talk, args=(client, settings.work)).start()
'''


@pytest.mark.parametrize("imports", [True, False])
def test_a_gil_that_an_import_turned_on(python: Interpreter, imports: bool, tmp_path: Path) -> None:
    if not python.runtime.free_threaded or shutil.which("cc") is None:
        pytest.skip("needs a free-threaded build and a C compiler")
    _extension(python, tmp_path)
    variant = tmp_path / "mine.py"
    text = VARIANT.format(folder=str(tmp_path))
    variant.write_text(text if imports else text.replace("    import old\n", ""))
    run = tmp_path / "run"
    words = [
        *(sys.executable, "-m", "bench", "run", "--workloads", "kept", "--connections", "2"),
        *("--trials", "1", "--duration", "0.2", "--aa", "none", "--out", str(run)),
        *("--python", f"ft={python.words[0]}", "--servers", f"ft:{variant}"),
    ]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with (run / "summary.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["python"] == f"{python.runtime}" + ", GIL on" * imports
    (trial,) = map(json.loads, (run / "trials.jsonl").open())
    assert trial["runtime"]["free_threaded"]
    assert trial["runtime"]["gil"] is imports
    caution = "ft:mine: the interpreter begins without a GIL, and had it on at the end"
    page = " ".join((run / "report.md").read_text().split())
    assert (caution in page) is imports


def _extension(python: Interpreter, folder: Path) -> None:
    question = "import sysconfig as s; print(s.get_path('include'), s.get_config_var('EXT_SUFFIX'))"
    asked = [*python.words, "-c", question]
    include, suffix = subprocess.check_output(asked, text=True).split()
    (folder / "old.c").write_text(EXTENSION)
    built = str(folder / f"old{suffix}")
    flags = ("-shared", "-fPIC", f"-I{include}", "-DPy_GIL_DISABLED=1")
    subprocess.run(["cc", *flags, "-o", built, str(folder / "old.c")], check=True)
