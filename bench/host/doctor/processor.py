"""What is said of a machine's CPUs, clock and memory: decided from facts alone."""

from bench.base import wording
from bench.host import topology
from bench.host.doctor.finding import OK, PROBLEM, UNKNOWN, WARNING, MachineFacts, Remark
from bench.model.cpus import listed

# A fifth of a CPU beside a run on two is more than the tenth of a side that makes a trial noisy.
# The load average would still count what ended a minute ago, such as the run before this one.
LOAD_LIMIT = 0.2
# Cores that are named one by one.
CORES_NAMED = 4
# A few pages that were swapped out long ago harm nobody.
SWAP_LIMIT_MIB = 64
# These cannot be read without a system call or a slow bus: a microsecond for each look at the time.
SLOW_CLOCKS = ("hpet", "acpi_pm", "pit", "jiffies", "refined-jiffies", "xen")


def _cpus(facts: MachineFacts) -> Remark:
    seen = wording.count(facts.affinity, "CPU", "CPUs")
    if topology.split(facts.topology).shared:
        remedy = "Server and generator share a core: trust CPU per request, or use a larger machine"
        return Remark(PROBLEM, "CPUs", seen, remedy)
    if facts.affinity == 2:
        remedy = "One for each side leaves none for the rest: end other programs before a run"
        return Remark(WARNING, "CPUs", seen, remedy)
    return Remark(OK, "CPUs", seen)


def _cores(facts: MachineFacts) -> Remark:
    cpus, siblings = facts.topology, facts.topology.siblings
    told = wording.count(len(cpus.cores), "core", "cores")
    if siblings:
        told += f", {len(siblings)} of several CPUs ({_named(siblings)})"
    if len(cpus.classes) == 1:
        return Remark(OK, "cores", told)
    told += "; fastest first: " + " | ".join(
        listed(cpu for core in cores for cpu in core) for cores in cpus.classes
    )
    sides = topology.split(cpus)
    if any({*sides.all} <= {c for core in cores for c in core} for cores in cpus.classes):
        return Remark(OK, "cores", f"{told}; a run uses {listed(sides.all)}")
    remedy = "The generator is on slower cores: choose with --server-cpus, --generator-cpus"
    return Remark(WARNING, "cores", told, remedy)


def _named(cores: tuple[topology.Core, ...]) -> str:
    """Return the CPUs of each of the cores; of many the first two show how they are numbered."""
    shown = cores if len(cores) <= CORES_NAMED else cores[:2]
    names = [listed(core) for core in shown]
    more = len(cores) - len(shown)
    return "; ".join([*names, f"and {more} more"] if more else names)


def _isolated(facts: MachineFacts) -> Remark:
    if not facts.isolated:
        return Remark(OK, "isolated CPUs", "none")
    return Remark(OK, "isolated CPUs", f"{listed(facts.isolated)}, yours by --server-cpus")


def _quota(facts: MachineFacts) -> Remark:
    if facts.quota is None or facts.quota >= facts.affinity:
        return Remark(OK, "CPU quota", "none below the CPUs")
    seen = f"{facts.quota:g} of {wording.count(facts.affinity, 'CPU', 'CPUs')}"
    remedy = "A container that reaches its quota is stopped for milliseconds: raise it (cpu.max)"
    return Remark(PROBLEM if facts.quota < 2 else WARNING, "CPU quota", seen, remedy)


def _governor(facts: MachineFacts) -> Remark:
    if not facts.governors:
        return Remark(OK, "frequency governor", UNKNOWN)
    seen = ", ".join(facts.governors)
    if facts.governors == ("performance",):
        return Remark(OK, "frequency governor", seen)
    remedy = "The clock follows the load: `cpupower frequency-set -g performance`"
    return Remark(WARNING, "frequency governor", seen, remedy)


def _clock(facts: MachineFacts) -> Remark:
    if facts.clock_source not in SLOW_CLOCKS:
        return Remark(OK, "clock source", facts.clock_source or UNKNOWN)
    remedy = "A look at the time takes a microsecond: boot with a faster one (`clocksource=tsc`)"
    return Remark(WARNING, "clock source", facts.clock_source or "", remedy)


def _load(facts: MachineFacts) -> Remark:
    if facts.load is None:
        return Remark(OK, "load", UNKNOWN)
    seen = f"{facts.load:.2f} CPUs at work now"
    if facts.load <= LOAD_LIMIT:
        return Remark(OK, "load", seen)
    seen = f"{facts.load:.1f} of {facts.affinity} CPUs are busy: results will be noisy"
    remedy = "See with `top` who is at work, and wait or end it"
    # All but the rounding of a tick.
    full = facts.load >= 0.95 * facts.affinity
    return Remark(PROBLEM if full else WARNING, "load", seen, remedy)


def _swap(facts: MachineFacts) -> Remark:
    used = facts.swap_used_mib
    if used is None or used <= SWAP_LIMIT_MIB:
        seen = UNKNOWN if used is None else "hardly in use" if used else "not in use"
        return Remark(OK, "swap", seen)
    remedy = "Pages may be fetched in mid-window: free memory, then `swapoff -a && swapon -a`"
    return Remark(WARNING, "swap", f"{used:,} MiB in use", remedy)


def _virtualised(facts: MachineFacts) -> Remark:
    if not facts.virtualised:
        seen = UNKNOWN if facts.virtualised is None else "none visible"
        return Remark(OK, "virtualisation", seen)
    remedy = "Others may take CPU unseen: compare within one run, and heed `noisy`"
    return Remark(WARNING, "virtualisation", "a virtual machine", remedy)


def _randomisation(facts: MachineFacts) -> Remark:
    # A layout in memory that favours one trial is drawn anew for the next.
    seen = "off" if facts.address_randomisation == "0" else "on, averaged: a process a trial"
    if facts.address_randomisation is None:
        seen = UNKNOWN
    return Remark(OK, "address randomisation", seen)


LOOKS = (
    *(_cpus, _cores, _isolated, _quota, _governor, _clock, _load),
    *(_swap, _virtualised, _randomisation),
)
