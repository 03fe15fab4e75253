"""What one generator process hands over at its end."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Part:
    """What one process saw: its facts, and the file with its columns of int64."""

    facts: dict[str, Any]
    path: Path
