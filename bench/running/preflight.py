"""What this machine must have for a run, looked at before anything is launched: one line each."""

import contextlib
import os
import resource
import shutil
import socket
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from bench.base.errors import ConfigError
from bench.host import tasks
from bench.host.tasks import Limit
from bench.launch import places
from bench.model.server import ServerSpec
from bench.model.trial import Cell, Met, Trial, Workload
from loadgen.plan import DATAGRAM_MAX
from loadgen.ports import DESCRIPTORS_SPARE
from servers import terms

# What the folder of a Unix socket takes at most; nothing else goes to the temporary files.
ROOM_LEAST = 2**20
# Supervisor and one process of the generator, beside a server's own.
HELPERS = 2
# Families with a thread or a process for each connection, idle ones too.
TASK_PER_CLIENT = ("thread-per-client", "fork-per-client")
LIMIT_S = 2.0


def check(
    cells: Iterable[tuple[ServerSpec, Cell]],
    pool_size: int,
    server_cpus: int,
    room_bytes: int = ROOM_LEAST,
) -> None:
    """Raise this process's own limits, and refuse what this machine cannot carry.

    cells: what is going to be measured; pool_size, server_cpus: of the run
    room_bytes: what the folder of a Unix socket needs

    Raises:
        ConfigError: what is missing, which workload needs it, and what to do.
    """
    cells = list(cells)
    places.sweep()
    raise_limits()
    workloads = list(dict.fromkeys(cell.workload for _, cell in cells))
    if any(workload.transport == "unix" for workload in workloads):
        check_temporary(room_bytes)
    for transport in dict.fromkeys(workload.transport for workload in workloads):
        check_transport(transport)
    hard, limits = resource.getrlimit(resource.RLIMIT_NOFILE)[1], tasks.limits()
    problems: list[Iterator[str]] = [problems_of_workload(each, hard) for each in workloads]
    for spec, cell in cells:
        size = cell.workload.pool_size or pool_size
        cpus = min(server_cpus, cell.workload.cpus or server_cpus)
        problems.append(problems_of_cell(spec, cell.workload, size, cpus, hard, limits))
    for problem in (line for lines in problems for line in lines):
        raise ConfigError(problem)


def raise_limits() -> None:
    """Raise the soft limits of open files and of processes to the hard ones, for all we start."""
    for name in (resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC):
        _, hard = resource.getrlimit(name)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(name, (hard, hard))


def check_temporary(room_bytes: int) -> None:
    """Refuse a folder for temporary files that is missing or full; raises ConfigError."""
    asked = os.environ.get("TMPDIR")
    if asked and not (Path(asked).is_dir() and os.access(asked, os.W_OK | os.X_OK)):
        raise ConfigError(
            f"TMPDIR={asked}: is no folder that can be written to; create it, or unset TMPDIR"
        )
    try:
        folder = tempfile.gettempdir()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise ConfigError(
            f"no folder for temporary files can be used ({error.strerror}): make room in /tmp, or "
            "set TMPDIR to a folder on another disk"
        ) from None
    # tempfile passes over a folder where nothing can be written, without a word.
    full = asked is not None and Path(asked).resolve() != Path(folder).resolve()
    if full or free < room_bytes:
        left = "nothing" if full else f"{free / 2**20:.1f} MiB"
        raise ConfigError(
            f"{asked if full else folder}: has {left} free and a trial writes up to "
            f"{room_bytes / 2**20:.0f} MiB there; make room, or set TMPDIR to another folder"
        )


def check_transport(transport: str) -> None:
    """Refuse a transport that does not work here; raises ConfigError."""
    if transport == "unix":
        try:
            places.socket_folder()
        except OSError as error:
            raise ConfigError(
                f"transport unix: {error.strerror} in {error.filename} (at most "
                f"{terms.UNIX_PATH_MOST} bytes); set TMPDIR to a shorter folder, such as /tmp"
            ) from None
        return
    try:
        meet_oneself(transport)
    except OSError as error:
        host = terms.LOOPBACK[transport]
        remedy = "bring it up (`ip link set lo up`)"
        if transport == "tcp6":
            remedy = "enable IPv6 (`sysctl net.ipv6.conf.all.disable_ipv6=0`), or drop tcp6"
        why = error.strerror or "it does not answer"
        raise ConfigError(
            f"transport {transport}: the loopback address {host} cannot be used ({why}); {remedy}"
        ) from None


