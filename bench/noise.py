"""Whether something beside the server and the generator had a part in a trial."""

from bench.records import Trial

# Shares of the trial's CPU time. The kernel counts in ticks of 10 ms and the house itself wakes
# twice: on a quiet machine 1 to 4 % of a window of half a second, so the limit lies above that.
OTHERS_SHARE = 0.10
# What the hypervisor withheld is lost to both sides at moments of its own choice.
STOLEN_SHARE = 0.03
# A server's figures follow the clock: this much in one of its CPUs, and they are of two machines.
FREQUENCY_CHANGE = 0.10


def disturbance(trial: Trial, cpus: int) -> str:
    """Return what disturbed a trial on this many CPUs, in words; empty if nothing did."""
    if trial.load is None:
        return ""
    available_s = trial.load["window_s"] * cpus
    shares = {
        "others used": ((trial.others_cpu_s or 0.0) / available_s, OTHERS_SHARE),
        "the hypervisor took": ((trial.stolen_s or 0.0) / available_s, STOLEN_SHARE),
    }
    told = [
        f"{who} {share:.0%} of the CPU time (limit {limit:.0%})"
        for who, (share, limit) in shares.items()
        if share > limit
    ]
    change = frequency_change(trial)
    if change is not None and abs(change) > FREQUENCY_CHANGE:
        told.append(f"the clock of a CPU changed by {change:+.0%} (limit {FREQUENCY_CHANGE:.0%})")
    return "; ".join(told)


def frequency_change(trial: Trial) -> float | None:
    """Return the largest change of a CPU's frequency across the window, as a fraction of the first.

    None where the machine does not tell frequencies.
    """
    mhz = trial.frequencies_mhz or {"open": [], "close": []}
    pairs = zip(mhz["open"], mhz["close"], strict=True)
    changes = [after / before - 1 for before, after in pairs if before]
    return max(changes, key=abs, default=None)
