"""The documents that a command on several runs writes beside what it prints."""

from pathlib import Path

from bench.base.errors import StoreError


def written(folder: Path, texts: dict[str, str]) -> str:
    """Write the documents; return where they are, or why not: what was printed stands anyway."""
    from bench.store import run_folder

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            run_folder.write_report(folder, name, text.encode())
    except (OSError, StoreError) as error:
        return f"left out: {' and '.join(texts)}: {error}"
    return f"written: {' and '.join(str(folder / name) for name in texts)}"
