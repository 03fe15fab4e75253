"""Standard descriptors that were closed."""

import subprocess
import sys
from pathlib import Path


def test_closed_standard_descriptors_are_opened(tmp_path: Path) -> None:
    code = (
        "import os, sys; from loadgen.descriptors import open_standard_descriptors\n"
        "open_standard_descriptors()\n"
        "names = [os.readlink(f'/proc/self/fd/{n}') for n in (0, 1, 2)]\n"
        "print('nobody reads this'); sys.stderr.write('nor this'); assert sys.stdin.read() == ''\n"
        "open(sys.argv[1], 'w').write(' '.join(names))"
    )
    path = tmp_path / "names"
    shell = 'exec "$0" -c "$1" "$2" <&- >&- 2>&-'
    subprocess.run(["sh", "-c", shell, sys.executable, code, str(path)], check=True)
    assert path.read_text() == "/dev/null /dev/null /dev/null"
