"""The documents that a command on several runs writes beside what it prints."""

from pathlib import Path

from bench.base.errors import StoreError, in_words


def written(folder: Path, texts: dict[str, str], *, asked: bool = False) -> str:
    """Write the documents; return where they are, or why not: what was printed stands anyway.

    asked: whether the folder was named for them

    Raises:
        StoreError: they cannot be written where they were asked for
    """
    from bench.store import run_folder

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            run_folder.write_report(folder, name, text.encode())
    except (OSError, StoreError) as error:
        if asked:
            why = in_words(error) if isinstance(error, OSError) else str(error)
            raise StoreError(f"--write {folder}: {why}") from None
        return f"left out: {' and '.join(texts)}: {error}"
    return f"written: {' and '.join(str(folder / name) for name in texts)}"
