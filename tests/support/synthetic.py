"""Run folders with invented trials, written through the store: for analysis without measuring."""

import dataclasses
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from hdrh.histogram import HdrHistogram

from bench.model.cpus import Cpus
from bench.model.header import Config, Header, Machine
from bench.model.run import Run
from bench.model.trial import Cell, Status, Trial, Usage, Workload
from bench.store import run_folder
from loadgen.plan import Load
from loadgen.result import Result, Series, Times
from tests.support.models import EIGHT as EIGHT
from tests.support.models import EXTRA as EXTRA
from tests.support.models import Model as Model

WINDOW_S = 2.0
POOL_SIZE = 4
STEP_S = 0.1
MACHINE: Machine = {
    "system": "Linux",
    "kernel": "6.1.0",
    "cpu_model": "Some CPU @ 3.0 GHz",
    "architecture": "x86_64",
    "cpus": 2,
    "cores": {"0": None, "1": None},
    "governor": "performance",
    "clock_source": "tsc",
    "memory_mib": 8000,
}

ONE = Workload("kept-1", "tcp", Load(connections=1))
MANY = Workload("kept-50", "tcp", Load(connections=50))
CHURN = Workload("churn-50", "tcp", Load(connections=50, requests_per_connection=10))
OFFERED = Workload("offered-50", "tcp", Load(connections=50, rate=5000.0))
DATAGRAM = Workload("udp-20", "udp", Load(connections=20))


LOSS = {"sent": 80_000, "received": 79_990, "lost": 10, "duplicated": 0, "reordered": 0}


def result(**changed: Any) -> Result:
    """Return what a generator says of a sound trial with 50 connections, with fields replaced."""
    sound = Result(
        window_s=WINDOW_S,
        samples=80_000,
        throughput_rps=40_000.0,
        achieved_rps=40_000.0,
        connections=50,
        connections_without_reply=0,
        censored=0,
        mismatches=0,
        errors=0,
        fairness_jain=0.998,
        effective_concurrency=49.6,
        response_us=percentiles(1200.0),
        service_us=percentiles(1200.0),
        connect_us=percentiles(40.0),
        hdr_unit_ns=100,
        response_hdr=histogram(1200.0),
        service_hdr=histogram(1200.0),
        series=Series(STEP_S, (4000,) * 20, (1200.0,) * 20, (1700.0,) * 20),
        warmup_series=Series(STEP_S, (3800,) * 5, (1200.0,) * 5, (1700.0,) * 5),
        replies_per_connection=(1600,) * 50,
        generator_idle_fraction=0.2,
    )
    return dataclasses.replace(sound, **changed)


def percentiles(middle: float) -> Times:
    """Return plausible percentiles around a median in µs."""
    factors = {"p50": 1, "p90": 1.2, "p99": 1.5, "p999": 2.6, "max": 6.1, "mean": 1.03}
    return Times(**{name: middle * factor for name, factor in factors.items()})


def histogram(middle: float, seed: int = 1) -> str:
    """Return an encoded HDR histogram of 100,000 lognormal times around a median in µs."""
    recorded = HdrHistogram(1, 36_000_000_000, 3)
    for time_us in middle * np.exp(np.random.default_rng(seed).normal(0, 0.15, 300)):
        recorded.record_value(int(time_us * 10), 330)
    for tail in range(40):
        recorded.record_value(int(middle * 10 * (1.5 + tail / 8)), 40 - tail)
    encoded = recorded.encode()
    return encoded.decode() if isinstance(encoded, bytes) else str(encoded)


def usage(cpu_s: float = 1.9, processes: int = 1, **changed: object) -> Usage:
    """Return what a server of one process at full load consumes in a window."""
    sound: dict[str, Any] = {
        "span_s": WINDOW_S,
        "cpu_s": cpu_s,
        "ctx_switches": 9000,
        "pss_bytes": 21 * 2**20,
        "processes": processes,
        "threads": processes,
        "open_files": 60,
        "kernel_s": 0.6 * cpu_s,
    }
    return Usage(**(sound | changed))


def trial(
    seen: Result | None = None,
    workload: Workload = MANY,
    server: str = "asyncio-protocol",
    **changed: object,
) -> Trial:
    """Return a sound trial, with fields replaced."""
    sound: dict[str, Any] = {
        "block": 0,
        "position": 0,
        "cell": Cell(server, workload),
        "started_at": "2026-01-05T10:00:00Z",
        "status": Status.MEASURED,
        "ready_s": 0.08,
        "server_end": "clean",
        "result": result() if seen is None else seen,
        "server_usage": usage(),
    }
    return Trial(**(sound | changed))


def unready(server: str = "asyncio-protocol", workload: Workload = MANY, block: int = 0) -> Trial:
    """Return a trial whose server exited before it was ready."""
    return Trial(
        block=block,
        position=0,
        cell=Cell(server, workload),
        started_at="2026-01-05T10:00:00Z",
        status=Status.FAILED,
        reason="the server ended with status 1 before it was ready",
        output="ModuleNotFoundError: No module named 'nothing'",
        exit_status=1,
    )


