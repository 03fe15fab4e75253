"""Markdown as those who show it read it."""

from markdown_it import MarkdownIt

READER = MarkdownIt("commonmark").enable("table")


def tables(text: str) -> list[list[list[str]]]:
    """Return the rows of each table, their cells as text; fail where a table is broken.

    A line that begins as a row does and is in no table is one: its delimiters are not what they
    should be. So is a row with more or fewer cells than the head, which is cut or filled up.
    """
    found: list[list[list[str]]] = []
    in_cell = False
    for token in READER.parse(text):
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
            assert token.map is not None
            line = text.splitlines()[token.map[0]].lstrip("> ").rstrip()
            cells = line.replace("\\|", "").count("|") - 1
        elif token.type == "tr_close":
            assert len(found[-1][-1]) == len(found[-1][0]) == cells, line
        elif token.type in ("th_open", "td_open"):
            in_cell = True
        elif token.type == "inline" and in_cell:
            found[-1][-1].append(token.content)
            in_cell = False
        elif token.type == "inline":
            broken = [line for line in token.content.splitlines() if line.startswith("|")]
            assert not broken, broken
    return found
