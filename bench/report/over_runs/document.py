"""Runs over time as a page and as Markdown."""

import shlex
from collections.abc import Sequence
from typing import Any

from bench.history.timeline import Timeline
from bench.report.drawing import palette
from bench.report.over_runs import picture, words
from bench.report.page.templating import environment


def markdown(timeline: Timeline, command: Sequence[str]) -> str:
    """Return a table, to be pasted."""
    template = environment(autoescape=False).get_template("history.md.j2")
    return template.render(_content(timeline, command))


def html(timeline: Timeline, command: Sequence[str]) -> str:
    """Return the self-contained page."""
    template = environment(autoescape=True).get_template("history.html.j2")
    return template.render(
        _content(timeline, command),
        colours=palette.themes(),
        width=picture.WIDTH,
        height=picture.HEIGHT,
        left=picture.LEFT,
    )


def _content(timeline: Timeline, command: Sequence[str]) -> dict[str, Any]:
    sections = []
    for label in words.labels(timeline):
        of_label = [series for series in timeline.series if series.label == label]
        figure = of_label[0].figure
        sections.append(
            {
                "workload": label,
                "title": figure.title,
                "better": "more is better" if figure.more_is_better else "less is better",
                "cells": [picture.of(timeline, series) for series in of_label],
            }
        )
    return {
        "head": words.head(timeline),
        "notes": list(words.notes(timeline)),
        "sections": sections,
        "runs": [
            {"day": words.day(run), "name": words.name(run), "folder": run.header.run_id}
            for run in timeline.runs
        ],
        "command": shlex.join(command),
    }
