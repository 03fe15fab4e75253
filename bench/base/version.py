"""Which version of this project this is."""

import importlib.metadata


def version() -> str:
    """Return the version, as `pyproject.toml` has it."""
    return importlib.metadata.version("concurrency-bench")
