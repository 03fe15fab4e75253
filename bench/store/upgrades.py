"""What earlier versions wrote, as the values of today: documents in, documents out."""

from typing import Any

Document = dict[str, Any]

# The first schema of a generator that does not sleep on a CPU of its own.
ASLEEP_BEFORE = 3
# The first one whose trials have a `result`.
RESULT_SINCE = 4


def header(old: Document) -> Document:
    """Return a header as one of today: what earlier versions did without saying it."""
    if old["schema"] >= RESULT_SINCE:
        return old
    config = dict(old["config"])
    config["workloads"] = [_workload(each, old) for each in config["workloads"]]
    if old["schema"] < ASLEEP_BEFORE:
        config["generator_wait"] = "sleep"
    cells = [_cell(each, old) for each in old.get("cells", [])]
    return old | {"config": config, "cells": cells}


def trial(old: Document, run: Document) -> Document:
    """Return a trial as one of today; `run` is the header that was written with it."""
    if run["schema"] >= RESULT_SINCE:
        return old
    fields = old | {"cell": _cell(old["cell"], run), "result": old.get("load")}
    if fields["result"] is not None and run["schema"] < ASLEEP_BEFORE:
        fields["result"] = {"wait": "sleep"} | fields["result"]
    cpus = {*run["cpus"]["server"], *run["cpus"]["generator"]}
    for before, name in (("others_cpu_s", "others"), ("stolen_s", "stolen")):
        if (seconds := fields.pop(before, None)) is not None:
            # What a trial of schema 1 said was of all its CPUs.
            fields[name] = {"both": seconds / (len(cpus) * fields["result"]["window_s"])}
            fields["result"] = _whole_steps(fields["result"], run["config"]["warmup_s"])
    return fields


def _whole_steps(result: Document, warmup_s: float) -> Document:
    """Return a result of schema 1 without the step of its warm-up that was cut short."""
    series = result["warmup_series"]
    steps = int(warmup_s / series["step_s"] + 1e-9)
    cut = {name: column[:steps] for name, column in series.items() if name != "step_s"}
    return result | {"warmup_series": series | cut}


def _cell(old: Document, run: Document) -> Document:
    return old | {"workload": _workload(old["workload"], run)}


def _workload(old: Document, run: Document) -> Document:
    """Return a workload whose rate, if it was found, is a rate like any other."""
    load = old["load"]
    if run["schema"] < ASLEEP_BEFORE and load.get("rate") is not None:
        load = {"assignment": "turns"} | load
    return old | {"load": load, "common_rate": False}
