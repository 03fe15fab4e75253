"""The command `bench compare`: runs beside each other, and gates for a pipeline."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from bench.base.errors import ConfigError
from bench.cli.changes.documents import written
from bench.cli.console import console, terminal
from bench.cli.results import stored
from loadgen.exits import Exit
from loadgen.exits import in_words as statuses

app = typer.Typer()

# By what the gates come to together.
STATUSES = {"passed": Exit.MEASURED, "failed": Exit.GATE, "undecided": Exit.UNDECIDED}
# Between the runs of A and those of B, where a side has several.
VERSUS = "vs"


@app.command(rich_help_panel="Read", epilog=statuses())
def compare(
    runs: Annotated[
        list[str],
        typer.Argument(metavar="RUN_A... [vs] RUN_B...", help="folders of runs; two need no vs"),
    ],
    force: Annotated[
        bool, typer.Option("--force", help="even if machines or settings differ")
    ] = False,
    control: Annotated[
        str,
        typer.Option(
            metavar="SERVER", help="one that did not change: what it moved by, the machine did"
        ),
    ] = "",
    fail_if: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GATE", help="status 1 if so: 'throughput < 0.95', 'p99 > 1.10' (repeatable)"
        ),
    ] = None,
    no_worse: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MARGIN",
            help="status 0 only if proven: 'throughput 3%' (repeatable)",
        ),
    ] = None,
    allow_missing: Annotated[
        bool,
        typer.Option("--allow-missing", help="let cells pass that are gone or have no figures"),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="print ratios and decisions as JSON, only")
    ] = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="print what is to be pasted, only")
    ] = False,
    write: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="where compare.html and compare.md go (default: the last run)"
        ),
    ] = None,
) -> None:
    """Compare runs: the ratio B / A of each figure, with its interval.

    A gate fails (status 1) if the whole interval is beyond its limit, or a cell of A is gone or
    has no figures that stand in B. It is undecided (status 3) if the interval holds the limit, or
    there is none, or the figure is a bound. `--no-worse` has to be proven: it passes only if the
    whole interval, one-sided at 95 %, is within the margin, and fails if all of it is beyond.
    Several runs a side (A1 A2 vs B1 B2, measured in turns) know what the machine did between them.
    """
    from bench.comparing import gates
    from bench.comparing.comparison import compare as compared
    from bench.report.compared import document
    from bench.report.terminal import comparison

    before, after = sides(runs)
    limits = [gates.parse_gate(text) for text in fail_if or ()]
    limits += [gates.parse_margin(text) for text in no_worse or ()]
    a, b = ([stored(Path(name)) for name in side] for side in (before, after))
    found = compared(a, b, force, control)
    judged = gates.judge(found, limits, allow_missing)
    command = ("bench", *sys.argv[1:])
    texts = {
        "compare.md": document.markdown(found, [*a, *b], judged, command),
        "compare.html": document.html(found, [*a, *b], judged, command),
    }
    if as_json:
        print(json.dumps(comparison.document(found, judged), indent=2))
    elif as_markdown:
        print(texts["compare.md"], end="")
    else:
        console.print(comparison.table(found, console.width))
        for line in comparison.lines(judged):
            console.print(line, highlight=False, soft_wrap=True)
    told = terminal(stderr=as_json or as_markdown)
    where = written(write or b[-1].folder, texts, asked=write is not None)
    told.print(where, highlight=False, soft_wrap=True)
    decision = gates.gravest(judged)
    if decision is not None:
        sys.exit(STATUSES[decision])


def sides(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the runs of A and those of B; raises ConfigError."""
    if VERSUS not in words and len(words) == 2:
        return [words[0]], [words[1]]
    if list(words).count(VERSUS) == 1:
        at = list(words).index(VERSUS)
        before, after = list(words[:at]), list(words[at + 1 :])
        if before and after:
            _check_once(before)
            _check_once(after)
            return before, after
    raise ConfigError(
        f"compare {' '.join(words)}: write two runs, or several a side with {VERSUS!r} between "
        "them, such as A1 A2 vs B1 B2"
    )


def _check_once(side: Sequence[str]) -> None:
    """Refuse a run that is on a side twice: it would agree with itself; raises ConfigError."""
    seen: set[str] = set()
    for word in side:
        folder = os.path.realpath(word)
        if folder in seen:
            raise ConfigError(f"compare {word}: is twice on one side; name each run once")
        seen.add(folder)