def meet_oneself(transport: str) -> None:
    """Bind the loopback address and reach it from another socket; raises OSError."""
    family, kind, protocol = terms.TRANSPORTS[transport]
    with socket.socket(family, kind, protocol) as bound, socket.socket(family, kind) as client:
        bound.bind((terms.LOOPBACK[transport], 0))
        client.settimeout(LIMIT_S)
        if kind == socket.SOCK_STREAM:
            bound.listen(1)
        client.connect(bound.getsockname())


def problems_of_workload(workload: Workload, hard_files: int) -> Iterator[str]:
    """Yield what a workload asks and no server can be given here. hard_files: -1 is no limit."""
    load = workload.load
    if workload.transport == "udp" and load.payload_bytes > DATAGRAM_MAX:
        yield (
            f"workload {workload.name}: payload {load.payload_bytes}: a datagram holds "
            f"{DATAGRAM_MAX:,} bytes at most; ask for less, or for another transport"
        )
    needed = load.connections + DESCRIPTORS_SPARE
    if workload.transport != "udp" and _above(needed, hard_files):
        yield (
            f"workload {workload.name}: needs {needed} open files in the server and the hard "
            f"limit is {hard_files}; raise it (ulimit -Hn {needed}) or ask for fewer connections"
        )


def limited(trial: Trial) -> Trial:
    """Return a trial of kept connections with the limit that kept its server from holding all."""
    load, usage = trial.cell.workload.load, trial.server_usage
    asked = load.connections + load.idle
    if trial.cell.workload.transport == "udp" or load.requests_per_connection is not None:
        return trial
    limit = None
    if trial.exit_status is not None:
        limit = tasks.met(trial.output, asked)
    elif usage is not None and usage.open_files is not None and usage.open_files < asked:
        files = tasks.of_files()
        # Of several processes one may be full: it is not said where that is not known.
        all_full = files and usage.open_files >= usage.processes * (files.left - DESCRIPTORS_SPARE)
        limit = files if all_full else None
    return trial if limit is None else replace(trial, met=Met(limit.name, limit.remedy))


def problems_of_cell(
    spec: ServerSpec,
    workload: Workload,
    pool_size: int,
    server_cpus: int,
    hard_files: int,
    limits: Iterable[Limit],
) -> Iterator[str]:
    """Yield what a server needs under a workload and is not there."""
    where = f"server {spec.name}, workload {workload.name}"
    needed = spec.workers(pool_size, server_cpus) + DESCRIPTORS_SPARE
    if _above(needed, hard_files):
        yield (
            f"{where}: the probe of {needed - DESCRIPTORS_SPARE} workers needs {needed} open files "
            f"and the hard limit is {hard_files}; raise it (ulimit -Hn {needed}) or ask for a "
            "smaller pool"
        )
    wanted = tasks_of(spec, workload, pool_size) + HELPERS
    for limit in limits:
        if wanted > limit.left:
            yield (
                f"{where}: needs {wanted:,} threads or processes and {limit.name} leaves "
                f"{limit.left:,}; {limit.remedy}"
            )


def tasks_of(spec: ServerSpec, workload: Workload, pool_size: int) -> int:
    """Return how many threads or processes a server has at least under a workload."""
    variant = spec.variant
    if variant is None:
        return 1
    if variant.max_clients == "pool":
        return 1 + pool_size
    if variant.family in TASK_PER_CLIENT:
        return 1 + workload.load.connections
    return 1


def _above(needed: int, hard: int) -> bool:
    return hard != resource.RLIM_INFINITY and needed > hard
