"""The terminal that commands print on."""

import os

from rich.console import Console

console = Console()
# A pipe has no width of its own.
if not console.is_terminal and "COLUMNS" not in os.environ:
    console.width = 100
