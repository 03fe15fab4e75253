"""Which version of this project this is."""

import importlib.metadata
import tomllib
from pathlib import Path

NAME = "concurrency-bench"


def version() -> str:
    """Return the version of this project; of a checkout, the one that its files have."""
    project = Path(__file__).resolve().parent.parent / "pyproject.toml"
    try:
        document = tomllib.loads(project.read_text(encoding="utf-8"))
        return str(document["project"]["version"])
    except (OSError, ValueError, KeyError):
        return importlib.metadata.version(NAME)