def measured(model: Model, workload: Workload, block: int, noise: random.Random) -> Trial:
    """Return a trial as a closed-loop generator would see this model, with 1 % of noise."""
    asked = workload.load
    cost_us = model.cost_us * noise.gauss(1, 0.01) * (1.6 if asked.requests_per_connection else 1)
    if workload.work is not None:
        cost_us += workload.work.us * workload.work.share / model.parallel
    clients = POOL_SIZE if isinstance(model.clients, str) else model.clients
    served = min(asked.connections, clients or asked.connections)
    rps = 1e6 / (cost_us + (25 if asked.connections == 1 else 0))
    rps = min(rps, asked.rate or rps)
    median_us = _wait_us(cost_us, asked.rate) if asked.rate else served * 1e6 / rps
    replies = tuple(int(rps * STEP_S * noise.gauss(1, 0.03)) for _ in range(20))
    waiting = asked.connections - served
    mute = waiting if asked.requests_per_connection is None else 0
    times = percentiles(median_us)
    p99_us = tuple(median_us * noise.gauss(1.5, 0.05) for _ in range(20))
    before = (int(rps * STEP_S * 0.97),) * 5
    seen = result(
        connections=asked.connections,
        samples=int(rps * WINDOW_S),
        throughput_rps=rps,
        achieved_rps=rps,
        offered_rps=asked.rate,
        connections_without_reply=mute,
        censored=mute,
        effective_concurrency=float(served),
        fairness_jain=0.998 * served / asked.connections,
        response_us=times,
        service_us=times,
        connect_us=percentiles(median_us / 9),
        response_hdr=histogram(median_us, block),
        service_hdr=histogram(median_us * 0.98, block),
        generator_idle_fraction=min(0.5, 0.03 + cost_us / 200),
        series=Series(STEP_S, replies, (median_us,) * 20, p99_us),
        warmup_series=Series(STEP_S, before, (median_us,) * 5, (median_us * 1.5,) * 5),
        replies_per_connection=(int(rps * WINDOW_S / served),) * served + (0,) * waiting,
        **(LOSS if workload.transport == "udp" else {}),
    )
    used = usage(cost_us * rps * WINDOW_S / 1e6, pss_bytes=int(model.memory_mib * 2**20))
    return trial(seen, workload, model.name, block=block, server_usage=used)


def _wait_us(cost_us: float, rate: float) -> float:
    """Return the response time in open loop: as a queue has it, growing once it is saturated."""
    busy = rate * cost_us / 1e6
    return cost_us / (1 - busy) if busy < 0.98 else WINDOW_S * 1e6 * max(0.02, 1 - 1 / busy)


def run(
    folder: Path,
    models: Sequence[Model] = EIGHT,
    workloads: Sequence[Workload] = (ONE, MANY, CHURN),
    blocks: int = 5,
    change: Callable[[Trial], Trial | None] = lambda trial: trial,
) -> Run:
    """Write a run folder; `change` alters each trial, or leaves it out."""
    cells = [(model, workload) for model in models for workload in workloads]
    noise = random.Random(11)
    orders = [noise.sample(range(len(cells)), len(cells)) for _ in range(blocks)]
    run_folder.create(folder, header(models, workloads, orders))
    for block, order in enumerate(orders):
        for position, index in enumerate(order):
            found = measured(*cells[index], block, noise)
            kept = change(dataclasses.replace(found, position=position))
            if kept is not None:
                run_folder.append(folder, kept)
    return run_folder.read(folder)


def header(
    models: Sequence[Model], workloads: Sequence[Workload], order: list[list[int]]
) -> Header:
    """Return what run.json says of a run of these."""
    return Header(
        run_id="20260105-100000-synthetic",
        created_at="2026-01-05T10:00:00Z",
        finished_at="2026-01-05T10:05:00Z",
        command=("bench", "run", "--suite", "default", "--seed", "11"),
        seed=11,
        order=tuple(map(tuple, order)),
        config=Config(
            suite="default",
            servers=tuple(model.entry() for model in models),
            workloads=tuple(workloads),
            duration_s=WINDOW_S,
            warmup_s=0.5,
            drain_s=1.0,
            trials=len(order),
            pool_size=POOL_SIZE,
        ),
        cpus=Cpus((0,), (1,)),
        terms={
            "TCP_NODELAY": "on",
            "congestion control": "cubic",
            "backlog": "4096",
            "socket buffers": "as the kernel sets them",
        },
        machine=MACHINE,
        versions={"python": "3.11.9", "implementation": "CPython", "uvloop": "0.23.0"},
        commit="0123456789abcdef0123456789abcdef01234567",
    )


def with_result(trial: Trial, **changed: Any) -> Trial:
    """Return a trial that was measured, with fields of its result replaced."""
    assert trial.result is not None
    return dataclasses.replace(trial, result=dataclasses.replace(trial.result, **changed))
